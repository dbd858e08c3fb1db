"""Assisted check-ins: what staff typed opens with both parties' shares, at its own venue and time alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt, sodium_pad

from protocol.assisted_check_ins import (
    _NONCE,
    AssertedRecord,
    AssistedCheckIn,
    AssistedEntry,
    _key,
    _label,
    _signing_input,
    open_assisted,
    seal_assisted,
    verify_assisted,
)
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.opening import open_check_in
from protocol.primitives.errors import (
    InvalidEntry,
    InvalidSignature,
    MalformedEncoding,
    Rejected,
    WrongDomain,
    WrongEpoch,
)
from protocol.primitives.group import B, Point, Scalar, secure_random
from protocol.primitives.signatures import sign_with_scalar
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor
from tests.support.strategies import points, scalars

RECORD = AssertedRecord("홍길동", "+821012345678")
VENUE = b"splitpass venue!"
HOSTILE = ["가" * 42 + "ab", "=cmd|'/C calc'!A0", "\x80\x00\x00", "\x00", "\u202e\u200b\r\n=1+1", "\x80" * 64]
names = st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=128).filter(lambda name: fits(name, 128))
phones = st.text(min_size=1, max_size=16).filter(lambda phone: fits(phone, 16, minimum=4))


def fits(text: str, maximum: int, minimum: int = 1) -> bool:
    try:
        return minimum <= len(text.encode()) <= maximum
    except UnicodeEncodeError:
        return False


def shares(epoch: OpenEpoch, u: Point) -> tuple[Point, Point]:
    return epoch.secrets[Role.OPERATOR].share * u, epoch.secrets[Role.AUTHORITY].share * u


def opened(epoch: OpenEpoch, entry: AssistedEntry, D_operator: Point, D_authority: Point) -> AssertedRecord:
    S = open_check_in(entry, D_operator, D_authority)
    assert S is not None
    return open_assisted(epoch.key, entry, S)


def sealed(epoch: OpenEpoch) -> tuple[Scalar, AssistedCheckIn]:
    """A check-in of a device that keeps the `r` it should forget."""
    wide = secure_random(64)
    message = seal_assisted(epoch.key, RECORD, NOW, VENUE, lambda length: wide if length == 64 else bytes(length))
    return Scalar.reduce(wide), message


def signed_anew(epoch: OpenEpoch, r: Scalar, message: AssistedCheckIn) -> AssistedCheckIn:
    signing_input = _signing_input(epoch.key, message.time, message.venue_id, message.u, message.sealed)
    return replace(message, signature=sign_with_scalar(r, bytes(message.u), signing_input))


@given(name=names, phone=phones, seconds=st.integers(0, 14))
def test_c1_both_shares_open_whatever_was_typed(today: OpenEpoch, name: str, phone: str, seconds: int) -> None:
    record = AssertedRecord(name, phone)
    message = AssistedCheckIn.from_bytes(seal_assisted(today.key, record, NOW + seconds, VENUE).to_bytes())
    assert (message.time, message.venue_id, message.direction) == (NOW, VENUE, Direction.ENTRY)
    entry = verify_assisted(today.key, message)
    assert entry == AssistedEntry(message, today.key.epoch)
    assert opened(today, entry, *shares(today, message.u)) == record


@given(name=names, phone=phones)
def test_the_length_tells_nothing(today: OpenEpoch, name: str, phone: str) -> None:
    message = seal_assisted(today.key, AssertedRecord(name, phone), NOW, VENUE)
    assert len(message.to_bytes()) == len(sealed(today)[1].to_bytes()) <= 400


@pytest.mark.parametrize(
    ("name", "phone"),
    [
        ("", "+8210"),
        ("a" * 129, "+8210"),
        ("가" * 43, "+8210"),
        ("\ud800", "+8210"),
        ("가", "+82"),
        ("가", "+" + "9" * 16),
    ],
)
def test_a_name_or_number_of_a_wrong_size_is_not_sealed(today: OpenEpoch, name: str, phone: str) -> None:
    with pytest.raises(MalformedEncoding):
        seal_assisted(today.key, AssertedRecord(name, phone), NOW, VENUE)


def test_two_check_ins_of_one_person_have_nothing_in_common(today: OpenEpoch) -> None:
    first, second = (seal_assisted(today.key, RECORD, NOW, VENUE) for _ in range(2))
    assert first.u != second.u
    assert not {first.sealed[i : i + 4] for i in range(269)} & {second.sealed[i : i + 4] for i in range(269)}


# C1: nobody opens it alone.


@given(other=points)
def test_c1_one_partys_share_opens_nothing(today: OpenEpoch, other: Point) -> None:
    message = sealed(today)[1]
    entry = verify_assisted(today.key, message)
    operator, authority = shares(today, message.u)
    public = [message.u, B, today.key.X, *today.key.shares.values(), other]
    for share in (operator, authority):
        for guess in [share, *public]:
            with pytest.raises(InvalidEntry):
                opened(today, entry, share, guess)


def test_c1_shares_of_another_check_in_or_epoch_open_nothing(today: OpenEpoch, tomorrow: OpenEpoch) -> None:
    message, other = sealed(today)[1], sealed(today)[1]
    entry = verify_assisted(today.key, message)
    for wrong in (shares(today, other.u), shares(tomorrow, message.u)):
        with pytest.raises(InvalidEntry):
            opened(today, entry, *wrong)
    with pytest.raises(InvalidEntry):
        opened(tomorrow, entry, *shares(today, message.u))


def test_shares_that_cancel_open_nothing(today: OpenEpoch) -> None:
    entry = verify_assisted(today.key, sealed(today)[1])
    assert open_check_in(entry, B, Point(bytes(B)[:31] + bytes([bytes(B)[31] ^ 0x80]))) is None


def test_c1_the_record_does_not_show() -> None:
    assert f"{RECORD!r} {[RECORD]}" == "AssertedRecord(hidden) [AssertedRecord(hidden)]"


# C5: it is worth something for its own label alone.


@given(step=st.integers(-3, 3).filter(bool))
def test_c5_another_time_is_refused_even_by_its_maker(today: OpenEpoch, step: int) -> None:
    r, message = sealed(today)
    moved = replace(message, time=NOW + 15 * step)
    with pytest.raises(InvalidSignature):
        verify_assisted(today.key, moved)
    entry = verify_assisted(today.key, signed_anew(today, r, moved))
    with pytest.raises(InvalidEntry):
        opened(today, entry, *shares(today, message.u))


@given(venue_id=st.binary(min_size=16, max_size=16))
def test_c5_another_venue_is_refused_even_by_its_maker(today: OpenEpoch, venue_id: bytes) -> None:
    assume(venue_id != VENUE)
    r, message = sealed(today)
    moved = replace(message, venue_id=venue_id)
    with pytest.raises(InvalidSignature):
        verify_assisted(today.key, moved)
    entry = verify_assisted(today.key, signed_anew(today, r, moved))
    with pytest.raises(InvalidEntry):
        opened(today, entry, *shares(today, message.u))


@given(c=scalars, position=st.integers(0, 271), bit=st.integers(0, 7))
def test_c5_a_changed_ciphertext_is_refused(today: OpenEpoch, c: Scalar, position: int, bit: int) -> None:
    """Neither whoever changes `u` or what is sealed can sign for it, nor does the result open if it could."""
    r, message = sealed(today)
    flipped = bytearray(message.sealed)
    flipped[position] ^= 1 << bit
    for r_new, changed in (
        (r + c, replace(message, u=message.u + c * B)),
        (r, replace(message, sealed=bytes(flipped))),
    ):
        for attempt in (changed, signed_anew(today, c, changed)):
            with pytest.raises(InvalidSignature):
                verify_assisted(today.key, attempt)
        entry = verify_assisted(today.key, signed_anew(today, r_new, changed))
        with pytest.raises(InvalidEntry):
            opened(today, entry, *shares(today, changed.u))


def test_c5_of_another_epoch_or_domain(parties: Parties, today: OpenEpoch, tomorrow: OpenEpoch) -> None:
    message = sealed(today)[1]
    with pytest.raises(WrongDomain):
        verify_assisted(today.key, replace(message, domain=message.domain ^ 1))
    for epoch_key, time in ((tomorrow.key, NOW), (today.key, NOW + 86_400), (today.key, NOW - 86_400)):
        with pytest.raises(WrongEpoch):
            verify_assisted(epoch_key, replace(message, time=time))
    with pytest.raises(InvalidSignature):
        verify_assisted(tomorrow.key, replace(message, time=NOW + 86_400))


def test_c5_an_exit_after_midnight_is_no_reason_to_be_of_yesterday(parties: Parties, today: OpenEpoch) -> None:
    midnight = parties.domain.epoch_begins(today.key.epoch + 1)
    verify_assisted(today.key, seal_assisted(today.key, RECORD, midnight - 1, VENUE))
    with pytest.raises(WrongEpoch):
        verify_assisted(today.key, seal_assisted(today.key, RECORD, midnight, VENUE))


def test_c5_a_pass_and_an_assisted_check_in_cannot_stand_for_each_other(today: OpenEpoch, visitor: Visitor) -> None:
    """A venue puts the `u` of a visitor's pass into an assisted check-in, with everything that the visitor signed."""
    shown = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY, VENUE)
    message = sealed(today)[1]
    for signature in (shown.label_signature, shown.pass_signature, message.signature):
        with pytest.raises(Rejected):
            verify_assisted(today.key, replace(message, u=Point(shown.u), signature=signature))


CRAFTED = [bytes(256), RECORD.to_bytes() + b"\x01", RECORD.to_bytes()[:-1], b"\x82" + RECORD.to_bytes()]


@given(padded=st.sampled_from(CRAFTED) | st.binary(min_size=256, max_size=256) | st.binary(max_size=200))
def test_a_crafted_record_opens_to_nothing(today: OpenEpoch, padded: bytes) -> None:
    """The device seals what is no record, or is not padded; whoever opens it is told so and nothing else breaks."""
    r, message = sealed(today)
    if len(padded) < 256:
        padded = sodium_pad(padded, 256)
    key, label = _key(today.key, message.u, r * today.key.X), _label(today.key, NOW, VENUE, message.u)
    ciphertext = crypto_aead_xchacha20poly1305_ietf_encrypt(padded, label, _NONCE, key)
    entry = verify_assisted(today.key, signed_anew(today, r, replace(message, sealed=ciphertext)))
    with pytest.raises(InvalidEntry):
        opened(today, entry, *shares(today, message.u))


def test_a_time_between_two_steps_is_malformed(today: OpenEpoch) -> None:
    with pytest.raises(MalformedEncoding):
        replace(sealed(today)[1], time=NOW + 1)
