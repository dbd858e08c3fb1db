"""JSON over HTTP, as the desk's page sends and gets it. Spec: §6.9."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from aiohttp import web

from protocol.primitives.errors import Malformed
from service.http import read_any_body
from service.refusals import UnsupportedMediaType

B = TypeVar("B")
NO_STORE = {"Cache-Control": "no-store"}


def answer(value: Any) -> web.Response:
    """JSON that nothing keeps."""
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", headers=NO_STORE)


async def read_json(request: web.Request, kind: type[B]) -> B:
    """The JSON body of a request; raises `UnsupportedMediaType` or `Malformed`."""
    if request.content_type != "application/json":
        raise UnsupportedMediaType("send the body as application/json")
    try:
        return msgspec.json.decode(await read_any_body(request), type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Malformed(str(error)) from None
