"""A client uses keys that are on record alone, and keeps the evidence when a log changes its past (A12, A21)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from client.passes import fetch_passes
from client.visitor import Visitor
from conformance.imitated import ALLOWANCE, ImitatedParties
from protocol.epochs import Role
from protocol.primitives.errors import InconsistentLog, InvalidSignature, MalformedEncoding, NotLogged, SplitPassError
from protocol.transparency.logs import Inclusion, verify_witnessed
from protocol.transparency.merkle import tree_root
from protocol.transparency.tiles import Tile
from service.log_client import fetch_earlier_root, fetch_entries, fetch_hashes
from service.problems import Problem
from tests.support.domain import TODAY
from tests.support.running import online


def fetch(visitor: Visitor, epoch: int = TODAY) -> int:
    return online(lambda session: fetch_passes(visitor, session, epoch))


def fill(imitated: ImitatedParties, role: Role, count: int) -> None:
    """Entries about nothing that concerns a client."""
    log = imitated.logs[role]
    log.entries += [len(log.entries).to_bytes(4, "big") + bytes([i % 256]) for i in range(count)]


ALTERATIONS: list[tuple[type[SplitPassError], Callable[[Inclusion], Inclusion]]] = [
    (NotLogged, lambda good: replace(good, index=good.index + 1)),
    (NotLogged, lambda good: replace(good, proof=(*good.proof, bytes(32)))),
    (NotLogged, lambda good: replace(good, entry=good.entry[:-1] + bytes([good.entry[-1] ^ 1]))),
    (InvalidSignature, lambda good: replace(good, checkpoint=good.checkpoint[: good.checkpoint.rindex("—".encode())])),
]


@pytest.mark.parametrize(("error", "alter"), ALTERATIONS)
def test_a_key_that_is_not_proven_to_be_on_record_is_not_used(
    enrolled: Visitor, imitated: ImitatedParties, error: type[SplitPassError], alter: Callable[[Inclusion], Inclusion]
) -> None:
    fill(imitated, Role.OPERATOR, 3)
    imitated.alter_inclusion = alter
    with pytest.raises(error):
        fetch(enrolled)
    assert not {"handle", "passes"} & set(imitated.requests)
    assert enrolled.wallet().days[0].pending is None


def test_another_key_than_the_one_on_record_is_not_used(enrolled: Visitor, imitated: ImitatedParties) -> None:
    log = imitated.logs[Role.AUTHORITY]
    other = log.publish(imitated.epoch(TODAY + 1).statements[Role.AUTHORITY])
    imitated.alter_inclusion = lambda good: log.inclusion(other) if b"/authority\n" in good.checkpoint else good
    with pytest.raises(NotLogged):
        fetch(enrolled)
    assert not {"handle", "passes"} & set(imitated.requests)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, 3), (5, 300), (255, 2), (600, 70)])
def test_a_log_that_grew_is_followed(enrolled: Visitor, imitated: ImitatedParties, before: int, after: int) -> None:
    fill(imitated, Role.OPERATOR, before)
    assert fetch(enrolled) == ALLOWANCE
    fill(imitated, Role.OPERATOR, after)
    assert fetch(enrolled, TODAY + 1) == ALLOWANCE
    note = (enrolled.epochs.directory / "operator.checkpoint").read_bytes()
    assert verify_witnessed(imitated.domain, Role.OPERATOR, note).checkpoint.size == before + after + 2
    size = len(imitated.logs[Role.OPERATOR].entries)
    asked = {one.removeprefix("OPERATOR tile ") for one in imitated.requests if one.startswith("OPERATOR tile ")}
    assert all(path.endswith(f".p/{size % 256}") or ".p" not in path or path.startswith("1/") for path in asked)


def test_a_log_that_changes_its_past_is_refused_for_ever(enrolled: Visitor, imitated: ImitatedParties) -> None:
    """The operator cosigns both, by mistake or in collusion: who saw the first has the evidence."""
    fill(imitated, Role.AUTHORITY, 3)
    fetch(enrolled)
    log = imitated.logs[Role.AUTHORITY]
    log.entries[1] = b"another history"
    with pytest.raises(InconsistentLog):
        fetch(enrolled, TODAY + 1)
    log.entries[1] = bytes(4) + b"\1"
    with pytest.raises(InconsistentLog, match="is evidence"):
        fetch(enrolled, TODAY + 1)
    kept = [
        verify_witnessed(imitated.domain, Role.AUTHORITY, (enrolled.epochs.directory / name).read_bytes()).checkpoint
        for name in ("authority.checkpoint", "authority.checkpoint.conflict")
    ]
    assert kept[0].root != kept[1].root


def test_an_older_checkpoint_is_taken_if_the_newer_one_continues_it(
    enrolled: Visitor, imitated: ImitatedParties
) -> None:
    log = imitated.logs[Role.OPERATOR]
    old = log.inclusion(log.publish(imitated.epoch(TODAY + 1).statements[Role.OPERATOR]))
    fill(imitated, Role.OPERATOR, 4)
    fetch(enrolled)
    newest = (enrolled.epochs.directory / "operator.checkpoint").read_bytes()
    imitated.alter_inclusion = lambda good: old if b"/operator\n" in good.checkpoint else good
    assert fetch(enrolled, TODAY + 1) == ALLOWANCE
    assert (enrolled.epochs.directory / "operator.checkpoint").read_bytes() == newest


def test_tiles_that_are_not_of_the_checkpoint_are_no_evidence(enrolled: Visitor, imitated: ImitatedParties) -> None:
    fill(imitated, Role.OPERATOR, 3)
    fetch(enrolled)
    log = imitated.logs[Role.OPERATOR]
    honest = log.inclusion
    stale = list(log.entries)

    def from_elsewhere(index: int) -> Inclusion:
        proven = honest(index)
        log.entries = [*stale[:2], b"spoiled", *log.entries[3:]]
        return proven

    log.inclusion = from_elsewhere  # type: ignore[method-assign]
    with pytest.raises(MalformedEncoding, match="the tiles are not those of the checkpoint"):
        fetch(enrolled, TODAY + 1)
    assert not list(enrolled.epochs.directory.glob("*.conflict"))


def test_a_full_tile_stands_for_the_partial_ones_before_it(imitated: ImitatedParties) -> None:
    fill(imitated, Role.OPERATOR, 256)
    log, url = imitated.logs[Role.OPERATOR], imitated.urls["operator"]
    with pytest.MonkeyPatch.context() as patch:
        whole = {tile: log.tile(tile) for tile in (Tile(0, 0), Tile("entries", 0))}
        patch.setattr(log, "tile", whole.get)
        assert online(lambda session: fetch_hashes(session, url, Tile(0, 0, 7))) == log.leaves[:7]
        assert online(lambda session: fetch_entries(session, url, Tile("entries", 0, 7))) == log.entries[:7]
        with pytest.raises(Problem, match="no such tile"):
            online(lambda session: fetch_hashes(session, url, Tile(0, 1)))


def test_any_earlier_root_is_found_from_tiles(imitated: ImitatedParties) -> None:
    fill(imitated, Role.OPERATOR, 300)
    log, url = imitated.logs[Role.OPERATOR], imitated.urls["operator"]
    checkpoint = verify_witnessed(imitated.domain, Role.OPERATOR, log.checkpoint()).checkpoint
    for size in (0, 1, 255, 256, 299, 300):
        found = online(lambda session: fetch_earlier_root(session, url, checkpoint, size))  # noqa: B023
        assert found == tree_root(log.leaves[:size])
