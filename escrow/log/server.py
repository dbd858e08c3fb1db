"""The routes of a party's log, and of the party as a witness. Spec: §5.2."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from escrow.errors import NoCheckpoint, UnknownLog
from escrow.log.asking import SIZE
from escrow.log.log import TransparencyLog
from escrow.log.witness import OtherSize, Witness
from protocol.epochs import Domain, Role
from protocol.transparency.logs import log_id
from protocol.transparency.tiles import Tile
from service.caching import FOR_EVER, lasting_response, newest_response
from service.clock import Clock
from service.http import read_any_body
from service.refusals import NotFound

TEXT = "text/plain"
NOT_COSIGNED = "no checkpoint of this log has been cosigned yet"


class LogRoutes:
    """The handlers of the routes: of a party's `log`, and of its `witness` of the log of the role `witnessed`.

    `count` is called with each request to cosign, before its body is read, and may refuse it: each writes a file.
    """

    def __init__(
        self,
        domain: Domain,
        witnessed: Role,
        log: TransparencyLog,
        witness: Witness,
        clock: Clock,
        count: Callable[[web.Request], None],
    ) -> None:
        self._log, self._witness, self._clock, self._count = log, witness, clock, count
        self._witnessed = log_id(domain, witnessed)

    @property
    def open_routes(self) -> list[web.RouteDef]:
        """The routes of the log, which visitors' clients use too."""
        return [
            web.get("/v1/log/checkpoint", self.checkpoint),
            web.get("/v1/log/tile/{tile:.+}", self.tile),
        ]

    @property
    def routes(self) -> list[web.RouteDef]:
        """The routes of the witness."""
        return [
            web.post("/v1/witness/add-checkpoint", self.add_checkpoint),
            web.get("/v1/witness/{log}/checkpoint", self.witnessed_checkpoint),
        ]

    async def checkpoint(self, request: web.Request) -> web.Response:
        """The newest cosigned checkpoint of this party's log."""
        published = await asyncio.to_thread(self._log.published)
        if published is None:
            raise NoCheckpoint(NOT_COSIGNED)
        return newest_response(request, published[0], TEXT, "utf-8")

    async def tile(self, request: web.Request) -> web.Response:
        """A tile of this party's log."""
        tile = Tile.at(request.match_info["tile"])
        data = None if tile is None else await asyncio.to_thread(self._log.files.read, tile)
        if tile is None or data is None:
            raise NotFound("there is no such tile")
        return lasting_response(data, "application/octet-stream", FOR_EVER)

    async def add_checkpoint(self, request: web.Request) -> web.Response:
        """Cosign a checkpoint of the other party's log."""
        self._count(request)
        body = await read_any_body(request)
        try:
            line = await asyncio.to_thread(self._witness.add_checkpoint, body, self._clock())
        except OtherSize as error:
            return web.Response(status=409, body=f"{error.size}\n".encode(), content_type=SIZE)
        return _text_response(line)

    async def witnessed_checkpoint(self, request: web.Request) -> web.Response:
        """The checkpoint of the other party's log that was cosigned last."""
        if request.match_info["log"] != self._witnessed:
            raise UnknownLog("this witness knows no such log")
        note = await asyncio.to_thread(self._witness.checkpoint)
        if note is None:
            raise NoCheckpoint(NOT_COSIGNED)
        return _text_response(note)


def _text_response(text: bytes) -> web.Response:
    return web.Response(body=text, content_type=TEXT, charset="utf-8", headers={"Cache-Control": "no-store"})
