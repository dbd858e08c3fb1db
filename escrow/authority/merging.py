"""One list of an investigation: who was where, from what was opened under every warrant. Spec: §6.8.

A phone number that an operator verified is one person, whichever operator it was. What a venue asserted may be about
anybody, so each such record is a person of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from protocol.assisted_check_ins import AssertedRecord
from protocol.handles import IdentityRecord


@dataclass(frozen=True, slots=True)
class FoundVisit:
    """A visit that was opened: the pass (epoch and `u`), its entry and exit in Unix seconds, and whose it is.

    `record` is what the operator verified, or what the venue asserted, or None if the visit leads to nobody.
    `domain` names the domain, and with it the operator that vouches for the record; `utc_offset` is the domain's.
    """

    case: str
    warrant_id: bytes
    venue: str
    venue_id: bytes
    domain: str
    utc_offset: int
    epoch: int
    u: bytes
    entered: int | None
    left: int | None
    record: IdentityRecord | AssertedRecord | None

    @property
    def first_time(self) -> int:
        """The entry, or the exit of a visit without one."""
        time = self.left if self.entered is None else self.entered
        assert time is not None
        return time


@dataclass(frozen=True, slots=True)
class GroupVisit:
    """The visits of one person to one venue that began and ended together: whoever came with one phone."""

    visit: FoundVisit
    party_size: int


@dataclass(frozen=True, slots=True)
class Person:
    """A person, and every visit of theirs, the earliest first."""

    visits: tuple[GroupVisit, ...]

    @property
    def record(self) -> IdentityRecord | AssertedRecord:
        """Who it is, as the first visit says."""
        record = self.visits[0].visit.record
        assert record is not None
        return record

    @property
    def is_verified(self) -> bool:
        """Whether an operator has verified the number."""
        return isinstance(self.record, IdentityRecord)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that the person goes by."""
        return tuple(dict.fromkeys(group.visit.record.name for group in self.visits if group.visit.record))

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains whose operators vouch for them."""
        return tuple(dict.fromkeys(group.visit.domain for group in self.visits))


def each_once(visits: Iterable[FoundVisit]) -> list[FoundVisit]:
    """The visits in the order of time, each once.

    Windows may overlap, so that one visit is opened under several warrants. Of these the one with an exit stays.
    """
    known: dict[tuple[str, int, bytes, bytes], FoundVisit] = {}
    for visit in visits:
        key = visit.domain, visit.epoch, visit.venue_id, visit.u
        if key not in known or (known[key].left is None and visit.left is not None):
            known[key] = visit
    return sorted(known.values(), key=lambda visit: (visit.first_time, visit.domain, visit.u))


def people_of(visits: Iterable[FoundVisit]) -> list[Person]:
    """The people of these visits: those whom an operator verified by their first visit, then those whom nobody did."""
    verified: dict[str, list[FoundVisit]] = {}
    asserted: list[FoundVisit] = []
    for visit in each_once(visits):
        if isinstance(visit.record, IdentityRecord):
            verified.setdefault(visit.record.phone, []).append(visit)
        elif visit.record is not None:
            asserted.append(visit)
    people = [Person(tuple(_together(of_one))) for of_one in verified.values()]
    return [*people, *(Person((GroupVisit(visit, 1),)) for visit in asserted)]


def _together(visits: list[FoundVisit]) -> Iterable[GroupVisit]:
    def key(visit: FoundVisit) -> tuple[int, int, int, str, bytes, str]:
        name = visit.record.name if visit.record else ""
        return visit.first_time, visit.entered or 0, visit.left or 0, visit.domain, visit.venue_id, name

    for _, together in groupby(sorted(visits, key=key), key):
        first, *others = together
        yield GroupVisit(first, 1 + len(others))
