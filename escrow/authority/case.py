"""A case: an investigation in every domain of one authority, derived from what each home has. Spec: §6.8.

Nothing is stored here. Each step takes what is there for it and leaves what is done, so that it may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from escrow.authority.authority import Authority
from escrow.authority.case_register import Case
from escrow.authority.drawing import Known, what_cannot_be, what_is_known, what_is_odd
from escrow.authority.errors import CaseUnfinished, UnknownCase
from escrow.authority.warrants import ListedWarrant, Step, Window
from escrow.errors import UnknownVenue
from protocol.epochs import Role
from protocol.primitives.statements import sign_statement
from protocol.warrants import Venue
from service.errors import ConfigurationError

if TYPE_CHECKING:
    from escrow.authority.limits import Limits


@dataclass(frozen=True, slots=True)
class Part:
    """A window of a case in one domain, with the venue's record and the last warrant for it, if one was drawn."""

    authority: Authority
    venue: Venue
    window: Window
    warrant: ListedWarrant | None

    @property
    def state(self) -> str:
        """How far it has come."""
        return "not drawn" if self.warrant is None else self.warrant.state_at(self.authority.clock())

    @property
    def stands(self) -> bool:
        """Whether there is a warrant under which something is done, or can be begun."""
        return self.warrant is not None and self.warrant.stands_at(self.authority.clock())


def domain_label(authority: Authority) -> str:
    """The domain as officers tell it from others: its number, and the operator's host."""
    host = urlsplit(authority.domain_settings.url(Role.OPERATOR)).hostname
    return f"{authority.domain.number} {host}"


def open_homes(home: Path) -> list[Authority]:
    """The authority of a home, and those of its other domains; raises `ConfigurationError`."""
    first = Authority(home)
    homes = [first, *(Authority(home / other) for other in first.settings.other_domains)]
    for place, one in enumerate(homes):
        if one.domain.number in {before.domain.number for before in homes[:place]}:
            raise ConfigurationError(f"{one.home}: another home has the domain {one.domain.number} too")
    return homes


class Cases:
    """The cases of an authority's homes, as its `officer` works on them."""

    def __init__(self, homes: Sequence[Authority], officer: str) -> None:
        self.homes, self._officer = homes, officer

    def note(self, case: str, action: str, homes: Iterable[Authority] | None = None) -> None:
        """Put into the journals what the officer does with a case."""
        for authority in self.homes if homes is None else homes:
            authority.journal.note(self._officer, action, case=case)

    def start(self, name: str, legal_reference: str) -> None:
        """Start a case in every home, or finish what an interruption has left of that."""
        self.note(name, "start case")
        for authority in self.homes:
            authority.cases.start(Case(name, legal_reference, authority.clock()))

    def all(self) -> list[Case]:
        """Every case that a home has, the first that was started first."""
        known: dict[str, Case] = {}
        for authority in self.homes:
            for case in authority.cases.all():
                known.setdefault(case.name, case)
        return sorted(known.values(), key=lambda case: case.started)

    def get(self, name: str, *, even_closed: bool = False) -> Case:
        """A case, which is then in every home; raises `UnknownCase` or `CaseClosed`."""
        for authority in self.homes:
            if name in {case.name for case in authority.cases.all()}:
                case = authority.cases.get(name, even_closed=even_closed)
                for other in self.homes:
                    other.cases.start(case)
                return case
        raise UnknownCase(name)

    def add(self, name: str, windows: Sequence[Window]) -> int:
        """Add windows to a case, each in every domain that has its venue; in how many parts they are.

        Raises `UnknownVenue`, and nothing is added, if none has.
        """
        self.get(name)
        parts = [(authority, window) for window in windows for authority in self.homes if _has(authority, window)]
        for window in windows:
            if window not in {known for _, known in parts}:
                raise UnknownVenue(window.venue_id)
        self.note(name, "add to case")
        for authority, window in parts:
            authority.cases.add(name, window)
        return len(parts)

    def chain(self, venue_id: bytes) -> set[bytes]:
        """The ids of the venues that one server serves: this venue's."""
        records = [listed.record for authority in self.homes for listed in authority.venues.all() if listed.statement]
        urls = {record.url for record in records if record.venue_id == venue_id and record.url}
        return {venue_id} | {record.venue_id for record in records if record.url in urls}

    def remove(self, name: str, window: Window) -> None:
        """Take a window out of a case. Warrants that were drawn for it stay as they are."""
        self.get(name)
        self.note(name, "remove from case")
        for authority in self.homes:
            authority.cases.remove(name, window)

    def parts(self, name: str) -> list[Part]:
        """Every window of a case in every domain that has its venue."""
        parts = []
        for authority in self.homes:
            now, drawn = authority.clock(), authority.warrants.of_case(name)
            last = {one.window: one for one in sorted(drawn, key=lambda one: (one.stands_at(now), one.record.issued))}
            for window in authority.cases.windows(name):
                record = authority.venues.get(window.venue_id).record
                parts.append(Part(authority, record, window, last.get(window)))
        return sorted(parts, key=lambda part: (part.window.begins, part.window.venue_id, part.authority.domain.number))

    def undrawn(self, name: str, *, again: bool) -> list[Part]:
        """The parts for which a warrant is to be drawn; `again`: also those whose warrant can no longer be used."""
        return [part for part in self.parts(name) if part.warrant is None or (again and not part.stands)]

    def draw(self, case: Case, parts: Sequence[Part], limits: Limits) -> list[bytes]:
        """Sign a warrant for each of these parts, unless one stands meanwhile; the ids of those that were drawn."""
        drawn = []
        for part in parts:
            authority = part.authority
            warrant = limits.warrant(authority, part.window, case.legal_reference)
            authority.journal.note(self._officer, "draw", warrant_id=warrant.warrant_id, case=case.name)
            if authority.warrants.add_to_case(case.name, warrant, sign_statement(warrant, authority.identity)):
                drawn.append(warrant.warrant_id)
        return drawn

    def close(self, name: str) -> None:
        """Close a case in every home; raises `CaseUnfinished` while a warrant stands under which nothing was opened."""
        self.get(name, even_closed=True)
        open_ones = [
            part.warrant.record.warrant_id
            for part in self.parts(name)
            if part.warrant and part.stands and part.warrant.state != Step.OPENED
        ]
        if open_ones:
            raise CaseUnfinished(name, open_ones)
        self.note(name, "close case")
        for authority in self.homes:
            authority.cases.close(name, authority.clock())


def examine(part: Part, max_records: int) -> tuple[Known, str | None, list[str]]:
    """What is known of a part, why no warrant can be for it, and what is odd about it."""
    authority, window = part.authority, part.window
    known, now = what_is_known(authority, window), authority.clock()
    why = what_cannot_be(authority.domain, known, window, now)
    return known, why, [] if why else what_is_odd(authority.domain, known, window, now, max_records)


def _has(authority: Authority, window: Window) -> bool:
    return any(listed.statement for listed in authority.venues.all() if listed.record.venue_id == window.venue_id)
