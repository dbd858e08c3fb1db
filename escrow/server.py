"""The routes and the housekeeping that both parties' servers have. Spec: §5.2, §6.2."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from aiohttp import ClientSession, web
from prometheus_client import Counter, Gauge

from escrow.epochs import NEVER_OPENED
from escrow.errors import ErasedEpoch, UnknownEpoch, VenuePending
from escrow.lists_server import list_routes
from escrow.log.server import LogRoutes
from escrow.party import Party
from service.background import log_failures
from service.clock import HOUR
from service.http import cbor_response, create_app, path_bytes, read_body
from service.monitoring import note_housekeeping
from service.rate_limits import RateLimit, client_network
from service.storage import truncate_log

HOUSEKEEPING_SECONDS = 600
DOUBT_SECONDS = 60
"""How long to wait before the other party's clock is asked again."""
COSIGNING_SECONDS = 30
"""How often it is looked whether the other party has cosigned everything."""
PEER_SECONDS = 600
"""How long the other party may take: a full batch or release is minutes of work."""

logger = logging.getLogger("splitpass")
_epochs_due = Gauge("splitpass_epochs_due", "Epochs that should be erased by now and are not.")
_clock_doubts = Counter("splitpass_clock_doubts", "Housekeepings that did not believe the clock.")
_log_entries = Gauge("splitpass_log_entries", "Entries under the log's public checkpoint.", ("party",))
_log_cosigned = Gauge(
    "splitpass_log_cosigned_timestamp_seconds", "When the log was cosigned, in Unix time.", ("party",)
)
_faults = Gauge("splitpass_housekeeping_faults", "Epochs not published, files not erased, copies not up to date.")
_copies_behind = Gauge("splitpass_vault_copies_behind", "Copies of the vault that are not up to date.")


def create_party_app(party: Party, session: ClientSession, routes: list[web.RouteDef]) -> web.Application:
    """A server with a party's own routes and those that both parties have; it closes `session` at its end."""
    shared = _SharedRoutes(party, session)
    app = create_app(
        [
            web.get("/v1/epochs/{epoch:0|[1-9][0-9]{0,9}}", shared.epoch),
            web.get("/v1/epochs/{epoch:0|[1-9][0-9]{0,9}}/inclusion", shared.inclusion),
            *LogRoutes(
                party.domain, party.peer.role, party.log, party.witness, party.clock, shared.count_checkpoint
            ).routes,
            web.post("/v1/venues", shared.apply),
            web.get("/v1/venues/{venue}", shared.venue),
            *list_routes(party.disclosures.lists),
            web.post("/v1/commitments", shared.commit),
            *routes,
        ],
        party.clock,
    )

    async def housekeeping(_app: web.Application) -> AsyncIterator[None]:
        await check_clock(party, session)
        await asyncio.to_thread(keep_house, party)
        tasks = [asyncio.create_task(keep(party, session)) for keep in (_keep_house_forever, _keep_log_alive)]
        yield
        for task in tasks:
            task.cancel()
        await session.close()

    app.cleanup_ctx.append(housekeeping)
    return app


def keep_house(party: Party) -> None:
    """Erase the epochs that are surely due, publish those ahead and the lists, and have the vault's copies follow."""
    for epoch in party.epochs.due(party.passed.at_least):  # step 3
        with log_failures("epoch %d could not be erased", epoch):
            party.epochs.erase(epoch)
            logger.info("epoch %d erased", epoch)
    _epochs_due.set(len(party.epochs.due(party.clock())))
    unpublished: list[str] = []
    if party.passed.believable:
        unpublished = party.epochs.publish_ahead()  # step 4
    else:
        _clock_doubts.inc()
        logger.error("the clock jumped and the other party's does not confirm it: nothing is published or erased by it")
    party.forget_old(party.passed.at_least)
    # Again: a request that was under way may have left something, and a restored database has what was there before.
    party.forget_epochs(set(party.epochs.vault.erased_epochs()))
    truncate_log(party.engine)
    faults = party.epochs.vault.mirror()
    for fault in (*unpublished, *faults.all):
        logger.error("%s", fault)
    _copies_behind.set(len(faults.behind))
    _faults.set(len(unpublished) + len(faults.all))
    if party.passed.believable:
        party.publish_lists()


async def check_clock(party: Party, session: ClientSession) -> None:
    """Have the other party's clock confirm a clock that jumped. Before the first epoch there is nothing to lose.

    A disk that takes nothing must not keep what is due from being erased.
    """
    with log_failures("the time that has passed could not be stored"):
        if not (party.passed.known or party.epochs.exist):
            party.passed.confirm()
        await party.passed.check(session, [party.peer.url])


async def _keep_house_forever(party: Party, session: ClientSession) -> None:
    """The first time the house was kept before the server listened, and only what needs the other party is left."""
    is_kept = True
    while True:
        with log_failures("housekeeping failed"):
            if not is_kept:
                await check_clock(party, session)
                await asyncio.to_thread(keep_house, party)
            today = party.epochs.today
            known = await party.epochs.cache.refresh(session, today, today + party.settings.publish_ahead_days)
            note_housekeeping(today, known)
        is_kept = False
        await asyncio.sleep(HOUSEKEEPING_SECONDS if party.passed.believable else DOUBT_SECONDS)


async def _keep_log_alive(party: Party, session: ClientSession) -> None:
    """Have what any process put on record cosigned soon, and the log anew again and again, so that it is seen alive."""
    while True:
        with log_failures("the log is not cosigned"):
            if await asyncio.to_thread(_log_is_behind, party):
                await party.peer.have_log_cosigned(session)
            _measure_log(party)
        await asyncio.sleep(COSIGNING_SECONDS)


def _log_is_behind(party: Party) -> bool:
    newest, published = party.log.pending(), party.log.published()
    if newest is None or published is None:
        return newest is not None
    return newest[1] != published[1].checkpoint or published[1].time <= party.clock() - HOUSEKEEPING_SECONDS


def _measure_log(party: Party) -> None:
    published = party.log.published()
    if published is not None:
        _log_entries.labels(party.role.name.lower()).set(published[1].checkpoint.size)
        _log_cosigned.labels(party.role.name.lower()).set(published[1].time)


class _SharedRoutes:
    def __init__(self, party: Party, session: ClientSession) -> None:
        self._party, self._session = party, session
        self._applications = RateLimit(party.settings.applications_per_hour, HOUR)
        self._checkpoints = RateLimit(party.settings.checkpoints_per_hour, HOUR)

    def count_checkpoint(self, request: web.Request) -> None:
        """Count a request to cosign a checkpoint; raises `TooManyRequests` if it is one too many."""
        self._checkpoints.count(self._client(request))

    def _client(self, request: web.Request) -> str:
        return client_network(request, self._party.settings.client_address_header)

    async def epoch(self, request: web.Request) -> web.Response:
        """This party's signed statement of an epoch."""
        epoch = int(request.match_info["epoch"])
        if await asyncio.to_thread(self._party.log.shows_erased, epoch):
            raise ErasedEpoch(epoch, NEVER_OPENED)
        statement = self._party.epochs.cache.statement(self._party.role, epoch)
        if statement is None:
            raise UnknownEpoch(epoch)
        return cbor_response(statement)

    async def inclusion(self, request: web.Request) -> web.Response:
        """The proof that this party's statement of an epoch is in its log, under a cosigned checkpoint."""
        epoch = int(request.match_info["epoch"])
        published = await asyncio.to_thread(self._party.log.published_epoch, epoch)
        if published is None:
            raise UnknownEpoch(epoch)
        return cbor_response(await self._party.peer.witnessed(self._session, published))

    async def apply(self, request: web.Request) -> web.Response:
        """Take a venue's application, for the officer to decide."""
        self._applications.count(self._client(request))
        await asyncio.to_thread(self._party.venues.apply, await read_body(request))
        return web.Response(status=202)

    async def venue(self, request: web.Request) -> web.Response:
        """This party's signature over a venue's record, once its officer has approved it."""
        venue_id = path_bytes(request, "venue", 16)
        listed = await asyncio.to_thread(self._party.venues.get, venue_id)
        if listed.statement is None:
            raise VenuePending(venue_id)
        return cbor_response(listed.statement)

    async def commit(self, request: web.Request) -> web.Response:
        """Take a venue's commitment to its check-ins."""
        statement = await read_body(request)
        await asyncio.to_thread(self._party.commitments.receive, statement, self._party.clock())
        return web.Response(status=202)
