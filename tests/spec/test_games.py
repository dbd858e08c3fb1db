"""What chapter 9 says of bytes and of answers is so."""

from __future__ import annotations

import pytest
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt

from protocol.epochs import Role
from protocol.passes import OwnedPass, PendingPass, accept_answer, pass_signing_input, request_allowance
from protocol.primitives.errors import InvalidAnswer, MalformedPoint
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.hashing import digest32, frame
from tests.spec.text import table
from tests.support.domain import OpenEpoch, Visitor

SIGNED = (b"\0\0\0", b"\x84", b"splitpass/", b"cosignature/v1")
"""How a message that somebody signs begins: a frame, a statement's structure, a checkpoint, what is cosigned (§9.2)."""
CONTEXTS = {
    "epoch-share": frame("epoch-share", bytes(80), bytes(1), bytes(4)),
    "handle": frame("handle", bytes(32), bytes(16)),
    "pass-request": bytes(32),
    "allowance": bytes(64),
    "shares": bytes(64),
}


def test_no_challenge_is_over_the_bytes_of_a_signature() -> None:
    """`R`, `A` and the message: at byte 64 of what a challenge is hashed from, no signed message begins."""
    names = [row["name"] for row in table("tags") if row["name"].endswith(("/knowledge", "/ownership", "/equality"))]
    assert {name.partition("/")[0] for name in names} == CONTEXTS.keys()
    for name in names:
        hashed = frame("challenge", frame(name, CONTEXTS[name.partition("/")[0]], bytes(64)), bytes(32))
        assert not hashed[64:].startswith(SIGNED), name
    with pytest.raises(MalformedPoint):
        Point(frame("pass-answer-key", bytes(32))[:32])


def answer_for(today: OpenEpoch, pending: PendingPass, shared: bytes, c: Scalar) -> bytes:
    """An authority's answer with `E` the operator's share, under the key that belongs to `shared`."""
    key, X = today.key, today.key.X
    E = today.secrets[Role.OPERATOR].share * B
    u, v = pending.u0 + c * B, pending.v0 + c * X
    signed = today.secrets[Role.AUTHORITY].pass_signing_key.sign(pass_signing_input(key, bytes(u), bytes(v))).signature
    answer_key = digest32("pass-answer-key", key.context, bytes(E) + bytes(pending.u0) + shared)
    data = frame("pass-answer", key.context, bytes(pending.u0), bytes(pending.v0))
    return bytes(E) + crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(c) + signed, data, bytes(24), answer_key)


def test_whoever_knows_a_handle_can_make_an_answer_that_opens_for_it_alone(today: OpenEpoch, visitor: Visitor) -> None:
    """So the authority must not know it before it answers (§9.5): `r0 * X_operator = v0 - U - x_authority * u0`."""
    x_authority, handle = today.secrets[Role.AUTHORITY].share, visitor.handle
    (own, *_), _ = request_allowance(today.key, visitor.h)
    (other, *_), _ = request_allowance(today.key, Scalar.random())
    c = Scalar.random()

    def accepted(pending: PendingPass) -> OwnedPass:
        shared = pending.v0 - handle - x_authority * pending.u0
        return accept_answer(today.key, pending, answer_for(today, pending, bytes(shared), c))

    assert accepted(own).r * B == own.u0 + c * B
    with pytest.raises(InvalidAnswer):
        accepted(other)
