"""Malformed messages: valid ones changed in their bytes or in their CBOR structure."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import cbor2

from protocol.primitives.group import L
from protocol.primitives.statements import TAG_18

MAX_BYTES = 2**16
"""Most faults show in small messages; a few large ones are in `extremes`."""

Mutation = Callable[[Random, bytes], bytes]

_NUMBERS = (0, 1, -1, 23, 24, 255, 256, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1, -(2**64))
_POINTS = ("01" + "00" * 31, "00" * 32, "ee" + "ff" * 30 + "7f", "58" + "66" * 31, "ff" * 32, "ec" + "ff" * 30 + "7f")
_BYTES = (*map(bytes.fromhex, _POINTS), L.to_bytes(32, "little"), (L - 1).to_bytes(32, "little"), b"", bytes(64))
_TEXTS = ("", "\0", "+821012345678", "=1+1", "\ufeff", "\u202e", "홍길동", "a" * 300, "SP1:", "http://[", "\U0010ffff")
_ITEMS: tuple[Any, ...] = (
    None, True, False, cbor2.undefined, 0.5, float("nan"), float("inf"), [], {}, [[]], {0: 0},
    *_NUMBERS, *_BYTES, *_TEXTS,
    cbor2.CBORTag(0, "x"), cbor2.CBORTag(2, b"\1"), cbor2.CBORTag(28, []), cbor2.CBORTag(29, 0),
    cbor2.CBORTag(258, [1]),
)  # fmt: skip
_FRAGMENTS = tuple(
    map(
        bytes.fromhex,
        ("9f", "bf", "5f", "7f", "ff", "1c", "f800", "d81c", "d9d9f7", "c2", "9bffffffffffffffff", "5bffffffffffffffff",
         "9affffffff", "bb7fffffffffffffff", "5affffffff", "c249010000000000000000", "fb7ff8000000000000", "f97e00"),
    )
)  # fmt: skip


def mutate(random: Random, message: bytes) -> bytes:
    """One malformed message (rarely the same one) made of a valid one: one to four changes."""
    for _ in range(1 + int(random.random() ** 3 * 4)):
        change = _change_structure if random.random() < 0.5 else random.choice(_BYTE_CHANGES)
        message = change(random, message)[:MAX_BYTES]
    return message


def _flip(random: Random, message: bytes) -> bytes:
    return _replaced(random, message, 1, lambda old: bytes([old[0] ^ 1 << random.randrange(8)]) if old else b"\0")


def _overwrite(random: Random, message: bytes) -> bytes:
    length = random.choice((1, 1, 2, 4, 8, 32))
    return _replaced(random, message, length, lambda old: random.randbytes(len(old)))


def _insert(random: Random, message: bytes) -> bytes:
    inserted = random.choice((random.randbytes(random.randrange(1, 9)), random.choice(_FRAGMENTS)))
    return _replaced(random, message, 0, lambda _: inserted)


def _delete(random: Random, message: bytes) -> bytes:
    return _replaced(random, message, random.choice((1, 1, 2, 32, 64)), lambda _: b"")


def _repeat(random: Random, message: bytes) -> bytes:
    return _replaced(random, message, random.randrange(1, 65), lambda old: old * random.choice((2, 3, 50)))


def _truncate(random: Random, message: bytes) -> bytes:
    return message[: random.randrange(len(message) + 1)]


def _extend(random: Random, message: bytes) -> bytes:
    return message + random.randbytes(random.choice((1, 2, 33, 1000)))


def _known_value(random: Random, message: bytes) -> bytes:
    value = random.choice(_BYTES)
    return _replaced(random, message, len(value), lambda _: value)


def _replaced(random: Random, message: bytes, length: int, change: Callable[[bytes], bytes]) -> bytes:
    start = random.randrange(len(message) - length + 1) if len(message) > length else 0
    return message[:start] + change(message[start : start + length]) + message[start + length :]


_BYTE_CHANGES: tuple[Mutation, ...] = (
    _flip, _flip, _flip, _overwrite, _insert, _delete, _repeat, _truncate, _extend, _known_value,
)  # fmt: skip


def _change_structure(random: Random, message: bytes) -> bytes:
    """Change one item of a CBOR structure, and encode it again, sometimes not deterministically."""
    prefix = TAG_18 if message[:1] == TAG_18 else b""
    item = _decoded(message.removeprefix(prefix))
    if item is _NOTHING:
        return random.choice(_BYTE_CHANGES)(random, message)
    try:
        return prefix + _encoded(random, _changed(random, item))
    except (cbor2.CBOREncodeError, OverflowError, ValueError):  # a map's key that no map can have
        return message[:-1]


_NOTHING = object()


def _decoded(data: bytes) -> Any:
    try:
        return cbor2.loads(data, max_depth=32, strict_hashable_types=True)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError):
        return _NOTHING


def _changed(random: Random, item: Any) -> Any:
    """The item with one item at any depth changed; byte strings that hold messages are entered, too."""
    if isinstance(item, list) and item and random.random() < 0.8:
        position = random.randrange(len(item))
        return [*item[:position], _changed(random, item[position]), *item[position + 1 :]]
    if isinstance(item, bytes) and len(item) > 80 and random.random() < 0.7:
        return _change_structure(random, item)
    return _other(random, item)


def _other(random: Random, item: Any) -> Any:
    choice = random.randrange(8)
    if choice == 0:
        return random.choice(_ITEMS)
    if choice == 1:
        return [item]
    if isinstance(item, list):
        position = random.randrange(len(item) + 1)
        if choice == 2:
            return [*item[:position], *item[position + 1 :]]
        if choice == 3:
            return [*item[:position], random.choice(_ITEMS), *item[position:]]
        if choice == 4:
            return random.sample(item, len(item))
        return item * random.choice((2, 2, 3, 300))
    if isinstance(item, bool) or not isinstance(item, int | bytes | str):
        return random.choice(_ITEMS)
    if isinstance(item, int):
        return random.choice((item + 1, item - 1, -item, item << 8, random.choice(_NUMBERS), random.getrandbits(32)))
    if isinstance(item, bytes):
        return random.choice(_BYTE_CHANGES)(random, item)
    return random.choice((item[:-1], item + "a", item * 40, random.choice(_TEXTS), item.encode(), item + "\0"))


def _encoded(random: Random, item: Any) -> bytes:
    """The item's encoding; one in five has a departure from the deterministic one somewhere."""
    encoding = cbor2.dumps(item)
    if random.random() < 0.8:
        return encoding
    if isinstance(item, list) and item:
        parts = [cbor2.dumps(part) for part in item]
        position = random.randrange(len(parts))
        parts[position] = _encoded(random, item[position])
        if random.random() < 0.3:
            return b"\x9f" + b"".join(parts) + b"\xff"
        return encoding[: len(encoding) - sum(map(len, map(cbor2.dumps, item)))] + b"".join(parts)
    major, argument = encoding[0] & 0xE0, len(item) if isinstance(item, bytes | str) else item
    if type(argument) is int and 0 <= argument < 2**16:
        head = bytes([major | 25]) + argument.to_bytes(2, "big")
        return head + (item if isinstance(item, bytes) else item.encode() if isinstance(item, str) else b"")
    return random.choice(_FRAGMENTS) + encoding
