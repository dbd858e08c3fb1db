"""The authority's part of the desk: warrants from their draft to what was opened, and notices. Spec: §6.9."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

from aiohttp import ClientSession, web

from escrow.authority.desk_cases import CaseRoutes
from escrow.authority.desk_findings import FindingRoutes
from escrow.authority.desk_forms import NoticeAsked, WarrantAsked, id_bytes
from escrow.authority.desk_homes import DeskHomes
from escrow.authority.desk_steps import STEPS, StepsWork, Wanted
from escrow.authority.drawing import demand_possible, erased_by_operator
from escrow.authority.errors import NoWarrant
from escrow.authority.investigation import Investigation
from escrow.authority.notices import NoticePublisher
from escrow.authority.warrants import ListedWarrant, Step, Window
from escrow.desk.approvals import Asked
from escrow.desk.jobs import Job, Work
from escrow.desk.json_http import answer, read_json
from escrow.desk.matters import Matter
from escrow.desk.records import Action, of_notice, of_warrant
from escrow.desk.sessions import Session
from escrow.desk.views import View, journal_view
from protocol.notices import VISIT_DIGEST_BYTES, verify_notice
from protocol.primitives.encoding import decode_item
from protocol.primitives.errors import Malformed
from protocol.warrants import Purpose, Warrant
from service.http import path_bytes

if TYPE_CHECKING:
    from escrow.desk.desk import Desk


class AuthorityDesk(DeskHomes):
    """What the authority's desk has beside what both have."""

    def matters(self) -> list[Matter]:
        """Every warrant of this domain, and the notices that somebody asked for."""
        listed, totals, now = self.party.warrants.listed(), self.party.releases.totals(), self.party.clock()
        names = self.party.venues.names(one.record for one in listed)
        warrants = [self._of_warrant(one, names, totals, now) for one in listed]
        asked = [one for one in self.party.approvals.asked() if one.subject.action is Action.NOTICE]
        return [*warrants, *(self._of_notice(one, names, totals) for one in asked)]

    def routes(self, desk: Desk) -> list[web.RouteDef]:
        """Its own routes."""
        steps = StepsWork(desk)
        return [
            desk.get("warrants", self.warrants),
            desk.post("warrants", partial(self.draw, desk)),
            desk.get("warrants/{warrant}", self.warrant),
            *(desk.post(f"warrants/{{warrant}}/{name}", partial(self.take, steps, name)) for name in STEPS),
            desk.get("notices", self.notices),
            desk.post("notices", partial(self.ask_for_notice, desk)),
            desk.get("venues/{venue}/arrivals", self.arrivals),
            *CaseRoutes(self, desk, steps).routes,
            *FindingRoutes(self, desk).routes,
        ]

    async def warrants(self, _request: web.Request, _session: Session) -> web.Response:
        """Every warrant, the oldest first."""

        def look() -> list[View]:
            listed, totals = self.party.warrants.listed(), self.party.releases.totals()
            names = self.party.venues.names(one.record for one in listed)
            return [
                self.view(self.party, one, names[one.record.venue_id], totals.get(one.record.warrant_id, 0))
                for one in listed
            ]

        return answer({"warrants": await asyncio.to_thread(look)})

    async def warrant(self, request: web.Request, _session: Session) -> web.Response:
        """One of them, and who did what about it."""
        warrant_id = path_bytes(request, "warrant", 16)

        def look() -> View:
            listed, totals = self.party.warrants.listed_one(warrant_id), self.party.releases.totals()
            name = self.party.venues.get(listed.record.venue_id).record.name
            entries = self.party.journal.entries(warrant_id=warrant_id)
            return {
                **self.view(self.party, listed, name, totals.get(warrant_id, 0)),
                "journal": journal_view(entries),
            }

        return answer(await asyncio.to_thread(look))

    async def draw(self, desk: Desk, request: web.Request, session: Session) -> web.Response:
        """Draw a warrant for one window, unless something is odd that the officer has not confirmed."""
        asked = await read_json(request, WarrantAsked)
        window = Window(id_bytes(asked.venue), asked.begins, asked.ends)

        erased = await erased_by_operator(self.party, desk.session, [window])

        def draw() -> View:
            try:
                odd = demand_possible(self.party, window, asked.limits.max_records, erased)
            except NoWarrant as error:
                return {"drawn": [], "odd": [], "impossible": [str(error)]}
            if odd and not asked.confirmed:
                return {"drawn": [], "odd": odd, "impossible": []}
            purpose = Purpose[asked.purpose.upper()]
            limits = asked.limits.limits()
            warrant = limits.warrant(self.party, window, asked.legal_reference, purpose, asked.advice)
            self.party.journal.note(session.officer, "draw", warrant_id=warrant.warrant_id)
            self.party.warrants.add(warrant, self.party.sign_drawn(warrant))
            return {"drawn": [warrant.warrant_id.hex()], "odd": odd, "impossible": []}

        return answer(await asyncio.to_thread(draw))

    async def take(self, steps: StepsWork, name: str, request: web.Request, session: Session) -> web.Response:
        """Begin a step of one warrant."""
        warrant_id = path_bytes(request, "warrant", 16)
        listed = await asyncio.to_thread(self.party.warrants.listed_one, warrant_id)
        venue = await asyncio.to_thread(self.party.venues.get, listed.record.venue_id)
        await asyncio.to_thread(self.party.journal.note, session.officer, name, warrant_id=warrant_id)
        job = steps.begin(name, warrant_id.hex(), [Wanted(self.party, listed.record, venue.record.name)])
        return answer({"job": job.job_id})

    async def notices(self, _request: web.Request, _session: Session) -> web.Response:
        """Every notice. The number of its digests hides how many it is for."""

        def look() -> list[View]:
            told: list[View] = []
            for published in self.party.notices.all():
                notice = verify_notice(self.party.domain, published.statement, published.number)
                digests = len(bytes(notice.digests)) // VISIT_DIGEST_BYTES
                told.append(
                    {"number": notice.number, "time": notice.time, "digests": digests, "advice": notice.advice or ""}
                )
            return told

        return answer({"notices": await asyncio.to_thread(look)})

    async def ask_for_notice(self, desk: Desk, request: web.Request, session: Session) -> web.Response:
        """Ask the officers to publish a notice."""
        asked = await read_json(request, NoticeAsked)
        warrant_ids = {id_bytes(one) for one in asked.warrants}

        def ask() -> str:
            if not warrant_ids:
                raise Malformed("a notice is for at least one warrant")
            subject = of_notice([self.party.warrants.standing(one).record for one in warrant_ids])
            for one in warrant_ids:
                self.party.journal.note(session.officer, "ask for notice", warrant_id=one)
            self.party.approvals.ask(subject, session.officer)
            return subject.subject_id.hex()

        return answer(await desk.matter_view(await asyncio.to_thread(ask), session))

    async def arrivals(self, request: web.Request, _session: Session) -> web.Response:
        """When a venue committed to what it admitted, and where it did not for long."""
        venue_id = path_bytes(request, "venue", 16)
        try:
            begins, ends = int(request.query["from"]), int(request.query["until"])
        except (KeyError, ValueError):
            raise Malformed("from and until are Unix times") from None

        def look() -> View:
            self.party.venues.get(venue_id)
            commitments, vault, domain = self.party.commitments, self.party.epochs.vault, self.party.domain
            days = range(domain.epoch_at(begins), domain.epoch_at(max(begins, min(ends, begins + 62 * 86_400))) + 1)
            return {
                "commitments": sorted(time for time in commitments.of(venue_id) if begins <= time <= ends),
                "pauses": commitments.pauses(venue_id, begins, ends),
                "newest": commitments.newest(venue_id),
                "kept": sorted(set(days).intersection(vault.epochs())),
                "erased": sorted(set(days).intersection(vault.erased_epochs())),
            }

        return answer(await asyncio.to_thread(look))

    def _of_warrant(self, listed: ListedWarrant, names: dict[bytes, str], totals: dict[bytes, int], now: int) -> Matter:
        record, subject = listed.record, of_warrant(listed.record)
        title = self.view(self.party, listed, names[record.venue_id], totals.get(record.warrant_id, 0))
        is_over = not listed.stands_at(now) or listed.state == Step.OPENED
        if is_over or listed.state != "drawn":
            return Matter(subject, title, is_done=is_over or self.party.approvals.tally(subject).is_approved)
        return Matter(
            subject,
            title,
            ("propose", self._step(record, "proposed", "propose")),
            lambda _reason: ("withdraw", self._step(record, "withdrawn", "withdraw")),
        )

    def _step(self, record: Warrant, told: str, name: Literal["propose", "withdraw"]) -> Work:
        async def work(session: ClientSession, job: Job) -> None:
            investigation = Investigation(self.party, session)
            take = investigation.propose_warrant if name == "propose" else investigation.withdraw_warrant
            await take(record.warrant_id)
            job.tell(record.warrant_id.hex(), told)

        return work

    def _of_notice(self, asked: Asked, names: dict[bytes, str], totals: dict[bytes, int]) -> Matter:
        records = [Warrant.from_bytes(cast("bytes", one)) for one in decode_item(asked.subject.payload)]
        warrant_ids = [record.warrant_id for record in records]
        listed = [self.party.warrants.listed_one(one) for one in warrant_ids]
        title: View = {
            "warrants": [
                self.view(self.party, one, names[one.record.venue_id], totals.get(one.record.warrant_id, 0))
                for one in listed
            ],
            "advice": records[0].advice,
        }

        async def publish(session: ClientSession, job: Job) -> None:
            noticed = await NoticePublisher(self.party, session).publish(warrant_ids)
            left_out = (f"the operator did not admit {noticed.left_out} more",) if noticed.left_out else ()
            job.tell("", f"a notice for {noticed.passes} passes is published", left_out)

        def refuse(_reason: str) -> tuple[str, Work]:
            async def close(_session: ClientSession, job: Job) -> None:
                await asyncio.to_thread(self.party.approvals.close, asked.subject)
                job.tell("", "refused")

            return "refuse", close

        return Matter(asked.subject, title, ("publish notice", publish), refuse, asked.done is not None, asked)
