"""C5: a check-in is worth something for its own label alone, and only what lies in a warrant's scope is opened."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.check_ins import CheckInMessage, Direction, label_signing_input, sign_check_in, verify_check_in
from protocol.epochs import EPOCH_SECONDS, MAX_STAY, Role
from protocol.opening import create_shares, verify_party_shares
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.passes import OwnedPass, Pass
from protocol.primitives.errors import (
    ConflictingStatements,
    InvalidSignature,
    MalformedEncoding,
    OutOfScope,
    Rejected,
    WrongDomain,
    WrongEpoch,
)
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.signatures import SigningKey, public_key, sign_with_scalar
from protocol.primitives.statements import JointStatement, sign_statement, verify_statement
from protocol.releases import Release, release_digest, verify_release
from protocol.warrants import (
    MAX_EMBARGO,
    Purpose,
    Warrant,
    verify_venue,
    verify_warrant,
    warrant_epochs,
)
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor, enrol, found_domain
from tests.support.strategies import scalars

directions = st.sampled_from(Direction)
steps = st.integers(-40, 40)
OTHER_VENUE = b"another venue..."


def refused(epoch: OpenEpoch, message: CheckInMessage) -> bool:
    try:
        verify_check_in(epoch.key, message)
    except Rejected:
        return True
    return False


# A check-in cannot be changed.


@given(c=scalars, direction=directions, scanned=st.booleans())
def test_c5_a_rerandomised_check_in_is_refused(
    parties: Parties, today: OpenEpoch, visitor: Visitor, c: Scalar, direction: Direction, scanned: bool
) -> None:
    """`u + c * B`, `v + c * X` opens to the same handle. Who does it may even sign the label anew, with any key."""
    venue = parties.venue.venue_id if scanned else None
    message = sign_check_in(today.key, visitor.passes[0], NOW, direction, venue)
    assert not refused(today, message)
    u, v = bytes(Point(message.u) + c * B), bytes(Point(message.v) + c * today.key.X)
    public = u + v + message.pass_signature
    signing_input = label_signing_input(today.key, NOW, direction, venue, public)
    own_pass = OwnedPass(Pass(u, v, message.pass_signature), visitor.passes[0].r + c)
    for signature in (
        message.label_signature,
        sign_with_scalar(c, u, signing_input),
        sign_check_in(today.key, own_pass, NOW, direction, venue).label_signature,  # not even the visitor can
    ):
        assert refused(today, replace(message, signed_pass=public + signature))
    for half in (u + message.v, message.u + v):
        assert refused(today, replace(message, signed_pass=half + message.signed_pass[64:]))


labels = st.tuples(steps, directions, st.sampled_from([None, "here", "elsewhere"]))


@given(label=labels, other=labels, changed=st.sets(st.integers(0, 2), min_size=1))
def test_c5_a_relabelled_check_in_is_refused(
    parties: Parties,
    today: OpenEpoch,
    visitor: Visitor,
    label: tuple[int, Direction, str | None],
    other: tuple[int, Direction, str | None],
    changed: set[int],
) -> None:
    """Time, direction, venue, or any of them together: also a scanned one made a shown one, and back."""
    step = other[0] if 0 in changed else label[0]
    direction = other[1] if 1 in changed else label[1]
    venue = other[2] if 2 in changed else label[2]
    assume((step, direction, venue) != label)
    ids = {None: None, "here": parties.venue.venue_id, "elsewhere": OTHER_VENUE}
    message = sign_check_in(today.key, visitor.passes[0], NOW + 15 * label[0], label[1], ids[label[2]])
    assert not refused(today, message)
    assert refused(today, replace(message, time=NOW + 15 * step, direction=direction, venue_id=ids[venue]))


@pytest.mark.parametrize("direction", Direction)
def test_c5_an_entry_is_no_exit_and_an_exit_no_entry(today: OpenEpoch, visitor: Visitor, direction: Direction) -> None:
    message = sign_check_in(today.key, visitor.passes[0], NOW, direction)
    for other in Direction:
        assert refused(today, replace(message, direction=other)) is (other is not direction)


def test_c5_a_check_in_of_another_epoch_or_domain_is_refused(
    parties: Parties, today: OpenEpoch, tomorrow: OpenEpoch, visitor: Visitor
) -> None:
    message = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY)
    with pytest.raises(WrongEpoch):
        verify_check_in(tomorrow.key, message)
    with pytest.raises(WrongEpoch):
        verify_check_in(today.key, replace(message, time=NOW + EPOCH_SECONDS))
    with pytest.raises(InvalidSignature):
        verify_check_in(tomorrow.key, replace(message, time=NOW + EPOCH_SECONDS))
    with pytest.raises(InvalidSignature):
        verify_check_in(
            tomorrow.key, sign_check_in(tomorrow.key, visitor.passes[0], NOW + EPOCH_SECONDS, Direction.ENTRY)
        )
    with pytest.raises(WrongDomain):
        verify_check_in(today.key, replace(message, domain=1))
    with pytest.raises(WrongDomain):
        verify_check_in(replace(today.key, domain=found_domain(1, same_keys=parties).domain), message)
    with pytest.raises(InvalidSignature):
        verify_check_in(replace(today.key, context=bytes(32)), message)


@given(parts=st.lists(st.integers(0, 1), min_size=4, max_size=4))
def test_c5_a_check_in_made_of_two_is_refused(
    today: OpenEpoch, visitor: Visitor, stranger: Visitor, parts: list[int]
) -> None:
    """Any mixture of `u`, `v`, pass signature and label signature of two visitors at one door and time."""
    both = [sign_check_in(today.key, person.passes[0], NOW, Direction.ENTRY) for person in (visitor, stranger)]
    mixed = b"".join(
        both[part].signed_pass[start:end]
        for part, (start, end) in zip(parts, ((0, 32), (32, 64), (64, 128), (128, 192)), strict=True)
    )
    assert refused(today, replace(both[0], signed_pass=mixed)) is (len(set(parts)) == 2)


# A release holds what its warrant covers, and counts the rest.


released_kinds = st.lists(
    st.tuples(
        st.integers(0, 2),  # which pass
        st.integers(-8, 8),  # how many steps from the middle of the window
        directions,
        st.sampled_from(["shown", "here", "elsewhere"]),
        st.sampled_from(["good", "good", "good", "far", "forged", "garbage", "unknown epoch", "wrong epoch"]),
    ),
    max_size=12,
)


@given(kinds=released_kinds)
def test_c5_a_release_keeps_what_is_in_scope_and_counts_the_rest(
    parties: Parties,
    today: OpenEpoch,
    tomorrow: OpenEpoch,
    visitor: Visitor,
    kinds: list[tuple[int, int, Direction, str, str]],
) -> None:
    """The window has six steps; a visit without an exit lasts two."""
    window = range(NOW - 3 * 15, NOW + 3 * 15)
    warrant = parties.warrant(window.start, window.stop, assumed_stay=30)
    venues = {"shown": None, "here": parties.venue.venue_id, "elsewhere": OTHER_VENUE}
    handed_over: dict[int, list[bytes]] = {}
    times: dict[bytes, dict[Direction, int]] = {}
    set_aside: Counter[str] = Counter()
    for which, step, direction, venue, condition in kinds:
        time = NOW + 15 * step + (-2 * MAX_STAY if condition == "far" else 0)
        message = sign_check_in(today.key, visitor.passes[which], time, direction, venues[venue])
        in_scope = condition != "far" and venue != "elsewhere"
        epoch, encoding = TODAY, message.to_bytes()
        match condition:
            case "forged":
                encoding = encoding[:-1] + bytes([encoding[-1] ^ 1])
                set_aside["InvalidSignature" if in_scope else "OutOfScope"] += 1
            case "garbage":
                encoding = encoding[:-1]
                set_aside["MalformedEncoding"] += 1
            case "unknown epoch":
                epoch = TODAY + 5
                set_aside["OutOfScope"] += 1
            case "wrong epoch":
                epoch = TODAY + 1
                set_aside["WrongEpoch" if in_scope else "OutOfScope"] += 1
            case _ if in_scope:
                known = times.setdefault(message.u, {})
                known[direction] = min(time, known.get(direction, time))
            case _:
                set_aside["OutOfScope"] += 1
        handed_over.setdefault(epoch, []).append(encoding)
    expected = {}
    for u, known in times.items():
        entered, left = known.get(Direction.ENTRY), known.get(Direction.EXIT)
        if entered is not None and left is not None and left < entered:
            left = None
        first = left if entered is None else entered
        last = entered + 30 if left is None and entered is not None else left
        assert first is not None
        assert last is not None
        if any(time in window for time in range(first, last + 1, 15)):
            expected[u] = entered, left
        else:
            set_aside["OutOfScope"] += (entered is not None) + (left is not None)
    release = parties.release(warrant, handed_over)
    verified = parties.verify(warrant, {TODAY: today.key, TODAY + 1: tomorrow.key}, release)
    assert {u: (visit.entered, visit.left) for u, visit in verified.visits.get(TODAY, {}).items()} == expected
    assert verified.visits.keys() <= {TODAY}
    assert verified.set_aside == set_aside
    assert verified.digest == release_digest(release.statement)
    assert verified.warrant == warrant.record


@pytest.mark.parametrize(
    ("entered", "left", "in_scope"),
    [
        (-3600, None, True),  # the assumed stay reaches the window
        (-3615, None, False),
        (-3600, -15, False),  # an exit shortens it
        (-MAX_STAY, 0, True),  # or lengthens it
        (0, 15, True),
        (585, MAX_STAY, True),
        (600, 615, False),  # the window ends before 600
        (None, 0, True),
        (None, 585, True),
        (None, -15, False),
        (None, 600, False),
    ],
)
def test_c5_an_exit_says_how_long_a_visit_was(
    parties: Parties, today: OpenEpoch, visitor: Visitor, entered: int | None, left: int | None, in_scope: bool
) -> None:
    """The window has ten minutes, a visit without an exit lasts an hour."""
    warrant = parties.warrant(NOW, NOW + 600, assumed_stay=3600, later=MAX_STAY)
    check_ins = [
        sign_check_in(today.key, visitor.passes[0], NOW + time, direction).to_bytes()
        for time, direction in ((entered, Direction.ENTRY), (left, Direction.EXIT))
        if time is not None
    ]
    verified = parties.verify(warrant, {TODAY: today.key}, parties.release(warrant, {TODAY: check_ins}))
    assert (verified.visits != {}) is in_scope
    assert verified.set_aside == ({} if in_scope else {"OutOfScope": len(check_ins)})


@pytest.mark.parametrize("stay", [-15, MAX_STAY + 15])
def test_c5_an_exit_that_no_door_admits_is_none(
    parties: Parties, today: OpenEpoch, visitor: Visitor, stay: int
) -> None:
    """Before the entry, or more than twelve hours after it."""
    warrant = parties.warrant(NOW, NOW + 600, later=MAX_STAY)
    check_ins = [
        sign_check_in(today.key, visitor.passes[0], time, direction).to_bytes()
        for time, direction in ((NOW + 15, Direction.ENTRY), (NOW + 15 + stay, Direction.EXIT))
    ]
    release = parties.release(warrant, {TODAY: check_ins})
    [visit] = parties.verify(warrant, {TODAY: today.key}, release).visits[TODAY].values()
    assert (visit.entered, visit.left) == (NOW + 15, None)


def test_c5_shares_are_given_for_what_was_kept_alone(parties: Parties, today: OpenEpoch, visitor: Visitor) -> None:
    """And of several check-ins with one pass, one share. Epochs whose key is erased give none."""
    warrant = parties.warrant(NOW - 60, NOW + 60)
    inside, outside = (
        sign_check_in(today.key, visitor.passes[i], NOW + 600 * i, Direction.ENTRY).to_bytes() for i in range(2)
    )
    release = parties.verify(warrant, {TODAY: today.key}, parties.release(warrant, {TODAY: [inside, outside, inside]}))
    for epochs, count in (({TODAY: (today.key, today.secrets[Role.OPERATOR])}, 1), ({}, 0)):
        shares = create_shares(parties.domain, Role.OPERATOR, release, epochs, parties.keys[Role.OPERATOR])
        verified = verify_party_shares(parties.domain, Role.OPERATOR, release, {TODAY: today.key}, shares)
        assert sum(map(len, verified.shares.values())) == count
    assert release.set_aside == Counter(OutOfScope=1)


# A release is for one warrant and from one venue; a warrant is what both officers signed.


def test_c5_a_release_is_for_its_own_warrant_and_venue(parties: Parties) -> None:
    warrant, other = parties.warrant(NOW - 60, NOW + 60), parties.warrant(NOW - 60, NOW + 60)
    release = parties.release(warrant, {})
    assert parties.verify(warrant, {}, release).visits == {}
    with pytest.raises(OutOfScope):
        parties.verify(other, {}, release)
    stolen = replace(parties, venue_key=SigningKey.generate()).release(warrant, {})
    with pytest.raises(InvalidSignature):
        parties.verify(warrant, {}, stolen)
    elsewhere = verify_venue(parties.domain, parties.both_sign(replace(parties.venue, venue_id=OTHER_VENUE)))
    with pytest.raises(OutOfScope):
        verify_release(warrant, elsewhere, {}, release.commitments, release.statement)
    record = verify_statement(Release, release.statement, parties.venue.key)
    for wrong in (
        replace(record, domain=1),
        replace(record, venue_id=OTHER_VENUE),
        replace(record, warrant_id=OTHER_VENUE),
    ):
        with pytest.raises(OutOfScope):
            parties.verify(warrant, {}, replace(release, statement=sign_statement(wrong, parties.venue_key)))


def test_c5_of_two_entries_at_one_time_the_first_in_the_release_is_kept(
    parties: Parties, today: OpenEpoch, visitor: Visitor
) -> None:
    """Both parties must keep the same one: one shown and one for the poster, in either order."""
    warrant = parties.warrant(NOW - 60, NOW + 60)
    both = [
        sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY, venue)
        for venue in (None, parties.venue.venue_id)
    ]
    for first, second in (both, both[::-1]):
        release = parties.release(warrant, {TODAY: [first.to_bytes(), second.to_bytes()]})
        verified = parties.verify(warrant, {TODAY: today.key}, release)
        assert [visit.check_in.message for visit in verified.visits[TODAY].values()] == [first]


def test_c5_an_edited_warrant_is_refused(parties: Parties) -> None:
    """A30: one officer widens what the other signed."""
    record = parties.warrant(NOW - 60, NOW + 60).record
    honest = parties.both_sign(record)
    assert verify_warrant(parties.domain, honest, NOW).record == record
    for edit in (
        {"ends": record.ends + 1},
        {"begins": record.begins - 1},
        {"venue_id": OTHER_VENUE},
        {"max_records": record.max_records + 1},
        {"purpose": Purpose.NOTICE, "advice": "검사"},
        {"assumed_stay": record.assumed_stay + 60},
        {"issued": record.issued + 1},
        {"discloses": record.discloses + 1},
        {"expires": record.expires + 1},
        {"legal_reference": "제1조"},
        {"warrant_id": OTHER_VENUE},
    ):
        edited = parties.both_sign(replace(record, **edit))
        for joint in (
            JointStatement(authority=edited.authority, operator=honest.operator),
            JointStatement(authority=honest.authority, operator=edited.operator),
        ):
            with pytest.raises(ConflictingStatements) as caught:
                verify_warrant(parties.domain, joint, NOW)
            assert (caught.value.first, caught.value.second) == (joint.authority, joint.operator)


def test_c5_a_warrant_has_a_domain_times_and_a_window(parties: Parties) -> None:
    record = parties.warrant(NOW - 60, NOW + 60).record
    joint = parties.both_sign(record)
    assert verify_warrant(parties.domain, joint, record.expires).record == record
    with pytest.raises(OutOfScope):
        verify_warrant(parties.domain, joint, record.expires + 1)
    with pytest.raises(WrongDomain):
        verify_warrant(parties.domain, parties.both_sign(replace(record, domain=1)), NOW)
    with pytest.raises(OutOfScope):
        verify_warrant(parties.domain, joint, record.issued - REQUEST_TOLERANCE - 1)
    assert verify_warrant(parties.domain, joint, record.issued - REQUEST_TOLERANCE).record == record
    changes: list[dict[str, Any]] = [
        {"begins": NOW, "ends": NOW},
        {"begins": NOW, "ends": NOW - 1},
        {"expires": record.issued - 1},
        {"discloses": record.issued - 1},
        {"discloses": record.issued + MAX_EMBARGO + 1},
    ]
    for wrong in changes:
        with pytest.raises(OutOfScope):
            replace(record, **wrong)
    empty = record.to_bytes().replace(record.ends.to_bytes(4, "big"), record.begins.to_bytes(4, "big"))
    with pytest.raises(OutOfScope):
        Warrant.from_bytes(empty)


def test_c5_a_venue_counts_once_both_parties_signed_it(parties: Parties) -> None:
    """An authority that could invent venues alone could have anything opened there."""
    mine = replace(parties.venue, key=public_key(SigningKey.generate()))
    forged, honest = parties.both_sign(mine), parties.both_sign(parties.venue)
    for joint, error in (
        (JointStatement(forged.authority, forged.authority), InvalidSignature),
        (JointStatement(forged.authority, honest.operator), ConflictingStatements),
        (JointStatement(honest.authority, forged.operator), ConflictingStatements),
        (parties.both_sign(replace(parties.venue, domain=1)), WrongDomain),
    ):
        with pytest.raises(error):
            verify_venue(parties.domain, joint)


@given(time=st.integers(0, 2**32 - 1))
def test_c5_a_label_time_is_a_multiple_of_its_step(
    parties: Parties, today: OpenEpoch, visitor: Visitor, time: int
) -> None:
    signed_pass = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY).signed_pass
    if time % 15:
        with pytest.raises(MalformedEncoding):
            CheckInMessage(parties.domain.number, time, Direction.ENTRY, None, signed_pass)
    else:
        message = CheckInMessage(parties.domain.number, time, Direction.ENTRY, None, signed_pass)
        assert CheckInMessage.from_bytes(message.to_bytes()) == message


def test_c5_two_visitors_in_one_release_stay_apart(parties: Parties, today: OpenEpoch) -> None:
    visitors = [enrol(parties, today, name, "+8210" + str(i) * 8) for i, name in enumerate(("갑", "을"))]
    warrant = parties.warrant(NOW - 60, NOW + 60)
    messages = [sign_check_in(today.key, person.passes[0], NOW, Direction.ENTRY) for person in visitors]
    release = parties.release(warrant, {TODAY: [message.to_bytes() for message in messages]})
    verified = parties.verify(warrant, {TODAY: today.key}, release)
    assert {visit.check_in.message for visit in verified.visits[TODAY].values()} == set(messages)


@pytest.mark.parametrize(
    ("begins", "ends", "epochs"),
    [(0, EPOCH_SECONDS, (-1, 0)), (MAX_STAY, MAX_STAY + 1, (0,)), (-1, EPOCH_SECONDS + 1, (-1, 0, 1))],
)
def test_c5_a_visit_may_be_of_the_day_on_which_its_longest_stay_began(
    parties: Parties, begins: int, ends: int, epochs: tuple[int, ...]
) -> None:
    """`begins` and `ends` are seconds after today's midnight."""
    midnight = parties.domain.epoch_begins(TODAY)
    warrant = parties.warrant(midnight + begins, midnight + ends).record
    assert [epoch - TODAY for epoch in warrant_epochs(parties.domain, warrant)] == list(epochs)
