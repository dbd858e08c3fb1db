"""A venue in one domain: its key there, the record that this domain's parties signed, and what it admitted.

Spec: §3.9, §6.1. The database is loaded when it is needed: the list of venues is there without it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement
from protocol.warrants import Venue, verify_venue
from service.errors import ConfigurationError
from service.files import private_directory, sync_directory, write_private
from service.keys import create_secret, load_signing_key
from venue.errors import NotRegistered
from venue.settings import VenueDescription

if TYPE_CHECKING:
    import sqlalchemy as sql

    from service.inbox import Inbox
    from venue.domains import PinnedDomain
    from venue.gate import DoorDomain
    from venue.log import Log
    from venue.store import Store


class Membership:
    """A venue (16-byte id) in a domain that its home pins.

    In the venue's directory, `venue.key` and `venue.cbor` lie in a directory of this domain's name. While the key
    changes, `next.key` is there too. `database` gives the home's. Raises `ConfigurationError` when something is missing
    or wrong, but not before it is needed: the doors go on without the key.
    """

    def __init__(
        self, venue_id: bytes, pinned: PinnedDomain, directory: Path, database: Callable[[], sql.Engine]
    ) -> None:
        self.venue_id, self.pinned, self.path = venue_id, pinned, directory / pinned.name
        self._directory, self._database = directory, database

    @property
    def engine(self) -> sql.Engine:
        """The database."""
        return self._database()

    @property
    def description(self) -> VenueDescription:
        """The venue's name and URL."""
        return VenueDescription.read(self._directory)

    @property
    def signing_key(self) -> SigningKey:
        """The venue key of this domain: it signs releases and opens nothing."""
        if self.lacks_key:
            raise ConfigurationError(
                f"{self.path / 'venue.key'} is missing: run register if it was never drawn, or rotate-key if it is lost"
            )
        return load_signing_key(self.path / "venue.key")

    @property
    def lacks_key(self) -> bool:
        """Whether there is no venue key: none was drawn yet, or it is lost."""
        return not (self.path / "venue.key").exists()

    def draw_first_key(self) -> None:
        """Draw the venue key, unless there is one, or one is lost that was registered."""
        if self.lacks_key and self.next_key is None and self.registration is None:
            create_secret(private_directory(self.path) / "venue.key")

    @property
    def next_key(self) -> SigningKey | None:
        """The key that is to take the place of the venue key, once both parties have approved it."""
        path = self.path / "next.key"
        return load_signing_key(path) if path.exists() else None

    def draw_next_key(self) -> SigningKey:
        """The key for a change, drawn unless a change is under way already."""
        if self.next_key is None:
            create_secret(private_directory(self.path) / "next.key")
        return load_signing_key(self.path / "next.key")

    def delete_next_key(self) -> None:
        """Give up a change of the key; nothing happens if none is under way."""
        (self.path / "next.key").unlink(missing_ok=True)
        sync_directory(self.path)

    @property
    def record(self) -> Venue:
        """The venue as it asks to be registered, in a change of its key with the next one."""
        described, key = self.description, public_key(self.next_key or self.signing_key)
        return Venue(self.pinned.domain.number, self.venue_id, described.name, described.url, key)

    @property
    def registration(self) -> JointStatement | None:
        """The record that both parties signed, once `keep_registration` was called."""
        try:
            return JointStatement.from_bytes((self.path / "venue.cbor").read_bytes())
        except FileNotFoundError:
            return None

    @property
    def registered(self) -> JointStatement:
        """The same; raises `NotRegistered` if there is none."""
        joint = self.registration
        if joint is None:
            raise NotRegistered(self.venue_id)
        return joint

    def keep_registration(self, joint: JointStatement) -> None:
        """Verify and keep the record that both parties signed; the next key becomes the venue key.

        Raises what `verify_venue` raises, and `ConfigurationError` if it is not the record of this venue.
        """
        if verify_venue(self.pinned.domain, joint).record != self.record:
            raise ConfigurationError("the parties signed another record than venue.toml and venue.key describe")
        write_private(self.path / "venue.cbor", joint.to_bytes())
        if self.next_key is not None:
            (self.path / "next.key").replace(self.path / "venue.key")
            sync_directory(self.path)

    @cached_property
    def store(self) -> Store:
        """The venue's check-ins of this domain."""
        from venue.store import Store

        return Store(self.engine, self.pinned.domain.number, self.venue_id)

    @cached_property
    def log(self) -> Log:
        """The venue's check-ins of this domain in the order in which it committed to them."""
        from venue.log import Log

        return Log(self.engine, self.pinned.domain.number, self.venue_id)

    @cached_property
    def door(self) -> DoorDomain:
        """What the venue's doors have of this domain."""
        from venue.gate import DoorDomain

        pinned = self.pinned
        return DoorDomain(pinned.domain, pinned.epochs.key, self.store, pinned.tolerance, pinned.closed)

    @cached_property
    def inbox(self) -> Inbox:
        """Requests of this domain's parties to this venue."""
        from service.inbox import Inbox

        return Inbox(self.engine, self.pinned.domain, self.venue_id.hex())
