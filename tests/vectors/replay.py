"""Replaying a vector from its JSON alone.

A replay is a function whose parameters are the keys that a vector may have, annotated with the types that their values
decode to: a key that is no parameter fails, and so does one that is missing.
"""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from conformance.vectors.files import plain
from protocol.epochs import Domain, EpochKey, verify_epoch
from protocol.primitives.signatures import SigningKey

DIRECTORY = Path(__file__).parents[2] / "spec" / "vectors"

Vector = dict[str, Any]


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


@dataclass(frozen=True)
class Operation:
    """`check` raises or returns the vector's `result`; `make` returns values that the vector's `check` must have."""

    check: Callable[..., Mapping[str, Any] | None]
    make: Callable[..., Mapping[str, Any]] | None = None


@cache
def load(name: str) -> dict[str, Any]:
    """A vector file by its name without `.json`."""
    content: dict[str, Any] = json.loads((DIRECTORY / f"{name}.json").read_text("utf-8"))
    return content


def run_make(operation: Operation, vector: Vector, setting: Mapping[str, Any] | None) -> None:
    """Make what the vector's `check` holds, and compare."""
    if "make" not in vector:
        return
    assert operation.make is not None, "this operation makes nothing"
    wanted = inspect.signature(operation.make).parameters
    public = {key: value for key, value in vector["check"].items() if key in wanted}
    made = _call(operation.make, public | vector["make"], setting)
    assert made
    for key, value in made.items():
        assert plain(value) == vector["check"][key], key


def run_check(operation: Operation, vector: Vector, setting: Mapping[str, Any] | None) -> None:
    """Check the vector; compare with its `result`."""
    result = _call(operation.check, vector["check"], setting)
    assert plain(result or {}) == vector.get("result", {})


def epoch_key_of(setting: Mapping[str, Any]) -> EpochKey:
    """The epoch that a file's `setting` describes."""
    key: EpochKey = _call(_verify_setting, setting, None)
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


def _call(function: Callable[..., Any], values: Mapping[str, Any], setting: Mapping[str, Any] | None) -> Any:
    hints = typing.get_type_hints(function)
    parameters = inspect.signature(function).parameters
    decoded = {key: _decode(hints[key], value) for key, value in values.items()}
    if "epoch_key" in parameters:
        assert setting is not None
        decoded["epoch_key"] = epoch_key_of(setting)
    result = function(**decoded)
    for value in decoded.values():
        if isinstance(value, Draws):
            value.assert_used()
    return result


def _decode(kind: Any, value: Any) -> Any:
    """The value of a declared type that stands in JSON as `value`."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return None if value is None else _decode(arguments[0], value)
    if origin is list:
        return [_decode(arguments[0], one) for one in value]
    if origin is dict:
        return {int(key): _decode(arguments[1], one) for key, one in value.items()}
    if kind in (int, str):
        assert type(value) is kind
        return value
    if kind is Draws:
        return Draws(_decode(list[bytes], value))
    if issubclass(kind, IntEnum):
        return kind(value)
    data = bytes.fromhex(value)
    assert data.hex() == value, "hex is in lower case, without spaces"
    if kind is bytes:
        return data
    if kind is SigningKey:
        return SigningKey(data)
    return getattr(kind, "from_bytes", kind)(data)
