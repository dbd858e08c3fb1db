"""C5, A17, A18: what a venue hands over is what it had admitted, when it had, and nothing that it made up since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.vectors.venue_log import VenueLog
from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.commitments import (
    BEGINNING,
    CommitmentOpening,
    KeptCommitment,
    VenueCommitment,
    check_in_digest,
    sign_commitment,
    verify_commitment,
)
from protocol.epochs import MAX_STAY
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import (
    CommitmentMismatch,
    InvalidSignature,
    MalformedEncoding,
    ReplayedRequest,
    WrongDomain,
)
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, statement_payload
from protocol.releases import (
    COMMITMENT_DELAY,
    COMMITMENT_MARGIN,
    Release,
    ReleasedLeaf,
    choose_openings,
    parts_to_choose,
)
from protocol.transparency.merkle import CompactRange
from protocol.warrants import MAX_RELEASE, ValidWarrant
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Released, Visitor, opening_warrant

HOUR = 3600
ENTRY, EXIT = Direction
BEFORE = NOW - 14 * HOUR
"""A commitment of this time is early enough for the warrant's window."""


@pytest.fixture
def warrant(parties: Parties) -> ValidWarrant:
    """For twenty minutes around now, issued two hours later; a visit without an exit lasts an hour."""
    return parties.warrant(NOW - 600, NOW + 600, assumed_stay=HOUR, later=2 * HOUR)


@pytest.fixture
def shown(today: OpenEpoch, visitor: Visitor) -> list[CheckInMessage]:
    """An entry and exit long before the window, an entry and exit in it, and an entry after it."""
    labels = ((0, -5 * HOUR, ENTRY), (0, -4 * HOUR, EXIT), (1, -15, ENTRY), (1, 30, EXIT), (2, HOUR, ENTRY))
    return [sign_check_in(today.key, visitor.passes[i], NOW + time, direction) for i, time, direction in labels]


@pytest.fixture
def log(parties: Parties, shown: list[CheckInMessage]) -> VenueLog:
    """The day at the venue."""
    return committed_hourly(VenueLog(parties.venue, parties.venue_key), shown)


def committed_hourly(log: VenueLog, shown: list[CheckInMessage]) -> VenueLog:
    """From fourteen hours before now to two hours after."""
    log.add(TODAY - 1, b"of the day before")
    left = list(shown)
    for time in range(BEFORE, NOW + 2 * HOUR + 1, HOUR):
        while left and left[0].time < time:
            log.add(TODAY, left.pop(0).to_bytes())
        log.commit(time)
    return log


def judge(parties: Parties, today: OpenEpoch, warrant: ValidWarrant, log: VenueLog) -> dict[str, int]:
    """What is set aside of a release; the visit in the window is among the others."""
    released = Released(log.release(warrant), log.commitments)
    verified = parties.verify(warrant, {TODAY: today.key}, released)
    visits = [(visit.entered, visit.left) for visit in verified.visits[TODAY].values()]
    assert visits == [(NOW - 15, NOW + 30)]
    return dict(verified.set_aside)


@given(
    received=st.dictionaries(st.integers(-3, 3), st.booleans()).map(lambda kept: sorted(kept.items())),
    before=st.integers(-1, 1),
    after=st.integers(-1, 1),
)
@example(received=[(-1, True), (0, True), (1, True)], before=0, after=0)
def test_c5_a_release_starts_and_ends_where_both_parties_acknowledged(
    received: list[tuple[int, bool]], before: int, after: int
) -> None:
    """Commitments stand around the last time that is early enough and the first that is late enough, to a second."""
    early, late = NOW - 600 - MAX_STAY - COMMITMENT_MARGIN, NOW + 600 + MAX_STAY + COMMITMENT_MARGIN
    record = opening_warrant(1, bytes(16), NOW - 600, NOW + 600, issued=late + 2)
    kept = [
        KeptCommitment(CommitmentOpening(border + step + shift, bytes(32), 0), CompactRange(), acknowledged)
        for border, shift in ((early, before), (late, after))
        for step, acknowledged in received
    ]
    usable = [
        commitment.opening.time
        for commitment in kept
        if commitment.acknowledged and commitment.opening.time <= record.issued
    ]
    start = max((time for time in usable if time <= early), default=0)
    end = min((time for time in usable if time >= late), default=max(usable, default=0))
    chosen, openings = choose_openings(record, kept)
    assert chosen.opening.time == start
    assert [opening.opening.time for opening in openings] == [
        commitment.opening.time for commitment in kept if start < commitment.opening.time <= end
    ]


def test_c5_a_part_opens_what_there_is_if_nothing_reaches_far_enough(warrant: ValidWarrant, log: VenueLog) -> None:
    """Whether an entry's visit lies in this window may be told by an exit that is twelve hours away."""
    _, openings = choose_openings(warrant.record, log.kept)
    assert [end for end, _ in parts_to_choose(warrant.record, openings)] == list(openings[:-1])
    assert all(opened == openings for _, opened in parts_to_choose(warrant.record, openings))


def test_c5_an_honest_release_fits_its_commitments(
    parties: Parties, today: OpenEpoch, warrant: ValidWarrant, log: VenueLog
) -> None:
    release = Release.from_bytes(statement_payload(log.release(warrant)))
    assert release.opened_from.time == BEFORE + HOUR  # the latest that leaves out nothing
    assert release.opened_from.size == 1
    assert len(release.leaves) == 5
    assert [opening.time for opening in release.openings] == list(range(BEFORE + 2 * HOUR, NOW + 2 * HOUR + 1, HOUR))
    assert judge(parties, today, warrant, log) == {"OutOfScope": 3}


def test_c5_a_young_venues_release_starts_from_nothing(
    parties: Parties, today: OpenEpoch, warrant: ValidWarrant, shown: list[CheckInMessage]
) -> None:
    log = VenueLog(parties.venue, parties.venue_key)
    for message in shown[2:4]:
        log.add(TODAY, message.to_bytes())
    log.commit(NOW + HOUR)
    assert judge(parties, today, warrant, log) == {}
    nothing = VenueLog(parties.venue, parties.venue_key)
    assert parties.verify(warrant, {}, Released(nothing.release(warrant), {})).visits == {}
    with pytest.raises(CommitmentMismatch):
        parties.verify(warrant, {}, Released(nothing.release(warrant), log.commitments))


def test_c5_a_release_ends_with_the_first_commitment_that_has_every_exit(
    parties: Parties, today: OpenEpoch, log: VenueLog, shown: list[CheckInMessage]
) -> None:
    """And is not spoiled by what comes after it."""
    warrant = parties.warrant(NOW - 600, NOW + 600, later=30 * HOUR)
    enough = NOW + 600 + MAX_STAY + COMMITMENT_MARGIN
    for time in (enough - 1, enough, enough + HOUR):
        log.commit(time)
    release = Release.from_bytes(statement_payload(log.release(warrant)))
    assert release.openings[-1].time == enough
    judge(parties, today, warrant, log)
    del log.kept[-2]  # the first that is enough: a later one is, too
    with pytest.raises(CommitmentMismatch):
        judge(parties, today, warrant, log)  # but none is left out
    del log.commitments[enough]
    judge(parties, today, warrant, log)


Change = Callable[[Release], Release]


def without(index: int) -> Change:
    return lambda it: replace(it, leaves=it.leaves[:index] + it.leaves[index + 1 :])


def leaf(index: int, **changed: object) -> Change:
    def change(release: Release) -> Release:
        leaves = list(release.leaves)
        leaves[index] = replace(leaves[index], **changed)  # type: ignore[arg-type]
        return replace(release, leaves=tuple(leaves))

    return change


def opening(index: int, **changed: object) -> Change:
    def change(release: Release) -> Release:
        openings = list(release.openings)
        openings[index] = replace(openings[index], **changed)  # type: ignore[arg-type]
        return replace(release, openings=tuple(openings))

    return change


def opened_from(**changed: object) -> Change:
    def change(release: Release) -> Release:
        return replace(release, opened_from=replace(release.opened_from, **changed))  # type: ignore[arg-type]

    return change


INSERTED = ReleasedLeaf(TODAY, NOW, ENTRY, b"check-in of another venue")
CHANGES: dict[str, Change] = {
    "inserted first": lambda it: replace(it, leaves=(INSERTED, *it.leaves)),
    "inserted last": lambda it: replace(it, leaves=(*it.leaves, INSERTED)),
    "inserted and counted": lambda it: opening(-1, size=it.openings[-1].size + 1)(
        replace(it, leaves=(*it.leaves, INSERTED))
    ),
    "exchanged for another": leaf(2, content=INSERTED.content),
    "deleted first": without(0),
    "deleted last": without(-1),
    "deleted all": lambda it: replace(it, leaves=()),
    "reordered": lambda it: replace(it, leaves=it.leaves[::-1]),
    "exchanged two of one hour": lambda it: replace(it, leaves=(*it.leaves[:2], *it.leaves[3:1:-1], it.leaves[4])),
    "another time": leaf(2, time=NOW),
    "another direction": leaf(2, direction=EXIT),
    "another epoch": leaf(2, epoch=TODAY + 1),
    "another digest": leaf(0, content=bytes(32)),
    "another salt at the start": opened_from(salt=bytes(32)),
    "another time of the start": opened_from(time=BEFORE + HOUR - 1),
    "another frontier": lambda it: replace(it, frontier=(bytes(32),)),
    "no frontier": lambda it: replace(it, frontier=()),
    "a frontier of too many hashes": lambda it: replace(it, frontier=it.frontier * 2),
    "the largest frontier": lambda it: opened_from(size=2**32 - 1)(replace(it, frontier=(bytes(32),) * 32)),
    "a frontier at the beginning": lambda it: replace(it, opened_from=BEGINNING),
    "the start as the beginning": lambda it: replace(it, opened_from=BEGINNING, frontier=()),
    "a size that is too large for its leaves": opening(3, size=2**32 - 1),
    "a size that shrinks": opening(-1, size=0),
    "another salt": opening(0, salt=bytes(32)),
    "another size": opening(0, size=2),
    "another time of the last": opening(-1, time=NOW + 2 * HOUR + 1),
    "one left out": lambda it: replace(it, openings=it.openings[:5] + it.openings[6:]),
    "one twice": lambda it: replace(it, openings=(it.openings[0], *it.openings)),
    "in another order": lambda it: replace(it, openings=it.openings[::-1]),
    "none": lambda it: replace(it, openings=()),
    "the newest hidden": lambda it: replace(it, openings=it.openings[:-1]),
    "the newest hidden with its check-ins": lambda it: replace(it, openings=it.openings[:-1], leaves=it.leaves[:-1]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_c5_a_release_that_does_not_fit_is_refused(
    parties: Parties, today: OpenEpoch, warrant: ValidWarrant, log: VenueLog, change: Change
) -> None:
    release = change(Release.from_bytes(statement_payload(log.release(warrant))))
    for commitments in (log.commitments, {}):
        released = Released(sign_statement(release, parties.venue_key), commitments)
        with pytest.raises(CommitmentMismatch):
            parties.verify(warrant, {TODAY: today.key}, released)


def test_c5_a_release_of_too_many_bytes_is_refused(
    parties: Parties, today: OpenEpoch, warrant: ValidWarrant, log: VenueLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocol.releases.MAX_RELEASE_BYTES", len(log.release(warrant)))
    judge(parties, today, warrant, log)
    monkeypatch.setattr("protocol.releases.MAX_RELEASE_BYTES", len(log.release(warrant)) - 1)
    with pytest.raises(MalformedEncoding):
        judge(parties, today, warrant, log)


@given(data=st.data())
def test_c5_whatever_one_byte_of_a_release_says_instead_is_noticed(
    parties: Parties, today: OpenEpoch, visitor: Visitor, data: st.DataObject
) -> None:
    """Of what commitments cover: openings, frontier, leaves. The last byte is how many are uncommitted, as it says."""
    warrant = parties.warrant(NOW - 600, NOW + 600, later=2 * HOUR)
    log = committed_hourly(
        VenueLog(parties.venue, parties.venue_key),
        [sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)],
    )
    payload = bytearray(statement_payload(log.release(warrant)))
    index = data.draw(st.integers(40, len(payload) - 2))
    payload[index] ^= data.draw(st.integers(1, 255))
    try:
        changed = Release.from_bytes(bytes(payload))
    except MalformedEncoding:
        return
    with pytest.raises(CommitmentMismatch):
        parties.verify(warrant, {}, Released(sign_statement(changed, parties.venue_key), log.commitments))


def test_c5_each_party_goes_by_the_commitments_that_it_received(
    parties: Parties, today: OpenEpoch, warrant: ValidWarrant, log: VenueLog
) -> None:
    released = Released(log.release(warrant), log.commitments)
    known = {NOW - 3 * HOUR: released.commitments.pop(NOW - 3 * HOUR)}
    parties.verify(warrant, {TODAY: today.key}, released)  # one was lost on the way
    for lost in (BEFORE + HOUR, NOW + 2 * HOUR):  # the first and the last must be known
        fewer = {time: commitment for time, commitment in log.commitments.items() if time != lost}
        with pytest.raises(CommitmentMismatch):
            parties.verify(warrant, {TODAY: today.key}, replace(released, commitments=fewer))
    log.commitments |= {NOW - 3 * HOUR: bytes(32)}  # the venue told the other party something else
    with pytest.raises(CommitmentMismatch):
        parties.verify(warrant, {TODAY: today.key}, released)
    assert known


def test_c5_a_commitment_that_is_newer_than_the_warrant_does_not_count(
    parties: Parties, today: OpenEpoch, warrant: ValidWarrant, log: VenueLog
) -> None:
    late = warrant.record.issued + 1
    log.commit(late)
    assert judge(parties, today, warrant, log) == {"OutOfScope": 3}  # not opened, and not missed
    tree = log.kept[-1]
    release = Release.from_bytes(statement_payload(log.release(warrant)))
    with_late = replace(release, openings=(*release.openings, tree.opening))
    with pytest.raises(CommitmentMismatch):
        parties.verify(warrant, {}, Released(sign_statement(with_late, parties.venue_key), log.commitments))


def test_a18_a_check_in_that_is_committed_to_late_is_set_aside(
    parties: Parties, today: OpenEpoch, stranger: Visitor, warrant: ValidWarrant, log: VenueLog
) -> None:
    """The venue hears of an outbreak before the warrant and appends another venue's check-ins of the window."""
    log.kept.pop()
    for time in (NOW, NOW + HOUR - COMMITMENT_MARGIN - 15):
        log.add(TODAY, sign_check_in(today.key, stranger.passes[time > NOW], time, ENTRY).to_bytes())
    log.commit(NOW + 2 * HOUR)
    assert judge(parties, today, warrant, log) == {"OutOfScope": 3, "CommittedLate": 2}


@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize(
    ("silence", "set_aside"),
    [
        (8 * HOUR, {}),  # its door had no network
        (COMMITMENT_DELAY + COMMITMENT_MARGIN, {}),
        (COMMITMENT_DELAY + COMMITMENT_MARGIN + 1, {"CommittedLate": 1}),
        (20 * COMMITMENT_DELAY, {"CommittedLate": 1}),
    ],
)
def test_a18_a_check_in_does_not_wait_longer_than_a_day_for_its_commitment(
    parties: Parties, today: OpenEpoch, visitor: Visitor, is_first: bool, silence: int, set_aside: dict[str, int]
) -> None:
    """However long the venue was silent, and if it never committed before: another venue's check-in would count."""
    log = VenueLog(parties.venue, parties.venue_key)
    if not is_first:
        log.commit(BEFORE)
    log.add(TODAY, sign_check_in(today.key, visitor.passes[0], NOW, ENTRY).to_bytes())
    log.commit(NOW + silence)
    warrant = parties.warrant(NOW - 600, NOW + 600, assumed_stay=HOUR, later=21 * COMMITMENT_DELAY)
    released = Released(log.release(warrant), log.commitments)
    verified = parties.verify(warrant, {TODAY: today.key}, released)
    assert (len(verified.visits), dict(verified.set_aside)) == (not set_aside, set_aside)


@pytest.mark.parametrize("early", [0, 15])
def test_a18_a_check_in_is_not_committed_to_before_it_happened(
    parties: Parties, today: OpenEpoch, stranger: Visitor, warrant: ValidWarrant, log: VenueLog, early: int
) -> None:
    log.kept.pop()
    time = NOW + 2 * HOUR + COMMITMENT_MARGIN + early
    time -= time % 15
    log.add(TODAY, sign_check_in(today.key, stranger.passes[0], time, ENTRY).to_bytes())
    log.commit(NOW + 2 * HOUR)
    set_aside = {"OutOfScope": 4} if not early else {"OutOfScope": 3, "CommitmentMismatch": 1}
    assert judge(parties, today, warrant, log) == set_aside


def test_a18_a_leaf_that_lies_about_its_label_is_set_aside(
    parties: Parties, today: OpenEpoch, stranger: Visitor, warrant: ValidWarrant, log: VenueLog
) -> None:
    """So that an old check-in seems to be of the hour in which it is slipped in."""
    log.kept.pop()
    old = sign_check_in(today.key, stranger.passes[0], NOW, ENTRY)
    for direction in Direction:
        log.add(TODAY, old.to_bytes())
        log.leaves.append(replace(log.leaves.pop(), time=NOW + HOUR + 15, direction=direction))
    log.commit(NOW + 2 * HOUR)
    assert judge(parties, today, warrant, log) == {"OutOfScope": 3, "CommitmentMismatch": 2}


@pytest.mark.parametrize("position", range(1, 6))
def test_c5_a_venue_that_rewrites_its_log_cannot_open_it(
    parties: Parties, today: OpenEpoch, warrant: ValidWarrant, log: VenueLog, position: int
) -> None:
    """It deletes a check-in after it was committed to and goes on with another tree, long before the warrant."""
    issued = replace(warrant.record, issued=NOW + 5 * HOUR)
    del log.leaves[position]
    for time in range(NOW + 3 * HOUR, NOW + 5 * HOUR, HOUR):
        log.commit(time)
    with pytest.raises(CommitmentMismatch):
        judge(parties, today, ValidWarrant(issued), log)


def test_c5_what_a_venue_withholds_of_the_window_is_counted(
    parties: Parties, today: OpenEpoch, warrant: ValidWarrant, log: VenueLog, shown: list[CheckInMessage]
) -> None:
    log.hidden = {1, 2, 5}  # what the warrant does not cover
    assert judge(parties, today, warrant, log) == {}
    log.hidden |= {3, 4}
    released = Released(log.release(warrant), log.commitments)
    assert all(check_in.to_bytes() not in released.statement for check_in in shown)
    verified = parties.verify(warrant, {TODAY: today.key}, released)
    assert (verified.visits, dict(verified.set_aside)) == ({}, {"Withheld": 2})


@given(sizes=st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)))
def test_c5_a_commitment_shows_neither_how_many_nor_which(parties: Parties, sizes: tuple[int, int]) -> None:
    """Its salt is fresh: the same tree, and any other one, look alike."""
    first, second = (
        sign_commitment(parties.venue, parties.venue_key, NOW, CompactRange(size, (bytes(32),) * size.bit_count()))
        for size in sizes
    )
    said = [verify_commitment(parties.venue, statement, NOW) for _, statement in (first, second)]
    assert said[0].commitment != said[1].commitment
    assert len(first[1]) == len(second[1])
    assert first[0].salt != second[0].salt


def test_c5_a_commitment_is_the_venues_own_and_of_now(parties: Parties) -> None:
    venue, tree = parties.venue, CompactRange().extend([check_in_digest(b"")])
    _, statement = sign_commitment(venue, parties.venue_key, NOW, tree)
    for now in (NOW - REQUEST_TOLERANCE, NOW + REQUEST_TOLERANCE):
        assert verify_commitment(venue, statement, now).time == NOW
    for now in (NOW - REQUEST_TOLERANCE - 1, NOW + REQUEST_TOLERANCE + 1):
        with pytest.raises(ReplayedRequest):
            verify_commitment(venue, statement, now)
    with pytest.raises(InvalidSignature):
        verify_commitment(venue, sign_commitment(venue, SigningKey.generate(), NOW, tree)[1], NOW)
    for other in (replace(venue, domain=1), replace(venue, venue_id=bytes(16))):
        with pytest.raises(WrongDomain):
            verify_commitment(venue, sign_commitment(other, parties.venue_key, NOW, tree)[1], NOW)
    record = VenueCommitment.from_bytes(statement_payload(statement))
    assert record.commitment != sign_commitment(venue, parties.venue_key, NOW, CompactRange())[1]


def test_a_release_shows_no_more_than_shares_can_be_given_for() -> None:
    leaf, withheld = (ReleasedLeaf(TODAY, NOW, Direction.ENTRY, bytes(size)) for size in (1, 32))
    most = Release(1, bytes(16), bytes(16), BEGINNING, (), (), (leaf,) * MAX_RELEASE + (withheld,))
    assert most.part_ends is None
    with pytest.raises(MalformedEncoding, match="at most"):
        replace(most, leaves=(*most.leaves, leaf))
