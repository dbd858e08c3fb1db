"""What takes foreign bytes: found in the code itself, and what was called of it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

from tests.fuzz.discovery import PACKAGES, import_everything

READS = (
    "accept", "check", "concerns", "decode", "from", "is_agreed", "issue", "load", "names", "only", "open", "parse",
    "read", "split", "verify",
)  # fmt: skip
"""How the names begin of functions that judge what somebody else has made."""


def readers() -> dict[str, CodeType]:
    """Every public function and method that by its name reads, and takes anything."""
    import_everything()
    found = {}
    for name, module in sorted(sys.modules.items()):
        if name.split(".")[0] in PACKAGES:
            for function in _functions(name, vars(module)):
                if function.__name__.startswith(READS) and len(function.__annotations__) > 1:
                    found[f"{name}.{function.__qualname__}"] = function.__code__
    return found


def _functions(module: str, namespace: dict[str, Any]) -> Iterator[Any]:
    for name, value in namespace.items():
        function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if name.startswith("_") or getattr(function, "__module__", None) != module:
            continue
        if inspect.isfunction(function):
            yield function
        elif inspect.isclass(function):
            yield from _functions(module, dict(vars(function)))


def called(work: Callable[[], object]) -> set[CodeType]:
    """The functions that are called while `work` is done."""
    codes: set[CodeType] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return codes
