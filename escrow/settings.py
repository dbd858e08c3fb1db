"""Settings that both parties have. Spec: §6.1."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

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
    vault_key: Literal["file", "passphrase", "environment"] = "file"
    """Where the vault key is: in `vault.key`, in `vault.sealed` under a passphrase, or in the environment."""
    vault_passphrase_file: Path | None = None
    """A file with the passphrase; whoever starts the program is asked if there is none."""
    vault_copies: tuple[Path, ...] = ()
    """Directories, below mount points of other machines' disks, where the vault keeps its files as well."""
