"""Settings that both parties have. Spec: §6.1."""

from __future__ import annotations

from pydantic import Field

from service.settings import Settings


class EscrowSettings(Settings):
    """Where a party's server listens and keeps its data, and how long it keeps its share of an epoch."""

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    database: str | None = None
    """An SQLAlchemy URL; an SQLite file in the home directory if there is none."""
    retention_days: int = Field(default=28, ge=0, le=365)
    publish_ahead_days: int = Field(default=3, ge=1, le=30)
