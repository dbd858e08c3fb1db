"""A venue's home directory and what it makes of a process: keys, settings, epoch keys, store and gate. Spec: §6.1."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sql

from protocol.errors import MalformedEncoding
from protocol.signatures import SigningKey, public_key
from protocol.statements import JointStatement
from protocol.warrants import Venue, verify_venue
from service import inbox
from service.epochs import EpochCache
from service.files import private_directory, write_private
from service.inbox import Inbox
from service.keys import create_secret, load_secret, load_signing_key
from service.settings import ConfigurationError, DomainSettings, load_domain, load_settings
from service.storage import open_database, sqlite_url, truncate_log
from venue import store
from venue.gate import Gate
from venue.migrations import STEPS
from venue.settings import VenueSettings
from venue.store import Store

Clock = Callable[[], int]

DAYS_AHEAD = 3
"""For how many days after today a door keeps epoch keys, to work without a network."""


def unix_time() -> int:
    """The clock: Unix time in whole seconds."""
    return int(time.time())


def create_home(path: Path, name: str, url: str) -> None:
    """Draw a venue's id, key and reader token, and write its settings.

    Raises `ConfigurationError` if `path` holds a venue already or the name or URL will not do.
    """
    settings_file = path / "settings.toml"
    if settings_file.exists():
        raise ConfigurationError(f"{settings_file} exists already: this is a venue's home")
    settings = VenueSettings(venue=secrets.token_hex(16), name=name, url=_checked_url(url))
    if not name.isprintable():
        raise ConfigurationError("the name holds characters that cannot be printed")
    try:
        _record(0, settings, SigningKey.generate()).to_bytes()
    except MalformedEncoding as error:
        raise ConfigurationError(f"the name or the URL is empty or too long: {error}") from None
    private_directory(path)
    create_secret(path / "venue.key")
    create_secret(path / "reader.token")
    lines = [f"{key} = {json.dumps(getattr(settings, key), ensure_ascii=False)}\n" for key in ("venue", "name", "url")]
    write_private(settings_file, "".join(lines).encode())


class VenueHome:
    """A venue from its home directory: `settings.toml`, `domain.toml`, `venue.key` and what grows beside them.

    Raises `ConfigurationError` when something there is missing or wrong.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / "settings.toml").exists():
            raise ConfigurationError(f"{path} is no venue's home yet; run `python -m venue init` first")
        self.settings = load_settings(VenueSettings, path / "settings.toml")
        self.venue = bytes.fromhex(self.settings.venue)
        self.domain_settings: DomainSettings = load_domain(path)
        self.domain = self.domain_settings.domain
        self.epochs = EpochCache(path / "epochs", self.domain_settings)

    @cached_property
    def signing_key(self) -> SigningKey:
        """The venue key: it signs releases and opens nothing."""
        return load_signing_key(self.path / "venue.key")

    @cached_property
    def reader_token(self) -> bytes:
        """What readers show to the server, 32 bytes."""
        return load_secret(self.path / "reader.token")

    @cached_property
    def engine(self) -> sql.Engine:
        """The database."""
        url = self.settings.database or sqlite_url(self.path / "venue.db")
        try:
            return open_database(url, STEPS, store.metadata, inbox.metadata)
        except (sql.exc.SQLAlchemyError, ImportError) as error:
            raise ConfigurationError(
                f"the database cannot be opened: {type(error).__name__}; see settings.toml"
            ) from error

    @cached_property
    def store(self) -> Store:
        """The check-ins."""
        return Store(self.engine)

    @cached_property
    def gate(self) -> Gate:
        """The door's decisions."""
        return Gate(self.domain, self.epochs.key, self.store, self.venue, self.settings.tolerance)

    @cached_property
    def inbox(self) -> Inbox:
        """Requests of the parties to this venue."""
        return Inbox(self.engine, self.domain, self.settings.venue)

    @property
    def record(self) -> Venue:
        """The venue as it asks to be registered."""
        return _record(self.domain.number, self.settings, self.signing_key)

    @property
    def registration(self) -> JointStatement | None:
        """The record that both parties signed, once `keep_registration` was called."""
        try:
            return JointStatement.from_bytes((self.path / "venue.cbor").read_bytes())
        except FileNotFoundError:
            return None

    def keep_registration(self, joint: JointStatement) -> None:
        """Verify and keep the record that both parties signed.

        Raises what `verify_venue` raises, and `ConfigurationError` if it is not the record of this venue.
        """
        if verify_venue(self.domain, joint).record != self.record:
            raise ConfigurationError("the parties signed another record than settings.toml describes")
        write_private(self.path / "venue.cbor", joint.to_bytes())

    def wanted_epochs(self, now: int) -> range:
        """The epochs whose keys a door needs at Unix time `now`: yesterday's for exits, today's, and days ahead."""
        today = self.domain.epoch_at(now)
        return range(today - 1, today + DAYS_AHEAD + 1)

    def delete_expired(self, now: int) -> int:
        """Delete the check-ins whose epoch ended longer ago than the retention period; returns how many."""
        deleted = self.store.delete_before(self.domain.epoch_at(now) - self.settings.retention_days)
        truncate_log(self.engine)
        return deleted


def _record(domain: int, settings: VenueSettings, key: SigningKey) -> Venue:
    return Venue(domain, bytes.fromhex(settings.venue), settings.name, settings.url, public_key(key))


def _checked_url(url: str) -> str:
    """A server's base URL without a slash at its end, or nothing."""
    if not url:
        return url
    try:
        parts = urlsplit(url)
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        fit = False
    if not fit or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigurationError("the URL must look like https://door.example")
    return url.rstrip("/")
