"""A few large and cunning inputs: each is small to send and was chosen to be dear to take."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator

from protocol.primitives.statements import PROTECTED, TAG_18

_MODULUS = 2**64
_PRIMES = (11400714785074694791, 14029467366897019727, 2870177450012600261)
"""Of xxHash, with which Python hashes tuples, without a secret."""


def extreme_items(max_bytes: int) -> Iterator[bytes]:
    """CBOR of at most `max_bytes` bytes that is dear to decode."""
    yield b"\x9a" + (max_bytes - 5).to_bytes(4, "big") + b"\x80" * (max_bytes - 5)
    yield b"\x5a" + (max_bytes - 5).to_bytes(4, "big") + bytes(max_bytes - 5)
    yield b"\x81" * max_bytes
    yield _colliding_keys(min(20_000, max_bytes // 20))


def extreme_statements(max_bytes: int) -> Iterator[bytes]:
    """Statements that are dear to take apart before any signature is checked."""
    for item in extreme_items(max_bytes - 20):
        yield TAG_18 + item
        yield TAG_18 + b"\x84\x43" + PROTECTED + b"\xa0" + item + b"\x40"


def extreme_settings() -> Iterator[bytes]:
    """TOML that is dear to read."""
    yield b"a = " + b"[" * 100_000
    yield b"a = " + b"{a = " * 100_000
    yield b"number = " + b"9" * 100_000


def extreme_pictures() -> Iterator[bytes]:
    """Pictures of many pixels in few bytes."""
    for side in (4000, 13_000, 20_000, 60_000):
        yield _black_png(side)


def inflating_bodies() -> Iterator[tuple[str, bytes]]:
    """Content codings and bodies of some kilobytes that inflate to 256 MiB."""
    zeros = bytes(2**28)
    yield "gzip", gzip.compress(zeros, 6)
    yield "deflate", zlib.compress(zeros, 6)


def _black_png(side: int) -> bytes:
    """A square picture, one bit a pixel, written row by row: nobody here needs its memory."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    row, compressor = bytes(1 + -(-side // 8)), zlib.compressobj(1)
    rows = b"".join(compressor.compress(row) for _ in range(side)) + compressor.flush()
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def _colliding_keys(count: int) -> bytes:
    """A map whose keys, pairs of integers, all have one hash."""
    first, second, start = _PRIMES
    inverse = pow(second, -1, _MODULUS)
    pairs: list[bytes] = []
    a = 0
    while len(pairs) < count:
        a += 1
        mixed = (start + a * second) % _MODULUS
        mixed = (mixed << 31 | mixed >> 33) * first % _MODULUS
        b = (12345 - mixed) * inverse % _MODULUS
        if b < 2**61 - 1:  # an integer that is its own hash
            pairs.append(b"\x82\x1a" + a.to_bytes(4, "big") + b"\x1b" + b.to_bytes(8, "big") + b"\x00")
    return b"\xb9" + count.to_bytes(2, "big") + b"".join(pairs)
