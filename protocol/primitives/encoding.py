"""Deterministic CBOR and the messages made of it. Spec: §4.1.

A message is a CBOR array of its fields in order. Decoding is strict: bounded size and depth, no tags, no
indefinite lengths, every item of the declared type and size, and the result encoded again must give the same
bytes. There is exactly one encoding of every message.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntEnum
from operator import call
from typing import Annotated, Any, ClassVar, NoReturn, Self, TypeVar, Union, get_args, get_origin, get_type_hints

import cbor2

from protocol.primitives.errors import MalformedEncoding

MAX_DEPTH = 8
MAX_MESSAGE_BYTES = 16 * 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True)
class Size:
    """How many bytes (of a byte string, or of a text in UTF-8) or items (of an array) are allowed."""

    minimum: int
    maximum: int


@dataclass(frozen=True)
class Range:
    """Which integers are allowed."""

    minimum: int
    maximum: int


Uint8 = Annotated[int, Range(0, 2**8 - 1)]
Uint32 = Annotated[int, Range(0, 2**32 - 1)]
Bytes16 = Annotated[bytes, Size(16, 16)]
Bytes32 = Annotated[bytes, Size(32, 32)]


class _RefuseTags(dict[int, Any]):
    """Answers for every CBOR tag, so that cbor2 interprets none (dates, big numbers, shared values, ...)."""

    def __getitem__(self, key: int) -> Callable[[Any, Any], NoReturn]:
        return _refuse_tag


def _refuse_tag(_decoder: Any, _immutable: Any) -> NoReturn:
    raise ValueError("tags are not allowed")


_NO_TAGS = _RefuseTags()


def encode_item(item: Any) -> bytes:
    """The deterministic encoding of an item made of integers, byte strings, texts, null, lists and {}."""
    return cbor2.dumps(item)


def decode_item(data: bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> Any:
    """Decode an item strictly.

    Args:
        data: The bytes to decode.
        max_bytes: How many there may be.

    Returns:
        The item.

    Raises:
        MalformedEncoding: The bytes are not the deterministic encoding of an item.
    """
    if len(data) > max_bytes:  # step 1
        raise MalformedEncoding(f"longer than {max_bytes} bytes")
    try:
        item = cbor2.loads(  # step 2
            data,
            semantic_decoders=_NO_TAGS,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,  # keys chosen to collide would take quadratic time
        )
        same = cbor2.dumps(item) == data
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, MemoryError):
        raise MalformedEncoding("not a CBOR item that SplitPass uses") from None
    if not same:  # step 3
        raise MalformedEncoding("not deterministically encoded")
    return item


@dataclass(frozen=True, slots=True)
class Message:
    """Base of the messages: frozen dataclasses whose annotations are their wire format.

    Fields may be `Annotated[int, Range]`, `Annotated[bytes | str, Size]`, an `IntEnum`, another message, a
    type with a byte encoding (such as `Point`), `Annotated[tuple[X, ...], Size]`, or any of these `| None`.
    """

    TAG: ClassVar[str]
    """The name of the statement, for messages that are signed (§3.4)."""

    def to_bytes(self) -> bytes:
        """Encode the message.

        Returns:
            The one encoding.

        Raises:
            MalformedEncoding: A field is not of its declared type and size, or the message is too long to be decoded.
        """
        kind: Any = type(self)
        encoding = encode_item(_codec_of(kind).encode(self))
        if len(encoding) > MAX_MESSAGE_BYTES:
            raise MalformedEncoding(f"longer than {MAX_MESSAGE_BYTES} bytes")
        return encoding

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Decode a message strictly.

        Args:
            data: The bytes to decode.

        Returns:
            The message.

        Raises:
            Malformed: They are not its encoding.
            SplitPassError: What the class itself raises for its fields.
        """
        kind: Any = cls
        message: Self = _codec_of(kind).decode(decode_item(data))
        return message


@dataclass(frozen=True, slots=True)
class _Codec:
    """How a value of one declared type becomes an item, and back. Both directions check it."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


def _codec(declared: Any) -> _Codec:
    origin, arguments = get_origin(declared), get_args(declared)
    if origin is Annotated:
        return _annotated(*arguments)
    if origin in (Union, types.UnionType):
        return _optional(arguments[0])
    if issubclass(declared, Message):
        return _codec_of(declared)
    if issubclass(declared, IntEnum):
        return _enumeration(declared)
    return _byte_encoded(declared)


def _annotated(base: Any, rule: Size | Range) -> _Codec:
    if get_origin(base) is tuple:
        return _array(_codec(get_args(base)[0]), rule)

    return _integer(rule) if base is int else _sized(base, rule)


def _integer(rule: Size | Range) -> _Codec:
    minimum, maximum = rule.minimum, rule.maximum

    def check(value: Any) -> Any:
        if type(value) is not int or not minimum <= value <= maximum:
            raise MalformedEncoding(f"expected an integer within {rule}")
        return value

    return _Codec(check, check)


def _sized(base: type[bytes | str], rule: Size | Range) -> _Codec:
    measure: Callable[[Any], int] = len if base is bytes else _utf8_bytes
    minimum, maximum = rule.minimum, rule.maximum

    def check(value: Any) -> Any:
        if type(value) is not base or not minimum <= measure(value) <= maximum:
            raise MalformedEncoding(f"expected {base.__name__} within {rule}")
        return value

    return _Codec(check, check)


def _utf8_bytes(text: str) -> int:
    try:
        return len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise MalformedEncoding("a text holds a lone surrogate") from None


def _array(item: _Codec, rule: Size | Range) -> _Codec:
    encode, decode = item.encode, item.decode

    def check(values: Any) -> Any:
        if not rule.minimum <= len(values) <= rule.maximum:
            raise MalformedEncoding(f"array outside {rule}")
        return values

    return _Codec(
        lambda values: list(map(encode, check(values))),
        lambda items: tuple(map(decode, check(_list(items)))),
    )


def _optional(declared: Any) -> _Codec:
    present = _codec(declared)
    encode, decode = present.encode, present.decode
    return _Codec(
        lambda value: None if value is None else encode(value),
        lambda item: None if item is None else decode(item),
    )


@functools.cache
def _codec_of(cls: Any) -> _Codec:
    hints = get_type_hints(cls, include_extras=True)
    codecs = [(field.name, _codec(hints[field.name])) for field in fields(cls)]
    encoders = [(name, codec.encode) for name, codec in codecs]
    decoders, count = [codec.decode for _, codec in codecs], len(codecs)

    def encode(message: Any) -> list[Any]:
        return [encode_field(getattr(message, name)) for name, encode_field in encoders]

    def decode(item: Any) -> Any:
        if type(item) is not list or len(item) != count:  # step 4
            raise MalformedEncoding(f"{cls.__name__} is an array of {count} fields")
        # Step 5 is the decoder of each field, step 6 the class itself.
        return cls(*map(call, decoders, item))

    return _Codec(encode, decode)


def _enumeration(cls: type[IntEnum]) -> _Codec:
    members = {int(member): member for member in cls}

    def decode(item: Any) -> IntEnum:
        if type(item) is not int or item not in members:
            raise MalformedEncoding(f"not a {cls.__name__}")
        return members[item]

    return _Codec(lambda value: int(_instance(cls, value)), decode)


def _byte_encoded(cls: Any) -> _Codec:
    make = getattr(cls, "from_bytes", cls)

    def decode(item: Any) -> Any:
        if type(item) is not bytes:
            raise MalformedEncoding(f"expected the bytes of a {cls.__name__}")
        return make(item)

    return _Codec(lambda value: bytes(_instance(cls, value)), decode)


def _instance(cls: type[T], value: Any) -> T:
    if not isinstance(value, cls):
        raise MalformedEncoding(f"expected a {cls.__name__}, found {type(value).__name__}")
    return value


def _list(item: Any) -> list[Any]:
    if type(item) is not list:
        raise MalformedEncoding(f"expected an array, found {type(item).__name__}")
    return item
