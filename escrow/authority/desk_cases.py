"""Cases at the authority's desk: windows, drafts, and each step for all that is ready for it. Spec: §6.8, §6.9."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from escrow.authority.case import Cases, Examined, Part, erased_by_operators, examine
from escrow.authority.case_register import NAME_RULE, Case, is_case_name
from escrow.authority.case_steps import (
    is_to_look_after,
    is_to_open,
    is_to_propose,
    is_to_release,
    is_to_withdraw,
)
from escrow.authority.desk_forms import LimitsAsked, id_bytes
from escrow.authority.desk_steps import Wanted
from escrow.authority.limits import MAX_REFERENCE, demand_line
from escrow.authority.warrants import ListedWarrant, Window
from escrow.desk.json_http import answer, read_json
from escrow.desk.views import View, journal_view
from protocol.primitives.errors import Malformed

if TYPE_CHECKING:
    from escrow.authority.desk_homes import DeskHomes
    from escrow.authority.desk_steps import StepsWork
    from escrow.desk.desk import Desk
    from escrow.desk.sessions import Session

READY: dict[str, Callable[[Part, ListedWarrant], bool]] = {
    "propose": is_to_propose,
    "look": is_to_look_after,
    "release": is_to_release,
    "open": is_to_open,
    "withdraw": is_to_withdraw,
}
"""The warrants that each step of a case is taken with."""


class CaseAsked(msgspec.Struct, forbid_unknown_fields=True):
    """A new case."""

    name: str
    legal_reference: str

    def __post_init__(self) -> None:
        if not is_case_name(self.name):
            raise ValueError(NAME_RULE)
        demand_line("a legal reference", self.legal_reference, MAX_REFERENCE)


class WindowAsked(msgspec.Struct, forbid_unknown_fields=True):
    """From and up to which Unix time."""

    begins: int
    ends: int


class WindowsAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Windows for a case, each at every venue that is named, and at all venues on the servers of others."""

    windows: list[WindowAsked]
    venues: list[str] = []
    chain: list[str] = []


class WindowGone(msgspec.Struct, forbid_unknown_fields=True):
    """A window to take out."""

    venue: str
    begins: int
    ends: int


class DrawingAsked(msgspec.Struct, forbid_unknown_fields=True):
    """What the warrants of a case are to be like."""

    limits: LimitsAsked = msgspec.field(default_factory=LimitsAsked)
    again: bool = False
    confirmed: bool = False


class CaseRoutes:
    """The routes of cases."""

    def __init__(self, own: DeskHomes, desk: Desk, steps: StepsWork) -> None:
        self._own, self._desk, self._steps = own, desk, steps

    @property
    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        one = "cases/{case}"
        return [
            self._desk.get("cases", self.all),
            self._desk.post("cases", self.start),
            self._desk.get(one, self.show),
            self._desk.post(f"{one}/windows", self.add),
            self._desk.post(f"{one}/windows/remove", self.remove),
            self._desk.post(f"{one}/draw", self.draw),
            self._desk.post(f"{one}/close", self.close),
            *(self._desk.post(f"{one}/{name}", partial(self.take, name)) for name in READY),
        ]

    async def all(self, request: web.Request, session: Session) -> web.Response:
        """Every case, those that are closed too if they are asked for."""

        def look() -> list[View]:
            cases, even_closed = self._own.cases(session.officer), "all" in request.query
            return [self._brief(cases, case) for case in cases.all() if case.closed is None or even_closed]

        return answer({"cases": await asyncio.to_thread(look)})

    async def start(self, request: web.Request, session: Session) -> web.Response:
        """Start a case."""
        asked = await read_json(request, CaseAsked)

        def start() -> View:
            cases = self._own.cases(session.officer)
            cases.start(asked.name, asked.legal_reference)
            return self._brief(cases, cases.get(asked.name))

        return answer(await asyncio.to_thread(start))

    async def show(self, request: web.Request, session: Session) -> web.Response:
        """A case, with each window of it."""
        return answer(await asyncio.to_thread(self._whole, self._own.cases(session.officer), _name(request)))

    async def add(self, request: web.Request, session: Session) -> web.Response:
        """Add windows."""
        asked, name = await read_json(request, WindowsAsked), _name(request)

        def add() -> View:
            cases = self._own.cases(session.officer)
            venues = {id_bytes(one) for one in asked.venues}
            venues |= {venue for one in asked.chain for venue in cases.chain(id_bytes(one))}
            if not venues or not asked.windows:
                raise Malformed("name at least one venue and one window")
            if any(one.begins >= one.ends for one in asked.windows):
                raise Malformed("a window has to end after it begins")
            windows = [Window(venue, one.begins, one.ends) for one in asked.windows for venue in sorted(venues)]
            cases.add(name, windows)
            return self._whole(cases, name)

        return answer(await asyncio.to_thread(add))

    async def remove(self, request: web.Request, session: Session) -> web.Response:
        """Take a window out."""
        asked, name = await read_json(request, WindowGone), _name(request)

        def remove() -> View:
            cases = self._own.cases(session.officer)
            cases.remove(name, [Window(id_bytes(asked.venue), asked.begins, asked.ends)])
            return self._whole(cases, name)

        return answer(await asyncio.to_thread(remove))

    async def draw(self, request: web.Request, session: Session) -> web.Response:
        """Draw a warrant for each window without one, unless something is odd that the officer has not confirmed.

        None is drawn while a window cannot be in any domain.
        """
        asked, name = await read_json(request, DrawingAsked), _name(request)

        cases = self._own.cases(session.officer)
        case = await asyncio.to_thread(cases.get, name)
        parts = await asyncio.to_thread(lambda: cases.undrawn(name, again=asked.again))
        erased = await erased_by_operators(parts, self._desk.session)

        def draw() -> View:
            examined = examine(parts, asked.limits.max_records, erased)
            impossible = [f"{part.venue.name}: {looked.why}" for part, looked in examined if looked.why]
            odd = list(dict.fromkeys(f"{part.venue.name}: {one}" for part, looked in examined for one in looked.odd))
            possible = [part for part, looked in examined if not looked.why]
            drawn: list[bytes] = []
            is_meant = asked.confirmed or not (odd or impossible)
            if is_meant and not cases.lacks_any(name, examined):
                drawn, left_out = cases.draw(case, possible, asked.limits.limits())
                impossible += [f"{part.venue.name}: {why}" for part, why in left_out]
            return {"drawn": [one.hex() for one in drawn], "odd": odd, "impossible": impossible}

        return answer(await asyncio.to_thread(draw))

    async def close(self, request: web.Request, session: Session) -> web.Response:
        """Close a case."""
        name = _name(request)

        def close() -> View:
            cases = self._own.cases(session.officer)
            cases.close(name)
            return self._whole(cases, name)

        return answer(await asyncio.to_thread(close))

    async def take(self, step: str, request: web.Request, session: Session) -> web.Response:
        """Begin a step for each warrant that is ready for it."""
        name = _name(request)

        def look() -> list[Wanted]:
            cases = self._own.cases(session.officer)
            cases.get(name)
            ready = [
                Wanted(part.authority, one.record, part.venue.name)
                for part in cases.parts(name)
                for one in part.warrants
                if READY[step](part, one)
            ]
            for one in ready:
                cases.note_warrant(name, step, one.authority, one.record.warrant_id)
            return ready

        ready = await asyncio.to_thread(look)
        job = self._steps.begin(step, f"case {name}", ready) if ready else None
        return answer({"job": job and job.job_id})

    @staticmethod
    def _brief(cases: Cases, case: Case) -> View:
        return {
            "name": case.name,
            "started": case.started,
            "closed": case.closed,
            "legal_reference": case.legal_reference,
            "states": Counter(part.state for part in cases.parts(case.name)),
        }

    def _whole(self, cases: Cases, name: str) -> View:
        case, parts = cases.get(name, even_closed=True), cases.parts(name)
        totals = {authority.domain.number: authority.releases.totals() for authority in cases.homes}
        both = [(part, one) for part in parts for one in part.warrants]
        following = {step: sum(ready(*one) for one in both) for step, ready in READY.items()}
        following["draw"] = len(cases.undrawn(name, again=False))
        following["export"] = sum(part.state == "opened" for part in parts)
        entries = dict.fromkeys(entry for authority in cases.homes for entry in authority.journal.entries(case=name))
        return {
            **self._brief(cases, case),
            "parts": [self._part(*both, totals[both[0].authority.domain.number]) for both in examine(parts, 0)],
            "next": following,
            "journal": journal_view(sorted(entries, key=lambda entry: entry.time)),
        }

    def _part(self, part: Part, looked: Examined, totals: dict[bytes, int]) -> View:
        return {
            "venue": part.venue.venue_id.hex(),
            "venue_name": part.venue.name,
            "begins": part.window.begins,
            "ends": part.window.ends,
            "domain": part.authority.domain.number,
            "here": part.authority is self._own.party,
            "state": part.state,
            "reason": part.reason,
            "why": None if part.stands else looked.why,
            "odd": [] if part.stands else looked.odd,
            "warrants": [
                self._own.view(part.authority, one, part.venue.name, totals.get(one.record.warrant_id, 0))
                for one in part.warrants
            ],
        }


def _name(request: web.Request) -> str:
    return request.match_info["case"]
