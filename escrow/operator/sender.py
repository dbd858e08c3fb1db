"""How one-time codes reach a phone. Spec: §5.3."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Protocol

from service.settings import ConfigurationError


class Sender(Protocol):
    """Delivers a text to a phone. Implementations are constructed with the operator's home directory."""

    def __init__(self, home: Path) -> None: ...

    def send(self, phone: str, text: str) -> None:
        """Deliver `text` to the number `phone` (E.164); raises anything if that fails. Logs neither of them."""


class OutboxSender:
    """For development: appends `phone<TAB>text` to `outbox.txt` (mode 600) instead of sending a message."""

    def __init__(self, home: Path) -> None:
        self._path = home / "outbox.txt"

    def send(self, phone: str, text: str) -> None:
        """Append one line."""
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as outbox:
            outbox.write(f"{phone}\t{text}\n")


def load_sender(reference: str, home: Path) -> Sender:
    """The sender that `module:Class` names; raises `ConfigurationError` if there is none."""
    module, _, name = reference.partition(":")
    try:
        sender: Sender = getattr(importlib.import_module(module), name)(home)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"settings.toml: sender = {reference!r} cannot be loaded: {error}") from None
    return sender
