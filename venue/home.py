"""A server's home directory, the domains that it pins, and its venues. Spec: §6.1.

The database is loaded when it is needed: the list of venues is there without it.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.epochs import MAX_STAY
from service.errors import ConfigurationError
from service.settings import load_settings
from venue.domains import PinnedDomain, PinnedDomains
from venue.membership import Membership
from venue.settings import VenueDescription, VenueSettings

if TYPE_CHECKING:
    import sqlalchemy as sql

    from venue.contacts import Contacts
    from venue.gate import DoorDomain, Gate
    from venue.pairing import Pairings
    from venue.reader_tokens import ReaderTokens

VENUES = "venues"
"""The directory of a home that has one directory for each venue, named by its id in hexadecimal."""


class VenueHome:
    """One or several venues with one server and one database: `settings.toml`, `domains`, `venues` and more.

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
        self.domains = PinnedDomains(path, self.settings)
        names = {pinned.name for pinned in self.domains}
        if not names and (path / "domain.toml").exists():
            raise ConfigurationError(f"{path} is of an earlier version; run `python -m venue domains adopt NAME`")
        if not names:
            raise ConfigurationError(f"{path} pins no domain yet; run `python -m venue domains add FILE --name NAME`")
        chosen = [] if self.settings.assisted_domain is None else [self.settings.assisted_domain]
        if unknown := sorted({*self.settings.domains, *chosen} - names):
            raise ConfigurationError(f"settings.toml names domains that are not pinned here: {', '.join(unknown)}")
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
        known = self._venues.get(venue_id)
        if known is not None:
            return known
        if not (self.path / VENUES / venue_id.hex()).is_dir():
            return None
        return self._venues.setdefault(venue_id, ServedVenue(self, venue_id))

    @property
    def memberships(self) -> list[Membership]:
        """Every venue in every domain."""
        return [membership for venue in self.venues for membership in venue.memberships]

    @property
    def assisted_domain(self) -> PinnedDomain:
        """The domain for which the doors seal what staff take down; raises `ConfigurationError` unless it is clear."""
        taken = [pinned for pinned in self.domains if not pinned.closed]
        chosen = self.settings.assisted_domain
        found = [pinned for pinned in taken if chosen in {None, pinned.name}]
        if len(found) != 1:
            names = ", ".join(pinned.name for pinned in taken)
            raise ConfigurationError(
                f"say in settings.toml for which domain this is sealed: assisted_domain = NAME, one of {names}"
            )
        return found[0]

    @property
    def assisted_number(self) -> int | None:
        """The number of that domain; None if it is not clear."""
        try:
            return self.assisted_domain.domain.number
        except ConfigurationError:
            return None

    @property
    def utc_offset(self) -> int:
        """Seconds from UTC to the time that commands show where it is of no domain."""
        return next(iter(self.domains)).domain.utc_offset

    @cached_property
    def engine(self) -> sql.Engine:
        """The database."""
        from service import inbox
        from service.storage import open_database, sqlite_url
        from venue import contacts, deliveries, log, pairing, reader_tokens, store
        from venue.migrations import steps

        url = self.settings.database or sqlite_url(self.path / "venue.db")
        parts = (store, log, reader_tokens, pairing, contacts, deliveries, inbox)
        numbers = [pinned.domain.number for pinned in self.domains]
        return open_database(url, steps(self.venue_ids, numbers), *(part.metadata for part in parts))

    @cached_property
    def reader_tokens(self) -> ReaderTokens:
        """The credentials of the doors' readers."""
        from venue.reader_tokens import ReaderTokens

        return ReaderTokens(self.engine)

    @cached_property
    def pairings(self) -> Pairings:
        """The links by which pages at the doors become readers."""
        from venue.pairing import Pairings

        return Pairings(self.engine)

    @cached_property
    def contacts(self) -> Contacts:
        """What the readers said last."""
        from venue.contacts import Contacts

        return Contacts(self.engine)

    def forget_requests(self, now: int) -> None:
        """Delete ids of requests that cannot come again after Unix time `now`, and what is known of deliveries."""
        from service import inbox
        from venue import deliveries, pairing

        for part in (inbox, deliveries, pairing):
            part.forget_old(self.engine, now)

    def make_room(self, now: int) -> None:
        """Have the database ready for check-ins of the day at Unix time `now`, and of those ahead."""
        from venue import log, store

        for pinned in self.domains:
            wanted, today = pinned.wanted_epochs(now), pinned.domain.epoch_at(now)
            for part in (store, log):
                part.make_room(self.engine, range(today, wanted.stop))

    def delete_expired(self, pinned: PinnedDomain, now: int) -> None:
        """Delete a domain's check-ins whose epoch ended longer ago than its retention period.

        Also what no release needs of the venues' logs any more.
        """
        from protocol.releases import COMMITMENT_MARGIN
        from service.storage import truncate_log
        from venue import log, store

        domain = pinned.domain
        first = domain.epoch_at(now) - pinned.retention_days
        store.delete_before(self.engine, domain.number, first)
        time = domain.epoch_begins(first) - MAX_STAY - COMMITMENT_MARGIN
        own = [membership for membership in self.memberships if membership.pinned is pinned]
        starts = {membership.venue_id: membership.log.cut_before(time) for membership in own}
        log.delete_leaves(self.engine, domain.number, first, starts)
        truncate_log(self.engine)


class ServedVenue:
    """One venue of a home, with an id of 16 bytes: `venue.toml` in its directory, and a directory for each domain."""

    def __init__(self, home: VenueHome, venue_id: bytes) -> None:
        self.home, self.venue_id = home, venue_id
        self.path = home.path / VENUES / venue_id.hex()
        self._memberships: dict[PinnedDomain, Membership] = {}

    @property
    def description(self) -> VenueDescription:
        """The venue's name and URL."""
        return VenueDescription.read(self.path)

    @property
    def memberships(self) -> list[Membership]:
        """The venue in each domain that the home pins, in the order of their names."""
        return [self._membership(pinned) for pinned in self.home.domains]

    def membership(self, domain: int) -> Membership | None:
        """The venue in the domain of a number."""
        pinned = self.home.domains.find(domain)
        return None if pinned is None else self._membership(pinned)

    @property
    def assisted(self) -> Membership:
        """The venue in the domain for which staff take people down; raises `ConfigurationError` unless it is clear."""
        return self._membership(self.home.assisted_domain)

    @cached_property
    def gate(self) -> Gate:
        """The decisions of the venue's doors."""
        from venue.gate import Gate

        return Gate(self.venue_id, self.door)

    def door(self, domain: int) -> DoorDomain | None:
        """What its doors have of the domain of a number; None if the home does not pin it."""
        membership = self.membership(domain)
        return None if membership is None else membership.door

    def _membership(self, pinned: PinnedDomain) -> Membership:
        membership = self._memberships.get(pinned)
        if membership is None:
            membership = Membership(self.venue_id, pinned, self.path, lambda: self.home.engine)
            kept = ((known, member) for known, member in self._memberships.items() if known in self.home.domains)
            self._memberships = {**dict(kept), pinned: membership}
        return membership
