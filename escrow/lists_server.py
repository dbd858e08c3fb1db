"""The routes of the lists that a party publishes. Spec: §5.2, §5.4."""

from __future__ import annotations

import asyncio

from aiohttp import web

from escrow.publications import PublishedLists
from service.http import cbor_response


def list_routes(lists: PublishedLists) -> list[web.RouteDef]:
    """Where anyone fetches the newest list of a kind, and each by its number."""

    async def serve(request: web.Request) -> web.Response:
        number = request.match_info.get("number")
        published = await asyncio.to_thread(lists.get, None if number is None else int(number))
        return cbor_response(published.statement)

    path = f"/v1/{lists.kind}"
    return [web.get(path, serve), web.get(path + "/{number:0|[1-9][0-9]{0,9}}", serve)]
