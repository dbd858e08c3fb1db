"""A server that spoils some of what another one does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex

from aiohttp import ClientSession, web

from lab.processes import free_ports
from service.media_types import PROBLEM, PROBLEM_TYPE
from tests.support.running import serving

REQUEST_HEADERS = ("Content-Type", "Content-Encoding", "Authorization")
ANSWER_HEADERS = ("Content-Type", "Cache-Control", "X-Request-Id")


@dataclass
class Asked:
    """What somebody asks, and a way to ask the good server; both may be changed."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    good_url: str

    async def answer(self) -> web.Response:
        """What the good server says."""
        async with (
            ClientSession() as session,
            session.request(self.method, self.good_url + self.path, data=self.body, headers=self.headers) as response,
        ):
            headers = {name: response.headers[name] for name in ANSWER_HEADERS if name in response.headers}
            return web.Response(status=response.status, headers=headers, body=await response.read())


Spoil = Callable[[Asked], Awaitable[web.Response]]


def problem(status: int, name: str) -> web.Response:
    document = {"type": PROBLEM_TYPE + name, "title": name, "status": status, "detail": name}
    headers = {"Cache-Control": "no-store"}
    return web.json_response(document, status=status, content_type=PROBLEM, headers=headers)


def said(answer: web.Response) -> bytes:
    assert isinstance(answer.body, bytes)
    return answer.body


@contextmanager
def spoiled(good_url: str, spoil: Spoil) -> Iterator[str]:
    """Run the bad server before the good one; gives its URL."""

    async def handle(request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in REQUEST_HEADERS if name in request.headers}
        answer = await spoil(Asked(request.method, request.path, headers, await request.read(), good_url))
        answer.headers.setdefault("X-Request-Id", token_hex(8))
        return answer

    app = web.Application(client_max_size=0)
    app.router.add_route("*", "/{path:.*}", handle)
    (port,) = free_ports(1)

    async def apps() -> list[tuple[web.Application, int]]:
        return [(app, port)]

    with serving(apps):
        yield f"http://127.0.0.1:{port}"
