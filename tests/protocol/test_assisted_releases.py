"""Assisted check-ins in a release: under the same warrant, commitments and shares as passes, and apart from them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.any_check_in import read_any_check_in, take_as_verified, verify_any_check_in
from protocol.assisted_check_ins import AssertedRecord, AssistedEntry, open_assisted, seal_assisted
from protocol.check_ins import CheckIn, Direction, sign_check_in
from protocol.epochs import Role
from protocol.opening import create_shares, open_release, verify_party_shares
from protocol.primitives.errors import InvalidSignature, Malformed
from protocol.releases import VerifiedRelease
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor

RECORD = AssertedRecord("홍길동", "+821012345678")
HOUR = 3600


def released(parties: Parties, today: OpenEpoch, *check_ins: bytes, begins: int, ends: int) -> VerifiedRelease:
    warrant = parties.warrant(begins, ends, assumed_stay=HOUR)
    return parties.verify(warrant, {TODAY: today.key}, parties.release(warrant, {TODAY: check_ins}))


def test_c5_both_kinds_open_with_the_same_shares(parties: Parties, today: OpenEpoch, visitor: Visitor) -> None:
    sealed = seal_assisted(today.key, RECORD, NOW, parties.venue.venue_id)
    shown = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY)
    both = [sealed.to_bytes(), shown.to_bytes()]
    release = released(parties, today, *both, begins=NOW - HOUR, ends=NOW + HOUR)
    shares = {}
    for role in Role:
        secrets = {TODAY: (today.key, today.secrets[role])}
        statement = create_shares(parties.domain, role, release, secrets, parties.keys[role])
        shares[role] = verify_party_shares(parties.domain, role, release, {TODAY: today.key}, statement)
    opened = {
        visit.check_in.message: point
        for visit, point in open_release(release, shares[Role.OPERATOR], shares[Role.AUTHORITY])
    }
    assert opened[shown] == visitor.handle
    S = opened[sealed]
    assert S is not None
    assert open_assisted(today.key, AssistedEntry(sealed, TODAY), S) == RECORD


@pytest.mark.parametrize(
    ("since", "inside"), [(-1, True), (0, True), (HOUR - 15, True), (HOUR + 15, False), (-2 * HOUR, False)]
)
def test_c5_one_counts_as_an_entry_without_an_exit(
    parties: Parties, today: OpenEpoch, since: int, inside: bool
) -> None:
    """`since`: how long before the window of two hours the person came in."""
    begins = NOW - HOUR
    sealed = seal_assisted(today.key, RECORD, begins - since, parties.venue.venue_id)
    release = released(parties, today, sealed.to_bytes(), begins=begins, ends=begins + 2 * HOUR)
    assert [visit.left for visit in release.visits.get(TODAY, {}).values()] == [None] * inside
    assert release.set_aside == Counter({} if inside else {"OutOfScope": 1})


def test_c5_what_does_not_hold_is_set_aside(parties: Parties, today: OpenEpoch) -> None:
    sealed = seal_assisted(today.key, RECORD, NOW, parties.venue.venue_id)
    elsewhere = seal_assisted(today.key, RECORD, NOW, b"another venue...")
    wrong = [
        replace(sealed, signature=elsewhere.signature).to_bytes(),
        replace(sealed, domain=sealed.domain ^ 1).to_bytes(),
        elsewhere.to_bytes(),
        sealed.to_bytes()[:-1],
    ]
    release = released(parties, today, *wrong, begins=NOW - HOUR, ends=NOW + HOUR)
    assert release.visits == {}
    aside = {"InvalidSignature": 1, "WrongDomain": 1, "OutOfScope": 1, "MalformedEncoding": 1}
    assert release.set_aside == aside


def test_what_was_stored_is_read_as_what_it_is(parties: Parties, today: OpenEpoch, visitor: Visitor) -> None:
    sealed = seal_assisted(today.key, RECORD, NOW, parties.venue.venue_id)
    shown = sign_check_in(today.key, visitor.passes[0], NOW, Direction.EXIT)
    for message, kind in ((sealed, AssistedEntry), (shown, CheckIn)):
        assert read_any_check_in(message.to_bytes()) == message
        verified = kind(message, TODAY)  # type: ignore[arg-type]
        assert verify_any_check_in(today.key, message) == verified
        assert take_as_verified([(today.key, message)]) == [verified]
    with pytest.raises(InvalidSignature):
        verify_any_check_in(today.key, replace(sealed, signature=bytes(64)))


@given(raw=st.one_of(st.binary(max_size=400), st.binary(max_size=400).map(lambda rest: b"\x86" + rest)))
def test_anything_else_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read_any_check_in(raw)
