"""Vectors of §4.2: every message, and the edges of each of its fields."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields
from enum import IntEnum
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import protocol
from conformance.vectors.encoding import readable
from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import pinned, pinned_scalar
from conformance.vectors.world import ALLOWANCE, TIME, WARRANT
from protocol.check_ins import Direction
from protocol.commitments import HeldCommitment
from protocol.handles import DirectoryBatch, DirectoryEntry, DirectoryReceipts
from protocol.http_messages import Decision, DoorAnswer
from protocol.notices import MIN_DIGESTS, VISIT_DIGEST_BYTES, PaddedDigests
from protocol.passes import PassRequest
from protocol.primitives.encoding import Message, Range, Size, decode_item, encode_item
from protocol.primitives.errors import SplitPassError
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.proofs import Proof
from protocol.warrants import Warrant

LONGEST = 1280
"""A maximum above it is not exceeded here, and no longer encoding is refused: the file would be too long."""
MOST_ITEMS = 64
NONE = b"\xff" * 32
"""Neither a point nor a scalar."""


@cache
def message_kinds() -> dict[str, type[Message]]:
    """Every message of the protocol by its name, in the order of its modules."""
    modules = [import_module(module.name) for module in walk_packages(protocol.__path__, "protocol.")]
    return {
        kind.__name__: kind
        for module in modules
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, Message) and kind.__module__ == module.__name__ and fields(kind)
    }


def message_edges() -> VectorFile:
    """`Message.from_bytes` and `Message.to_bytes`."""
    file = VectorFile(
        "message-edges",
        "Every message, and for each of its fields what is just too small, too large, or of another type",
        "§4.2",
        {
            "check.kind": "the name of the message",
            "check.encoding": "what is decoded as such a message",
            "result.item": "its fields as JSON, a byte string as an object with its `bytes`; encoding the message "
            "gives the same bytes",
        },
    )
    for name, kind in message_kinds().items():
        hints = get_type_hints(kind, include_extras=True)
        item = _example(kind)
        file.accept(name, check={"kind": name, "encoding": encode_item(item)}, result={"item": readable(item)})
        for place, field in enumerate(fields(kind)):
            if _is_optional(hints[field.name]):
                absent = [*item[:place], None, *item[place + 1 :]]
                if kind is DoorAnswer:
                    absent[0] = int(Decision.FORGED)
                _accept(file, kind, f"without {field.name}", absent)
        if kind is DirectoryBatch:
            _accept(file, kind, "of two", [[*item[0], _next(item[0][0])]])
        elif kind is DirectoryReceipts:
            _accept(file, kind, "of one of two", [[None, *item[0]]])
        for change, wrong in _wrong(kind, item):
            encoding = encode_item(wrong)
            if len(encoding) <= LONGEST:
                file.reject(name, change, _error(kind, encoding), encoding=encoding)
    return file


def _accept(file: VectorFile, kind: type[Message], how: str, item: list[Any]) -> None:
    check = {"kind": kind.__name__, "encoding": encode_item(item)}
    file.accept(f"{kind.__name__} {how}", check=check, result={"item": readable(item)})


def _wrong(kind: type[Message], item: list[Any]) -> Iterator[tuple[str, Any]]:
    yield "no array", {}
    yield "a field too few", item[:-1]
    yield "a field too many", [*item, None]
    hints = get_type_hints(kind, include_extras=True)
    for place, field in enumerate(fields(kind)):
        for change, value in _wrong_values(hints[field.name], item[place]):
            yield f"{field.name} {change}", [*item[:place], value, *item[place + 1 :]]
    if kind is DoorAnswer:
        yield "admitted without a direction", [int(Decision.ADMITTED), None]
        yield "refused with a direction", [int(Decision.FORGED), int(Direction.ENTRY)]

    if kind is DirectoryBatch:
        (entry,), (epoch, *others) = item[0], _next(item[0][0])
        yield "in another order", [[[epoch, *others], entry]]
        yield "of two epochs", [[entry, [epoch + 1, *others]]]


def _next(entry: list[Any]) -> list[Any]:
    """A directory entry that comes after another one in a batch."""
    epoch, index, *others = entry
    return [epoch, (int.from_bytes(index, "big") + 1).to_bytes(32, "big"), *others]


def _wrong_values(declared: Any, value: Any) -> Iterator[tuple[str, Any]]:
    """Values that a field of this type must not have."""
    base, rule = _type_of(declared)
    if isinstance(rule, Range):
        yield "that is no number", b""
        yield "below its minimum", rule.minimum - 1
        yield "above its maximum", rule.maximum + 1
    elif isinstance(rule, Size):
        yield from (_wrong_arrays if get_origin(base) is tuple else _wrong_strings)(base, rule, value)
    elif issubclass(base, IntEnum):
        yield "that is no number", b""
        yield "before the first", min(base) - 1
        yield "after the last", max(base) + 1
    elif issubclass(base, Message):
        yield "that is no array", 0
        yield "with a field too few", value[:-1]
    else:
        yield from _wrong_bytes(base, value)


def _wrong_arrays(base: Any, size: Size, value: list[Any]) -> Iterator[tuple[str, Any]]:
    yield "that is no array", 0
    if size.minimum:
        yield "with an item too few", value[: size.minimum - 1]
    if size.maximum <= MOST_ITEMS:
        yield "with an item too many", value * (size.maximum + 1)
    if get_args(base)[0] in (HeldCommitment, DirectoryEntry):
        yield "with an item twice", value * 2
    yield from ((f"with an item {change}", [wrong]) for change, wrong in _wrong_values(get_args(base)[0], value[0]))


def _wrong_strings(base: type[bytes | str], size: Size, _value: Any) -> Iterator[tuple[str, Any]]:
    letter, other = (b"\0", "a") if base is bytes else ("a", b"a")
    yield "of another type", other * size.minimum
    if size.minimum:
        yield "too short", letter * (size.minimum - 1)
    if size.maximum <= LONGEST:
        yield "too long", letter * (size.maximum + 1)
        if base is str and size.maximum > 1:
            yield "of too many bytes in UTF-8", "é" * (size.maximum // 2 + 1)


def _wrong_bytes(base: Any, value: bytes) -> Iterator[tuple[str, Any]]:
    yield "that is no byte string", 0
    yield "a byte too short", value[:-1]
    yield "a byte too long", value + b"\0"
    if base is Point or base is Scalar:
        yield "that is none", NONE
    elif base is PassRequest:
        yield "whose first part is no point", NONE + value[32:]
        yield "whose second part is no point", value[:32] + NONE + value[64:]
        yield "whose last scalar is none", value[:-32] + NONE
    elif issubclass(base, Proof):
        yield "whose first scalar is none", NONE + value[32:]
        yield "whose last scalar is none", value[:-32] + NONE


def _example(kind: type[Message]) -> list[Any]:
    """The fields of a message of this kind, as items; nothing is signed or proven in it."""
    if kind is Warrant:
        item: list[Any] = decode_item(WARRANT.to_bytes())
        return item
    hints = get_type_hints(kind, include_extras=True)
    return [_value(hints[field.name], f"{kind.__name__} {field.name}", field.name) for field in fields(kind)]


def _value(declared: Any, name: str, field: str) -> Any:
    base, rule = _type_of(declared)
    if isinstance(rule, Range):
        return TIME - TIME % 15 if field == "time" else max(rule.minimum, 1)
    if isinstance(rule, Size):
        if get_origin(base) is tuple:
            return [_value(get_args(base)[0], name, field)]
        length = rule.minimum or min(8, rule.maximum)
        return pinned(name, length) if base is bytes else "a" * length
    if issubclass(base, Message):
        return _example(base)
    return int(min(base)) if issubclass(base, IntEnum) else _encoded_value(base, name)


def _encoded_value(base: Any, name: str) -> bytes:
    if base is PassRequest:
        return bytes(ALLOWANCE.requests[0])
    if base is PaddedDigests:
        return b"".join(place.to_bytes(VISIT_DIGEST_BYTES, "big") for place in range(MIN_DIGESTS))
    if base is Point:
        return bytes(pinned_scalar(name) * B)
    scalars = 1 if base is Scalar else 1 + base.RESPONSES
    return b"".join(bytes(pinned_scalar(f"{name} {number}")) for number in range(scalars))


def _type_of(declared: Any) -> tuple[Any, Size | Range | None]:
    """The type of a field that is there, and the rule for its values."""
    declared = get_args(declared)[0] if _is_optional(declared) else declared
    base, rule = get_args(declared) if get_origin(declared) is Annotated else (declared, None)
    return base, rule


def _is_optional(declared: Any) -> bool:
    return get_origin(declared) in (Union, UnionType)


def _error(kind: type[Message], encoding: bytes) -> type[SplitPassError]:
    try:
        kind.from_bytes(encoding)
    except SplitPassError as error:
        return type(error)
    raise AssertionError(f"{kind.__name__} takes {encoding.hex()}")
