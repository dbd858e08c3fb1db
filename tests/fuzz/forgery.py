"""What only the holder of a key can send: any bytes at all under a valid signature."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from protocol.primitives.encoding import Message
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement


@dataclass(frozen=True)
class _Payload(Message):
    """Bytes that pass for the encoding of a message."""

    encoding: bytes

    def to_bytes(self) -> bytes:
        return self.encoding


def sign_anything(kind: type[Message], payload: bytes, key: SigningKey) -> bytes:
    """A statement of a kind whose payload is any bytes."""
    return sign_statement(_tagged(kind.TAG)(payload), key)


@functools.cache
def _tagged(tag: str) -> type[_Payload]:
    return type(tag, (_Payload,), {"TAG": tag})
