"""Statements of somebody whom no party knows: the application of a venue that does not exist. Spec: §3.4, §3.9."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_bytes

from protocol.primitives.encoding import encode_item
from protocol.primitives.group import B, Scalar
from protocol.primitives.hashing import tag
from protocol.primitives.signatures import sign_with_scalar
from protocol.primitives.statements import PROTECTED, TAG_18
from protocol.warrants import VenueApplication

NAME = "conformance"
"""What the tester calls its venues and visitors."""

Sign = Callable[[Scalar, bytes, bytes], bytes]
"""Makes the 64-byte signature of a message by a scalar under its 32-byte public key."""


def application(
    domain: int,
    *,
    venue_id: bytes | None = None,
    r: Scalar | None = None,
    name: str = NAME,
    previous: bytes | None = None,
    key: bytes | None = None,
    kind: str = VenueApplication.TAG,
    sign: Sign = sign_with_scalar,
) -> bytes:
    """A `venue-application` statement, unless something is to be wrong with it.

    `venue` is the 16-byte id and `r` the secret key, both random if there is none; `previous` what the key before is
    said to have signed; `key` the 32 bytes that the record says are its key; `kind` the name that the signature is for.
    """
    r = r or Scalar.random()
    A = bytes(r * B) if key is None else key
    payload = encode_item([[domain, venue_id or token_bytes(16), name, "", A], previous])
    signed = encode_item(["Signature1", PROTECTED, tag(kind), payload])
    return TAG_18 + encode_item([PROTECTED, {}, payload, sign(r, A, signed)])
