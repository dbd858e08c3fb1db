"""Company for whoever asks for passes: an operator refuses visitors who are too few to hide each other."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from aiohttp import ClientSession

from client.passes import fetch_epoch_key
from client.visitor import Visitor
from lab.following import follow
from lab.processes import START_SECONDS, ProcessFailed
from lab.town import Town
from protocol.epochs import EpochKey, Role
from protocol.handles import register_handle
from protocol.http_messages import Session
from protocol.passes import request_allowance
from protocol.primitives.errors import SplitPassError
from protocol.primitives.group import Scalar
from service.http_client import call
from service.problems import Problem, Unreachable

DAYS = 4
"""Today and the days ahead that parties publish."""
BEFORE_ASKING = '"/v1/epochs/{epoch}"'
"""What is in the operator's log when somebody is about to ask for passes."""
SECONDS = 15
"""How long the neighbours go on asking after that."""


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """Somebody with a handle that is registered for an epoch."""

    account: Session
    epoch_key: EpochKey
    h: Scalar


class Company:
    """A neighbour for each day, who asks for its passes whenever somebody else may, and another when all are issued."""

    def __init__(self, town: Town, session: ClientSession) -> None:
        self._town, self._session = town, session
        self._visitor: Visitor
        self._neighbours: dict[int, _Neighbour] = {}
        self._asks_until = 0.0

    async def settle(self) -> None:
        """Register, as soon as both parties have the days on record; raises `ProcessFailed` if that takes long."""
        deadline = time.monotonic() + START_SECONDS
        self._visitor = (await self._town.enrol(self._session)).visitor
        while not await self._are_published():
            if time.monotonic() > deadline:
                raise ProcessFailed("the parties have not published the keys of today; see their logs")
            await asyncio.sleep(0.5)
        for epoch in self._days():
            await self._neighbour(epoch)

    async def keep(self) -> None:
        """Ask along with whoever comes; never ends."""
        asking: dict[int, asyncio.Task[None]] = {}
        async for line in follow(self._town.directory / "operator.log"):
            if BEFORE_ASKING in line:
                self._asks_until = time.monotonic() + SECONDS
                for epoch in self._days():
                    if epoch not in asking or asking[epoch].done():
                        asking[epoch] = asyncio.create_task(self._ask_along(epoch))

    def _days(self) -> range:
        return range(self._town.today, self._town.today + DAYS)

    async def _are_published(self) -> bool:
        try:
            for epoch in self._days():
                await fetch_epoch_key(self._visitor, self._session, epoch)
        except (Problem, SplitPassError):
            return False
        return True

    async def _ask_along(self, epoch: int) -> None:
        url = f"{self._town.settings.url(Role.OPERATOR)}/v1/passes"
        while time.monotonic() < self._asks_until:
            try:
                neighbour = await self._neighbour(epoch)
                _, request = request_allowance(neighbour.epoch_key, neighbour.h)
                await call(self._session, "POST", url, request, neighbour.account.token)
            except Problem as problem:
                if problem.name == "allowance-used":
                    del self._neighbours[epoch]
                elif problem.name != "try-later":  # that is what the mixer says who found nobody else
                    await asyncio.sleep(1)
            except (Unreachable, SplitPassError):
                await asyncio.sleep(1)

    async def _neighbour(self, epoch: int) -> _Neighbour:
        """Whoever asks for the passes of an epoch next."""
        if epoch not in self._neighbours:
            account = (await self._town.enrol(self._session)).visitor.account().session
            epoch_key = await fetch_epoch_key(self._visitor, self._session, epoch)
            h, registration = register_handle(epoch_key, account.account_id)
            url = f"{self._town.settings.url(Role.OPERATOR)}/v1/handles"
            await call(self._session, "POST", url, registration, account.token)
            self._neighbours[epoch] = _Neighbour(account, epoch_key, h)
        return self._neighbours[epoch]
