"""How a client speaks with servers. Spec: §5.1."""

from __future__ import annotations

from aiohttp import web

from conformance.clients.bench import (
    BASIC,
    NO_ANSWER,
    OTHER_PHONE,
    PHONE,
    WITH_SESSION,
    ClientChecks,
    Tested,
    expect,
    headers_of,
)
from conformance.parties import TODAY

checks = ClientChecks(BASIC)
REGISTERING = "operator POST /v1/handles"


@checks.add("5.1/redirect")
async def _redirect(tested: Tested) -> None:
    """No redirect is followed: what was meant for one server would reach another."""
    await tested.enrol()
    target = f"{tested.parties.urls['venue']}/v1/handles"

    async def redirect(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(target)

    with tested.lying(instead={REGISTERING: redirect}):
        await tested.refuses(NO_ANSWER, "fetch", epoch=TODAY)
    followed = [line for line in tested.lines if line.startswith("venue ")]
    expect(not followed, f"{', '.join(followed)} after a redirect")
    await tested.gets_passes_later()


@checks.add("5.1/no-marks")
async def _no_marks(tested: Tested) -> None:
    """No request has a cookie, and none but registering and asking has the session's token (A3)."""

    async def set_cookie(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Set-Cookie"] = "visitor=1; Path=/"

    tested.parties.on_response = set_cookie
    await tested.supply()
    await tested.ask("search")
    await tested.ask("read-poster", link=tested.link)
    await tested.ask("check-in", link=tested.link, people=1)
    for line in dict.fromkeys(tested.lines):
        headers = headers_of(tested.parties.asked, line)
        expect("cookie" not in headers, f"{line} has a cookie")
        expect("authorization" not in headers or line in WITH_SESSION, f"{line} carries the session's token")


@checks.add("5.1/same-headers")
async def _same_headers(tested: Tested) -> None:
    """Two clients send the same headers for the same request."""
    lines = [f"operator GET /v1/epochs/{TODAY}", "authority GET /v1/notices"]
    sent = []
    for phone in (PHONE, OTHER_PHONE):
        await tested.begin()
        await tested.supply(phone)
        await tested.ask("search")
        sent.append([headers_of(tested.parties.asked, line) for line in lines])
    expect(sent[0] == sent[1], "two clients send different headers")
