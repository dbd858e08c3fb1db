"""Simulated visitors, who come to a town's venues and leave them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import ClientSession

from client.errors import NoPassLeft, VisitorError
from client.visits import group_to_leave, open_entry, open_exits
from lab.town import Person, Place, Town
from protocol.http_messages import Decision
from protocol.primitives.errors import SplitPassError
from service.clock import unix_time
from service.problems import Problem, Unreachable
from venue.remote import RemoteDoor


@dataclass(eq=False, slots=True)
class _Walker:
    """A visitor, and the venue where they are."""

    person: Person
    inside: Place | None = None


class Walkers:
    """Up to so many `visitors`, of whom `rate` a minute come or leave. Who has no pass left makes room for another."""

    def __init__(
        self, town: Town, session: ClientSession, visitors: int, rate: float, say: Callable[[str], None]
    ) -> None:
        self._town, self._session, self._say = town, session, say
        self._visitors, self._rate = visitors, rate
        self._walkers: list[_Walker] = []

    async def walk(self) -> None:
        """Come and leave, one by one, forever."""
        while self._visitors:
            await asyncio.gather(self._step(), asyncio.sleep(60 / self._rate))

    async def _step(self) -> None:
        try:
            if len(self._walkers) < self._visitors:
                walker = _Walker(await self._town.enrol(self._session))
                await self._town.fetch_passes(self._session, walker.person)
                self._walkers.append(walker)
            else:
                walker = secrets.choice(self._walkers)
            try:
                await self._come_or_leave(walker)
            except NoPassLeft:
                self._walkers.remove(walker)
        except (VisitorError, SplitPassError, Problem, Unreachable) as error:
            self._say(f"a simulated visitor cannot go on: {error}")

    async def _come_or_leave(self, walker: _Walker) -> None:
        visitor, place = walker.person.visitor, walker.inside
        if place is None:
            place, what = secrets.choice(self._town.places), "comes to"
            screen = await asyncio.to_thread(open_entry, visitor)
        else:
            what, walker.inside = "leaves", None
            (screen,) = await asyncio.to_thread(lambda: open_exits(visitor, group_to_leave(visitor)))
        door = RemoteDoor(self._session, place.url, place.token)
        decision = (await door.decide_text(screen.text(unix_time()))).decision
        if what == "comes to" and decision is Decision.ADMITTED:
            walker.inside = place
        self._say(f"{walker.person.name} {what} {place.name}: {decision.name}")
