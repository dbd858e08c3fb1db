"""A server in the place of another, and a network that leads there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import ClientSession, web
from msgspec.structs import replace

from lab.processes import free_ports
from protocol.epochs import Role
from service.http import cbor_response, create_app
from service.http_client import call, new_session
from service.settings import DomainSettings
from tests.support.running import serving


@contextmanager
def impostor(answers: dict[str, bytes], behind: str | None = None) -> Iterator[tuple[str, list[str]]]:
    """Gives the answers to GET requests for these paths; asks the server behind it for everything else.

    Yields its URL, and the list of paths that it is asked.
    """
    (port,) = free_ports(1)
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.method == "GET" and request.path in answers:
            return cbor_response(answers[request.path])
        assert behind is not None, f"nobody answers {request.path}"
        async with new_session() as session:
            return cbor_response(await passed_on(session, request, behind + request.path))

    async def apps() -> list[tuple[web.Application, int]]:
        return [(create_app([web.route("*", "/v1/{path:.*}", answer)]), port)]

    with serving(apps):
        yield f"http://127.0.0.1:{port}", asked


async def passed_on(session: ClientSession, request: web.Request, url: str) -> bytes:
    """What another server says to a request."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return await call(session, request.method, url, await request.read(), bytes.fromhex(token) if token else None)


def redirect(settings: DomainSettings, home: Path, role: Role, url: str) -> None:
    """From now on the network leads whoever lives in `home` to another server; what is pinned stays."""
    name = role.name.lower()
    party = replace(getattr(settings, name), url=url)
    (home / "domain.toml").write_text(replace(settings, **{name: party}).to_toml())
