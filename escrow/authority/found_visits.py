"""Who was where, from what was opened under any number of warrants: one list in the order of people. Spec: §6.8.

A phone number that an operator verified is one person, whichever operator it was. What a venue asserted may be about
anybody, so each such record is a person of its own.

The list is in a temporary database that has no name in any directory. SQLite keeps on the disk what is too much for its
memory, and the system takes it back when the process ends, however it ends.
"""

from __future__ import annotations

import errno
import secrets
import sqlite3
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from itertools import groupby
from typing import NamedTuple

from service.clock import DAY

CACHE_KIB = 2_000
_TABLES = """
CREATE TABLE visits (
    domain TEXT NOT NULL, venue_id BLOB NOT NULL, epoch INTEGER NOT NULL, u BLOB NOT NULL,
    source INTEGER NOT NULL, venue TEXT NOT NULL, day INTEGER NOT NULL,
    entered INTEGER, "left" INTEGER, first INTEGER NOT NULL,
    phone TEXT, name TEXT, verified_on INTEGER,
    PRIMARY KEY (domain, venue_id, epoch, u)
) WITHOUT ROWID;
CREATE TABLE people (number INTEGER PRIMARY KEY, phone TEXT NOT NULL UNIQUE);
"""
_INDEX = "CREATE INDEX IF NOT EXISTS of_phone ON visits (phone) WHERE verified_on IS NOT NULL"
_PUT = """
INSERT INTO visits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    source = excluded.source, venue = excluded.venue, day = excluded.day,
    entered = excluded.entered, "left" = excluded."left", first = excluded.first,
    phone = excluded.phone, name = excluded.name, verified_on = excluded.verified_on
WHERE "left" IS NULL AND excluded."left" IS NOT NULL
"""
"""Windows may overlap, so that one visit is opened under several warrants. Of these the one with an exit stays."""
_NUMBER = """
INSERT OR IGNORE INTO people (phone)
SELECT phone FROM visits WHERE verified_on IS NOT NULL ORDER BY first, domain, u
"""
_VERIFIED = """
SELECT source, epoch, u, entered, "left", phone, name, verified_on, number
FROM people CROSS JOIN visits USING (phone) WHERE verified_on IS NOT NULL
ORDER BY number, first, ifnull(entered, 0), ifnull("left", 0), domain, venue_id, name, u
"""
_ASSERTED = """
SELECT source, epoch, u, entered, "left", phone, name, verified_on
FROM visits WHERE phone IS NOT NULL AND verified_on IS NULL ORDER BY first, domain, u
"""
_DAYS = """
SELECT min(venue), venue_id, day, count(DISTINCT phone) FILTER (WHERE verified_on IS NOT NULL),
    count(phone) FILTER (WHERE verified_on IS NULL), count(*), count(*) FILTER (WHERE phone IS NULL)
FROM visits GROUP BY venue_id, day ORDER BY min(venue), venue_id, day
"""


class Identity(NamedTuple):
    """Whose a visit is. `verified_on` is a day since 1970-01-01, by the operator's word; None if a venue asserts it."""

    phone: str
    name: str
    verified_on: int | None

    def __repr__(self) -> str:
        return "Identity(hidden)"


class Source(NamedTuple):
    """What visits were opened under: a warrant, of a case if it has a name, for a venue.

    `domain` names the domain, and with it the operator that vouches for people; `utc_offset` is the domain's.
    """

    case: str
    warrant_id: bytes
    venue: str
    venue_id: bytes
    domain: str
    utc_offset: int


class FoundVisit(NamedTuple):
    """A visit that was opened: the pass (epoch and `u`), its entry and exit in Unix seconds, and whose it is.

    `identity` is None if it leads to nobody.
    """

    source: Source
    epoch: int
    u: bytes
    entered: int | None
    left: int | None
    identity: Identity | None

    @property
    def first_time(self) -> int:
        """The entry, or the exit of a visit without one."""
        time = self.left if self.entered is None else self.entered
        assert time is not None
        return time


class GroupVisit(NamedTuple):
    """The visits of one person to one venue that began and ended together: whoever came with one phone."""

    visit: FoundVisit
    party_size: int


class Person(NamedTuple):
    """A person, and every visit of theirs, the earliest first."""

    visits: tuple[GroupVisit, ...]

    @property
    def identity(self) -> Identity:
        """Who it is, as the first visit says."""
        identity = self.visits[0].visit.identity
        assert identity is not None
        return identity

    @property
    def is_verified(self) -> bool:
        """Whether an operator has verified the number."""
        return self.identity.verified_on is not None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that the person goes by."""
        return tuple(dict.fromkeys(group.visit.identity.name for group in self.visits if group.visit.identity))

    @property
    def venues(self) -> tuple[str, ...]:
        """The name of each venue where they were; two venues may have one name."""
        names = {group.visit.source.venue_id: group.visit.source.venue for group in self.visits}
        return tuple(names.values())

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains whose operators vouch for them."""
        return tuple(dict.fromkeys(group.visit.source.domain for group in self.visits))


class DayCount(NamedTuple):
    """How many people were at a venue on a day (since 1970-01-01, local), and how many visits that makes.

    `people` were verified, `asserted` were not, and `unreachable` visits lead to nobody.
    """

    venue: str
    venue_id: bytes
    day: int
    people: int
    asserted: int
    visits: int
    unreachable: int


class FoundVisits:
    """The list, to which visits are added before it is read; it is closed when nobody holds it any more."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._connection.close)
        _keep_in_temporary_directory(self._connection)
        self._connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA cache_size = -{CACHE_KIB}; {_TABLES} BEGIN;")
        self._sources: list[Source] = []

    def add(self, visits: Iterable[FoundVisit]) -> None:
        """Take visits, each once; raises `OSError` when there is no room for them."""
        with _told():
            self._connection.executemany(_PUT, map(self._row, visits))

    def people(self) -> Iterator[Person]:
        """Those whom an operator verified, by their first visit, then those whom nobody did."""
        with _told():
            self._number_people()
            verified = self._connection.execute(_VERIFIED)
            for _, visits in groupby(verified, lambda row: row[-1]):
                yield Person(tuple(_in_groups(self._visit(*row[:-1]) for row in visits)))
            for row in self._connection.execute(_ASSERTED):
                yield Person((GroupVisit(self._visit(*row), 1),))

    def count(self) -> tuple[int, int]:
        """How many people an operator verified, and how many records nobody verified."""
        with _told():
            self._number_people()
            (verified,) = self._connection.execute("SELECT count(*) FROM people").fetchone()
            asserted = "SELECT count(*) FROM visits WHERE phone IS NOT NULL AND verified_on IS NULL"
            return verified, self._connection.execute(asserted).fetchone()[0]

    def days(self) -> Iterator[DayCount]:
        """The counts of each venue and day."""
        with _told():
            yield from (DayCount(*row) for row in self._connection.execute(_DAYS))

    def arrivals(self) -> Iterator[int]:
        """The Unix times of all entries."""
        with _told():
            for (time,) in self._connection.execute("SELECT entered FROM visits WHERE entered IS NOT NULL"):
                yield time

    def _number_people(self) -> None:
        self._connection.execute(_INDEX)
        self._connection.execute("DELETE FROM people")
        self._connection.execute(_NUMBER)

    def _row(self, visit: FoundVisit) -> tuple[object, ...]:
        source, first = visit.source, visit.first_time
        if source not in self._sources[-1:]:
            self._sources.append(source)
        place = source.domain, source.venue_id, visit.epoch, visit.u, len(self._sources) - 1, source.venue
        day = (first + source.utc_offset) // DAY
        return *place, day, visit.entered, visit.left, first, *(visit.identity or (None, None, None))

    def _visit(
        self,
        source: int,
        epoch: int,
        u: bytes,
        entered: int | None,
        left: int | None,
        phone: str,
        name: str,
        verified_on: int | None,
    ) -> FoundVisit:
        return FoundVisit(self._sources[source], epoch, u, entered, left, Identity(phone, name, verified_on))


class CountedPeople(FoundVisits):
    """People who are to be counted alone: of their numbers it has digests with a key of its own, and no names."""

    def __init__(self) -> None:
        super().__init__()
        self._key = secrets.token_bytes(32)

    def add(self, visits: Iterable[FoundVisit]) -> None:
        """Take visits, each once; raises `OSError` when there is no room for them."""
        super().add(visit._replace(identity=self._hidden(visit.identity)) for visit in visits)

    def _hidden(self, identity: Identity | None) -> Identity | None:
        if identity is None:
            return None
        digest = blake2b(identity.phone.encode(), key=self._key, digest_size=16)
        return Identity(digest.hexdigest(), "", identity.verified_on)


def _in_groups(visits: Iterable[FoundVisit]) -> Iterator[GroupVisit]:
    def key(visit: FoundVisit) -> tuple[object, ...]:
        name = visit.identity and visit.identity.name
        return visit.first_time, visit.entered, visit.left, visit.source.domain, visit.source.venue_id, name

    for _, together in groupby(visits, key):
        first, *others = together
        yield GroupVisit(first, 1 + len(others))


def _keep_in_temporary_directory(connection: sqlite3.Connection) -> None:
    """Have SQLite keep what is temporary in `TMPDIR`, or in `/tmp` without one: by itself it prefers `/var/tmp`.

    The setting is the whole process's, and is not changed while it is in use.
    """
    directory = tempfile.gettempdir()
    if connection.execute("PRAGMA temp_store_directory").fetchone() != (directory,):
        quoted = directory.replace("'", "''")
        connection.execute(f"PRAGMA temp_store_directory = '{quoted}'")


@contextmanager
def _told() -> Iterator[None]:
    """Say of SQLite's trouble what can be done about it; its own text may hold what is on the list."""
    try:
        yield
    except sqlite3.OperationalError:
        raise OSError(
            errno.ENOSPC,
            "there is no room for the list; make some, or set TMPDIR to a directory on an encrypted disk that has",
            tempfile.gettempdir(),
        ) from None
