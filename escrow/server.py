"""The routes and the housekeeping that both parties' servers have. Spec: §5.2, §6.2."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from aiohttp import ClientSession, web
from prometheus_client import Counter, Gauge

from escrow.party import Party, unknown_epoch
from service.http import Problem, cbor_response, create_app, path_bytes, read_body
from service.observation import note_housekeeping
from service.rates import HOUR, RateLimit, client_network
from service.storage import truncate_log

HOUSEKEEPING_SECONDS = 600
DOUBT_SECONDS = 60
"""How long to wait before the other party's clock is asked again."""
PEER_SECONDS = 600
"""How long the other party may take: a full batch or release is minutes of work."""

logger = logging.getLogger("splitpass")
_epochs_due = Gauge("splitpass_epochs_due", "Epochs that should be erased by now and are not.")
_clock_doubts = Counter("splitpass_clock_doubts", "Housekeepings that did not believe the clock.")
_copies_behind = Gauge("splitpass_vault_copies_behind", "Copies of the vault that are not up to date.")


def create_party_app(party: Party, session: ClientSession, routes: list[web.RouteDef]) -> web.Application:
    """A server with a party's own routes and those that both parties have; it closes `session` at its end."""
    shared = _SharedRoutes(party)
    app = create_app(
        [
            web.get("/v1/epochs/{epoch:0|[1-9][0-9]{0,9}}", shared.epoch),
            web.post("/v1/venues", shared.apply),
            web.get("/v1/venues/{venue}", shared.venue),
            *routes,
        ],
        party.clock,
    )

    async def housekeeping(_app: web.Application) -> AsyncIterator[None]:
        await check_clock(party, session)
        await asyncio.to_thread(keep_house, party)
        task = asyncio.create_task(_keep_house_forever(party, session))
        yield
        task.cancel()
        await session.close()

    app.cleanup_ctx.append(housekeeping)
    return app


def keep_house(party: Party) -> None:
    """Publish the epochs ahead, erase those that are surely due, and see that the vault's copies follow."""
    if party.passed.believable:
        party.publish_ahead()
    else:
        _clock_doubts.inc()
        logger.error("the clock jumped and the other party's does not confirm it: nothing is published or erased by it")
    for epoch in party.due_epochs(party.passed.at_least):
        try:
            party.erase(epoch)
        except Exception:
            logger.exception("epoch %d could not be erased; the others go on", epoch)
        else:
            logger.info("epoch %d erased at the end of its retention", epoch)
    _epochs_due.set(len(party.due_epochs(party.clock())))
    party.forget_old(party.passed.at_least)
    for epoch in party.vault.erased_epochs():
        party.forget_epoch(epoch)  # again: a request that was under way may have left something
    truncate_log(party.engine)
    faults = party.vault.mirror()
    for fault in faults:
        logger.error("%s", fault)
    _copies_behind.set(len(faults))


async def check_clock(party: Party, session: ClientSession) -> None:
    """Have the other party's clock confirm a clock that jumped. Before the first epoch there is nothing to lose."""
    if not (party.passed.known or party.vault.epochs() or party.vault.erased_epochs()):
        party.passed.confirm()
    await party.passed.check(session, [party.domain_settings.url(party.peer_role)])


async def _keep_house_forever(party: Party, session: ClientSession) -> None:
    while True:
        try:
            await check_clock(party, session)
            await asyncio.to_thread(keep_house, party)
            today = party.today
            known = await party.epochs.refresh(session, today, today + party.settings.publish_ahead_days)
            note_housekeeping(today, known)
        except Exception:
            logger.exception("housekeeping found something wrong")
        await asyncio.sleep(HOUSEKEEPING_SECONDS if party.passed.believable else DOUBT_SECONDS)


class _SharedRoutes:
    def __init__(self, party: Party) -> None:
        self._party = party
        self._applications = RateLimit(party.settings.applications_per_hour, HOUR)

    async def epoch(self, request: web.Request) -> web.Response:
        """This party's signed statement of an epoch."""
        epoch = int(request.match_info["epoch"])
        statement = self._party.epochs.statement(self._party.role, epoch)
        if statement is None:
            raise unknown_epoch(epoch)
        return cbor_response(statement)

    async def apply(self, request: web.Request) -> web.Response:
        """Take a venue's application, for the officer to decide."""
        self._applications.count(client_network(request, self._party.settings.client_address_header))
        await asyncio.to_thread(self._party.venues.apply, await read_body(request))
        return web.Response(status=202)

    async def venue(self, request: web.Request) -> web.Response:
        """This party's signature over a venue's record, once its officer has approved it."""
        listed = await asyncio.to_thread(self._party.venues.get, path_bytes(request, "venue", 16))
        if listed.statement is None:
            raise Problem(404, "venue-pending", "the officer has not approved this venue yet")
        return cbor_response(listed.statement)
