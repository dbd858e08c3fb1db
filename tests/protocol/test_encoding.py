"""There is one encoding of every message, and nothing else decodes."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Annotated, Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import protocol
from protocol.check_ins import Direction
from protocol.commitments import BEGINNING, CommitmentOpening
from protocol.passes import PassAnswers, PassRequest
from protocol.primitives.encoding import MAX_DEPTH, MAX_MESSAGE_BYTES, Message, Size, decode_item, encode_item
from protocol.primitives.errors import Malformed, MalformedEncoding, Rejected
from protocol.primitives.group import Point
from protocol.releases import MAX_COMMITMENTS, Release, ReleasedLeaf
from tests.protocol.mutations import lax_encodings
from tests.spec.messages import whole_visit
from tests.support.domain import NOW
from tests.support.visit import messages_of, recorded_visit

HELD = [message for message in messages_of(recorded_visit()) if not isinstance(message, Release)]
"""Of a release there is a part below, which has no null in the place of a time."""
TOLD = whole_visit(recorded_visit().parties, recorded_visit().epoch, recorded_visit().visitor).messages
MESSAGES = [*HELD, *(message for kind, message in TOLD.items() if kind not in set(map(type, HELD)))]

every_message = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)

items = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats()
    | st.binary(max_size=40)
    | st.text(max_size=10)
    | st.just(cbor2.undefined),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.integers(0, 3), inner, max_size=2),
    max_leaves=8,
)


def decoded(kind: type[Message], data: bytes) -> Message | None:
    """The message, or None if a named error refuses it."""
    try:
        return kind.from_bytes(data)
    except (Malformed, Rejected):
        return None


def substituted(item: Any, change: Any) -> Iterator[Any]:
    """The item with one part replaced by each of what `change` makes of it."""
    yield from change(item)
    if isinstance(item, list):
        for i, part in enumerate(item):
            yield from ([*item[:i], other, *item[i + 1 :]] for other in substituted(part, change))


def test_the_messages_here_are_all_that_the_protocol_has() -> None:
    for module in pkgutil.walk_packages(protocol.__path__, "protocol."):
        importlib.import_module(module.name)
    known = {type(part).__name__ for message in MESSAGES for part in (message, *parts(message))}
    assert known == {kind.__name__ for kind in Message.__subclasses__() if kind.__module__.startswith("protocol.")}


def parts(message: Message) -> Iterator[Message]:
    """The messages inside a message."""
    for field in fields(message):
        value = getattr(message, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Message):
                yield part


@every_message
def test_a_message_decodes_to_itself(message: Message) -> None:
    again = type(message).from_bytes(message.to_bytes())
    assert again == message
    assert again.to_bytes() == message.to_bytes()


@every_message
def test_no_lax_encoding_decodes(message: Message) -> None:
    kind = type(message)
    assert [lax for lax in lax_encodings(cbor2.loads(message.to_bytes())) if decoded(kind, lax)] == []


@every_message
def test_no_part_of_another_type_decodes(message: Message) -> None:
    """A truth value or a float is no integer, a text no byte string, an array neither."""

    def others(part: Any) -> list[Any]:
        match part:
            case int():
                return [True, False, float(part), str(part), [part], -(2**64), 2**64, cbor2.undefined]
            case bytes():
                return [part.hex(), list(part), 0, {}]
            case str():
                return [part.encode(), None, 0, [part]]
            case list():
                return [{}, None, [*part, {}], 0, {0: part}]
        return [False, 0, b"", "", cbor2.undefined]

    kind, item = type(message), cbor2.loads(message.to_bytes())
    assert [other for other in substituted(item, others) if decoded(kind, cbor2.dumps(other))] == []


@every_message
def test_no_part_of_another_size_decodes(message: Message) -> None:
    """Points, scalars and everything else that has one length in bytes."""

    def others(part: Any) -> list[Any]:
        fixed = isinstance(part, bytes) and len(part) in (16, 24, 32, 64, 96, 144, 160, 192)
        return [part[:-1], part + b"\x00", b""] if fixed else []

    kind, item = type(message), cbor2.loads(message.to_bytes())
    opaque = {"VenueApplication", "PartyRequest"}
    assert kind.__name__ in opaque or [o for o in substituted(item, others) if decoded(kind, cbor2.dumps(o))] == []


@every_message
@given(data=st.data())
def test_whatever_decodes_has_the_same_encoding(message: Message, data: st.DataObject) -> None:
    everywhere = list(substituted(cbor2.loads(message.to_bytes()), lambda part: [None]))
    position = data.draw(st.integers(0, len(everywhere) - 1))
    drawn = data.draw(items)
    changed = list(substituted(cbor2.loads(message.to_bytes()), lambda part: [drawn]))[position]
    encoding = cbor2.dumps(changed)
    result = decoded(type(message), encoding)
    assert result is None or result.to_bytes() == encoding


@given(data=st.binary(max_size=60))
def test_bytes_decode_to_what_encodes_to_them_or_are_malformed(data: bytes) -> None:
    try:
        item = decode_item(data)
    except MalformedEncoding:
        return
    assert encode_item(item) == data


@given(item=items)
def test_every_prefix_of_an_item_is_malformed(item: Any) -> None:
    encoding = cbor2.dumps(item)
    for length in range(len(encoding)):
        with pytest.raises(MalformedEncoding):
            decode_item(encoding[:length])


@pytest.mark.parametrize(
    "encoding",
    [
        "",
        "ff",  # a break on its own
        "1c",  # reserved
        "f800",  # simple value in two bytes
        "f97e00 00",  # trailing byte
        "fa3f800000",  # a float that a shorter one stands for
        "a200000000",  # a duplicate key
        "a201000000",  # keys out of order
        "a1000018",  # truncated inside
        "9bffffffffffffffff",  # an array of 2**64 - 1 items
        "5bffffffffffffffff",
        "61ff",  # not UTF-8
        "c11a5f5e1005",  # a date
        "c240",  # a big number
        "d81c80",  # shareable
        "d81d00",  # a reference to it
        "d90100 8161 61",  # string references
        "d9011c 80",
        "da00010000 00",
        "db00000001 00000000 00",
    ],
)
def test_what_strict_decoding_refuses(encoding: str) -> None:
    with pytest.raises(MalformedEncoding):
        PassAnswers.from_bytes(bytes.fromhex(encoding))


def test_depth_is_bounded() -> None:
    assert decode_item(b"\x81" * (MAX_DEPTH - 1) + b"\x00") is not None
    for depth in (MAX_DEPTH + 1, 100, 100_000):
        with pytest.raises(MalformedEncoding):
            decode_item(b"\x81" * depth + b"\x00")


def test_size_is_bounded() -> None:
    with pytest.raises(MalformedEncoding, match="longer"):
        decode_item(bytes(MAX_MESSAGE_BYTES + 1))
    assert decode_item(b"\x41a", max_bytes=2) == b"a"
    with pytest.raises(MalformedEncoding, match="longer"):
        decode_item(b"\x41a", max_bytes=1)


def test_encoding_checks_fields_as_decoding_does() -> None:
    venue, warrant = recorded_visit().parties.venue, recorded_visit().valid_warrant.record
    for wrong in (
        replace(venue, domain=256),
        replace(venue, domain=-1),
        replace(venue, domain=True),
        replace(venue, venue_id=bytes(15)),
        replace(venue, name=""),
        replace(venue, name="홍" * 43),  # 129 bytes in UTF-8
        replace(venue, name="\ud800"),
        replace(warrant, max_records=0),
        replace(venue, key=bytes(venue.key)),  # type: ignore[arg-type]
        ReleasedLeaf(1, NOW, Direction.ENTRY, b""),
        ReleasedLeaf(1, NOW, 1, bytes(32)),  # type: ignore[arg-type]
    ):
        with pytest.raises(MalformedEncoding):
            wrong.to_bytes()


@dataclass(frozen=True, slots=True)
class Long(Message):
    content: Annotated[bytes, Size(0, 2**25)]


def test_what_could_not_be_decoded_is_not_encoded() -> None:
    longest = Long(bytes(MAX_MESSAGE_BYTES - 6))
    assert Long.from_bytes(longest.to_bytes()) == longest
    with pytest.raises(MalformedEncoding, match="longer"):
        Long(bytes(MAX_MESSAGE_BYTES - 5)).to_bytes()


def test_an_array_may_be_as_long_as_its_size_says_and_no_longer() -> None:
    openings = (CommitmentOpening(NOW, bytes(32), 0),) * (MAX_COMMITMENTS + 1)
    longest = Release(1, bytes(16), bytes(16), BEGINNING, (), openings[1:], ())
    assert Release.from_bytes(longest.to_bytes()) == longest
    with pytest.raises(MalformedEncoding):
        replace(longest, openings=openings).to_bytes()


def test_an_enumeration_has_only_its_values() -> None:
    class Colour(IntEnum):
        RED = 1

    assert Colour(1) is Colour.RED
    item = cbor2.loads(recorded_visit().check_ins["shown-entry"].to_bytes())
    kind = type(recorded_visit().check_ins["shown-entry"])
    for direction in (0, 3, 2**64 - 1, -1):
        assert decoded(kind, cbor2.dumps([*item[:2], direction, *item[3:]])) is None


@given(raw=st.binary(max_size=200).filter(lambda raw: len(raw) != 160))
def test_a_pass_request_has_one_length(raw: bytes) -> None:
    with pytest.raises(MalformedEncoding):
        PassRequest.from_bytes(raw)


@given(raw=st.binary(min_size=32, max_size=32))
def test_a_proof_has_one_length(raw: bytes) -> None:
    for proof in (
        recorded_visit().visitor.registration.knowledge,
        recorded_visit().visitor.request.requests[0].ownership,
    ):
        with pytest.raises(MalformedEncoding):
            type(proof).from_bytes(bytes(proof) + raw)
        assert type(proof).from_bytes(bytes(proof)) == proof


def test_points_in_messages_are_checked() -> None:
    registration = recorded_visit().visitor.registration
    assert isinstance(registration.handle, Point)
    item = cbor2.loads(registration.to_bytes())
    for encoding in (bytes([1]) + bytes(31), bytes(32), b"\xff" * 32):
        assert decoded(type(registration), cbor2.dumps([item[0], encoding, item[2]])) is None


@pytest.mark.parametrize("key", [0, -1, None, True, 1.5])
def test_a_map_has_no_keys_that_could_be_chosen_to_collide(key: object) -> None:
    """Python hashes these to what everybody can foresee: a map of them would take quadratic time."""
    with pytest.raises(MalformedEncoding):
        decode_item(cbor2.dumps({key: 1}))
