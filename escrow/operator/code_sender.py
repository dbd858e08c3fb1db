"""How one-time codes reach a phone. Spec: §5.3."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Protocol

from service.errors import ConfigurationError


class CodeSender(Protocol):
    """Delivers a text to a phone. Implementations are constructed with the operator's home directory."""

    def __init__(self, home: Path) -> None: ...

    def send(self, phone: str, text: str) -> None:
        """Deliver `text` to the number `phone` (E.164); raises anything if that fails. Logs neither of them."""


class OutboxSender:
    """For development: appends `phone<TAB>text` to `outbox.txt` (mode 600) instead of sending a message."""

    def __init__(self, home: Path) -> None:
        self._path = home / "outbox.txt"

    def send(self, phone: str, text: str) -> None:
        """Append one line; it begins anew behind one that a full disk has cut off."""
        with open(self._path, "ab+", opener=_open_private) as outbox:
            if outbox.tell():
                outbox.seek(-1, os.SEEK_END)
                if outbox.read(1) != b"\n":
                    outbox.write(b"\n")
            outbox.write(f"{phone}\t{text}\n".encode())


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def load_sender(reference: str, home: Path) -> CodeSender:
    """The sender that `module:Class` names; raises `ConfigurationError` if there is none."""
    module, _, name = reference.partition(":")
    try:
        sender: CodeSender = getattr(importlib.import_module(module), name)(home)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"settings.toml: sender = {reference!r} cannot be loaded: {error}") from None
    return sender
