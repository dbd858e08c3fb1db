"""Paper check-ins: signed with a paper's key for one venue and label, and opened like any other check-in."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.any_check_in import read_any_check_in, take_as_verified, verify_any_check_in
from protocol.check_ins import TIME_STEP, Direction, sign_check_in
from protocol.epochs import MAX_STAY, Role
from protocol.opening import create_shares, open_release, verify_party_shares
from protocol.paper_check_ins import (
    PaperCheckIn,
    PaperCheckInMessage,
    paper_label_signing_input,
    sign_paper_check_in,
    verify_paper_check_in,
)
from protocol.paper_passes import DelegatedPass, from_paper_text, print_pass, verify_paper
from protocol.passes import OwnedPass
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import (
    InvalidSignature,
    Malformed,
    MalformedEncoding,
    MalformedPoint,
    WrongDomain,
    WrongEpoch,
)
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.signatures import sign_with_scalar
from protocol.releases import VerifiedRelease
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor
from tests.support.strategies import scalars

VENUE = b"splitpass venue!"
HOUR = 3600
directions = st.sampled_from(Direction)


def delegated(epoch: OpenEpoch, owned: OwnedPass) -> DelegatedPass:
    return verify_paper(epoch.key, from_paper_text(print_pass(epoch.key, owned)))


@pytest.fixture(scope="module")
def paper(today: OpenEpoch, visitor: Visitor) -> DelegatedPass:
    return delegated(today, visitor.passes[0])


@pytest.fixture(scope="module")
def entry(today: OpenEpoch, paper: DelegatedPass) -> PaperCheckInMessage:
    return sign_paper_check_in(today.key, paper, NOW, Direction.ENTRY, VENUE)


@given(direction=directions, seconds=st.integers(0, HOUR), venue_id=st.binary(min_size=16, max_size=16))
def test_c3_a_door_signs_for_any_label(
    today: OpenEpoch, visitor: Visitor, paper: DelegatedPass, direction: Direction, seconds: int, venue_id: bytes
) -> None:
    signed = sign_paper_check_in(today.key, paper, NOW + seconds, direction, venue_id)
    message = PaperCheckInMessage.from_bytes(signed.to_bytes())
    assert verify_paper_check_in(today.key, message) == PaperCheckIn(signed, TODAY)
    assert (message.direction, message.venue_id) == (direction, venue_id)
    assert message.time == NOW + seconds - seconds % TIME_STEP
    public = visitor.passes[0].public
    assert (message.u, message.v, message.pass_signature) == (public.u, public.v, public.signature)


def test_c1_neither_key_is_in_it(visitor: Visitor, paper: DelegatedPass, entry: PaperCheckInMessage) -> None:
    assert bytes(paper.k) not in entry.to_bytes()
    assert bytes(visitor.passes[0].r) not in entry.to_bytes()


def test_c5_every_part_of_the_label_is_signed(today: OpenEpoch, entry: PaperCheckInMessage) -> None:
    for changed in (
        replace(entry, time=entry.time + TIME_STEP),
        replace(entry, direction=Direction.EXIT),
        replace(entry, venue_id=b"another venue..."),
        replace(entry, label_signature=bytes(64)),
    ):
        with pytest.raises(InvalidSignature):
            verify_paper_check_in(today.key, changed)
    with pytest.raises(WrongDomain):
        verify_paper_check_in(today.key, replace(entry, domain=entry.domain ^ 1))


@given(x=scalars)
def test_c5_a_rerandomised_one_is_refused(
    today: OpenEpoch, paper: DelegatedPass, entry: PaperCheckInMessage, x: Scalar
) -> None:
    moved = bytes(Point(entry.u) + x * B) + bytes(Point(entry.v) + x * today.key.X) + entry.pass_signature
    for changed in (
        replace(entry, public_pass=moved),
        sign_paper_check_in(today.key, replace(paper, public_pass=moved), NOW, Direction.ENTRY, VENUE),
    ):
        with pytest.raises(InvalidSignature):
            verify_paper_check_in(today.key, changed)


@given(k=scalars)
def test_c3_a_key_that_the_pass_did_not_delegate_to_is_refused(
    today: OpenEpoch, visitor: Visitor, paper: DelegatedPass, k: Scalar
) -> None:
    """Somebody who saw a paper check-in, or had a paper of its own, signs for the pass with another key."""
    assume(k != paper.k)
    other = delegated(today, visitor.passes[1])
    for attempt in (
        replace(paper, k=k, K=k * B),
        replace(paper, k=k),
        replace(paper, k=other.k, K=other.K),
        replace(paper, k=other.k, K=other.K, delegation=other.delegation),
        replace(paper, delegation=other.delegation),
        replace(paper, k=k, K=k * B, delegation=sign_with_scalar(k, bytes(k * B), b"I may")),
    ):
        signed = sign_paper_check_in(today.key, attempt, NOW, Direction.ENTRY, VENUE)
        with pytest.raises(InvalidSignature):
            verify_paper_check_in(today.key, signed)


def test_c5_screens_and_papers_labels_are_not_exchanged(
    today: OpenEpoch, visitor: Visitor, paper: DelegatedPass, entry: PaperCheckInMessage
) -> None:
    owned = visitor.passes[0]
    shown = sign_check_in(today.key, owned, NOW, Direction.ENTRY, VENUE)
    signing_input = paper_label_signing_input(today.key, NOW, Direction.ENTRY, VENUE, paper.public_pass, paper.K)
    for signature in (shown.label_signature, sign_with_scalar(owned.r, owned.public.u, signing_input)):
        with pytest.raises(InvalidSignature):
            verify_paper_check_in(today.key, replace(entry, label_signature=signature))
    for signature in (entry.label_signature, entry.delegation):
        with pytest.raises(InvalidSignature):
            verify_any_check_in(today.key, replace(shown, signed_pass=paper.public_pass + signature))


def test_c5_an_entrys_time_decides_its_epoch(
    parties: Parties, today: OpenEpoch, tomorrow: OpenEpoch, paper: DelegatedPass
) -> None:
    midnight = parties.domain.epoch_begins(TODAY + 1)
    for time, direction, fits in (
        (midnight - 1, Direction.ENTRY, True),
        (midnight, Direction.ENTRY, False),
        (midnight + MAX_STAY - 1, Direction.EXIT, True),
        (midnight + MAX_STAY, Direction.EXIT, False),
    ):
        signed = sign_paper_check_in(today.key, paper, time, direction, VENUE)
        if fits:
            assert verify_paper_check_in(today.key, signed).epoch == TODAY
        else:
            with pytest.raises(WrongEpoch):
                verify_paper_check_in(today.key, signed)
    late_exit = sign_paper_check_in(today.key, paper, midnight, Direction.EXIT, VENUE)
    with pytest.raises(InvalidSignature):
        verify_paper_check_in(tomorrow.key, late_exit)


def test_another_time_venue_or_point_is_malformed(entry: PaperCheckInMessage) -> None:
    fields = [
        entry.domain, entry.time, int(entry.direction), entry.venue_id, entry.public_pass, bytes(entry.paper_key),
        entry.delegation, entry.label_signature,
    ]  # fmt: skip
    assert PaperCheckInMessage.from_bytes(encode_item(fields)) == entry
    for position, value, error in (
        (1, entry.time + 1, MalformedEncoding),
        (3, None, MalformedEncoding),
        (5, bytes(32), MalformedPoint),
    ):
        with pytest.raises(error):
            PaperCheckInMessage.from_bytes(encode_item([*fields[:position], value, *fields[position + 1 :]]))


@given(raw=st.binary(max_size=400).map(lambda rest: b"\x88" + rest))
def test_anything_else_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read_any_check_in(raw)


# In a release.


def released(parties: Parties, today: OpenEpoch, *check_ins: bytes) -> VerifiedRelease:
    warrant = parties.warrant(NOW - HOUR, NOW + HOUR, assumed_stay=HOUR)
    return parties.verify(warrant, {TODAY: today.key}, parties.release(warrant, {TODAY: check_ins}))


def test_c3_both_kinds_open_to_the_handle_with_the_same_shares(
    parties: Parties, today: OpenEpoch, visitor: Visitor, paper: DelegatedPass
) -> None:
    """A paper's entry and exit are one visit; it opens like the one by phone beside it."""
    venue = parties.venue.venue_id
    printed = [
        sign_paper_check_in(today.key, paper, time, direction, venue)
        for time, direction in ((NOW, Direction.ENTRY), (NOW + 600, Direction.EXIT))
    ]
    shown = sign_check_in(today.key, visitor.passes[1], NOW, Direction.ENTRY)
    release = released(parties, today, *(check_in.to_bytes() for check_in in [*printed, shown]))
    shares = {}
    for role in Role:
        secrets = {TODAY: (today.key, today.secrets[role])}
        statement = create_shares(parties.domain, role, release, secrets, parties.keys[role])
        shares[role] = verify_party_shares(parties.domain, role, release, {TODAY: today.key}, statement)
    opened = {
        bytes(visit.check_in.message.u): (visit.entered, visit.left, handle)
        for visit, handle in open_release(release, shares[Role.OPERATOR], shares[Role.AUTHORITY])
    }
    assert opened == {
        printed[0].u: (NOW, NOW + 600, visitor.handle),
        shown.u: (NOW, None, visitor.handle),
    }


def test_c5_what_does_not_hold_is_set_aside(parties: Parties, today: OpenEpoch, paper: DelegatedPass) -> None:
    venue = parties.venue.venue_id
    good = sign_paper_check_in(today.key, paper, NOW, Direction.ENTRY, venue)
    elsewhere = sign_paper_check_in(today.key, paper, NOW, Direction.ENTRY, VENUE)
    wrong = [
        replace(elsewhere, venue_id=venue).to_bytes(),
        replace(good, delegation=good.label_signature).to_bytes(),
        replace(good, domain=good.domain ^ 1).to_bytes(),
        elsewhere.to_bytes(),
        good.to_bytes()[:-1],
    ]
    release = released(parties, today, *wrong)
    assert release.visits == {}
    aside = {"InvalidSignature": 2, "WrongDomain": 1, "OutOfScope": 1, "MalformedEncoding": 1}
    assert release.set_aside == Counter(aside)


def test_what_was_stored_is_read_as_what_it_is(today: OpenEpoch, entry: PaperCheckInMessage) -> None:
    assert read_any_check_in(entry.to_bytes()) == entry
    assert verify_any_check_in(today.key, entry) == PaperCheckIn(entry, TODAY)
    assert take_as_verified([(today.key, entry)]) == [PaperCheckIn(entry, TODAY)]
