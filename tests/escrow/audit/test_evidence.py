"""What a party has signed is kept, and held against it, whatever it shows afterwards (A12, A21, A24)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from escrow.audit.findings import Fault
from lab.processes import free_ports
from protocol.epochs import EPOCH_SECONDS, Role, create_epoch
from protocol.transparency.log_entries import EpochPublished
from protocol.transparency.logs import Inclusion, sign_log, witness_log
from protocol.transparency.merkle import leaf_hash, prove_inclusion, subtrees_of, tree_root
from service.problems import Problem
from tests.escrow.audit.test_audit import alive, audit, command, entries_of, found, in_front, second_statement
from tests.escrow.audit.test_lists import other_notice
from tests.support.running import run
from tests.support.servers import World

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY
Alter = Callable[[bytes], bytes]


def once(lie: bytes) -> Alter:
    """The party lies to the first who asks."""
    lies = iter([lie])
    return lambda honest: next(lies, honest)


def nowhere(role: Role) -> dict[Role, str]:
    return {role: f"http://127.0.0.1:{free_ports(1)[0]}"}


def kept(world: World) -> list[bytes]:
    """The evidence in the auditor's directory."""
    return [path.read_bytes() for path in (world.directory / "audit").glob("*.conflict")]


def forked_checkpoint(world: World, entries: list[bytes]) -> tuple[bytes, list[bytes]]:
    """A checkpoint of other entries that both parties have signed, and their hashes."""
    leaves = [leaf_hash(entry) for entry in entries]
    note = sign_log(world.settings.domain, OPERATOR, len(leaves), tree_root(leaves), world.operator.identity)
    return note + witness_log(world.settings.domain, OPERATOR, note, world.now, world.authority.identity), leaves


@pytest.mark.parametrize("grown", [False, True])
def test_a_fork_that_is_shown_once_is_kept(world: World, grown: bool) -> None:
    """Also one that is larger than the honest log: nothing but the evidence of then can tell of it."""
    assert found(world) == set()
    paths = ["/v1/log/tile/entries/000.p/7", "/v1/log/tile/0/000.p/7"] if grown else []
    entries = entries_of(world.operator)[::-1]
    note, leaves = forked_checkpoint(world, [*entries, b"one more"] if grown else entries)
    tile = b"".join(len(one).to_bytes(2, "big") + one for one in [*entries, b"one more"])
    answers = {
        "/v1/log/checkpoint": once(note),
        "/v1/log/tile/entries/": once(tile),
        "/v1/log/tile/0/": once(b"".join(leaves)),
    }
    with in_front(world, OPERATOR, answers, dict(zip(paths, (tile, b"".join(leaves)), strict=False))) as urls:
        (finding,) = audit(world, urls=urls).findings
    assert (finding.role, finding.fault, finding.statement) == (OPERATOR, Fault.FORKED, note)
    assert found(world) == {(OPERATOR, Fault.FORKED)}, "the party is honest since"
    assert kept(world) == [note]
    report = json.loads(command(world, "--json").output)
    assert [Path(one["evidence"]).read_bytes() for one in report["findings"]] == [note]
    gone = nowhere(OPERATOR)
    assert found(world, urls=gone) == {(OPERATOR, Fault.FORKED), (OPERATOR, Fault.UNREACHABLE)}


def test_a_key_that_is_shown_once_is_kept(world: World) -> None:
    other = second_statement(world.operator, world.today)
    with in_front(world, OPERATOR, {f"/v1/epochs/{world.today}": once(other)}) as urls:
        assert found(world, urls=urls) == {(OPERATOR, Fault.UNLOGGED_KEY)}
    assert found(world) == {(OPERATOR, Fault.UNLOGGED_KEY)}
    assert kept(world) == [other]
    (path,) = (world.directory / "audit").glob("*.conflict")
    assert f"evidence: {path}\n" in command(world).output


def test_a_list_that_is_given_once_is_kept(world: World) -> None:
    world.now += EPOCH_SECONDS
    alive(world)
    other = other_notice(world, 1)
    with in_front(world, AUTHORITY, {"/v1/notices": once(other)}) as urls:
        assert found(world, urls=urls) == {(role, Fault.UNLOGGED_LIST) for role in Role}
    assert found(world) == {(role, Fault.UNLOGGED_LIST) for role in Role}
    assert kept(world) == [other, other]


def test_two_keys_on_record_are_found_when_the_log_is_gone(world: World) -> None:
    other = second_statement(world.authority, world.today)
    world.authority.log.append(EpochPublished(other, world.now + EPOCH_SECONDS), world.now)
    alive(world)
    assert found(world) == {(AUTHORITY, Fault.TWO_KEYS)}
    assert kept(world) == [other]
    assert (AUTHORITY, Fault.TWO_KEYS) in found(world, urls=nowhere(AUTHORITY))


def test_what_nobody_has_signed_is_no_evidence(world: World) -> None:
    """Whoever is on the way to a server can answer in its place."""
    stranger = create_epoch(world.settings.domain, OPERATOR, world.today, world.authority.identity)[1]
    with in_front(world, OPERATOR, {f"/v1/epochs/{world.today}": lambda _: stranger}) as urls:
        assert found(world, urls=urls) == {(OPERATOR, Fault.UNREACHABLE)}
    assert kept(world) == []
    (world.directory / "audit" / f"operator.forked.{'0' * 32}.conflict").write_bytes(b"planted")
    assert found(world) == set()


def test_evidence_of_one_auditor_convinces_another(world: World) -> None:
    other = second_statement(world.operator, world.today)
    with in_front(world, OPERATOR, {f"/v1/epochs/{world.today}": once(other)}) as urls:
        assert found(world, urls=urls) == {(OPERATOR, Fault.UNLOGGED_KEY)}
    handed_over = world.directory / "handed-over"
    shutil.move(world.directory / "audit", handed_over)
    assert found(world) == set()
    assert found(world, seen=(handed_over,)) == {(OPERATOR, Fault.UNLOGGED_KEY)}


def test_a_proof_from_another_log_is_found(world: World) -> None:
    """A key of a log that only some are shown, with a proof that both parties have signed for it."""
    assert found(world) == set()
    epoch = world.today + 12
    path, other = f"/v1/epochs/{epoch}", second_statement(world.operator, epoch)
    before = run(world.get(OPERATOR, "/v1/log/checkpoint"))
    world.operator.log.append(EpochPublished(other, world.now + 40 * EPOCH_SECONDS), world.now)
    *rest, entry = entries_of(world.operator)
    note, leaves = forked_checkpoint(world, [*rest[::-1], entry])
    proof = Inclusion(len(rest), entry, note, prove_inclusion(subtrees_of(leaves), len(rest), len(leaves)))
    shown = {path: other, f"{path}/inclusion": proof.to_bytes(), "/v1/log/checkpoint": before}
    tiles = {"/v1/log/tile/0/": lambda _: b"".join(leaves)}
    with in_front(world, OPERATOR, tiles, shown) as urls:
        assert found(world, urls=urls) == {(OPERATOR, Fault.FORKED), (OPERATOR, Fault.UNLOGGED_KEY)}
    assert note in kept(world)


def test_a_log_that_was_cosigned_as_larger_before_is_a_fork(world: World) -> None:
    """Both parties have signed it, and then something smaller. No entries of it are needed to see that."""
    larger = forked_checkpoint(world, [b"entry"] * 99)[0]
    with in_front(world, OPERATOR, {"/v1/log/checkpoint": once(larger)}) as urls:
        assert found(world, urls=urls) == set(), "of entries that are not there nothing can be said yet"
    world.now += 3600
    alive(world)
    assert found(world) == {(OPERATOR, Fault.FORKED)}
    assert kept(world) == [larger]


def test_a_checkpoint_is_kept_until_the_log_is_found_to_continue_it(world: World) -> None:
    world.operator.epochs.publish(world.today + 9)
    alive(world)
    missing = Problem(404, "not-found", "there is no such tile")
    with in_front(world, OPERATOR, {}, {f"/v1/log/tile/0/000.p/{len(entries_of(world.operator))}": missing}) as urls:
        assert found(world, urls=urls) == {(OPERATOR, Fault.FALSE_TILES)}
    directory = world.directory / "audit"
    assert [path.name.split(".")[0] for path in directory.glob("*.later")] == ["operator"]
    world.operator.epochs.publish(world.today + 10)
    alive(world)
    assert found(world) == set()
    assert list(directory.glob("*.later")) == []
