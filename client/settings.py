"""The visitor's settings. Spec: §6.1."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from nacl.pwhash import argon2id

from service.passphrase import MAX_MEMORY, MAX_OPERATIONS
from service.phone_numbers import DEFAULT_REGION, is_region
from service.settings import Positive, Settings


class ClientSettings(Settings, frozen=True, kw_only=True):
    """`settings.toml` in the visitor's home directory."""

    retention_days: Positive = 28
    """How long the visitor's own check-ins stay in the wallet."""
    memory_days: Positive = 120
    """How long the passes of forgotten check-ins stay, to find out whether they were opened: retention and embargo."""
    at_once: bool = False
    """Register and ask whenever `fetch` is run, and not at drawn times: for demonstrations.

    It shows the authority which passes are one person's.
    """
    region: str = DEFAULT_REGION
    """The country (ISO 3166, two letters) of telephone numbers that are typed without a country code."""
    passphrase_operations: Annotated[int, Meta(ge=1, le=MAX_OPERATIONS)] = argon2id.OPSLIMIT_MODERATE
    passphrase_memory: Annotated[int, Meta(ge=argon2id.MEMLIMIT_MIN, le=MAX_MEMORY)] = argon2id.MEMLIMIT_MODERATE
    """What Argon2id spends on a new wallet's passphrase: passes over the memory, and its size in bytes."""

    def __post_init__(self) -> None:
        if self.region != DEFAULT_REGION and not is_region(self.region):  # which loads a large package
            raise ValueError(f"no country has the region's code {self.region!r}")
