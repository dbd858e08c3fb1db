"""What pages of other origins may ask a server: what visitors' clients ask, and without cookies. Spec: §5.1."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web
from aiohttp.typedefs import Handler

_OPEN = web.AppKey("open", frozenset[web.AbstractResource | None])
_ANY_PAGE = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Date, Retry-After"}
_REMEMBERED_SECONDS = 86_400


def let_pages_use(app: web.Application, routes: Collection[web.RouteDef]) -> None:
    """Add routes whose answers pages of any origin may read, and answers to browsers that ask whether they may."""
    answers = [web.options(path, _preflight) for path in {route.path for route in routes}]
    in_order = sorted([*routes, *answers], key=lambda route: route.path)  # those of one path become one resource
    app[_OPEN] = frozenset(route.resource for route in app.add_routes(in_order))


@web.middleware
async def share(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let any page read the answer, whatever it is, if the route is open to pages."""
    response = await handler(request)
    if request.match_info.route.resource in request.app[_OPEN]:
        response.headers.update(_ANY_PAGE)
    return response


async def _preflight(request: web.Request) -> web.Response:
    resource = request.match_info.route.resource
    assert resource is not None
    headers = {
        "Access-Control-Allow-Methods": ", ".join(sorted({route.method for route in resource} - {"HEAD", "OPTIONS"})),
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": str(_REMEMBERED_SECONDS),
    }
    return web.Response(status=204, headers=headers)
