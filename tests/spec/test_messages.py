"""`spec/messages.cddl` says what the code sends: every real message fits it, and nothing that the code refuses does.

Left out is where pycddl is laxer than CDDL: it takes a text for a byte string of its length, and anything after the
only field of a message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pycddl import Schema, ValidationError

from protocol.primitives.encoding import Message, decode_item, encode_item
from protocol.primitives.errors import Malformed
from tests.spec.messages import Visit, every_message_type, nullable_messages, whole_visit
from tests.spec.text import CHAPTERS
from tests.support.domain import OpenEpoch, Parties, Visitor

CDDL = (Path(__file__).parents[2] / "spec" / "messages.cddl").read_text("utf-8")
PYCDDL = CDDL.replace("[*16 DisclosedOpening]", "[*16 [uint32, any]]")
"""The same without arrays below arrays of arrays, which pycddl cannot read."""
MESSAGE_TYPES = sorted(every_message_type(), key=lambda kind: kind.__name__)
WRONG_ANYWHERE: list[Any] = [False, {"a": 1}, -1, 2**40, [], 1.5]


@pytest.fixture(scope="module")
def visit(parties: Parties, today: OpenEpoch, visitor: Visitor) -> Visit:
    return whole_visit(parties, today, visitor)


@pytest.mark.parametrize("kind", MESSAGE_TYPES)
def test_real_message_fits_its_rule(kind: type[Message], visit: Visit) -> None:
    schema(kind.__name__).validate_cbor(visit.messages[kind].to_bytes())


def test_messages_with_nulls_fit_their_rules(parties: Parties, today: OpenEpoch, visitor: Visitor) -> None:
    for message in nullable_messages(parties, today, visitor):
        schema(type(message).__name__).validate_cbor(message.to_bytes())


def test_every_statement_fits_sign1(visit: Visit) -> None:
    for statement in visit.statements:
        schema("sign1").validate_cbor(statement)


@pytest.mark.parametrize("kind", MESSAGE_TYPES)
def test_rule_names_the_fields_in_order(kind: type[Message]) -> None:
    body = re.search(rf"^{kind.__name__} = \[(.*?)^\]", CDDL, re.MULTILINE | re.DOTALL)
    assert body is not None
    keys = re.findall(r"^  ([a-z-]+):", body[1], re.MULTILINE)
    assert keys == [field.name.replace("_", "-") for field in fields(kind)]


def test_the_text_lists_fields_by_their_names() -> None:
    """Wherever it lists the fields of a message: `Name` `[…]`, `Name` is `[…]`, or an indented Name = […]."""
    text = "\n".join(CHAPTERS.values())
    listed = re.findall(r"`(\w+)`[^`.]{0,12}?\s`\[([^`]*)\]`", text)
    listed += re.findall(r"^    (\w+) += \[([^(\]]*)\]$", text, re.MULTILINE)
    kinds = {kind.__name__: kind for kind in MESSAGE_TYPES}
    told = {(kind, tuple(names.replace("\n", " ").split())) for kind, names in listed if kind in kinds}
    told = {(kind, tuple(name.strip(",") for name in names)) for kind, names in told}
    assert told == {(kind, tuple(field.name for field in fields(kinds[kind]))) for kind, _ in told}
    assert len(told) > 25


@pytest.mark.parametrize("kind", MESSAGE_TYPES)
def test_what_the_code_refuses_does_not_fit(kind: type[Message], visit: Visit) -> None:
    accepts = acceptor(kind.__name__)
    tried = 0
    for item in wrong_items(decode_item(visit.messages[kind].to_bytes())):
        encoding = encode_item(item)
        try:
            kind.from_bytes(encoding)
        except Malformed:
            assert not accepts(encoding), item
            tried += 1
    assert tried > len(fields(kind))


def wrong_items(item: list[Any]) -> Iterator[list[Any]]:
    """The item with a field too few or too many, of another type, too long, too short or too large."""
    yield item[:-1]
    if len(item) > 1:
        yield [*item, 0]
    for index, value in enumerate(item):
        for wrong in [*WRONG_ANYWHERE, *wrong_sizes(value)]:
            yield [*item[:index], wrong, *item[index + 1 :]]


def wrong_sizes(value: Any) -> Iterator[Any]:
    if isinstance(value, bytes):
        yield from (value[:-1], value + b"\0")
    if isinstance(value, str):
        yield from ("", value[:1], value * 100)
    if isinstance(value, list) and value and isinstance(value[0], bytes):
        yield from ([value[0][:-1]], [*value, value[0] + b"\0"])


def schema(rule: str) -> Schema:
    return Schema(f"root = {rule}\n{PYCDDL}")


def acceptor(rule: str) -> Callable[[bytes], bool]:
    compiled = schema(rule)

    def accepts(encoding: bytes) -> bool:
        try:
            compiled.validate_cbor(encoding)
        except ValidationError:
            return False
        return True

    return accepts
