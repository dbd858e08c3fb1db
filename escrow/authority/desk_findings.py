"""What was found, at the authority's desk: counts for everybody there, people for whoever asks for them. Spec: §6.9."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from escrow.authority.arrivals_chart import arrivals_svg
from escrow.authority.contacts import Count, day, visits_csv
from escrow.authority.findings import BYTE_ORDER_MARK, Finding, all_lists, finding
from escrow.authority.found_visits import FoundVisits, Person
from escrow.authority.investigation import Investigation
from escrow.authority.warrants import ListedWarrant
from escrow.desk.json_http import NO_STORE, answer
from escrow.desk.views import View
from service.clock import HOUR
from service.http import path_bytes

if TYPE_CHECKING:
    from escrow.authority.authority import Authority
    from escrow.authority.desk_homes import DeskHomes
    from escrow.desk.desk import Desk
    from escrow.desk.sessions import Session


class FindingRoutes:
    """The routes of what was found. Whoever has people shown, or takes them along, is in the journal first."""

    def __init__(self, own: DeskHomes, desk: Desk) -> None:
        self._own, self._desk = own, desk

    @property
    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            self._desk.get("cases/{case}/summary", self.summary_of_case),
            self._desk.get("warrants/{warrant}/summary", self.summary),
            self._desk.post("cases/{case}/contacts", self.contacts_of_case),
            self._desk.post("warrants/{warrant}/contacts", self.contacts),
            self._desk.post("cases/{case}/export", self.export_case),
            self._desk.post("warrants/{warrant}/export", self.export),
        ]

    async def summary_of_case(self, request: web.Request, session: Session) -> web.Response:
        """What became of a case, without people."""
        return answer(await asyncio.to_thread(_summary, await self._of_case(request, session, None)))

    async def summary(self, request: web.Request, session: Session) -> web.Response:
        """What became of a warrant, without people."""
        return answer(await asyncio.to_thread(_summary, await self._of_warrant(request, session, None)))

    async def contacts_of_case(self, request: web.Request, session: Session) -> web.Response:
        """Who was there, of a whole case."""
        return answer(await asyncio.to_thread(_contacts, await self._of_case(request, session, "show contacts")))

    async def contacts(self, request: web.Request, session: Session) -> web.Response:
        """Who was there, of one warrant."""
        return answer(await asyncio.to_thread(_contacts, await self._of_warrant(request, session, "show contacts")))

    async def export_case(self, request: web.Request, session: Session) -> web.Response:
        """The lists and the chart of a case."""
        read = await self._of_case(request, session, "export case")
        return _file(await asyncio.to_thread(_zip, read, self._own.party), "application/zip", "case.zip")

    async def export(self, request: web.Request, session: Session) -> web.Response:
        """The list of visits of one warrant."""
        found = (await self._of_warrant(request, session, "export")).found
        region = self._own.party.settings.region
        table = await asyncio.to_thread(lambda: _encoded(visits_csv(found.people(), region)))
        return _file(table, "text/csv", "visits.csv")

    async def _of_case(self, request: web.Request, session: Session, action: str | None) -> _Read:
        name, cases = request.match_info["case"], self._own.cases(session.officer)
        await asyncio.to_thread(lambda: cases.get(name, even_closed=True))
        parts = await asyncio.to_thread(cases.parts, name)
        if action:
            await asyncio.to_thread(cases.note, name, action)
        found = FoundVisits()
        findings = [
            await self._read(part.authority, one, part.venue.name, found) for part in parts for one in part.warrants
        ]
        undrawn = [
            Count(b"", part.venue.name, part.authority.label, part.state, "windows", 1)
            for part in parts
            if part.warrant is None
        ]
        return _Read(found, [*(count for finding in findings for count in finding.counts()), *undrawn])

    async def _of_warrant(self, request: web.Request, session: Session, action: str | None) -> _Read:
        party, warrant_id = self._own.party, path_bytes(request, "warrant", 16)
        listed = await asyncio.to_thread(party.warrants.listed_one, warrant_id)
        venue = await asyncio.to_thread(party.venues.get, listed.record.venue_id)
        if action:
            await asyncio.to_thread(party.journal.note, session.officer, action, warrant_id=warrant_id)
        found = FoundVisits()
        return _Read(found, (await self._read(party, listed, venue.record.name, found)).counts())

    async def _read(self, authority: Authority, listed: ListedWarrant, venue: str, found: FoundVisits) -> Finding:
        record, result = listed.record, None
        if await asyncio.to_thread(authority.warrants.is_readable, record.warrant_id):
            result = await Investigation(authority, self._desk.session).read(record.warrant_id, found)
        return await asyncio.to_thread(finding, authority, listed, venue, result)


class _Read(NamedTuple):
    """What was found, and the counts of each warrant and of what has none."""

    found: FoundVisits
    counts: list[Count]


def _summary(read: _Read) -> View:
    arrived = Counter(time - time % HOUR for time in read.found.arrivals())
    return {"counts": _counts(read), "arrivals": sorted(arrived.items())}


def _contacts(read: _Read) -> View:
    return {"people": [_person(person) for person in read.found.people()], "counts": _counts(read)}


def _person(person: Person) -> View:
    identity = person.identity
    return {
        "phone": identity.phone,
        "names": person.names,
        "verified": person.is_verified,
        "verified_on": None if identity.verified_on is None else day(identity.verified_on),
        "domains": person.domains,
        "visits": [
            {
                "venue": group.visit.source.venue,
                "domain": group.visit.source.domain,
                "entered": group.visit.entered,
                "left": group.visit.left,
                "party_size": group.party_size,
                "warrant": group.visit.source.warrant_id.hex(),
            }
            for group in person.visits
        ],
    }


def _counts(read: _Read) -> list[View]:
    return [
        {
            "warrant": one.warrant_id.hex(),
            "venue": one.venue,
            "domain": one.domain,
            "state": one.state,
            "what": one.what,
            "count": one.count,
        }
        for one in read.counts
    ]


def _zip(read: _Read, party: Authority) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, lines in all_lists(read.found, read.counts, party.settings.region).items():
            packed.writestr(name, _encoded(lines))
        packed.writestr("arrivals.svg", arrivals_svg(read.found.arrivals(), party.domain.utc_offset))
    return archive.getvalue()


def _encoded(lines: Iterable[str]) -> bytes:
    return "".join(lines).encode(BYTE_ORDER_MARK)


def _file(body: bytes, kind: str, name: str) -> web.Response:
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=kind, headers=NO_STORE | named)
