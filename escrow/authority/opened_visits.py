"""What was opened under a warrant: visits and people, put together over its parts. Spec: §3.10."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from protocol.assisted_check_ins import AssertedRecord
from protocol.epochs import MAX_STAY
from protocol.handles import IdentityRecord
from protocol.visits import Visit

Person = tuple[str, str]
"""Phone and name."""
Times = tuple[int | None, int | None]
"""Unix times of an entry and an exit."""
Pass = tuple[int, bytes]
"""An epoch and a `u`, which is what stands for a visit at one venue."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person who was there, and the visits that say so: each the Unix times of its entry and its exit.

    `record` is what the operator verified, or what the venue asserted.
    """

    record: IdentityRecord | AssertedRecord
    visits: tuple[Times, ...]


@dataclass(frozen=True, slots=True)
class OpenedVisit:
    """A visit that both parties gave a share of: its pass (epoch and `u`), entry and exit in Unix seconds, and whose.

    `record` is None if it leads to nobody.
    """

    epoch: int
    u: bytes
    entered: int | None
    left: int | None
    record: IdentityRecord | AssertedRecord | None


@dataclass(frozen=True, slots=True)
class OpeningResult:
    """What an opening gave. `visits` counts those in scope, `set_aside` what gave no contact, by the reason's name.

    `opened` are those with both parties' shares. `reused` counts the visits whose pass was opened for another venue
    too. `check_ins` are those with a label in the window that the venue committed to, `uncommitted` those that it says
    it has not. `complete`: every part was released, and opened or closed for ever.
    """

    visits: int
    set_aside: Counter[str]
    reused: int = 0
    opened: tuple[OpenedVisit, ...] = ()
    check_ins: int = 0
    uncommitted: int = 0
    complete: bool = True

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """The people whom the operator verified, each once with all visits, in the order of time."""
        return self._people(IdentityRecord)

    @property
    def asserted(self) -> tuple[Contact, ...]:
        """The same of those whom nobody verified."""
        return self._people(AssertedRecord)

    def _people(self, kind: type[IdentityRecord | AssertedRecord]) -> tuple[Contact, ...]:
        records: dict[Person, IdentityRecord | AssertedRecord] = {}  # one person has a handle for each epoch
        visits: dict[Person, list[Times]] = {}
        for one in self.opened:
            if one.record is not None and isinstance(one.record, kind):
                person = one.record.phone, one.record.name
                records[person] = one.record
                visits.setdefault(person, []).append((one.entered, one.left))
        contacts = [
            Contact(record, tuple(sorted(visits[person], key=_first_time))) for person, record in records.items()
        ]
        return tuple(sorted(contacts, key=lambda contact: (_first_time(contact.visits[0]), contact.record.phone)))


class OpenedVisits:
    """The visits of all parts, as they are read. One may be in two: its entry in the first, its exit in the second."""

    def __init__(self) -> None:
        self.set_aside: Counter[str] = Counter()
        self._opened: dict[Pass, OpenedVisit] = {}
        self._lacking: dict[Pass, str] = {}
        self._reused: set[Pass] = set()
        self._closed = 0

    def add(self, visit: Visit, record: IdentityRecord | AssertedRecord | None) -> None:
        """Take a visit that was opened, and whom it opened to; None for nobody."""
        epoch, u = key = pass_of(visit)
        entered, left = visit.entered, visit.left
        known = self._opened.get(key)
        if known is not None:
            entered, left = _together((known.entered, known.left), (entered, left))
            record = record or known.record
        self._opened[key] = OpenedVisit(epoch, u, entered, left, record)

    def add_unopened(self, passes: Iterable[Pass], why: str) -> None:
        """Take visits that were not opened in this part, and why."""
        self._lacking.update(dict.fromkeys(passes, why))

    def add_reused(self, passes: Iterable[Pass]) -> None:
        """Take passes that were opened here and for another venue."""
        self._reused.update(passes)

    def add_closed(self, visits: int, set_aside: Counter[str]) -> None:
        """Take a part of so many visits that nobody can open any more, and what else was set aside in it."""
        self._closed += visits
        self.set_aside.update(set_aside)

    def result(self, *, check_ins: int, uncommitted: int, complete: bool) -> OpeningResult:
        """All of it."""
        set_aside = self.set_aside + Counter(why for key, why in self._lacking.items() if key not in self._opened)
        set_aside["Closed"] += self._closed
        set_aside["NoIdentity"] += sum(one.record is None for one in self._opened.values())
        return OpeningResult(
            len(self._opened.keys() | self._lacking.keys()) + self._closed,
            +set_aside,
            len(self._reused),
            tuple(self._opened.values()),
            check_ins,
            uncommitted,
            complete,
        )


def pass_of(visit: Visit) -> Pass:
    """What stands for a visit at one venue."""
    return visit.check_in.epoch, bytes(visit.check_in.message.u)


def _together(first: Times, second: Times) -> Times:
    """One visit of what two parts show of it."""
    entered, left = (
        min((time for time in times if time is not None), default=None) for times in zip(first, second, strict=True)
    )
    is_stay = entered is None or left is None or 0 <= left - entered <= MAX_STAY
    return entered, left if is_stay else None


def _first_time(visit: Times) -> int:
    return min(time for time in visit if time is not None)
