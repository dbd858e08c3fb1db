"""The operator's part of the desk: the warrants that the authority proposed. Spec: §6.9."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import ClientSession, web

from escrow.desk.jobs import Job, Work
from escrow.desk.json_http import answer
from escrow.desk.matters import Matter
from escrow.desk.records import of_warrant
from escrow.desk.views import View, journal_view, warrant_view
from escrow.operator.operator import Operator
from protocol.epochs import Role
from service.http import path_bytes

if TYPE_CHECKING:
    from escrow.desk.desk import Desk
    from escrow.desk.sessions import Session
    from escrow.operator.warrants import ProposedWarrant


class OperatorDesk:
    """What the operator's desk has beside what both have."""

    def __init__(self, party: Operator) -> None:
        self.party: Operator = party

    def name(self) -> str:
        """The domain, and this operator's host."""
        host = urlsplit(self.party.domain_settings.url(Role.OPERATOR)).hostname
        return f"{self.party.domain.number} {host}"

    def matters(self) -> list[Matter]:
        """Every warrant that was proposed."""
        warrants, totals = self._in_order(), self.party.releases.totals()
        names = self.party.venues.names(one.record for one in warrants)
        return [
            Matter(
                of_warrant(one.record),
                self._view(one, names, totals),
                ("countersign", self._countersign(one)),
                lambda reason, one=one: ("refuse", self._refuse(one, reason)),  # type: ignore[misc]
                is_done=self._state(one) != "pending",
            )
            for one in warrants
        ]

    def routes(self, desk: Desk) -> list[web.RouteDef]:
        """Its own routes."""
        return [desk.get("warrants", self.warrants), desk.get("warrants/{warrant}", self.warrant)]

    async def warrants(self, _request: web.Request, _session: Session) -> web.Response:
        """The queue: what is to be decided first, the oldest first."""

        def look() -> list[View]:
            warrants, totals = self._in_order(), self.party.releases.totals()
            names = self.party.venues.names(one.record for one in warrants)
            return [self._view(one, names, totals) for one in warrants]

        return answer({"warrants": await asyncio.to_thread(look)})

    async def warrant(self, request: web.Request, _session: Session) -> web.Response:
        """One of them, and who did what about it."""
        warrant_id = path_bytes(request, "warrant", 16)

        def look() -> View:
            one = self.party.warrants.get(warrant_id)
            decision = self.party.warrants.decision(warrant_id)
            return {
                **self._view(one, self.party.venues.names([one.record]), self.party.releases.totals()),
                "record_index": decision and decision.index,
                "salt": decision and decision.salt.hex(),
                "journal": journal_view(self.party.journal.entries(warrant_id=warrant_id)),
            }

        return answer(await asyncio.to_thread(look))

    def _state(self, one: ProposedWarrant) -> str:
        return one.state_at(self.party.clock())

    def _in_order(self) -> list[ProposedWarrant]:
        return sorted(self.party.warrants.all(), key=lambda one: (self._state(one) != "pending", one.record.issued))

    def _view(self, one: ProposedWarrant, names: dict[bytes, str], totals: dict[bytes, int]) -> View:
        record = one.record
        return {
            **warrant_view(record, names[record.venue_id], self._state(one), totals.get(record.warrant_id, 0)),
            "steps": [],
            "matter": of_warrant(record).subject_id.hex(),
            "refused": one.refused,
            "withdrawn": one.withdrawn,
        }

    def _countersign(self, one: ProposedWarrant) -> Work:
        async def work(_session: ClientSession, job: Job) -> None:
            await asyncio.to_thread(self.party.warrants.countersign, one.record.warrant_id, self.party.identity)
            job.tell(one.record.warrant_id.hex(), "countersigned")

        return work

    def _refuse(self, one: ProposedWarrant, reason: str) -> Work:
        async def work(_session: ClientSession, job: Job) -> None:
            await asyncio.to_thread(self.party.warrants.refuse, one.record.warrant_id, reason)
            job.tell(one.record.warrant_id.hex(), "refused")

        return work
