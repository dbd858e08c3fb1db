"""The routes that both parties' servers have. Spec: §5.2."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import ClientSession, web

from escrow.errors import UnknownEpoch, VenuePending
from escrow.housekeeping import housekeeping
from escrow.lists_server import list_routes
from escrow.log.server import LogRoutes
from escrow.party import Party
from protocol.primitives.errors import SplitPassError
from protocol.transparency.logs import COSIGNING_SECONDS
from service.caching import FOR_A_MINUTE, FOR_HOURS, lasting_response
from service.clock import HOUR
from service.http import SHORT_BODY_BYTES, cbor_response, create_app, path_bytes, read_body
from service.media_types import CBOR
from service.rate_limits import RateLimit, client_network
from service.readiness import missing_database, missing_keys


def create_party_app(
    party: Party, session: ClientSession, routes: list[web.RouteDef], open_routes: list[web.RouteDef]
) -> web.Application:
    """A server with a party's own routes and those that both parties have; it closes `session` at its end.

    Pages of any origin may use the `open_routes`.
    """
    shared = _SharedRoutes(party, session)
    log = LogRoutes(party.domain, party.peer.role, party.log, party.witness, party.clock, shared.count_checkpoint)
    app = create_app(
        [
            *log.routes,
            web.post("/v1/venues", shared.apply),
            web.get("/v1/venues/{venue}", shared.venue),
            web.post("/v1/commitments", shared.commit),
            *routes,
        ],
        party.clock,
        lambda: _missing(party),
        [
            web.get("/v1/epochs/{epoch:0|[1-9][0-9]{0,9}}", shared.epoch),
            web.get("/v1/epochs/{epoch:0|[1-9][0-9]{0,9}}/inclusion", shared.inclusion),
            *log.open_routes,
            *list_routes(party.disclosures.lists),
            *open_routes,
        ],
    )

    async def keep(_app: web.Application) -> AsyncIterator[None]:
        async with housekeeping(party, session):
            yield
        await session.close()

    app.cleanup_ctx.append(keep)
    return app


def _missing(party: Party) -> list[str]:
    """What a party's server lacks to do its work."""
    missing = missing_database(party.engine) + missing_keys(party.epochs.cache, party.epochs.today)
    try:
        published = party.log.published()
    except (OSError, SplitPassError):
        missing.append("the log's checkpoint cannot be read")
    else:
        if published is None or published[1].time < party.clock() - COSIGNING_SECONDS:
            missing.append(f"the other party has not cosigned the log for {COSIGNING_SECONDS} s")
    return missing


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
        statement = await asyncio.to_thread(self._party.epochs.statement, int(request.match_info["epoch"]))
        return lasting_response(statement, CBOR, FOR_HOURS)

    async def inclusion(self, request: web.Request) -> web.Response:
        """The proof that this party's statement of an epoch is in its log, under a cosigned checkpoint."""
        epoch = int(request.match_info["epoch"])
        published = await asyncio.to_thread(self._party.log.published_epoch, epoch)
        if published is None:
            raise UnknownEpoch(epoch)
        inclusion = await self._party.peer.witnessed(self._session, published)
        return lasting_response(inclusion.to_bytes(), CBOR, FOR_A_MINUTE)

    async def apply(self, request: web.Request) -> web.Response:
        """Take a venue's application, for the officer to decide."""
        self._applications.count(self._client(request))
        await asyncio.to_thread(self._party.venues.apply, await read_body(request, SHORT_BODY_BYTES))
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
        statement = await read_body(request, SHORT_BODY_BYTES)
        await asyncio.to_thread(self._party.commitments.receive, statement, self._party.clock())
        return web.Response(status=202)
