"""What a message holds of a person, or of a secret, does not show when the message is printed."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from secrets import token_bytes, token_hex
from typing import Any

import pytest

from protocol.epochs import EpochSecret, Role
from protocol.handles import Phone
from protocol.http_messages import Session
from protocol.primitives.encoding import Bytes32, Message
from protocol.primitives.group import Point, Scalar

PROGRAMS = ("protocol", "service", "client", "venue", "escrow")
HIDDEN_TYPES = {"Phone", "Name", "Scalar", "Session", "EpochSecret", "StoredPass", "PaperPass", "HandleGrant"}
HIDDEN_NAMES = {"code", "token", "account_id", "handle", "h", "r", "vault_key", "identity_seed", "pass_seed"}


def all_messages() -> list[type[Message]]:
    for program in PROGRAMS:
        for module in pkgutil.walk_packages(importlib.import_module(program).__path__, f"{program}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)

    def below(kind: type[Message]) -> Iterator[type[Message]]:
        for subclass in kind.__subclasses__():
            yield subclass
            yield from below(subclass)

    found = {f"{kind.__module__}.{kind.__name__}": kind for kind in below(Message)}
    return [kind for name, kind in sorted(found.items()) if kind.__module__.split(".")[0] in PROGRAMS]


def is_hidden(field: Field[Any]) -> bool:
    return field.name in HIDDEN_NAMES or bool(HIDDEN_TYPES & set(re.findall(r"\w+", str(field.type))))


def example(field: Field[Any]) -> tuple[Any, list[str]]:
    """A value for a field, and how one could read it in what is printed."""
    if "Scalar" in str(field.type) and "tuple" not in str(field.type):
        scalar = Scalar.random()
        return scalar, [bytes(scalar).hex(), repr(bytes(scalar))[2:-1]]
    if "Session" in str(field.type):
        session = Session(token_bytes(16), token_bytes(32))
        return session, [session.token.hex(), repr(session.token)[2:-1], repr(session.account_id)[2:-1]]
    if "EpochSecret" in str(field.type):
        seed = token_bytes(32)
        return EpochSecret(Role.AUTHORITY, 1, Scalar.random(), seed), [seed.hex(), repr(seed)[2:-1]]
    text = token_hex(16)
    return text, [text]


def shown(kind: type[Message]) -> list[str]:
    """The hidden fields that can be read when a message of a kind is printed."""
    examples = {field.name: example(field) for field in fields(kind)}
    printed = repr(kind(**{name: value for name, (value, _) in examples.items()}))
    hidden = {field.name: examples[field.name][1] for field in fields(kind) if is_hidden(field)}
    return [name for name, forms in hidden.items() if any(form in printed for form in forms)]


HOLDING = [kind for kind in all_messages() if any(map(is_hidden, fields(kind)))]


@pytest.mark.parametrize("kind", HOLDING, ids=lambda kind: kind.__name__)
def test_a_message_shows_nothing_of_a_person(kind: type[Message]) -> None:
    assert shown(kind) == []


def test_a_message_that_shows_something_is_found() -> None:
    @dataclass(frozen=True, slots=True)
    class Careless(Message):
        phone: Phone
        token: Bytes32
        u: Point

    assert shown(Careless) == ["phone", "token"]
