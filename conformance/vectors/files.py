"""The form of a vector file: accepted vectors, and rejected ones that each mutate an accepted baseline."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from protocol.primitives.errors import SplitPassError

Values = Mapping[str, Any]

_COMMON = {
    "name": "what the vector is called; unique within the file",
    "kind": "accept or reject",
    "make": "what the maker starts from; with it and the public values in `check` it makes the rest of `check`",
    "make.random": "the bytes that the maker draws, one item per draw, in the order drawn",
    "check": "what the checker is given. Everywhere, byte strings, points, scalars and encoded messages are in hex",
    "intermediate": "values on the way, for whoever looks for a difference",
    "result": "what checking gives",
    "baseline": "the accepted vector that a rejected one mutates",
    "change": "what was changed in the baseline",
    "error": "the error that checking raises, by its name in spec §4.1",
    "setting": "the epoch that all vectors of the file belong to",
    "setting.domain": "a Domain message",
    "setting.epoch": "the number of the epoch",
    "setting.operator_statement": "the operator's signed statement of the epoch",
    "setting.authority_statement": "the authority's signed statement of the epoch",
    "setting.X": "the joint key that both statements give",
    "setting.pass_key": "the key that verifies passes",
    "setting.context": "the epoch context, 32 bytes",
}


def plain(value: Any) -> Any:
    """A value as it stands in a file: bytes, points, scalars, proofs and messages in hex."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return (value.to_bytes() if hasattr(value, "to_bytes") else bytes(value)).hex()


class VectorFile:
    """One file of `spec/vectors/`. `keys` says what each of its own keys is, as `check.context`."""

    def __init__(
        self, name: str, title: str, spec: str, keys: Mapping[str, str], setting: Values | None = None
    ) -> None:
        self.name = name
        self.title = title
        self.spec = spec
        self.keys = keys
        self.setting = setting
        self.vectors: list[dict[str, Any]] = []

    def accept(self, name: str, **parts: Values) -> None:
        """Add an accepted vector with its `make`, `check`, `intermediate` and `result`."""
        self.vectors.append({"name": name, "kind": "accept"} | plain(parts))

    def reject(
        self,
        baseline: str,
        change: str,
        error: type[SplitPassError],
        make: Values | None = None,
        **changed: Any,
    ) -> None:
        """Add a vector whose `check` is the baseline's with some values changed; `make` replaces some of its `make`."""
        base = next(vector for vector in self.vectors if vector["name"] == baseline)
        vector = {"name": f"{baseline}: {change}", "kind": "reject", "baseline": baseline, "change": change}
        if make is not None:
            vector["make"] = base["make"] | plain(make)
        vector["check"] = base["check"] | plain(changed)
        vector["error"] = error.__name__
        self.vectors.append(vector)

    def to_json(self) -> str:
        """The text of the file."""
        everything = {"setting": plain(self.setting)} if self.setting else {}
        used = set(_paths([*self.vectors, everything]))
        content = {
            "title": self.title,
            "spec": self.spec,
            "format": {key: text for key, text in _COMMON.items() if key in used} | dict(self.keys),
            **everything,
            "vectors": self.vectors,
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _paths(objects: Iterable[Values]) -> Iterable[str]:
    for values in objects:
        for key, value in values.items():
            yield key
            if isinstance(value, Mapping):
                yield from (f"{key}.{inner}" for inner in value)
