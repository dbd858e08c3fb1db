"""What an officer takes out of the system, as CSV that no spreadsheet executes or changes. Spec: §5.4, §6.8.

A cell that begins with `=`, `+`, `-` or `@` can run as a formula, and a cell can also begin after a separator that only
some spreadsheets know. So nothing but letters, marks, digits and a few harmless signs of what others wrote is written
at all. A phone number is written so that no spreadsheet takes it for a number, a date or a formula.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain

from escrow.authority.found_visits import DayCount, Identity, Person
from service.cli import local_time
from service.names import joins
from service.phone_numbers import written_abroad, written_at_home

VISITS = (
    "person",
    "case",
    "warrant",
    "venue",
    "domain",
    "arrived",
    "left",
    "minutes",
    "party size",
    "verified",
    "phone",
    "name",
)
PEOPLE = ("person", "phone", "names", "verified", "domains", "venues", "visits", "first arrival")
DAYS = ("venue", "venue id", "day", "people", "asserted", "visits", "unreachable")
SUMMARY = ("warrant", "venue", "domain", "state", "what", "count")
NOT_VERIFIED = "not verified (asserted by the venue)"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
KNOWN = 16_384
"""So many texts, numbers and times are kept as they are written: the same ones come in several lists."""
_HARMLESS = frozenset(" .'·-")
_KEPT_AS_TEXT = re.compile(r"0\d{1,3}-\d{3,4}-\d{4}")
"""Numbers as people in Korea write them: no day, and no number, has groups like these."""


@dataclass(frozen=True, slots=True)
class Count:
    """How often something happened under a warrant, in a state, for a venue in a domain."""

    warrant_id: bytes
    venue: str
    domain: str
    state: str
    what: str
    count: int


def visits_csv(people: Iterable[Person], region: str) -> Iterator[str]:
    """A row for each visit, those of one person together; times are local, phone numbers as in `region`."""
    return _table(VISITS, (row for number, person in enumerate(people, 1) for row in _visits(number, person, region)))


def _visits(number: int, person: Person, region: str) -> Iterator[Sequence[object]]:
    for group in person.visits:
        visit, source, identity = group.visit, group.visit.source, group.visit.identity
        assert identity is not None
        known = visit.entered is not None and visit.left is not None
        yield (
            number,
            source.case and harmless(source.case),
            source.warrant_id.hex(),
            harmless(source.venue),
            harmless(source.domain),
            moment(visit.entered, source.utc_offset),
            moment(visit.left, source.utc_offset),
            ((visit.left or 0) - (visit.entered or 0)) // 60 if known else "",
            group.party_size,
            verification(identity),
            telephone(identity.phone, region),
            harmless(identity.name),
        )


def people_csv(people: Iterable[Person], region: str) -> Iterator[str]:
    """A row for each person, with every name they go by, who vouches for them, and how often they were where."""
    return _table(
        PEOPLE,
        (
            (
                number,
                telephone(person.identity.phone, region),
                " · ".join(harmless(name) for name in person.names),
                verification(person.identity),
                " · ".join(harmless(domain) for domain in person.domains),
                " · ".join(harmless(venue) for venue in person.venues),
                len(person.visits),
                moment(person.visits[0].visit.first_time, person.visits[0].visit.source.utc_offset),
            )
            for number, person in enumerate(people, 1)
        ),
    )


def days_csv(days: Iterable[DayCount]) -> Iterator[str]:
    """For each venue and day how many people were there, and how many visits lead to nobody."""
    return _table(DAYS, ([harmless(one.venue), one.venue_id.hex(), day(one.day), *one[3:]] for one in days))


def summary_csv(counts: Iterable[Count]) -> Iterator[str]:
    """What became of each warrant: how much was released and opened, and what was set aside, and why."""
    return _table(
        SUMMARY,
        [
            [one.warrant_id.hex(), harmless(one.venue), harmless(one.domain), one.state, one.what, one.count]
            for one in counts
        ],
    )


@lru_cache(maxsize=KNOWN)
def harmless(text: str) -> str:
    """`text` without any character that could begin a formula or end a cell; it begins with a letter or digit."""
    cleaned = "".join(
        character if _is_harmless(character) or joins(text, place) else REPLACEMENT
        for place, character in enumerate(text)
    )
    return cleaned if cleaned[:1].isalnum() else REPLACEMENT + cleaned


def verification(identity: Identity) -> str:
    """The day on which the operator verified a person, or that nobody did."""
    return NOT_VERIFIED if identity.verified_on is None else f"verified {day(identity.verified_on)}"


@lru_cache(maxsize=KNOWN)
def day(number: int) -> str:
    """The date of a day since 1970-01-01; a replacement character for a day that no calendar has."""
    try:
        return (date(1970, 1, 1) + timedelta(days=number)).isoformat()
    except OverflowError:
        return REPLACEMENT


@lru_cache(maxsize=KNOWN)
def moment(time: int | None, utc_offset: int) -> str:
    """A Unix time in local time; empty if it is not known."""
    return "" if time is None else local_time(time, utc_offset)


@lru_cache(maxsize=KNOWN)
def telephone(phone: str, region: str) -> str:
    """A number as people in `region` dial it, `010-1234-5678`; of elsewhere with its country, `(+44) 20-7946-0958`."""
    national = written_at_home(phone, region)
    if national is not None and _KEPT_AS_TEXT.fullmatch(national):
        return national
    country, rest = written_abroad(phone)
    return f"(+{country}) {rest}"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a table."""
    line = io.StringIO()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL)
    for row in chain([header], rows):
        writer.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _is_harmless(character: str) -> bool:
    return character.isalnum() or character in _HARMLESS or unicodedata.category(character).startswith("M")
