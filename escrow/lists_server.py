"""The routes of the lists that a party publishes. Spec: §5.2, §5.4."""

from __future__ import annotations

import asyncio

from aiohttp import web

from escrow.publications import PublishedLists
from service.caching import FOR_EVER, lasting_response, newest_response
from service.media_types import CBOR


def list_routes(lists: PublishedLists) -> list[web.RouteDef]:
    """Where anyone fetches the newest list of a kind, and each by its number."""

    async def serve(request: web.Request) -> web.Response:
        number = request.match_info.get("number")
        statement = await asyncio.to_thread(lists.statement, None if number is None else int(number))
        if number is None:
            return newest_response(request, statement, CBOR)
        return lasting_response(statement, CBOR, FOR_EVER)

    path = f"/v1/{lists.kind}"
    return [web.get(path, serve), web.get(path + "/{number:0|[1-9][0-9]{0,9}}", serve)]
