"""What a venue's server takes from pages and programs at its doors, its readers. Spec: §5.5."""

from __future__ import annotations

import asyncio

from aiohttp import web

from protocol.assisted_check_ins import AssistedCheckIn
from protocol.check_ins import Direction
from protocol.deliveries import Delivery, DomainView, DoorView, EpochView, Openness, Pairing
from protocol.epochs import Role
from protocol.http_messages import Decision, DoorAnswer
from service.clock import HOUR, Clock
from service.http import SMALL_BODY_BYTES, bearer_token, cbor_response, read_message
from service.rate_limits import RateLimit, client_network
from venue.deliveries import Deliveries
from venue.domains import PinnedDomain
from venue.home import ServedVenue, VenueHome
from venue.reader_tokens import ReaderToken
from venue.readers import find_reader


def door_routes(home: VenueHome, clock: Clock) -> list[web.RouteDef]:
    """The routes of readers, but those for a single code."""
    routes = _ReaderRoutes(home, clock)
    return [
        web.post("/v1/readers", routes.pair),
        web.get("/v1/door", routes.door),
        web.post("/v1/deliveries", routes.deliver),
        web.post("/v1/assisted", routes.assist),
    ]


class _ReaderRoutes:
    """The handlers. Signatures and the database work in threads."""

    def __init__(self, home: VenueHome, clock: Clock) -> None:
        self._home, self._clock = home, clock
        self._pairings = RateLimit(home.settings.pairings_per_hour, HOUR)

    async def pair(self, request: web.Request) -> web.Response:
        """POST /v1/readers: become a reader by the secret of a link."""
        self._pairings.count(client_network(request, self._home.settings.client_address_header))
        pairing = await read_message(request, Pairing)
        await asyncio.to_thread(self._home.pairings.use, pairing.secret, pairing.token, self._clock())
        return web.Response(status=202)

    async def door(self, request: web.Request) -> web.Response:
        """GET /v1/door: all that a reader needs to decide by itself."""
        token = bearer_token(request)
        return cbor_response(await asyncio.to_thread(self._view, token))

    async def deliver(self, request: web.Request) -> web.Response:
        """POST /v1/deliveries: what a reader has admitted by itself."""
        deliveries = await asyncio.to_thread(self._deliveries, bearer_token(request))
        delivery = await read_message(request, Delivery, SMALL_BODY_BYTES)
        return cbor_response(await asyncio.to_thread(deliveries.take, delivery, self._clock()))

    async def assist(self, request: web.Request) -> web.Response:
        """POST /v1/assisted: what a reader has sealed of somebody without a phone."""
        token, message = bearer_token(request), await read_message(request, AssistedCheckIn)
        return cbor_response(await asyncio.to_thread(self._take_assisted, token, message))

    def _view(self, token: bytes) -> DoorView:
        venue, reader = find_reader(self._home, token)
        return door_view(venue, reader, self._clock())

    def _deliveries(self, token: bytes) -> Deliveries:
        venue, reader = find_reader(self._home, token)
        return Deliveries(self._home.engine, venue.venue_id, venue.door, reader)

    def _take_assisted(self, token: bytes, message: AssistedCheckIn) -> DoorAnswer:
        decision = self._deliveries(token).take_assisted(message, self._home.assisted_number, self._clock())
        return DoorAnswer(decision, Direction.ENTRY if decision is Decision.ADMITTED else None)


def door_view(venue: ServedVenue, reader: ReaderToken, now: int) -> DoorView:
    """What a reader of a venue is told at Unix time `now`."""
    home = venue.home
    domains = tuple(_domain_view(pinned, now) for pinned in home.domains)
    return DoorView(now, venue.venue_id, venue.description.name, reader.door, home.assisted_number, domains)


def _domain_view(pinned: PinnedDomain, now: int) -> DomainView:
    openness = Openness.CLOSED if pinned.closed else Openness.OPEN
    epochs = (_epoch_view(pinned, epoch) for epoch in pinned.wanted_epochs(now))
    return DomainView(pinned.domain, pinned.tolerance, openness, tuple(one for one in epochs if one is not None))


def _epoch_view(pinned: PinnedDomain, epoch: int) -> EpochView | None:
    """Both statements of an epoch; None if one is missing, or a party has signed two that differ."""
    if pinned.epochs.key(epoch) is None:
        return None
    operator, authority = (pinned.epochs.statement(role, epoch) for role in (Role.OPERATOR, Role.AUTHORITY))
    return None if operator is None or authority is None else EpochView(epoch, operator, authority)
