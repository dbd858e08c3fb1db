"""C8, A12, A21, A25: an audit of real servers finds nothing at honest parties, and names what a dishonest one does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner, Result
from msgspec import structs

import protocol.opening
from escrow.__main__ import main as escrow
from escrow.audit.audit import Audit
from escrow.audit.checks import CHECKS
from escrow.audit.findings import Fault
from escrow.audit.kept_evidence import KeptEvidence
from escrow.audit.state import AuditState
from escrow.housekeeping import keep_house
from escrow.log.log import TransparencyLog
from escrow.party import Party
from lab.processes import free_ports
from protocol.epochs import EPOCH_SECONDS, Domain, Role, create_epoch
from protocol.opening import MadeShares
from protocol.primitives.errors import InvalidSignature
from protocol.transparency.log_entries import EpochErased, EpochPublished, LogEntry, SharesReleased, log_entry
from protocol.transparency.logs import sign_log, witness_log
from protocol.transparency.merkle import leaf_hash, tree_root
from protocol.transparency.tiles import tiles_of
from service.http import create_app
from service.http_client import call, new_session
from service.problems import Problem
from tests.support.investigations import trace
from tests.support.running import run, serving
from tests.support.servers import World, open_door

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY
Found = set[tuple[Role, Fault]]


def party_of(world: World, role: Role) -> Party:
    return world.operator if role is OPERATOR else world.authority


def alive(world: World, *roles: Role, warned: bool = True) -> None:
    """Both parties, or these, do what they do all the time; unless `warned`, apart from notices."""
    parties = [party_of(world, role) for role in roles or (OPERATOR, AUTHORITY)]

    async def cosign() -> None:
        async with new_session() as session:
            for party in parties:
                await party.peer.have_log_cosigned(session)

    for party in parties:
        party.passed.confirm()
        keep_house(party)
    if warned and not roles:
        world.warn_daily()
    run(cosign())


def due(world: World) -> int:
    """When today is to be erased."""
    return world.settings.domain.epoch_begins(world.today + 1) + 28 * EPOCH_SECONDS


def audit(world: World, *, seen: tuple[Path, ...] = (), urls: dict[Role, str] | None = None) -> Audit:
    """An audit from the same directory each time."""

    async def audited() -> Audit:
        domain = world.settings.domain
        async with new_session() as session:
            state = AuditState(world.directory / "audit", domain)
            one = Audit(session, domain, {**world.urls, **(urls or {})}, state, world.now, KeptEvidence(seen))
            await one.run(CHECKS)
        return one

    return run(audited())


def found(world: World, **options: object) -> Found:
    return {(one.role, one.fault) for one in audit(world, **options).findings}  # type: ignore[arg-type]


@contextmanager
def in_front(
    world: World,
    role: Role,
    answers: Mapping[str, Callable[[bytes], bytes]],
    instead: Mapping[str, bytes | Problem] | None = None,
) -> Iterator[dict[Role, str]]:
    """A party's server that alters what it answers to paths that begin so, or says something else; its URL."""
    real, (port,) = world.urls[role], free_ports(1)

    async def answer(request: web.Request) -> web.Response:
        said = (instead or {}).get(request.path)
        if isinstance(said, Problem):
            raise said
        async with new_session() as session:
            body = said or await call(session, "GET", real + request.path)
        for prefix, alter in answers.items():
            if request.path.startswith(prefix):
                body = alter(body)
        return web.Response(body=body)

    async def apps() -> list[tuple[web.Application, int]]:
        return [(create_app([web.get("/v1/{path:.*}", answer)]), port)]

    with serving(apps):
        yield {role: f"http://127.0.0.1:{port}"}


def entries_of(party: Party) -> list[bytes]:
    newest = party.log.pending()
    assert newest is not None
    return [entry for tile in tiles_of("entries", 0, newest[1].size) for entry in party.log.files.entries(tile)]


def rewrite(world: World, party: Party, entries: list[bytes]) -> None:
    """The party replaces its log by another, and has the other party, which has forgotten the first, cosign it."""
    peer = party_of(world, party.peer.role)
    shutil.rmtree(party.home / "log")
    (party.home / "log.pending").unlink()
    (peer.home / "witness" / "checkpoint").unlink()
    log = TransparencyLog(party.home / "log", party.domain, party.role, party.identity)
    for entry in map(LogEntry.from_bytes, entries):
        log.append(entry.contents, entry.time)
    vars(party.log).update(vars(log))  # for all that holds the log
    alive(world)


def open_something(world: World, door_count: int = 2) -> None:
    with open_door(world) as door:

        async def story() -> None:
            for _, passes in await world.visitors_with_passes(door_count):
                await door.admit(passes[0])
            await trace(world, door.record.venue_id)

        run(story())


def test_nothing_is_found_at_honest_parties(world: World) -> None:
    """Over a month: epochs come and go, somebody is traced, and the audit goes on from where it was."""
    assert found(world) == set()
    open_something(world)
    alive(world)
    assert found(world) == set()
    erasure = due(world)
    world.now += EPOCH_SECONDS  # the embargo is over
    alive(world)
    assert found(world) == set()
    world.now = erasure
    alive(world)
    finished = audit(world)
    assert finished.findings == []
    erased = {one.contents.epoch for one in finished.logs[OPERATOR].records if isinstance(one.contents, EpochErased)}
    assert erased == {world.today - 29}
    assert [sum(isinstance(one.contents, SharesReleased) for one in log.records) for log in finished.logs.values()] == [
        1,
        1,
    ]
    assert not any(one.is_new for one in audit(world).logs[OPERATOR].records)


def test_a_fork_is_found_by_whoever_looked_before(world: World) -> None:
    assert found(world) == set()
    first, *others = entries_of(world.authority)
    rewrite(world, world.authority, [*others, first])
    assert found(world) == {(AUTHORITY, Fault.FORKED)}
    assert list((world.directory / "audit").glob("authority.*.conflict"))


def test_a_fork_is_found_by_what_the_witness_keeps(world: World) -> None:
    """The party shows auditors another log than the one it has cosigned: without the other party it cannot be long."""
    party, domain = world.operator, world.settings.domain
    entries = entries_of(party)
    leaves = [leaf_hash(entry) for entry in reversed(entries)]
    note = sign_log(domain, OPERATOR, len(leaves), tree_root(leaves), party.identity)
    assert found(world, urls={}) == set()
    (world.directory / "audit" / "operator.checkpoint").unlink()
    with in_front(world, OPERATOR, {"/v1/log/checkpoint": lambda _: note}) as urls:
        assert found(world, urls=urls) == {(OPERATOR, Fault.UNSIGNED)}
    colluding = note + witness_log(domain, OPERATOR, note, world.now, world.authority.identity)
    reversed_tile = b"".join(len(one).to_bytes(2, "big") + one for one in reversed(entries))
    answers = {
        "/v1/log/checkpoint": lambda _: colluding,
        "/v1/log/tile/entries/": lambda _: reversed_tile,
        "/v1/log/tile/0/": lambda _: b"".join(leaves),
    }
    with in_front(world, OPERATOR, answers) as urls:
        assert (OPERATOR, Fault.FORKED) in found(world, urls=urls)


def test_an_older_log_is_found(world: World) -> None:
    old = run(world.get(OPERATOR, "/v1/log/checkpoint"))
    world.operator.epochs.publish(world.today + 20)
    alive(world)
    assert found(world) == set()
    with in_front(world, OPERATOR, {"/v1/log/checkpoint": lambda _: old}) as urls:
        assert found(world, urls=urls) == {(OPERATOR, Fault.WITHHELD)}
    shutil.rmtree(world.directory / "audit")
    with in_front(world, OPERATOR, {"/v1/log/checkpoint": lambda _: old}) as urls:
        assert found(world, urls=urls) == set(), "it may be about to show more"
        for _ in range(7):
            world.now += 600
            alive(world)  # the witness cosigns the larger log again and again
        assert found(world, urls=urls) == {(OPERATOR, Fault.WITHHELD)}, "its witness has seen more for an hour"
        shutil.rmtree(world.directory / "audit")
        assert found(world, urls=urls) == {(OPERATOR, Fault.WITHHELD)}, "also who comes for the first time finds that"


def test_tiles_that_are_not_those_of_the_checkpoint_are_found(world: World) -> None:
    spoiled: list[tuple[str, Callable[[bytes], bytes]]] = [
        ("/v1/log/tile/entries/", lambda data: data[:-1] + bytes([data[-1] ^ 1])),
        ("/v1/log/tile/entries/", lambda data: data[:-1]),
        ("/v1/log/tile/0/", lambda data: data[:-1] + bytes([data[-1] ^ 1])),
        ("/v1/log/tile/0/", lambda data: data[:-32]),
    ]
    for path, alter in spoiled:
        with in_front(world, OPERATOR, {path: alter}) as urls:
            assert found(world, urls=urls) == {(OPERATOR, Fault.FALSE_TILES)}


UNMATCHED = {
    OPERATOR: {(OPERATOR, Fault.UNLOGGED_RELEASE), (AUTHORITY, Fault.UNMATCHED_RELEASE)},
    AUTHORITY: {(AUTHORITY, Fault.UNLOGGED_RELEASE), (OPERATOR, Fault.UNMATCHED_RELEASE)},
}
"""What is found when the log of a party lacks a release."""


@pytest.mark.parametrize("role", Role)
def test_a_hidden_release_is_found(world: World, role: Role) -> None:
    """A party gives shares and does not put that on record; the other one does."""
    party = party_of(world, role)
    entries = entries_of(party)
    open_something(world)
    rewrite(world, party, entries)
    assert (AUTHORITY, Fault.UNLOGGED_RELEASE) not in found(world)
    world.now += EPOCH_SECONDS + 1
    alive(world)
    assert found(world) == UNMATCHED[role]


def test_invalid_shares_are_not_laid_to_the_authority_alone(world: World) -> None:
    """The operator has a release on record and gives shares that do not hold, so that the authority can give none."""
    honest = protocol.opening.make_shares

    def spoiled(domain: Domain, role: Role, *rest: Any, **named: Any) -> MadeShares:
        made = honest(domain, role, *rest, **named)
        statement = made.statement[:-1] + bytes([made.statement[-1] ^ (role is OPERATOR)])
        return replace(made, statement=statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escrow.shares.make_shares", spoiled)
        with pytest.raises(InvalidSignature):
            open_something(world)
    world.now += EPOCH_SECONDS + 1
    alive(world)
    details = {(one.role, one.fault): one.detail for one in audit(world).findings}
    assert details.keys() == UNMATCHED[AUTHORITY]
    assert "or it received no valid shares" in details[AUTHORITY, Fault.UNLOGGED_RELEASE]
    assert "it gave no valid shares, or" in details[OPERATOR, Fault.UNMATCHED_RELEASE]


def with_releases(party: Party, **changes: Any) -> list[bytes]:
    """The entries of a party's log, with other releases in it."""
    entries = map(LogEntry.from_bytes, entries_of(party))
    return [
        log_entry(
            one.time, replace(one.contents, **changes) if isinstance(one.contents, SharesReleased) else one.contents
        ).to_bytes()
        for one in entries
    ]


def test_another_count_is_a_hidden_release(world: World) -> None:
    open_something(world, 3)
    rewrite(world, world.operator, with_releases(world.operator, count=2))
    assert (OPERATOR, Fault.UNLOGGED_RELEASE) in found(world)


@pytest.mark.parametrize("eraser", Role)
def test_a_smaller_count_is_excused_by_what_the_authority_alone_had_erased(world: World, eraser: Role) -> None:
    """And not by what the operator had erased, which is not in its own count."""
    party_of(world, eraser).epochs.erase(world.today + 1)
    open_something(world, 3)
    rewrite(world, world.authority, with_releases(world.authority, count=1))
    assert found(world) == (set() if eraser is AUTHORITY else UNMATCHED[OPERATOR])


@pytest.mark.parametrize("role", Role)
def test_an_embargo_that_is_too_long_is_found(world: World, role: Role) -> None:
    open_something(world)
    rewrite(world, party_of(world, role), with_releases(party_of(world, role), discloses=2**32 - 1))
    assert (role, Fault.FALSE_ENTRY) in found(world)


def second_statement(party: Party, epoch: int) -> bytes:
    return create_epoch(party.domain, party.role, epoch, party.identity)[1]


@pytest.mark.parametrize("role", Role)
def test_a_key_that_one_visitor_was_shown_is_found(world: World, tmp_path: Path, role: Role) -> None:
    """A12, A21: what the visitor kept, with the honest statements beside it."""
    phone, epoch = tmp_path / "phone", world.today
    shutil.copytree(world.operator.home / "epochs", phone)
    shutil.copy(world.authority.home / "epochs" / f"{epoch}.authority", phone)
    assert found(world, seen=(phone,)) == set()
    (phone / f"{epoch}.{role.name.lower()}.conflict").write_bytes(second_statement(party_of(world, role), epoch))
    (phone / f"{epoch + 1}.{role.name.lower()}.conflict").write_bytes(b"what no party has signed")
    assert found(world, seen=(phone,)) == {(role, Fault.UNLOGGED_KEY)}


def test_a_checkpoint_that_one_visitor_was_shown_is_found(world: World, tmp_path: Path) -> None:
    """Both parties collude and show one visitor a log of its own."""
    domain, phone = world.settings.domain, tmp_path / "phone"
    phone.mkdir()
    note = sign_log(domain, OPERATOR, 2, bytes(32), world.operator.identity)
    note += witness_log(domain, OPERATOR, note, world.now, world.authority.identity)
    (phone / "operator.checkpoint").write_bytes(note)
    (phone / "authority.checkpoint").write_bytes(note)
    assert found(world, seen=(phone,)) == {(OPERATOR, Fault.FORKED)}


def test_a_second_key_on_record_is_found_by_everybody(world: World) -> None:
    party = world.authority
    party.log.append(EpochPublished(second_statement(party, world.today), world.now + EPOCH_SECONDS), world.now)
    alive(world)
    assert found(world) == {(AUTHORITY, Fault.TWO_KEYS)}


def test_a_server_that_shows_auditors_another_key_is_found(world: World) -> None:
    other = second_statement(world.operator, world.today)
    path = f"/v1/epochs/{world.today}"
    with in_front(world, OPERATOR, {path: lambda _: other}) as urls:
        assert found(world, urls=urls) == {(OPERATOR, Fault.UNLOGGED_KEY)}


def test_an_unlogged_key_is_excused_until_its_epoch_begins(world: World) -> None:
    """A party may wait for its witness, but not for ever, nor with an answer that proves nothing."""
    epoch = world.today + 12
    path, other = f"/v1/epochs/{epoch}", second_statement(world.operator, epoch)
    waits: dict[str, bytes | Problem] = {
        path: other,
        f"{path}/inclusion": Problem(503, "peer-unreachable", "try again later"),
    }
    with in_front(world, OPERATOR, {}, instead=waits) as urls:
        assert found(world, urls=urls) == set()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.operator.epochs, "publish_ahead", list)  # its real one of that day
            world.now = world.settings.domain.epoch_begins(epoch)
            alive(world)
            (finding,) = audit(world, urls=urls).findings
    assert (finding.role, finding.fault) == (OPERATOR, Fault.UNLOGGED_KEY)
    assert finding.statement == other


def test_a_log_that_stops_is_found(world: World) -> None:
    """A25"""
    assert found(world) == set()
    world.now += 3 * 3600
    assert found(world) == {(OPERATOR, Fault.STALE), (AUTHORITY, Fault.STALE)}
    alive(world)
    assert found(world) == set()


@pytest.mark.parametrize("role", Role)
def test_an_epoch_that_is_kept_too_long_is_found(world: World, role: Role) -> None:
    party, epoch = party_of(world, role), world.today
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(party.epochs, "due", lambda _now: [])
        world.now = due(world)
        alive(world)
        assert found(world) == set()
        world.now += 2 * 3600
        alive(world)
        (finding,) = audit(world).findings
    assert (finding.role, finding.fault) == (role, Fault.KEPT_TOO_LONG)
    assert finding.detail == f"it kept epoch {epoch} for 2 hours too long, and still has it"


def test_a_late_erasure_is_found_once(world: World) -> None:
    world.now += 30 * EPOCH_SECONDS
    alive(world)
    assert {fault for _, fault in found(world)} == {Fault.KEPT_TOO_LONG}, "the servers were off when it was time"
    assert found(world) == set()


def test_an_erasure_that_the_log_and_the_server_do_not_agree_about_is_found(world: World) -> None:
    """The first would be a lie to everybody, the second to those who ask."""
    statement, epoch = run(world.get(OPERATOR, f"/v1/epochs/{world.today}")), world.today
    world.operator.epochs.erase(epoch)
    alive(world)
    with in_front(world, OPERATOR, {}, instead={f"/v1/epochs/{epoch}": statement}) as urls:
        assert found(world, urls=urls) == {(OPERATOR, Fault.ERASURE_DENIED)}
    gone = Problem(410, "epoch-erased", "it is gone")
    with in_front(world, OPERATOR, {}, instead={f"/v1/epochs/{epoch + 1}": gone}) as urls:
        (finding,) = audit(world, urls=urls).findings
    assert finding.detail == f"it says that epoch {epoch + 1} is erased, and its log does not"


def test_what_is_not_public_yet_is_no_fault(world: World) -> None:
    """A key that the other party has not cosigned, and an erasure that nobody can see yet."""
    nowhere = free_ports(1)[0]
    party, url = world.operator, world.operator.peer.url
    party.peer.url = f"http://127.0.0.1:{nowhere}"
    party.epochs.publish(world.today + 9)
    party.epochs.erase(world.today)
    assert found(world) == set()
    party.peer.url = url
    assert found(world) == set()
    alive(world)
    assert found(world) == set()


def test_a_backdated_entry_is_found(world: World) -> None:
    assert found(world) == set()
    world.operator.log.append(EpochErased(world.today - 50), world.now - 3600)
    world.authority.log.append(EpochErased(world.today - 50), world.now + 3600)
    alive(world)
    assert found(world) == {(OPERATOR, Fault.FALSE_ENTRY), (AUTHORITY, Fault.FALSE_ENTRY)}


def test_a_statement_that_does_not_hold_is_found(world: World) -> None:
    party = world.operator
    stranger = create_epoch(party.domain, OPERATOR, world.today + 9, world.authority.identity)[1]
    party.log.append(EpochPublished(stranger, world.now + EPOCH_SECONDS), world.now)
    alive(world)
    assert (OPERATOR, Fault.FALSE_ENTRY) in found(world)


def command(world: World, *options: str) -> Result:
    home = world.directory
    arguments = ["--domain", str(world.operator.home / "domain.toml"), "--state", str(home / "audit"), *options]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escrow.audit.run.unix_time", lambda: world.now)
        return CliRunner().invoke(escrow, ["audit", *arguments])


def test_the_command_needs_the_domain_alone(world: World) -> None:
    good = command(world)
    assert good.exit_code == 0, good.output
    assert "audited 2023-11-15 12:00:00" in good.output
    assert "retention days: 28" in good.output
    assert "Nothing was found wrong." in good.output
    world.now += 3 * 3600
    bad = command(world, "--json", world.urls[AUTHORITY])
    assert bad.exit_code == 2
    report = json.loads(bad.output)
    assert [(one["party"], one["fault"]) for one in report["findings"]] == [
        ("authority", "stale"),
        ("operator", "stale"),
    ]
    assert [log["entries"] for log in report["logs"]] == [6, 6]  # epochs, a disclosure, and a notice
    assert report["time"] == world.now


@pytest.mark.parametrize("kind", ["silent", "no log", "another domain", "twice"])
def test_a_url_that_is_not_a_partys_is_refused_with_advice(world: World, kind: str) -> None:
    (port,) = free_ports(1)
    silent = f"http://127.0.0.1:{port}"
    advice = {
        "silent": f"{silent}/v1/log/checkpoint does not answer (ClientConnectorError); check the URL, or leave it out",
        "no log": "/nowhere has no transparency log (Not Found); give the base URL of a party's server, such as",
        "another domain": "has no log of domain 7, whose logs are called splitpass/",
        "twice": "both have the operator's log; give one URL for each party",
    }
    other = {"/v1/log/checkpoint": lambda note: note.replace(b"splitpass/", b"splitpass/0")}
    with in_front(world, OPERATOR, other) as urls:
        given = {
            "silent": [silent],
            "no log": [world.urls[OPERATOR] + "/nowhere"],
            "another domain": [urls[OPERATOR]],
            "twice": [world.urls[OPERATOR], world.urls[OPERATOR] + "/"],
        }
        result = command(world, *given[kind])
    assert result.exit_code == 1
    assert advice[kind] in result.output


def test_a_state_of_another_domain_is_not_used(world: World) -> None:
    assert command(world).exit_code == 0
    entries = world.directory / "audit" / "operator.entries"
    *before, last = entries.read_bytes()
    entries.write_bytes(bytes([*before, last ^ 1]))
    result = command(world)
    assert result.exit_code == 1
    assert "is damaged" in result.output


def test_a_promise_that_is_too_long_is_found(world: World) -> None:
    """A party may keep an epoch for 365 days (§6.3), and the report says what it promises."""
    party = world.operator

    def keeps(days: int, epoch: int) -> set[tuple[Role, Fault]]:
        party.epochs.settings = structs.replace(party.settings, retention_days=days)
        party.epochs.publish(epoch)
        alive(world)
        return found(world)

    assert keeps(365, world.today + 4) == set()
    assert "retention days: 28 to 365" in command(world).output
    assert keeps(366, world.today + 5) == {(OPERATOR, Fault.PROMISED_TOO_LONG)}
    assert [log["retention_days"] for log in json.loads(command(world, "--json").output)["logs"]] == [[28, 366], [28]]
    world.operator.epochs.erase(world.today + 5)
    alive(world)
    assert found(world) == set()


def test_a_server_that_does_not_answer_is_found(world: World) -> None:
    (port,) = free_ports(1)
    nowhere = {OPERATOR: f"http://127.0.0.1:{port}"}
    assert found(world, urls=nowhere) == {(OPERATOR, Fault.UNREACHABLE)}


def test_what_is_no_statement_where_an_epochs_should_be_is_found(world: World) -> None:
    """Nobody could use such a key; it shows that the server is not what it should be."""
    with in_front(world, OPERATOR, {}, instead={f"/v1/epochs/{world.today}": b"no statement"}) as urls:
        (finding,) = audit(world, urls=urls).findings
    assert (finding.role, finding.fault, finding.about) == (OPERATOR, Fault.UNREACHABLE, {"epoch": world.today})
    assert "but something else" in finding.detail
