"""What there is to decode: found in the code itself, so that a new message, proof or setting cannot be forgotten."""

from __future__ import annotations

import sys
from dataclasses import fields
from importlib import import_module
from pkgutil import walk_packages
from typing import TypeVar

from protocol.notices import PaddedDigests
from protocol.primitives.encoding import Message
from protocol.primitives.group import Point, Scalar
from protocol.primitives.proofs import Proof
from service.settings import Settings

Base = TypeVar("Base")

PACKAGES = ("protocol", "service", "client", "venue", "escrow")


def message_types() -> list[type[Message]]:
    """Every message of the protocol and of the parties' own files."""
    return [kind for kind in _subclasses(Message) if fields(kind)]


def settings_types() -> list[type[Settings]]:
    """Every kind of settings that a party reads."""
    return [kind for kind in _subclasses(Settings) if kind.__struct_fields__]


def byte_encoded_types() -> list[type]:
    """Every type that has an encoding of its own in bytes, other than messages."""
    import_everything()
    named = [value for name, module in sorted(sys.modules.items()) if name.startswith("protocol.")
             for value in vars(module).values() if isinstance(value, type)]  # fmt: skip
    with_decoder = {kind for kind in named if hasattr(kind, "from_bytes") and not issubclass(kind, Message | int)}
    return [Point, Scalar, PaddedDigests, *sorted(with_decoder - {Proof}, key=lambda kind: kind.__name__)]


def import_everything() -> None:
    """Import all modules of the parties, so that their classes are known."""
    for package in PACKAGES:
        for module in walk_packages(import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)


def _subclasses(base: type[Base]) -> list[type[Base]]:
    """All subclasses of the parties' packages, in order; not what `dataclass(slots=True)` has replaced."""
    import_everything()
    found: set[type[Base]] = set()
    waiting: list[type[Base]] = [base]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        waiting += kinds
        found.update(kinds)
    current = {kind for kind in found if getattr(sys.modules[kind.__module__], kind.__name__, None) is kind}
    return sorted(
        (kind for kind in current if kind.__module__.split(".")[0] in PACKAGES), key=lambda kind: kind.__name__
    )
