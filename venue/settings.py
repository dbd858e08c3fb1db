"""The venue's settings. Spec: §6.1."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.settings import ServerSettings


class VenueSettings(ServerSettings):
    """`settings.toml` in the venue's home directory; `init` writes it."""

    venue: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    """The venue's id: 16 bytes in hexadecimal, drawn once."""
    name: str
    url: str = ""
    """Where visitors reach the server in scan mode, without a slash at its end; empty for a venue without one."""
    port: int = Field(default=8403, ge=0, le=65535)
    tolerance: int = Field(default=30, ge=0, le=600)
    """How many seconds a label's time may be from the door's clock."""
    retention_days: int = Field(default=28, ge=1, le=60)
    """How many days check-ins are kept after theirs."""
