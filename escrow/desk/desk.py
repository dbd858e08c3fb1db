"""A desk as its handlers know it: the party, who is signed in, what is decided on, what is being done. Spec: §6.9."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import ClientSession, web

from escrow.desk.errors import UnknownMatter
from escrow.desk.jobs import Jobs
from escrow.desk.matters import Matter, asked_matters, venue_matters
from escrow.desk.sessions import Session, Sessions
from escrow.desk.views import View
from escrow.party import Party
from service.http import Handler, bearer_token

SignedIn = Callable[[web.Request, Session], Awaitable[web.Response]]


class RoleDesk(Protocol):
    """What one party's desk has beside what both have."""

    @property
    def party(self) -> Party:
        """The party."""

    def matters(self) -> list[Matter]:
        """What its officers decide on, beside venues, erasures and themselves."""

    def name(self) -> str:
        """The domain as officers tell it from others."""

    def routes(self, desk: Desk) -> list[web.RouteDef]:
        """Its own routes."""


class Desk:
    """What every handler needs of a desk."""

    def __init__(self, own: RoleDesk, session: ClientSession) -> None:
        self.own, self.party, self.session = own, own.party, session
        self.sessions = Sessions(self.party.clock)
        self.jobs = Jobs(session, self.party.clock)

    def get(self, path: str, handler: SignedIn) -> web.RouteDef:
        """A route for whoever is signed in."""
        return web.get(f"/v1/desk/{path}", self._signed_in(handler))

    def post(self, path: str, handler: SignedIn) -> web.RouteDef:
        """The same, for what does something."""
        return web.post(f"/v1/desk/{path}", self._signed_in(handler))

    def _signed_in(self, handler: SignedIn) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            token = bearer_token(request)
            session = self.sessions.get(token)
            present = await asyncio.to_thread(self.party.officers.present)
            owner = present and present.owner(session.credential_id)
            if not owner or owner[0].name != session.officer:
                self.sessions.end(token)
                self.sessions.get(token)
            return await handler(request, session)

        return handle

    async def matters(self) -> list[Matter]:
        """Everything that there is to decide on, and what was asked for and is done."""
        return await asyncio.to_thread(lambda: [*venue_matters(self.party), *self._asked()])

    async def matter(self, matter_id: str) -> Matter:
        """One of them; raises `UnknownMatter`. Of what strangers apply for, one is looked up: there may be much."""
        if not re.fullmatch("[0-9a-f]{64}", matter_id):
            raise UnknownMatter
        found = await asyncio.to_thread(lambda: [*venue_matters(self.party, bytes.fromhex(matter_id)), *self._asked()])
        for matter in found:
            if matter.matter_id == matter_id:
                return matter
        raise UnknownMatter

    def _asked(self) -> list[Matter]:
        return [*self.own.matters(), *asked_matters(self.party)]

    async def matter_view(self, matter_id: str, session: Session) -> View:
        """One of them as the page shows it; raises `UnknownMatter`."""
        return await asyncio.to_thread((await self.matter(matter_id)).view, self.party, session.officer)
