"""A case: an investigation in every domain of one authority, derived from what each home has. Spec: §6.8.

Nothing is stored here. Each step takes what is there for it and leaves what is done, so that it may be repeated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from escrow.authority.authority import Authority
from escrow.authority.case_register import Case
from escrow.authority.drawing import (
    Held,
    Known,
    erased_by_operator,
    what_cannot_be,
    what_is_held,
    what_is_known,
    what_is_odd,
    why_closed,
)
from escrow.authority.errors import (
    CaseClosed,
    CaseExists,
    CaseUnfinished,
    NoWarrant,
    UnknownCase,
    UnknownWindow,
    WindowInUse,
)
from escrow.authority.warrants import ListedWarrant, Step, Window
from escrow.errors import UnknownVenue
from protocol.warrants import Venue
from service.cli import local_time
from service.errors import ConfigurationError

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from sqlalchemy import Connection

    from escrow.authority.limits import Limits


class Part(NamedTuple):
    """A window of a case in one domain, with the venue's record and the warrants that were drawn for it.

    The last of `warrants` is the one to work with.
    """

    authority: Authority
    venue: Venue
    window: Window
    warrants: tuple[ListedWarrant, ...] = ()

    @property
    def warrant(self) -> ListedWarrant | None:
        """The warrant to work with, if one was drawn."""
        return self.warrants[-1] if self.warrants else None

    @property
    def state(self) -> str:
        """How far it has come."""
        return "not drawn" if self.warrant is None else self.warrant.state_at(self.authority.clock())

    @property
    def stands(self) -> bool:
        """Whether there is a warrant under which something is done, or can be begun."""
        return self.warrant is not None and self.warrant.stands_at(self.authority.clock())

    @property
    def reason(self) -> str | None:
        """Why its warrant was refused or withdrawn."""
        steps = self.warrant.steps if self.warrant else {}
        reasons = [steps[step].reason for step in (Step.REFUSED, Step.WITHDRAWN) if step in steps]
        return reasons[-1] if reasons else None

    @property
    def may_give_more(self) -> bool:
        """Whether another warrant may give more: the venue lacked commitments then, and has committed since."""
        if self.warrant is None:
            return False
        record = self.warrant.record
        times = self.authority.commitments.of(record.venue_id)
        released = self.authority.warrants.parts.of(record.warrant_id)
        if not released or max(times, default=0) <= record.issued:
            return False
        last = max((time for time in times if time <= record.issued), default=0)
        return last < record.ends or released[-1].uncommitted > 0

    def is_left_open(self, warrant: ListedWarrant) -> bool:
        """Whether a warrant for it stands, or the operator still has to be told that it was withdrawn."""
        if Step.WITHDRAWN in warrant.steps:
            return warrant.is_to_withdraw
        return warrant.stands_at(self.authority.clock())

    def is_in_use(self, warrant: ListedWarrant) -> bool:
        """Whether the window has to stay in its case for a warrant: that is left open, or was opened."""
        return self.is_left_open(warrant) or warrant.is_shared


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

    def note(self, case: str, action: str) -> None:
        """Put into the journals what the officer does with a case."""
        for authority in self.homes:
            authority.journal.note(self._officer, action, case=case)

    def note_warrant(self, case: str, action: str, authority: Authority, warrant_id: bytes) -> None:
        """Put into a home's journal what the officer does with one warrant of a case."""
        authority.journal.note(self._officer, action, warrant_id=warrant_id, case=case)

    def start(self, name: str, legal_reference: str) -> None:
        """Start a case in every home, or finish what an interruption has left of that.

        Raises `CaseClosed`, and `CaseExists` if the name stands for another: then it is started in no home.
        """
        known = self._known(name)
        if known is not None and known.closed is not None:
            raise CaseClosed(name)
        if known is not None and known.legal_reference != legal_reference:
            raise CaseExists(name)
        self.note(name, "start case")
        for authority in self.homes:
            authority.cases.start(Case(name, legal_reference, authority.clock()))

    def all(self) -> list[Case]:
        """Every case that a home has, the first that was started first."""
        known: dict[str, Case] = {}
        for authority in self.homes:
            for case in authority.cases.all():
                before = known.setdefault(case.name, case)
                if before.closed is None:  # closed in one home, it is closed
                    known[case.name] = before._replace(closed=case.closed)
        return sorted(known.values(), key=lambda case: case.started)

    def _known(self, name: str) -> Case | None:
        return next((case for case in self.all() if case.name == name), None)

    def get(self, name: str, *, even_closed: bool = False) -> Case:
        """A case, which is then in every home; raises `UnknownCase`, or `CaseClosed` if it is closed in one of them."""
        known = self._known(name)
        if known is None:
            raise UnknownCase(name)
        if known.closed is not None and not even_closed:
            raise CaseClosed(name)
        for authority in self.homes:
            authority.cases.start(known)
        return known

    def add(self, name: str, windows: Sequence[Window]) -> int:
        """Add windows to a case, each in every domain that has its venue; in how many parts they are.

        Nothing is added if for one of them no warrant could be drawn in any domain: raises `UnknownVenue` or
        `NoWarrant`.
        """
        self.get(name)
        added, held = [], {home.domain.number: what_is_held(home) for home in self.homes}
        for window in windows:
            parts = [
                Part(home, home.venues.get(window.venue_id).record, window) for home in self.homes if _has(home, window)
            ]
            if not parts:
                raise UnknownVenue(window.venue_id)
            looked = [_examine(part, 0, held[part.authority.domain.number]) for part in parts]
            if all(one.why for one in looked):
                since = local_time(window.begins, self.homes[0].domain.utc_offset)
                why = "; ".join(dict.fromkeys(one.why or "" for one in looked))
                raise NoWarrant(window.venue_id, f"{parts[0].venue.name}, from {since}: {why}")
            added += parts
        self.note(name, "add to case")
        for part in added:
            part.authority.cases.add(name, part.window)
        return len(added)

    def chain(self, venue_id: bytes) -> set[bytes]:
        """The ids of the venues that one server serves: this venue's."""
        records = [record for authority in self.homes for record in authority.venues.approved()]
        urls = {record.url for record in records if record.venue_id == venue_id and record.url}
        return {venue_id} | {record.venue_id for record in records if record.url in urls}

    def remove(self, name: str, windows: Sequence[Window]) -> None:
        """Take windows out of a case, all or none; raises `UnknownWindow`, or `WindowInUse` for what has to stay."""
        self.get(name)
        self._demand_removable(name, windows)
        self.note(name, "remove from case")
        with self._deciding(name) as homes:
            self._demand_removable(name, windows)  # a warrant may have been drawn meanwhile
            for authority, connection in homes:
                for window in windows:
                    authority.cases.remove(connection, name, window)

    def _demand_removable(self, name: str, windows: Sequence[Window]) -> None:
        parts = self.parts(name)
        for window in windows:
            if window not in {part.window for part in parts}:
                raise UnknownWindow(name, window.venue_id)
        those = [(part, one) for part in parts if part.window in windows for one in part.warrants]
        if in_use := [one.record.warrant_id for part, one in those if part.is_in_use(one)]:
            raise WindowInUse(name, in_use)

    @contextmanager
    def _deciding(self, name: str) -> Iterator[list[tuple[Authority, Connection]]]:
        """A transaction in each home that no other overlaps which draws for the case, or takes something from it."""
        ordered = sorted(self.homes, key=lambda home: home.domain.number)  # else two could wait for each other
        with ExitStack() as stack:
            yield [(home, stack.enter_context(home.cases.deciding(name))) for home in ordered]

    def parts(self, name: str) -> list[Part]:
        """Every window of a case in every domain that has its venue."""
        parts = []
        for authority in self.homes:
            now, drawn = authority.clock(), authority.warrants.of_case(name)
            drawn.sort(key=lambda one: (one.stands_at(now), one.record.issued))
            for window in authority.cases.windows(name):
                record = authority.venues.get(window.venue_id).record
                parts.append(Part(authority, record, window, tuple(one for one in drawn if one.window == window)))
        return sorted(parts, key=lambda part: (part.window.begins, part.window.venue_id, part.authority.domain.number))

    def undrawn(self, name: str, *, again: bool) -> list[Part]:
        """The parts for which a warrant is to be drawn.

        `again`: also those whose warrant can no longer be used, or gave less than the venue has committed to since.
        """
        return [
            part
            for part in self.parts(name)
            if part.warrant is None or (again and (not part.stands or part.may_give_more))
        ]

    def lacks_any(self, name: str, examined: Sequence[tuple[Part, Examined]]) -> bool:
        """Whether for a window of these undrawn parts of a case no warrant can be in any domain: then none is drawn."""
        somewhere = {part.window for part, looked in examined if not looked.why}
        somewhere |= {part.window for part in self.parts(name) if part.warrants}
        return any(looked.wrong or part.window not in somewhere for part, looked in examined)

    def draw(self, case: Case, parts: Sequence[Part], limits: Limits) -> tuple[list[bytes], list[tuple[Part, str]]]:
        """Sign a warrant for each of these parts, unless one was drawn, or the part has left the case, meanwhile.

        Returns the ids of those that were drawn, and each part that was left out with the reason.
        """
        drawn, left_out = [], []
        for part in parts:
            authority, beside = part.authority, {one.record.warrant_id for one in part.warrants}
            warrant = limits.warrant(authority, part.window, case.legal_reference)
            self.note_warrant(case.name, "draw", authority, warrant.warrant_id)
            with authority.cases.deciding(case.name) as connection:
                why = authority.cases.why_left(connection, case.name, part.window)
                if why is None and authority.warrants.has_another(connection, case.name, warrant, beside):
                    why = "another stands"
                if why is None:
                    statement = authority.sign_drawn(warrant)
                    authority.warrants.add_to_case(connection, case.name, warrant, statement)
            if why is None:
                drawn.append(warrant.warrant_id)
            else:
                left_out.append((part, why))
                self.note_warrant(case.name, f"not drawn, {why}", authority, warrant.warrant_id)
        return drawn, left_out

    def close(self, name: str) -> None:
        """Close a case in every home.

        Raises `CaseUnfinished` while a warrant stands under which nothing was opened, or was withdrawn and the operator
        still has to be told.
        """
        self.get(name, even_closed=True)
        self._demand_finished(name)
        self.note(name, "close case")
        with self._deciding(name) as homes:
            self._demand_finished(name)  # a warrant may have been drawn meanwhile
            for authority, connection in homes:
                authority.cases.close(connection, name, authority.clock())

    def _demand_finished(self, name: str) -> None:
        open_ones = [
            one.record.warrant_id
            for part in self.parts(name)
            for one in part.warrants
            if one.state != Step.OPENED and part.is_left_open(one)
        ]
        if open_ones:
            raise CaseUnfinished(name, open_ones)


class Examined(NamedTuple):
    """What is known of a part before a warrant for it is signed, and what is odd about it.

    `wrong`: why no warrant can be for its window. `closed`: why its domain has nothing of it that could be opened.
    """

    known: Known
    wrong: str | None
    closed: str | None
    odd: Sequence[str]

    @property
    def why(self) -> str | None:
        """Why no warrant can be drawn for it."""
        return self.wrong or self.closed


async def erased_by_operators(parts: Sequence[Part], session: ClientSession) -> dict[int, set[int]]:
    """Which epochs of these parts their operators say that they have erased, by the domains' numbers."""
    homes = {part.authority.domain.number: part.authority for part in parts}
    return {
        number: await erased_by_operator(home, session, [part.window for part in parts if part.authority is home])
        for number, home in homes.items()
    }


def examine(
    parts: Sequence[Part], max_records: int, erased: Mapping[int, Collection[int]] | None = None
) -> list[tuple[Part, Examined]]:
    """Look at parts before warrants for so many records are drawn for them.

    `erased`: what the operators say that they have erased, as `erased_by_operators` gives it.
    """
    homes = {part.authority.domain.number: part.authority for part in parts}
    held = {number: what_is_held(home, (erased or {}).get(number, ())) for number, home in homes.items()}
    return [(part, _examine(part, max_records, held[part.authority.domain.number])) for part in parts]


def _examine(part: Part, max_records: int, held: Held) -> Examined:
    authority, window = part.authority, part.window
    known, now = what_is_known(authority, window, held), authority.clock()
    if wrong := what_cannot_be(window, now):
        return Examined(known, wrong, None, ())
    closed = why_closed(authority.domain, known, window, now)
    odd = () if closed else what_is_odd(authority.domain, known, window, now, max_records)
    return Examined(known, None, closed, odd)


def _has(authority: Authority, window: Window) -> bool:
    return any(record.venue_id == window.venue_id for record in authority.venues.approved())
