"""A server's home directory, its venues, and what they make of a process: keys, stores, gates. Spec: §6.1.

The database is loaded when it is needed: the list of venues is there without it.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.check_ins import MAX_STAY
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement
from protocol.releases import COMMITMENT_MARGIN
from protocol.warrants import Venue, verify_venue
from service.epoch_cache import EpochCache
from service.errors import ConfigurationError
from service.files import sync_directory, write_private
from service.keys import create_secret, load_signing_key
from service.settings import DomainSettings, load_domain, load_settings
from venue.settings import VenueDescription, VenueSettings

if TYPE_CHECKING:
    import sqlalchemy as sql

    from service.inbox import Inbox
    from venue.gate import Gate
    from venue.log import Log
    from venue.reader_tokens import ReaderTokens
    from venue.store import Store

VENUES = "venues"
"""The directory of a home that has one directory for each venue, named by its id in hexadecimal."""
DAYS_AHEAD = 3
"""For how many days after today a door keeps epoch keys, to work without a network."""


class VenueHome:
    """One or several venues with one server and one database: `settings.toml`, `domain.toml`, `venues` and more.

    Raises `ConfigurationError` when something there is missing or wrong.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / VENUES).is_dir():
            raise ConfigurationError(
                f"{path} is no home of venues yet; run `python -m venue init` first / "
                "시설 폴더가 아닙니다. 먼저 init을 실행해 주세요"
            )
        self.settings = load_settings(VenueSettings, path / "settings.toml")
        self.domain_settings: DomainSettings = load_domain(path)
        self.domain = self.domain_settings.domain
        self.epochs = EpochCache(path / "epochs", self.domain_settings)
        self._venues: dict[bytes, ServedVenue] = {}

    @property
    def venue_ids(self) -> list[bytes]:
        """The 16-byte ids of the venues that have a directory here."""
        names = sorted(path.name for path in (self.path / VENUES).iterdir())
        return [bytes.fromhex(name) for name in names if re.fullmatch("[0-9a-f]{32}", name)]

    @property
    def venues(self) -> list[ServedVenue]:
        """The venues, in the order of their ids."""
        return [self._venues.setdefault(venue_id, ServedVenue(self, venue_id)) for venue_id in self.venue_ids]

    def venue(self, venue_id: bytes) -> ServedVenue | None:
        """A venue of this home by its id, also one that was added after the program had begun."""
        if venue_id not in self._venues and not (self.path / VENUES / venue_id.hex()).is_dir():
            return None
        return self._venues.setdefault(venue_id, ServedVenue(self, venue_id))

    @cached_property
    def engine(self) -> sql.Engine:
        """The database."""
        from service import inbox
        from service.storage import open_database, sqlite_url
        from venue import log, reader_tokens, store
        from venue.migrations import steps

        url = self.settings.database or sqlite_url(self.path / "venue.db")
        tables = (store.metadata, log.metadata, reader_tokens.metadata, inbox.metadata)
        return open_database(url, steps(self.venue_ids), *tables)

    @cached_property
    def reader_tokens(self) -> ReaderTokens:
        """The credentials of the doors' readers."""
        from venue.reader_tokens import ReaderTokens

        return ReaderTokens(self.engine)

    def wanted_epochs(self, now: int) -> range:
        """The epochs whose keys a door needs at Unix time `now`: yesterday's for exits, today's, and days ahead."""
        today = self.domain.epoch_at(now)
        return range(today - 1, today + DAYS_AHEAD + 1)

    def delete_expired(self, now: int) -> int:
        """Delete the check-ins whose epoch ended longer ago than the retention period; returns how many.

        Also what no release needs of the venues' logs any more, and ids of requests that cannot come again.
        """
        from service import inbox
        from service.storage import truncate_log
        from venue import store

        inbox.forget_old(self.engine, now)
        first = self.domain.epoch_at(now) - self.settings.retention_days
        deleted = store.delete_before(self.engine, first)
        for venue in self.venues:
            venue.log.delete_before(self.domain.epoch_begins(first) - MAX_STAY - COMMITMENT_MARGIN)
        truncate_log(self.engine)
        return deleted


class ServedVenue:
    """One venue of a home, with an id of 16 bytes: `venue.toml`, `venue.key` and `venue.cbor` in its directory.

    While its key changes, `next.key` is there too. Raises `ConfigurationError` when something is missing or wrong, but
    not before it is needed: the doors go on without the key.
    """

    def __init__(self, home: VenueHome, venue_id: bytes) -> None:
        self.home, self.venue_id = home, venue_id
        self.path = home.path / VENUES / venue_id.hex()

    @property
    def signing_key(self) -> SigningKey:
        """The venue key: it signs releases and opens nothing."""
        if self.has_lost_key:
            raise ConfigurationError(f"{self.path / 'venue.key'} is lost; run rotate-key to have another registered")
        return load_signing_key(self.path / "venue.key")

    @property
    def has_lost_key(self) -> bool:
        """Whether there is no venue key."""
        return not (self.path / "venue.key").exists()

    @property
    def next_key(self) -> SigningKey | None:
        """The key that is to take the place of the venue key, once both parties have approved it."""
        path = self.path / "next.key"
        return load_signing_key(path) if path.exists() else None

    def draw_next_key(self) -> SigningKey:
        """The key for a change, drawn unless a change is under way already."""
        if self.next_key is None:
            create_secret(self.path / "next.key")
        return load_signing_key(self.path / "next.key")

    def delete_next_key(self) -> None:
        """Give up a change of the key; nothing happens if none is under way."""
        (self.path / "next.key").unlink(missing_ok=True)
        sync_directory(self.path)

    @property
    def description(self) -> VenueDescription:
        """The venue's name and URL."""
        return load_settings(VenueDescription, self.path / "venue.toml")

    @property
    def record(self) -> Venue:
        """The venue as it asks to be registered, in a change of its key with the next one."""
        description, key = self.description, public_key(self.next_key or self.signing_key)
        return Venue(self.home.domain.number, self.venue_id, description.name, description.url, key)

    @property
    def registration(self) -> JointStatement | None:
        """The record that both parties signed, once `keep_registration` was called."""
        try:
            return JointStatement.from_bytes((self.path / "venue.cbor").read_bytes())
        except FileNotFoundError:
            return None

    def keep_registration(self, joint: JointStatement) -> None:
        """Verify and keep the record that both parties signed; the next key becomes the venue key.

        Raises what `verify_venue` raises, and `ConfigurationError` if it is not the record of this venue.
        """
        if verify_venue(self.home.domain, joint).record != self.record:
            raise ConfigurationError("the parties signed another record than venue.toml and venue.key describe")
        write_private(self.path / "venue.cbor", joint.to_bytes())
        if self.next_key is not None:
            (self.path / "next.key").replace(self.path / "venue.key")
            sync_directory(self.path)

    @cached_property
    def store(self) -> Store:
        """The venue's check-ins."""
        from venue.store import Store

        return Store(self.home.engine, self.venue_id)

    @cached_property
    def log(self) -> Log:
        """The venue's check-ins in the order in which it committed to them."""
        from venue.log import Log

        return Log(self.home.engine, self.venue_id)

    @cached_property
    def gate(self) -> Gate:
        """The decisions of the venue's doors."""
        from venue.gate import Gate

        home = self.home
        return Gate(home.domain, home.epochs.key, self.store, self.venue_id, home.settings.tolerance)

    @cached_property
    def inbox(self) -> Inbox:
        """Requests of the parties to this venue."""
        from service.inbox import Inbox

        return Inbox(self.home.engine, self.home.domain, self.venue_id.hex())
