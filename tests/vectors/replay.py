"""Replaying a vector from its JSON alone.

The parameters of the function that replays a vector are the keys that the vector may have, and their annotations the
types that the values decode to: a key that is no parameter fails, and so does one that is missing.
"""

from __future__ import annotations

import collections.abc
import inspect
import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from conformance.vectors.files import plain
from protocol.epochs import Domain, EpochKey, verify_epoch
from protocol.primitives.errors import SplitPassError
from protocol.primitives.signatures import SigningKey

DIRECTORY = Path(__file__).parents[2] / "spec" / "vectors"

Vector = dict[str, Any]
Values = Mapping[str, Any]
View = Callable[[Any], Values]
"""From what a function returns to the values in the vector."""


class Draws:
    """Randomness that was recorded: gives the same draws in the same order, of the same lengths."""

    def __init__(self, draws: list[bytes]) -> None:
        self._left = draws

    def __call__(self, length: int) -> bytes:
        draw = self._left.pop(0)
        assert len(draw) == length, f"drew {length} bytes, recorded are {len(draw)}"
        return draw

    def assert_used(self) -> None:
        assert not self._left, f"{len(self._left)} draws were not made"


class Call:
    """A function that replays a vector, and what its return value says.

    `keys`: how a parameter is called in the vector, where its name is another.
    """

    def __init__(self, function: Callable[..., Any], view: View, **keys: str) -> None:
        self._function, self._view = function, view
        names = {"random_bytes": "random"} | keys
        parameters = inspect.signature(function, eval_str=True).parameters.values()
        self.parameters = {names.get(parameter.name, parameter.name): parameter for parameter in parameters}
        self.parameters.pop("map_function", None)  # how the work is spread is in no vector

    def __call__(self, values: Values, setting: Values | None) -> Values:
        """What the function makes of the values of a vector."""
        arguments = {
            self.parameters[key].name: _decode(self.parameters[key].annotation, value) for key, value in values.items()
        }
        if "epoch_key" in self.parameters:
            assert setting is not None
            arguments["epoch_key"] = epoch_key_of(setting)
        assert arguments.keys() == {parameter.name for parameter in self.parameters.values()}
        returned = self._function(**arguments)
        for value in arguments.values():
            if isinstance(value, Draws):
                value.assert_used()
        return self._view(returned)


def as_it_is(returned: Values) -> Values:
    """An adapter returns the values."""
    return returned


def nothing(returned: None) -> Values:
    """A function that returns nothing, or raises."""
    assert returned is None
    return {}


def holds(error: type[SplitPassError]) -> View:
    """A function that says whether something holds."""

    def view(returned: bool) -> Values:
        if not returned:
            raise error("it does not hold")
        return {}

    return view


def whole(key: str) -> View:
    """All that was returned, under this key."""
    return lambda returned: {key: returned}


def second(key: str) -> View:
    """The second of two things that were returned, under this key: the first is the maker's own."""
    return lambda returned: {key: returned[1]}


def fields(*paths: str) -> View:
    """Attributes of what was returned, under the last part of their paths."""
    return lambda returned: {path.rpartition(".")[2]: attrgetter(path)(returned) for path in paths}


@dataclass(frozen=True)
class Operation:
    """`check` raises or returns the vector's `result`; `make` returns values that the vector's `check` must have."""

    check: Call
    make: Call | None = None


@cache
def load(name: str) -> dict[str, Any]:
    """A vector file by its name without `.json`."""
    content: dict[str, Any] = json.loads((DIRECTORY / f"{name}.json").read_text("utf-8"))
    return content


def run_make(operation: Operation, vector: Vector, setting: Values | None) -> None:
    """Make what the vector's `check` holds, and compare."""
    if "make" not in vector:
        return
    assert operation.make is not None, "this operation makes nothing"
    public = {key: value for key, value in vector["check"].items() if key in operation.make.parameters}
    made = operation.make(public | vector["make"], setting)
    assert made
    for key, value in made.items():
        assert plain(value) == vector["check"][key], key


def run_check(operation: Operation, vector: Vector, setting: Values | None) -> None:
    """Check the vector; compare with its `result`."""
    assert plain(operation.check(vector["check"], setting)) == vector.get("result", {})


def epoch_key_of(setting: Values) -> EpochKey:
    """The epoch that a file's `setting` describes."""
    key: EpochKey = Call(_verify_setting, whole("key"))(setting, None)["key"]
    return key


def _verify_setting(
    *,
    domain: Domain,
    epoch: int,
    operator_statement: bytes,
    authority_statement: bytes,
    X: bytes,
    pass_key: bytes,
    context: bytes,
) -> EpochKey:
    key = verify_epoch(domain, epoch, operator_statement, authority_statement)
    assert (bytes(key.X), bytes(key.pass_key), key.context) == (X, pass_key, context)
    return key


def _decode(kind: Any, value: Any) -> Any:
    """The value of a declared type that stands in JSON as `value`."""
    kind = getattr(kind, "__supertype__", kind)  # of a NewType
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return _decode(arguments[0], value)
    if origin is types.UnionType:
        return None if value is None else _decode(arguments[0], value)
    if origin in (list, tuple, collections.abc.Sequence, collections.abc.Iterable):
        items = [_decode(arguments[0], item) for item in value]
        return tuple(items) if origin is tuple else items
    if origin is dict:
        return {int(key): _decode(arguments[1], item) for key, item in value.items()}
    if origin is collections.abc.Callable:  # a source of randomness
        return Draws(_decode(list[bytes], value))
    if kind in (int, str):
        assert type(value) is kind
        return value
    if issubclass(kind, IntEnum):
        return kind(value)
    data = bytes.fromhex(value)
    assert data.hex() == value, "hex is in lower case, without spaces"
    if kind is bytes:
        return data
    if kind is SigningKey:
        return SigningKey(data)
    return getattr(kind, "from_bytes", kind)(data)
