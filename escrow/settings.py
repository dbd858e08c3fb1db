"""Settings that both parties have. Spec: §6.1."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from service.settings import Port, Positive, ServerSettings
from service.urls import is_base

MAX_RETENTION_DAYS = 365
"""How many days after its end a party may keep its share of an epoch."""

PEER_SECONDS = 600
"""How long the other party may take: a full batch or release is minutes of work."""


class EscrowSettings(ServerSettings, frozen=True, kw_only=True):
    """How long a party keeps its share of an epoch, how far it publishes ahead, and where its vault key is."""

    retention_days: Annotated[int, Meta(ge=0, le=MAX_RETENTION_DAYS)] = 28
    publish_ahead_days: Annotated[int, Meta(ge=1, le=30)] = 3
    vault_key: Literal["file", "passphrase", "environment"] = "file"
    """Where the vault key is: in `vault.key`, in `vault.sealed` under a passphrase, or in the environment."""
    vault_passphrase_file: Path | None = None
    """A file with the passphrase; whoever starts the program is asked if there is none."""
    vault_copies: tuple[Path, ...] = ()
    """Directories, below mount points of other machines' disks, where the vault keeps its files as well."""
    client_address_header: str | None = None
    """The header in which a reverse proxy puts the client's address; without a proxy anyone could write it."""
    applications_per_hour: Positive = 240
    """Applications of venues from one address."""
    checkpoints_per_hour: Positive = 1200
    """Checkpoints to cosign from one address: the other party asks within 30 s when its log has grown, and at once for
    whoever waits for a proof."""
    desk_port: Port = 8410
    """Where `desk` listens, on this machine alone."""
    desk_origin: str | None = None
    """The desk's private name, as `https://desk.example`, with whatever terminates TLS in front; else localhost."""
    desk_audit: Path | None = None
    """The directory that this party's own audit keeps (`audit --state`), of which the desk tells."""
    commitments_per_hour: Positive = 60
    """Commitments of one venue: one, and more where the other party does not answer."""

    @property
    def desk_url(self) -> str:
        """The desk's origin, as a browser says it."""
        return self.desk_origin or f"http://localhost:{self.desk_port}"

    def __post_init__(self) -> None:
        if not is_base(self.desk_url) or not _has_name(self.desk_url):
            raise ValueError(
                "desk_origin has to be a name, as https://desk.example: no address, path or capital letter"
            )
        if self.vault_passphrase_file is not None and self.vault_key != "passphrase":
            raise ValueError('vault_passphrase_file is read with vault_key = "passphrase" alone')


def _has_name(url: str) -> bool:
    """Whether browsers take a URL's host for a relying party's: a name in small letters, of which TLS protects all but
    this machine's own.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_name = any(character.isalpha() for character in host.rpartition(".")[2]) and ":" not in host
    return is_name and url == url.lower().rstrip("/") and (parts.scheme == "https" or host == "localhost")
