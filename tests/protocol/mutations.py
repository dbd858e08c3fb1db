"""What can be done to a message: bits flipped, fields exchanged with another message, lax encodings of the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cbor2

from protocol.primitives.statements import PROTECTED, TAG_18


def flipped(message: bytes, bits: range = range(8)) -> Iterator[bytes]:
    """The message with one bit of one byte changed, for every byte and every bit of `bits`."""
    for position in range(len(message)):
        for bit in bits:
            yield message[:position] + bytes([message[position] ^ 1 << bit]) + message[position + 1 :]


def exchanged(first: bytes, second: bytes) -> Iterator[bytes]:
    """The first message with one field of the second, for every field in which they differ.

    Of fields of one length (points, scalars, signatures and what is made of them) every 32 bytes count as one.
    """
    if first[:1] == TAG_18:
        yield from (TAG_18 + cbor2.dumps(item) for item in _exchanged(cbor2.loads(first[1:]), cbor2.loads(second[1:])))
        [_, _, payload, signature] = cbor2.loads(first[1:])
        for other in exchanged(payload, cbor2.loads(second[1:])[2]):
            yield TAG_18 + cbor2.dumps([PROTECTED, {}, other, signature])
    else:
        yield from map(cbor2.dumps, _exchanged(cbor2.loads(first), cbor2.loads(second)))


def _exchanged(first: Any, second: Any) -> Iterator[Any]:
    if first == second:
        return
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for i, (mine, other) in enumerate(zip(first, second, strict=True)):
            yield from ([*first[:i], changed, *first[i + 1 :]] for changed in _exchanged(mine, other))
    elif isinstance(first, bytes) and isinstance(second, bytes) and len(first) == len(second):
        for start in range(0, len(first), 32):
            changed = first[:start] + second[start : start + 32] + first[start + 32 :]
            if changed != first:
                yield changed
    else:
        yield second


def lax_encodings(item: Any) -> Iterator[bytes]:
    """Encodings that other decoders take for `item`, each with one departure from the deterministic one."""
    canonical = cbor2.dumps(item)
    yield bytes.fromhex("d9d9f7") + canonical  # "self-described CBOR"
    yield bytes.fromhex("d81c") + canonical  # "shareable"
    yield canonical + b"\x00"
    if isinstance(item, int):
        yield from _long_heads(0, item, b"")
        yield b"\xc2" + cbor2.dumps(item.to_bytes(8, "big"))  # a big number
        yield cbor2.dumps(float(item))
        yield b"\x5f" + canonical + b"\xff"
    elif isinstance(item, bytes | str):
        major, raw = (2, item) if isinstance(item, bytes) else (3, item.encode())
        yield from _long_heads(major, len(raw), raw)
        yield bytes([major << 5 | 31]) + canonical + b"\xff"  # indefinite length, one chunk
    elif isinstance(item, list):
        parts = [cbor2.dumps(part) for part in item]
        yield from _long_heads(4, len(item), b"".join(parts))
        yield b"\x9f" + b"".join(parts) + b"\xff"
        head = canonical[: len(canonical) - sum(map(len, parts))]
        for i, part in enumerate(item):
            for changed in lax_encodings(part):
                yield head + b"".join([*parts[:i], changed, *parts[i + 1 :]])
    elif isinstance(item, dict):
        yield from (bytes.fromhex("b800"), bytes.fromhex("bfff"), bytes.fromhex("a2010001 00"))
    else:
        yield b"\xf7"  # undefined for null


def _long_heads(major: int, argument: int, content: bytes) -> Iterator[bytes]:
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        head = bytes([major << 5 | code]) + argument.to_bytes(8, "big")[-size:]
        if argument < 256**size and not cbor2.dumps(argument).startswith(bytes([code])):
            yield head + content
