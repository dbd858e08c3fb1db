"""Malformed requests to every route of real servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from service.media_types import CBOR
from tests.fuzz.extremes import extreme_items, extreme_statements, inflating_bodies
from tests.fuzz.recipes import Recipe, recipes, right_target, target
from tests.fuzz.requests import Envelope, draw_request
from tests.fuzz.servers_under_test import Route, ServersUnderTest, running_servers
from tests.fuzz.trial import Findings
from tests.fuzz.wire import Connection, Hung, WireAnswer, WireRequest, is_problem, problem_name

CONNECTIONS = 3
"""How many there are to each server at once."""
LIBRARY_STATUSES = (400, 417)
"""What the HTTP library itself answers to what is no HTTP, or expects the impossible."""
METHOD_NOT_ALLOWED = 405
"""The only refusal that a route without a body and without a variable has."""
CHANGED_BODIES = 0.8
"""How many of the requests go to routes that take a body."""
SERVER_MEBIBYTES = 512
"""How much memory a server may ever have used."""
EXPECTED_503 = {("operator", "/v1/passes", "try-later")}
"""Answers of the 500s that are part of the interface: too few visitors were asking at once."""


async def fuzz_routes(
    findings: Findings, seed: int, inputs: int, deadline: float, directory: Path, *, extremes: bool = True
) -> None:
    """Send `inputs` requests, until `deadline` (of `time.monotonic`), and then the extreme ones."""
    async with running_servers(directory) as tested:
        by_server = {server: [route for route in tested.routes if route.server == server] for server in tested.urls}
        await asyncio.gather(*(_try_right(findings, tested, routes, deadline) for routes in by_server.values()))
        shares = {server: inputs * len(routes) // len(tested.routes) for server, routes in by_server.items()}
        await asyncio.gather(
            *(
                _fuzz_server(
                    findings,
                    Random(f"{seed} {server} {number}"),
                    tested,
                    by_server[server],
                    share // CONNECTIONS,
                    deadline,
                )
                for server, share in shares.items()
                for number in range(CONNECTIONS)
            )
        )
        for headers, body in _extremes() if extremes and time.monotonic() < deadline else ():
            for route in tested.routes:
                if time.monotonic() < deadline and route.method == "POST":
                    await _send_extreme(findings, tested, route, headers, body)
        await _still_alive(findings, tested)
        peak = tested.servers.peak_mebibytes()
    _read_logs(findings, directory)
    if peak > SERVER_MEBIBYTES:
        findings.crash("servers", f"{peak} MiB of memory", b"")


async def _try_right(findings: Findings, tested: ServersUnderTest, routes: list[Route], deadline: float) -> None:
    """Ask every route for what it is for, and in a way that it must refuse."""
    random = Random(0)
    for route in routes:
        if time.monotonic() > deadline:
            break
        await asyncio.gather(
            *(_send_right(findings, tested, route, route.method, one) for one in recipes(random, tested, route))
        )
        await _send_right(findings, tested, route, "DELETE", Recipe(bytes))


async def _send_right(findings: Findings, tested: ServersUnderTest, route: Route, method: str, recipe: Recipe) -> None:
    body, path = recipe.whole(), recipe.target or right_target(tested, route)
    token = () if recipe.token is None else (f"Authorization: Bearer {recipe.token.hex()}",)
    headers = ("Host: 127.0.0.1", f"Content-Type: {CBOR}", f"Content-Length: {len(body)}", *token)
    connection = Connection(tested.urls[route.server])
    request = WireRequest(Envelope(method, path, headers, body).framed(), is_head=method == "HEAD")
    await send(findings, connection, route, request)
    await connection.close()


async def _fuzz_server(
    findings: Findings, random: Random, tested: ServersUnderTest, routes: list[Route], inputs: int, deadline: float
) -> None:
    connection = Connection(tested.urls[routes[0].server])
    posts = [route for route in routes if route.method == "POST"]
    known = {route: recipes(random, tested, route) for route in routes}
    for number in range(inputs):
        if time.monotonic() > deadline:
            break
        with_body = number >= len(routes) and random.random() < CHANGED_BODIES
        route = random.choice(posts) if with_body else routes[number % len(routes)]
        recipe = random.choice(known[route])
        path = recipe.target or target(random, tested, route)
        request = draw_request(random, route.method, path, recipe.token, recipe.draw(random))
        await send(findings, connection, route, request)
    await connection.close()


async def send(findings: Findings, connection: Connection, route: Route, request: WireRequest) -> bool:
    """Send a request and judge the answer; False if there was none in time."""
    findings.inputs += 1
    findings.routes.add(route.name)
    try:
        answer = await connection.exchange(request)
    except Hung:
        findings.crash(route.name, "no answer in time", request.data)
        return False
    except OSError as error:
        findings.crash(route.name, f"the server is gone ({type(error).__name__})", request.data)
        return False
    if answer is not None:
        _judge(findings, route, request, answer)
    elif request.whole and request.well_formed:
        findings.crash(route.name, "closed without an answer", request.data)
    return True


def _judge(findings: Findings, route: Route, request: WireRequest, answer: WireAnswer) -> None:
    if answer.status < 400:
        findings.accepted += 1
    if answer.status < 400:
        findings.succeeded.add(route.name)
    elif answer.status != METHOD_NOT_ALLOWED or route.method != "POST":
        findings.refused.add(route.name)
    if answer.status >= 500:
        if (route.server, route.path, problem_name(answer)) not in EXPECTED_503:
            findings.error_500(route.name, f"{answer.status} {problem_name(answer)}", request.data)
    elif (
        answer.status >= 400
        and not (request.is_head or is_problem(answer))
        and (request.well_formed or answer.status not in LIBRARY_STATUSES)
    ):
        findings.crash(route.name, f"{answer.status} without a problem document", request.data)


def _extremes() -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Bodies that are dear to take, with the headers that belong to them."""
    for body in (*extreme_items(MAX_MESSAGE_BYTES), *extreme_statements(MAX_MESSAGE_BYTES)):
        yield (), body
    for coding, body in inflating_bodies():
        yield (f"Content-Encoding: {coding}",), body


async def _send_extreme(
    findings: Findings, tested: ServersUnderTest, route: Route, headers: tuple[str, ...], body: bytes
) -> None:
    """Send a dear body; if it was too dear the server is given time to end it."""
    token = f"Authorization: Bearer {tested.tokens[0].hex()}"
    length = f"Content-Length: {len(body)}"
    path = route.path.replace("{warrant}", "00" * 16)
    envelope = Envelope("POST", path, ("Host: 127.0.0.1", f"Content-Type: {CBOR}", token, length, *headers), body)
    connection = Connection(tested.urls[route.server])
    if not await send(findings, connection, route, WireRequest(envelope.framed())):
        await _wait_ready(tested.urls[route.server])
    await connection.close()


async def _wait_ready(url: str) -> None:
    connection = Connection(url)
    for _ in range(10):
        try:
            await connection.exchange(WireRequest(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
        except (Hung, OSError):
            continue
        break
    await connection.close()


async def _still_alive(findings: Findings, tested: ServersUnderTest) -> None:
    for server, url in tested.urls.items():
        request = WireRequest(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await send(findings, Connection(url), Route(server, "GET", "/healthz"), request)


def _read_logs(findings: Findings, directory: Path) -> None:
    """An error in a server's log is a finding, whatever was answered, unless the HTTP library says it of bad HTTP."""
    for log in directory.glob("*.log"):
        for line in log.read_text("utf-8", "replace").splitlines():
            if "ERROR" in line and "aiohttp.server" not in line:
                findings.crash(log.stem, "an error in the log", line.encode())
