"""What a browser is told when a page of another origin asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession, web
from multidict import CIMultiDictProxy

from lab.processes import free_ports
from protocol.primitives.errors import InvalidProof
from service.http import create_app
from service.rate_limits import RateLimit
from tests.support.running import online, serving

ORIGIN = {"Origin": "https://page.example"}
PREFLIGHT = {**ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@dataclass(frozen=True)
class Answer:
    """The status and the headers of an answer."""

    status: int
    headers: CIMultiDictProxy[str]

    @property
    def sharing(self) -> dict[str, str]:
        """What the answer says of other origins."""
        return {name: value for name, value in self.headers.items() if name.startswith("Access-Control-")}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server with open routes, which answer and refuse, and with another."""
    limit = RateLimit(1, 3600)
    limit.count("client")

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="here")

    async def refuse(request: web.Request) -> web.Response:
        if request.match_info["why"] == "often":
            limit.count("client")
        raise InvalidProof("no")

    (port,) = free_ports(1)

    async def apps() -> list[tuple[web.Application, int]]:
        routes = [web.get("/v1/open", answer), web.post("/v1/open", answer), web.post("/v1/open/{why:[a-z]+}", refuse)]
        return [(create_app([web.post("/v1/parties", answer)], open_routes=routes), port)]

    with serving(apps):
        yield f"http://127.0.0.1:{port}"


def ask(method: str, url: str, headers: dict[str, str] = ORIGIN) -> Answer:
    """The answer to a request as a browser sends it."""

    async def once(session: ClientSession) -> Answer:
        async with session.request(method, url, headers=headers) as response:
            return Answer(response.status, response.headers)

    return online(once)


SHARED = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Date, Retry-After"}


def test_any_page_may_read_an_answer_and_the_time(url: str) -> None:
    answer = ask("GET", f"{url}/v1/open")
    assert (answer.status, answer.sharing) == (200, SHARED)
    assert answer.headers["Date"]


def test_any_page_may_read_why_it_is_refused_and_for_how_long(url: str) -> None:
    assert (ask("POST", f"{url}/v1/open/proof").status, ask("POST", f"{url}/v1/open/proof").sharing) == (422, SHARED)
    answer = ask("POST", f"{url}/v1/open/often")
    assert (answer.status, answer.sharing) == (429, SHARED)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_browser_that_asks_first_is_told_methods_and_headers(url: str) -> None:
    answer = ask("OPTIONS", f"{url}/v1/open", PREFLIGHT)
    assert answer.status == 204
    assert answer.sharing == SHARED | {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "86400",
    }


@pytest.mark.parametrize("path", ["/v1/parties", "/healthz", "/readyz", "/v1/unknown"])
def test_no_page_may_read_anything_else(url: str, path: str) -> None:
    answers = [ask(method, url + path, PREFLIGHT) for method in ("GET", "POST", "OPTIONS")]
    assert all(answer.sharing == {} for answer in answers)
    assert answers[-1].status in {404, 405}


def test_nothing_is_shared_with_cookies(url: str) -> None:
    answers = [ask(method, f"{url}/v1/open") for method in ("GET", "OPTIONS", "POST")]
    assert not any("Access-Control-Allow-Credentials" in answer.headers for answer in answers)
    assert not any("Set-Cookie" in answer.headers for answer in answers)
