"""Signatures of passes and check-ins, verified by a second implementation of Ed25519."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey as NaclKey

from protocol.check_ins import Direction, sign_check_in
from protocol.primitives.group import B, Scalar
from protocol.primitives.hashing import frame
from protocol.primitives.signatures import SigningKey, public_key, sign_with_scalar, verify
from tests.spec.messages import whole_visit
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor, enrol
from tests.support.strategies import scalars


def verified_by_openssl(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@given(r=scalars, message=st.binary(max_size=300), other=st.binary(max_size=300))
def test_a_signature_with_a_raw_scalar_is_an_ordinary_one(r: Scalar, message: bytes, other: bytes) -> None:
    u = bytes(r * B)
    signature = sign_with_scalar(r, u, message)
    for verified in (verify, verified_by_openssl):
        assert verified(u, message, signature)
        assert other == message or not verified(u, other, signature)


@given(r=scalars, message=st.binary(min_size=1, max_size=50))
def test_keys_and_signatures_have_one_length(r: Scalar, message: bytes) -> None:
    """Bytes that move between signature and message are not made up for, and nothing but a boolean comes back."""
    u = bytes(r * B)
    signature = sign_with_scalar(r, u, message)
    assert not verify(u, message[1:], signature + message[:1])
    assert not verify(u, signature[-1:] + message, signature[:-1])
    for public in (b"", u[:-1], u + b"\0"):
        assert not verify(public, message, signature)


@given(r=scalars, message=st.binary(max_size=50), other=st.binary(max_size=50))
def test_the_nonce_covers_the_message_also_when_the_randomness_fails(r: Scalar, message: bytes, other: bytes) -> None:
    """Two signatures with one `R` and different challenges would give the key away."""
    u = bytes(r * B)
    first, second = sign_with_scalar(r, u, message, bytes), sign_with_scalar(r, u, other, bytes)
    assert (first[:32] == second[:32]) is (message == other)
    assert sign_with_scalar(r, u, message) != sign_with_scalar(r, u, message)


def framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("scanned", [False, True])
def test_c5_both_signatures_of_a_check_in_hold_in_a_second_implementation(
    parties: Parties, today: OpenEpoch, visitor: Visitor, direction: Direction, scanned: bool
) -> None:
    venue = parties.venue.venue_id if scanned else None
    message = sign_check_in(today.key, visitor.passes[0], NOW, direction, venue)
    u, v = message.signed_pass[:32], message.signed_pass[32:64]
    context = today.key.context
    issued = framed(b"SplitPass/v1/pass", context, u, v)
    label = framed(
        b"SplitPass/v1/check-in",
        context,
        NOW.to_bytes(4, "big"),
        bytes([direction]),
        venue or b"",
        message.signed_pass[:128],
    )
    assert verified_by_openssl(bytes(today.key.pass_key), issued, message.signed_pass[64:128])
    assert verified_by_openssl(u, label, message.signed_pass[128:])


@given(seed=st.binary(min_size=32, max_size=32))
def test_the_public_key_is_the_one_that_verifies(seed: bytes) -> None:
    key = SigningKey(seed)
    assert verified_by_openssl(bytes(public_key(key)), b"message", key.sign(b"message").signature)


def test_a_pass_key_signs_passes_alone(
    parties: Parties, today: OpenEpoch, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a whole visit with its opening, and everything else that the authority signs meanwhile."""
    signed: dict[bytes, list[bytes]] = {}
    sign = NaclKey.sign

    def recorded(key: NaclKey, message: bytes, *arguments: Any) -> Any:
        signed.setdefault(bytes(key.verify_key), []).append(message)
        return sign(key, message, *arguments)

    monkeypatch.setattr(NaclKey, "sign", recorded)
    enrol(parties, today, "이몽룡", "+821055555555")
    whole_visit(parties, today, visitor)
    passes = signed[bytes(today.key.pass_key)]
    start = frame("pass", today.key.context)
    assert len(passes) == parties.domain.allowance
    assert all(message.startswith(start) for message in passes)
    others = [message for key, messages in signed.items() if key != bytes(today.key.pass_key) for message in messages]
    assert others
    assert not any(message.startswith(frame("pass")) for message in others)
