"""A venue's log: one position for each check-in, commitments that stay openable, and no more kept than needed."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path
from secrets import token_bytes

import pytest
import sqlalchemy as sql

from conformance.vectors.venue_log import VenueLog
from protocol.check_ins import CheckIn, CheckInMessage, Direction, sign_check_in
from protocol.commitments import append_check_ins, commitment_digest, verify_commitment
from protocol.epochs import EPOCH_SECONDS, MAX_STAY, Role
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import CommitmentMismatch
from protocol.releases import COMMITMENT_MARGIN, ReleasedLeaf, choose_openings, sign_release
from protocol.transparency.merkle import CompactRange
from protocol.warrants import ValidWarrant
from service.problems import Problem, Unreachable
from tests.support.databases import KINDS, new_database
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Released, Visitor, opening_warrant
from tests.support.venues import only
from tests.venue.conftest import MakeVenue, commit, invoke_venue, known, run_venue
from tests.venue.test_commands import Register, write_domain
from venue.cli import online
from venue.committing import commit as commit_at_both
from venue.home import ServedVenue, VenueHome
from venue.log import _leaves, metadata
from venue.store import check_ins
from venue.store import kept as kept_check_ins

ENTRY, EXIT = Direction
PROCESSES, ROUNDS = 3, 4


def admit(venue: ServedVenue, time: int, direction: Direction = ENTRY, u: bytes | None = None) -> bytes:
    """Store a check-in that no gate has seen."""
    signed_pass = (u or token_bytes(32)) + token_bytes(160)
    message = CheckInMessage(255, time - time % 15, direction, None, signed_pass)
    assert only(venue).store.spend(CheckIn(message, only(venue).pinned.domain.epoch_at(message.time)))
    return message.u


def everything(venue: ServedVenue) -> ValidWarrant:
    """A warrant for all times."""
    return ValidWarrant(opening_warrant(255, venue.venue_id, 1, 2**32 - 1, 2**32 - 1 - EPOCH_SECONDS))


def all_leaves(venue: ServedVenue, warrant: ValidWarrant, first: int, last: int) -> list[ReleasedLeaf]:
    return list(only(venue).log.leaves(warrant.record, first, last, last))


def assert_consistent(venue: ServedVenue) -> None:
    """Every commitment is to the beginning of the log, and every check-in that has a position has one of its own."""
    kept = only(venue).log.commitments()
    leaves = all_leaves(venue, everything(venue), 0, kept[-1].opening.size)
    for one in kept:
        tree = append_check_ins(CompactRange(), [leaf.committed for leaf in leaves[: one.opening.size]])
        assert (one.tree, one.opening.size) == (tree, tree.size)
    with venue.home.engine.connect() as connection:
        positions = connection.scalars(
            sql.select(check_ins.c.position).where(check_ins.c.venue == venue.venue_id)
        ).all()
    assert sorted(position for position in positions if position is not None) == list(range(len(leaves)))


def test_check_ins_get_their_positions_by_time_when_the_venue_commits(venue: ServedVenue) -> None:
    times = [NOW + 30, NOW, NOW + 15]
    passes = dict(zip(times, [admit(venue, time) for time in times], strict=True))
    commit(venue, NOW + 60)
    admit(venue, NOW - 60)  # of a door whose clock is behind
    admit(venue, NOW + 90, EXIT, passes[NOW])
    commit(venue, NOW + 120)
    commit(venue, NOW + 120)  # within one second
    assert [(one.opening.time, one.opening.size) for one in only(venue).log.commitments()] == [
        (NOW + 60, 3),
        (NOW + 120, 5),
        (NOW + 121, 5),
    ]
    leaves = all_leaves(venue, everything(venue), 0, 5)
    assert [leaf.time for leaf in leaves] == [NOW, NOW + 15, NOW + 30, NOW - 60, NOW + 90]
    assert_consistent(venue)
    time, statement = only(venue).log.commit(only(venue).record, only(venue).signing_key, NOW + 180) or (0, b"")
    message = verify_commitment(only(venue).record, statement, NOW + 180)
    last = only(venue).log.commitments()[-1]
    assert (message.time, message.commitment) == (time, commitment_digest(last.opening.salt, last.tree))
    assert not last.acknowledged


def test_only_what_the_warrant_covers_is_shown(
    venue: ServedVenue, parties: Parties, today: OpenEpoch, visitor: Visitor
) -> None:
    """Everything else is there as a digest, and fits all the same."""
    shown = [
        sign_check_in(today.key, visitor.passes[index], NOW + time, direction)
        for index, time, direction in (
            (0, -600, ENTRY),
            (0, 60, EXIT),
            (1, -600, ENTRY),
            (1, -300, EXIT),
            (2, 0, ENTRY),
        )
    ]
    for hour, message in enumerate(shown):
        assert only(venue).store.spend(CheckIn(message, TODAY))
        commit(venue, NOW + hour)
    warrant = parties.warrant(NOW, NOW + 600, assumed_stay=3600)
    start, opened = choose_openings(warrant.record, only(venue).log.commitments())
    leaves = all_leaves(venue, warrant, 0, 5)
    assert [not leaf.withheld for leaf in leaves] == [True, True, False, False, True]
    release = sign_release(warrant, only(venue).signing_key, start, [one.opening for one in opened], leaves)
    verified = parties.verify(warrant, {TODAY: today.key}, Released(release, known(venue)))
    assert [len(visits) for visits in verified.visits.values()] == [2]
    assert not verified.set_aside


def commit_at_once(home: Path, barrier: Barrier, number: int) -> None:
    """What each process of the test does: admit and commit, all at the same moment."""
    [venue] = VenueHome(home).venues
    for turn in range(ROUNDS):
        barrier.wait()
        admit(venue, NOW + 15 * turn)
        if number:
            only(venue).log.commit(only(venue).record, only(venue).signing_key, NOW)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_several_processes_give_each_check_in_one_position(make_venue: MakeVenue, tmp_path: Path, kind: str) -> None:
    venue = make_venue(settings=f'database = "{new_database(kind, tmp_path)}"\n')
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    processes = [
        context.Process(target=commit_at_once, args=(venue.home.path, barrier, number)) for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    commit(venue, NOW)
    kept = only(venue).log.commitments()
    assert len(kept) == (PROCESSES - 1) * ROUNDS + 1
    assert kept[-1].opening.size == PROCESSES * ROUNDS
    assert_consistent(venue)


def test_one_process_commits_for_all(venue: ServedVenue) -> None:
    every = venue.home.settings.commitment_seconds
    assert only(venue).log.is_due(NOW, every)
    commit(venue, NOW)
    for now, due in ((NOW, False), (NOW + every - 1, False), (NOW + every, True)):
        assert only(venue).log.is_due(now, every) is due
        assert (only(venue).log.commit(only(venue).record, only(venue).signing_key, now, every) is not None) is due


def test_a_clock_that_was_ahead_does_not_stop_commitments(venue: ServedVenue) -> None:
    """No party took what it signed, and nothing waits for that time to come."""
    admit(venue, NOW)
    assert only(venue).log.commit(only(venue).record, only(venue).signing_key, NOW + EPOCH_SECONDS)
    admit(venue, NOW)
    assert only(venue).log.is_due(NOW + 60, 3600)
    assert only(venue).log.commit(only(venue).record, only(venue).signing_key, NOW + 60, 3600)
    assert not only(venue).log.is_due(NOW + 60 + REQUEST_TOLERANCE, 3600)
    assert [one.opening.size for one in only(venue).log.commitments()] == [2, 1]
    assert sorted(leaf.time for leaf in all_leaves(venue, everything(venue), 0, 2)) == [NOW, NOW]


def test_what_is_deleted_leaves_the_days_after_it_openable(venue: ServedVenue, parties: Parties) -> None:
    """The last commitments before the oldest day stay, and the digests between; nothing of the check-ins does."""
    domain, days = parties.domain, 28
    begins = domain.epoch_begins(TODAY)
    for hour in range(-30, 30, 2):
        admit(venue, begins + hour * 3600)
        commit(venue, begins + hour * 3600 + 900)
    before = len(only(venue).log.commitments())
    venue.home.delete_expired(only(venue).pinned, begins + days * EPOCH_SECONDS)
    assert kept_check_ins(venue.home.engine, 255)[0] == 15
    kept = only(venue).log.commitments()
    assert before - len(kept) == 8
    oldest = kept[0].opening
    assert begins - MAX_STAY - COMMITMENT_MARGIN - 7200 < oldest.time <= begins - MAX_STAY - COMMITMENT_MARGIN

    def released(warrant: ValidWarrant) -> Released:
        start, opened = choose_openings(warrant.record, only(venue).log.commitments())
        first, last = start.opening.size, opened[-1].opening.size
        leaves = all_leaves(venue, warrant, first, last)
        openings = [one.opening for one in opened]
        return Released(sign_release(warrant, only(venue).signing_key, start, openings, leaves), commitments)

    commitments = known(venue)
    warrant = parties.warrant(begins, begins + 600, later=EPOCH_SECONDS)
    assert parties.verify(warrant, {}, released(warrant)).visits == {}
    older = parties.warrant(begins - 7200, begins + 600, later=EPOCH_SECONDS)
    with pytest.raises(CommitmentMismatch):
        parties.verify(older, {}, released(older))
    with venue.home.engine.connect() as connection:
        first = connection.scalar(sql.select(sql.func.min(_leaves.c.position)))
    assert first == oldest.size


def test_a_young_log_is_kept_from_its_beginning(venue: ServedVenue) -> None:
    admit(venue, NOW)
    commit(venue, NOW)
    venue.home.delete_expired(only(venue).pinned, NOW + 40 * EPOCH_SECONDS)
    assert kept_check_ins(venue.home.engine, 255)[0] == 0
    assert only(venue).log.commitments()[0].opening.size == 1


@pytest.fixture
def registered(make_venue: MakeVenue, parties: Parties) -> Iterator[tuple[ServedVenue, Register]]:
    """A venue, and both parties' registers with it."""
    register = Register(parties, [])
    register.approved = dict.fromkeys(Role, parties.venue)
    venue = make_venue()
    only(venue).keep_registration(parties.both_sign(parties.venue))
    with register.serving() as server:
        write_domain(parties, venue.home.path, server)
        [venue] = VenueHome(venue.home.path).venues
        yield venue, register


def test_the_command_tells_both_parties(registered: tuple[ServedVenue, Register]) -> None:
    venue, register = registered
    admit(venue, NOW)
    done = run_venue(venue.home.path, "commit")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("both parties hold a commitment to what was admitted until 20")
    [kept] = only(venue).log.commitments()
    assert kept.acknowledged
    assert kept.opening.size == 1
    for role in Role:
        assert register.commitments[role] == known(venue)


def test_no_commitment_is_made_that_one_party_could_not_hear_of(
    registered: tuple[ServedVenue, Register], parties: Parties
) -> None:
    venue, register = registered
    now = int(time.time())
    del register.approved[Role.AUTHORITY]
    with pytest.raises(Problem):
        online(lambda session: commit_at_both(only(venue), session, now))
    assert [one.acknowledged for one in only(venue).log.commitments()] == [False]
    text = (venue.home.path / "domains" / "first.toml").read_text()
    (venue.home.path / "domains" / "first.toml").write_text(text.replace("http://127.0.0.1", "http://127.0.0.2", 1))
    refused = invoke_venue(venue.home.path, "commit")
    assert refused.exit_code == 1
    assert "does not answer" in refused.output
    [away] = VenueHome(venue.home.path).venues
    with pytest.raises(Unreachable):
        online(lambda session: commit_at_both(only(away), session, now))
    assert len(only(venue).log.commitments()) == 1


def test_a_commitment_that_only_one_party_has_is_sent_again_and_then_followed_by_another(
    registered: tuple[ServedVenue, Register], parties: Parties
) -> None:
    """It would spoil every warrant that is drawn until the next hour: one party knows it, and it ends no release."""
    venue, register = registered
    first = int(time.time()) - 100

    def commit_hourly(now: int) -> int | None:
        return online(lambda session: commit_at_both(only(venue), session, now, every=3600))

    def drawn(issued: int) -> list[int]:
        warrant = opening_warrant(255, venue.venue_id, NOW, NOW + 600, issued)
        return [one.opening.time for one in choose_openings(warrant, only(venue).log.commitments())[1]]

    del register.approved[Role.AUTHORITY]
    for now in (first, first + 60, first + REQUEST_TOLERANCE):
        with pytest.raises(Problem):
            commit_hourly(now)
    assert [len(register.commitments[role]) for role in (Role.OPERATOR, Role.AUTHORITY)] == [1, 0]
    assert drawn(first) == []
    register.approved[Role.AUTHORITY] = parties.venue
    assert commit_hourly(first + REQUEST_TOLERANCE) == first
    assert commit_hourly(first + REQUEST_TOLERANCE) is None
    assert register.commitments == {role: known(venue) for role in Role}
    assert drawn(first) == [first]

    with venue.home.engine.begin() as connection:  # the process was killed before it noted the answer
        connection.execute(sql.update(metadata.tables["commitments"]).values(authority=False))
    assert commit_hourly(first + REQUEST_TOLERANCE + 1) == first + REQUEST_TOLERANCE + 1
    assert commit_hourly(first + 3600) is None
    assert [one.acknowledged for one in only(venue).log.commitments()] == [False, True]


def test_an_unacknowledged_commitment_is_opened_between_others_and_ends_no_release(parties: Parties) -> None:
    """One party may have stored it although its answer was lost; and a release must fit for both."""
    log = VenueLog(parties.venue, parties.venue_key)
    for moment in (NOW - EPOCH_SECONDS, NOW - 3600, NOW, NOW + 15):
        log.commit(moment)
    log.kept = [
        type(one)(one.opening, one.tree, acknowledged=one.opening.time in {NOW - EPOCH_SECONDS, NOW})
        for one in log.kept
    ]
    start, opened = choose_openings(parties.warrant(NOW - 60, NOW + 60).record, log.kept)
    assert start is log.kept[0]
    assert [one.opening.time for one in opened] == [NOW - 3600, NOW]
