"""The visitor's settings. Spec: §6.1."""

from __future__ import annotations

from nacl.pwhash import argon2id
from pydantic import Field

from service.passphrase import MAX_MEMORY, MAX_OPERATIONS
from service.settings import Settings


class ClientSettings(Settings):
    """`settings.toml` in the visitor's home directory."""

    retention_days: int = Field(default=28, ge=1)
    """How long the visitor's own check-ins stay in the wallet."""
    memory_days: int = Field(default=120, ge=1)
    """How long the passes of forgotten check-ins stay, to find out whether they were opened: retention and embargo."""
    at_once: bool = False
    """Register and ask whenever `fetch` is run, and not at drawn times: for demonstrations.

    It shows the authority which passes are one person's.
    """
    passphrase_operations: int = Field(default=argon2id.OPSLIMIT_MODERATE, ge=1, le=MAX_OPERATIONS)
    passphrase_memory: int = Field(default=argon2id.MEMLIMIT_MODERATE, ge=argon2id.MEMLIMIT_MIN, le=MAX_MEMORY)
    """What Argon2id spends on a new wallet's passphrase: passes over the memory, and its size in bytes."""
