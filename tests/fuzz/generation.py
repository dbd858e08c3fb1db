"""Valid messages of any type, drawn from nothing but the type's own declaration: a new message needs no sample here."""

from __future__ import annotations

import types
from dataclasses import fields
from enum import IntEnum
from random import Random
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from escrow.desk.records import ACTIONS, OfficerSet, Threshold
from protocol.notices import MIN_DIGESTS, VISIT_DIGEST_BYTES, PaddedDigests
from protocol.passes import PassRequest
from protocol.primitives.encoding import Message, Range, Size
from protocol.primitives.errors import SplitPassError
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.proofs import OwnershipProof, Proof

M = TypeVar("M", bound=Message)
_MORE_BYTES, _MORE_ITEMS = 300, 3
_TRIES = 1000
_LETTERS = "abc 012+-'.·홍길동\0\ufeff"


def random_message(random: Random, kind: type[M]) -> M:
    """A message of a type: every field of its declared type and size, and the message's own rules kept."""
    hints = get_type_hints(kind, include_extras=True)
    for _ in range(_TRIES):
        values = {field.name: random_value(random, hints[field.name]) for field in fields(kind)}
        try:
            message = kind(**values | _fitting(random, kind, values))
            message.to_bytes()
        except SplitPassError:  # a rule of the message itself, such as that a window ends after it begins
            continue
        return message
    raise AssertionError(f"no valid {kind.__name__} in {_TRIES} tries")


def _fitting(random: Random, kind: type[Message], values: dict[str, Any]) -> dict[str, Any]:
    """What has to fit the other fields so closely that nobody would draw it."""
    if kind is not OfficerSet:
        return {}
    most = len(values["officers"])
    return {"thresholds": tuple(Threshold(action, random.randint(1, most)) for action in ACTIONS[values["role"]])}


def random_value(random: Random, declared: Any) -> Any:
    """A value of a type as a message's field declares it."""
    origin, arguments = get_origin(declared), get_args(declared)
    if origin is Annotated:
        return _sized(random, *arguments)
    if origin in (Union, types.UnionType):
        return random.choice((None, random_value(random, arguments[0])))
    if issubclass(declared, Message):
        return random_message(random, declared)
    if issubclass(declared, IntEnum):
        return random.choice(list(declared))
    if declared is Scalar:
        return Scalar.random(random.randbytes)
    if declared is Point:
        return random_value(random, Scalar) * B
    if declared is PaddedDigests:
        return PaddedDigests(b"".join(sorted(random.randbytes(VISIT_DIGEST_BYTES) for _ in range(MIN_DIGESTS))))
    if declared is PassRequest:
        return PassRequest(*(random_value(random, kind) for kind in (Point, Point, OwnershipProof)))
    if issubclass(declared, Proof):
        return declared.from_bytes(b"".join(bytes(random_value(random, Scalar)) for _ in range(1 + declared.RESPONSES)))
    raise AssertionError(f"a message has a field of a type that the fuzzer does not know: {declared}")


def _sized(random: Random, base: Any, rule: Size | Range) -> Any:
    low, high = rule.minimum, rule.maximum
    if isinstance(rule, Range):
        near_today = max(low, min(high, 1_600_000_005))
        return random.choice((low, high, random.randint(low, high), near_today))
    if get_origin(base) is tuple:
        length = random.randint(low, min(high, low + _MORE_ITEMS))
        return tuple(random_value(random, get_args(base)[0]) for _ in range(length))
    length = random.choice((low, min(high, low + _MORE_BYTES), random.randint(low, min(high, low + _MORE_BYTES))))
    if base is bytes:
        return random.randbytes(length)
    text = "".join(random.choices(_LETTERS, k=length))
    while len(text.encode()) > length:
        text = text[:-1]
    return text + "a" * (length - len(text.encode()))
