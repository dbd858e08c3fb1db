"""The authority's settings. Spec: §6.1."""

from __future__ import annotations

from pydantic import Field

from escrow.settings import EscrowSettings


class AuthoritySettings(EscrowSettings):
    """`settings.toml` in the authority's home directory."""

    port: int = Field(default=8402, ge=0, le=65535)
    threads: int = Field(default=2, ge=1, le=64)
    """Threads that issue passes; libsodium lets them run at once."""
