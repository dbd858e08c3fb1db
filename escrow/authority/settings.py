"""The authority's settings. Spec: §6.1."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from escrow.settings import EscrowSettings
from service.settings import Port


class AuthoritySettings(EscrowSettings, frozen=True, kw_only=True):
    """`settings.toml` in the authority's home directory."""

    port: Port = 8402
    threads: Annotated[int, Meta(ge=1, le=64)] = 2
    """Threads that issue passes; libsodium lets them run at once."""
