"""A venue's commitments wait for what its readers have not delivered (§3.9)."""

from __future__ import annotations

import time
from pathlib import Path
from secrets import token_bytes

import pytest
from prometheus_client import REGISTRY

from protocol.check_ins import Direction, sign_check_in
from protocol.deliveries import Delivery, Duty
from protocol.epochs import EPOCH_SECONDS
from protocol.releases import COMMITMENT_MARGIN, choose_openings, sign_release
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Released, Visitor
from tests.support.running import online
from tests.support.servers import run_world
from tests.support.venues import make_venue as make_registered_venue
from tests.support.venues import only
from tests.venue.conftest import MakeVenue, commit, invoke_venue, known
from tests.venue.test_committing import register
from tests.venue.test_deliveries import deliver, reader_at
from venue import duty
from venue.committing import commit as commit_at_both
from venue.deliveries import Deliveries
from venue.domains import DAYS_AHEAD
from venue.duty import MAX_HOLD
from venue.home import ServedVenue
from venue.reader_tokens import ReaderToken

TOLERANCE = 30
LONGEST = COMMITMENT_MARGIN - TOLERANCE
"""For so long after its contact nothing of a reader's can be late yet."""


def contact(venue: ServedVenue, reader: ReaderToken, now: int, on: Duty = Duty.ON, since: int | None = None) -> None:
    """Have a reader say that it has delivered everything, or everything up to a time."""
    Deliveries(venue.home.engine, venue.venue_id, venue.door, reader).take(
        Delivery(now if since is None else since, on, ()), now
    )


def is_held(venue: ServedVenue, now: int) -> bool:
    return duty.is_held(only(venue), now)


def test_commitments_wait_for_a_reader_on_duty_that_is_out_of_touch(venue: ServedVenue) -> None:
    assert not is_held(venue, NOW)
    reader = reader_at(venue)
    assert not is_held(venue, NOW)  # a program that decides nothing by itself
    contact(venue, reader, NOW)
    assert not is_held(venue, NOW + LONGEST)
    assert is_held(venue, NOW + LONGEST + 1)
    assert [one.door for one, _ in duty.out_of_touch(only(venue), NOW + LONGEST + 1)] == ["front door"]
    contact(venue, reader, NOW + LONGEST + 1)
    assert not is_held(venue, NOW + LONGEST + 1)


def test_a_reader_that_is_there_and_still_has_something_is_waited_for(venue: ServedVenue) -> None:
    """It says so each minute, and has a hundred deliveries to make."""
    reader = reader_at(venue)
    contact(venue, reader, NOW)
    contact(venue, reader, NOW + LONGEST + 1, since=NOW)
    assert is_held(venue, NOW + LONGEST + 1)


@pytest.mark.parametrize("ended", ["off duty", "revoked", "without keys"])
def test_nobody_waits_for_a_reader_that_admits_nobody(venue: ServedVenue, ended: str) -> None:
    reader, later = reader_at(venue), NOW + LONGEST + 1
    contact(venue, reader, NOW)
    if ended == "off duty":
        contact(venue, reader, NOW, Duty.OFF)
    elif ended == "revoked":
        venue.home.reader_tokens.revoke(venue.venue_id, reader.door, NOW)
    else:
        commit(venue, NOW + DAYS_AHEAD * EPOCH_SECONDS)
        assert is_held(venue, NOW + DAYS_AHEAD * EPOCH_SECONDS)
        later = NOW + (DAYS_AHEAD + 1) * EPOCH_SECONDS
    assert not is_held(venue, later)


def test_nobody_waits_for_longer_than_what_is_there_may_wait(venue: ServedVenue) -> None:
    commit(venue, NOW)
    contact(venue, reader_at(venue), NOW)
    assert is_held(venue, NOW + MAX_HOLD - 1)
    assert not is_held(venue, NOW + MAX_HOLD)
    commit(venue, NOW + MAX_HOLD)
    assert is_held(venue, NOW + MAX_HOLD + 60)  # and again for what the reader may admit from now on


def test_a_venue_without_a_commitment_waits_from_the_readers_last_contact(venue: ServedVenue) -> None:
    contact(venue, reader_at(venue), NOW)
    assert is_held(venue, NOW + MAX_HOLD - 1)
    assert not is_held(venue, NOW + MAX_HOLD)


def test_a_venue_without_a_commitment_waits_for_the_reader_that_it_heard_last(venue: ServedVenue) -> None:
    contact(venue, reader_at(venue), NOW)
    contact(venue, reader_at(venue, "back door"), NOW + 3600)
    assert is_held(venue, NOW + 3600 + MAX_HOLD - 1)
    assert not is_held(venue, NOW + 3600 + MAX_HOLD)


@pytest.mark.parametrize("waits", [True, False])
def test_c5_what_is_delivered_late_counts_if_the_commitments_waited(
    venue: ServedVenue, parties: Parties, today: OpenEpoch, visitor: Visitor, waits: bool
) -> None:
    reader = reader_at(venue)
    commit(venue, NOW - 60)
    contact(venue, reader, NOW)
    entry, delivered = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY), NOW + 4 * 3600
    assert is_held(venue, delivered - 60)
    if not waits:
        commit(venue, delivered - 60)
    deliver(venue, reader, entry, now=delivered)
    contact(venue, reader, delivered)
    assert not is_held(venue, delivered)
    commit(venue, delivered)
    warrant = parties.warrant(NOW, NOW + 600, later=5 * 3600)
    start, opened = choose_openings(warrant.record, only(venue).log.commitments())
    leaves = list(only(venue).log.leaves(warrant.record, 0, 1, 1))
    release = sign_release(warrant, only(venue).signing_key, start, [one.opening for one in opened], leaves)
    verified = parties.verify(warrant, {TODAY: today.key}, Released(release, known(venue)))
    assert [len(visits) for visits in verified.visits.values()] == ([1] if waits else [])
    assert dict(verified.set_aside) == ({} if waits else {"CommittedLate": 1})


def test_what_is_admitted_just_after_a_contact_is_never_late(
    venue: ServedVenue, parties: Parties, today: OpenEpoch, visitor: Visitor
) -> None:
    """The last commitment before the venue waits, and the oldest label that the reader may then deliver."""
    reader = reader_at(venue)
    contact(venue, reader, NOW + TOLERANCE)
    commit(venue, NOW + TOLERANCE + LONGEST)
    entry = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY)
    deliver(venue, reader, entry, now=NOW + 3600)
    commit(venue, NOW + 3600)
    warrant = parties.warrant(NOW, NOW + 600, later=5 * 3600)
    start, opened = choose_openings(warrant.record, only(venue).log.commitments())
    leaves = list(only(venue).log.leaves(warrant.record, 0, 1, 1))
    release = sign_release(warrant, only(venue).signing_key, start, [one.opening for one in opened], leaves)
    verified = parties.verify(warrant, {TODAY: today.key}, Released(release, known(venue)))
    assert [len(visits) for visits in verified.visits.values()] == [1]


def test_a_venue_sends_no_commitment_while_it_waits(tmp_path: Path) -> None:
    with run_world(tmp_path / "parties") as world:
        venue = make_registered_venue(world, tmp_path / "venue", "")
        online(lambda _: register(world, venue))
        reader = reader_at(venue, paired=world.now)

        def commit_now(every: int) -> int | None:
            return online(lambda session: commit_at_both(only(venue), session, world.now, every))

        first = world.now
        assert commit_now(3600) == first
        contact(venue, reader, first)
        world.now += 3600
        assert commit_now(3600) is None
        assert commit_now(0) is None
        assert set(world.authority.commitments.of(venue.venue_id)) == {first}
        contact(venue, reader, world.now)
        assert commit_now(3600) == world.now
        duty.measure(only(venue).pinned, [only(venue)], world.now)
        assert measured(venue) == (0, 0)
        world.now += 3600
        duty.measure(only(venue).pinned, [only(venue)], world.now)
        assert measured(venue) == (1, 1)
        duty.forget(only(venue).pinned.domain.number)
        assert measured(venue) == (None, None)


def measured(venue: ServedVenue) -> tuple[float | None, ...]:
    labels = {"domain": str(only(venue).pinned.domain.number)}
    names = ("splitpass_readers_out_of_touch", "splitpass_commitments_held")
    return tuple(REGISTRY.get_sample_value(name, labels) for name in names)


def test_the_commands_tell_who_is_waited_for(make_venue: MakeVenue, today: OpenEpoch) -> None:
    venue, now = make_venue([today]), int(time.time())
    reader = reader_at(venue, "정문", now - 7200)
    venue.home.reader_tokens.add(venue.venue_id, "뒷문", token_bytes(32), now - 7200)
    contact(venue, reader, now - 3600)
    first, second = invoke_venue(venue.home.path, "readers", "list").output.splitlines()
    assert first.startswith("정문  added ")
    assert ", on duty, all delivered until " in first
    assert "duty" not in second
    done = invoke_venue(venue.home.path, "commit")
    assert done.exit_code == 1
    assert "정문" in done.output
    contact(venue, reader, now, Duty.OFF)
    assert "duty" not in invoke_venue(venue.home.path, "readers", "list").output
