"""The delivered proxy: one session to one process, nothing of anybody in its log, no request twice. Spec: §8.6."""

from __future__ import annotations

import asyncio
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_bytes
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

from escrow.published import PublishedFiles
from lab.processes import Servers, free_ports
from protocol.epochs import Role
from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from service.caching import FOR_EVER, FOR_HOURS, REVALIDATED
from service.http_client import call
from tests.containers.nginx import Proxy, nginx, program, set_up
from tests.support.processes import real_world, start_party
from tests.support.programs import launch
from tests.support.running import run, serving

PORTS = {"operator": (8401, 8411), "authority": (8402, 8412), "venue": (8403, 8413)}
LONG_BYTES = 1_000_000
"""Of a body that nginx would keep in memory if it buffered it."""
AUTHORITY, OPERATOR = "allow 192.0.2.2", "allow 192.0.2.1"


def session_with(proxy: Proxy) -> ClientSession:
    return ClientSession(connector=TCPConnector(ssl=proxy.trust), timeout=ClientTimeout(60))


@contextmanager
def processes(*ports: int) -> Iterator[Counter[int]]:
    """Servers that tell their port and what reached them; how many requests each has taken."""
    taken: Counter[int] = Counter()

    def app(port: int) -> web.Application:
        async def tell(request: web.Request) -> web.Response:
            taken[port] += 1
            if request.path == "/v1/breaks":
                assert request.transport is not None
                request.transport.abort()
            body = await request.read()
            return web.json_response({"port": port, "headers": dict(request.headers), "bytes": len(body)})

        application = web.Application(client_max_size=2 * MAX_MESSAGE_BYTES)
        application.router.add_route("*", "/{path:.*}", tell)
        return application

    async def apps() -> list[tuple[web.Application, int]]:
        return [(app(port), port) for port in ports]

    with serving(apps):
        yield taken


def replaced(role: str, ports: tuple[int, ...]) -> dict[str, str]:
    return {f":{old};": f":{new};" for old, new in zip(PORTS[role], ports, strict=True)}


@pytest.mark.parametrize("role", PORTS)
def test_a_configuration_is_valid(tmp_path: Path, role: str) -> None:
    configuration, _ = set_up(role, tmp_path, {})
    subprocess.run([program(), "-t", "-q", "-p", tmp_path, "-c", configuration], check=True)


def test_a_session_stays_with_one_process_and_leaves_no_trace(tmp_path: Path) -> None:
    ports = tuple(free_ports(2))
    tokens = [token_bytes(32).hex() for _ in range(24)]

    async def ask(proxy: Proxy) -> None:
        async with session_with(proxy) as session:
            served: dict[str, int] = {}
            for token in [*tokens, *tokens]:
                spoofed = {"Authorization": f"Bearer {token}", "X-Client-Address": "198.51.100.7"}
                async with session.post(f"{proxy.url}/v1/handles", data=b"x", headers=spoofed) as answer:
                    told = await answer.json()
                assert told["headers"]["X-Client-Address"] == "127.0.0.1"
                assert served.setdefault(token, told["port"]) == told["port"]
            assert set(served.values()) == set(ports)
            async with session.get(f"{proxy.url}/v1/epochs/{7:032x}") as answer:
                assert answer.status == 200

    with processes(*ports), nginx("operator", tmp_path, replaced("operator", ports)) as proxy:
        run(ask(proxy))
    log = proxy.log.read_text()
    assert len(log.splitlines()) == 2 * len(tokens) + 1
    assert re.fullmatch(r"(\S+T\S+ (POST /v1/handles|GET /v1/epochs) 200 [\d.]+\n)+", log)


def test_nobody_chooses_the_process(tmp_path: Path) -> None:
    """Neither by how a session's token is written, nor by a token where none is asked for."""
    ports = tuple(free_ports(2))
    own = token_bytes(32).hex()
    spellings = [f"{scheme} {own}" for scheme in ("Bearer", "bearer", "BEARER", "bEaReR", "beareR", "BearER")]
    invented = [f"Bearer {token_bytes(32).hex()}" for _ in range(24)]
    cases = [("/v1/handles", spellings), ("/v1/handles", ["", "x", *map(str, range(24))]), ("/v1/sessions", invented)]

    async def ask(proxy: Proxy) -> None:
        async with session_with(proxy) as session:
            for path, headers in cases:
                served = set()
                for header in headers:
                    spoofed = {"Authorization": header, "X-Forwarded-For": "198.51.100.7"}
                    async with session.post(proxy.url + path, data=b"x", headers=spoofed) as answer:
                        told = await answer.json()
                    served.add(told["port"])
                    assert "X-Forwarded-For" not in told["headers"]
                assert len(served) == 1

    with processes(*ports), nginx("operator", tmp_path, replaced("operator", ports)) as proxy:
        run(ask(proxy))


def test_a_request_that_a_process_may_have_taken_is_not_sent_again(tmp_path: Path) -> None:
    ports = tuple(free_ports(2))

    async def ask(proxy: Proxy) -> None:
        async with session_with(proxy) as session, session.post(f"{proxy.url}/v1/breaks", data=b"x") as answer:
            assert (answer.status, answer.content_type) == (503, "application/problem+json")
            assert (await answer.json())["type"] == "urn:splitpass:problem:try-later"
            assert answer.headers["Retry-After"]

    with processes(*ports) as taken, nginx("venue", tmp_path, replaced("venue", ports)) as proxy:
        run(ask(proxy))
    assert taken.total() == 1


def test_another_process_serves_when_one_is_gone(tmp_path: Path) -> None:
    first, second = free_ports(2)

    async def ask(proxy: Proxy) -> None:
        async with session_with(proxy) as session:
            for _ in range(12):
                token = {"Authorization": f"Bearer {token_bytes(32).hex()}"}
                async with session.post(f"{proxy.url}/v1/check-ins", data=b"x", headers=token) as answer:
                    assert (await answer.json())["port"] == first

    with processes(first), nginx("venue", tmp_path, replaced("venue", (first, second))) as proxy:
        run(ask(proxy))


@pytest.mark.parametrize(
    ("role", "allowed", "path"),
    [
        ("operator", AUTHORITY, "/v1/shares"),
        ("operator", AUTHORITY, "/v1/warrants/00/countersignature"),
        ("operator", AUTHORITY, "/v1/notices"),
        ("authority", OPERATOR, "/v1/passes"),
        ("authority", OPERATOR, "/v1/directory"),
    ],
)
@pytest.mark.parametrize("is_other_party", [True, False])
def test_only_the_other_party_reaches_what_is_for_it(
    tmp_path: Path, role: str, allowed: str, path: str, is_other_party: bool
) -> None:
    ports = tuple(free_ports(2))
    changes = replaced(role, ports) | ({allowed: "allow 127.0.0.1"} if is_other_party else {})

    async def ask(proxy: Proxy) -> None:
        async with session_with(proxy) as session:
            async with session.post(proxy.url + path, data=bytes(MAX_MESSAGE_BYTES)) as answer:
                assert answer.status == (200 if is_other_party else 403)
                assert not is_other_party or (await answer.json())["bytes"] == MAX_MESSAGE_BYTES
            async with session.post(f"{proxy.url}/v1/venues", data=bytes(300_000)) as answer:
                assert answer.status == 413

    with processes(*ports), nginx(role, tmp_path, changes) as proxy:
        run(ask(proxy))


async def first_status(proxy: Proxy) -> int:
    """What the proxy says before it has a batch: 100 if it asks for it."""
    url = urlsplit(proxy.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=proxy.trust)
    writer.write(b"POST /v1/passes HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])


class Authority:
    """Processes of an authority that may be ready or not, and answer batches when they are told to."""

    def __init__(self) -> None:
        self.is_ready, self.batches, self.answering = True, list[int](), threading.Event()

    async def ready(self, _request: web.Request) -> web.Response:
        return web.Response(status=200 if self.is_ready else 503)

    async def answer(self, request: web.Request) -> web.Response:
        self.batches.append(len(await request.read()))
        await asyncio.to_thread(self.answering.wait)
        return web.Response(body=b"answers")

    async def app(self) -> web.Application:
        app = web.Application(client_max_size=2 * MAX_MESSAGE_BYTES)
        app.add_routes([web.get("/readyz", self.ready), web.post("/v1/passes", self.answer)])
        return app


def test_a_batch_that_cannot_be_answered_does_not_leave_the_operator(tmp_path: Path) -> None:
    """It would cost everybody in it a request: nginx asks for it by itself (§5.3)."""
    ports, authority, places = tuple(free_ports(2)), Authority(), 8

    async def send(session: ClientSession, proxy: Proxy) -> bytes:
        return await call(session, "POST", f"{proxy.url}/v1/passes", bytes(LONG_BYTES), ask_first=True)

    async def ask(proxy: Proxy) -> None:
        async with session_with(proxy) as session:
            authority.is_ready = False
            assert await first_status(proxy) == 500
            authority.is_ready = True
            sent = [asyncio.create_task(send(session, proxy)) for _ in range(places)]
            while len(authority.batches) < places:
                await asyncio.sleep(0.01)
            assert await first_status(proxy) == 503
            authority.answering.set()
            assert await asyncio.gather(*sent) == [b"answers"] * places
            assert await first_status(proxy) == 100
            assert authority.batches == [LONG_BYTES] * places

    async def apps() -> list[tuple[web.Application, int]]:
        return [(await authority.app(), port) for port in ports]

    with (
        serving(apps),
        nginx("authority", tmp_path, replaced("authority", ports) | {OPERATOR: "allow 127.0.0.1"}) as proxy,
    ):
        run(ask(proxy))


def test_a_batch_does_not_leave_the_operator_for_an_authority_that_is_down(tmp_path: Path) -> None:
    changes = replaced("authority", tuple(free_ports(2))) | {OPERATOR: "allow 127.0.0.1"}

    with nginx("authority", tmp_path, changes) as proxy:
        assert run(first_status(proxy)) == 500


def test_the_log_is_served_as_files(tmp_path: Path) -> None:
    files = tmp_path / "log"
    (files / "tile" / "0").mkdir(parents=True)
    (files / "tile" / "0" / "000").write_bytes(b"tile")
    (files / "checkpoint").write_bytes(b"checkpoint")
    ports = tuple(free_ports(2))

    async def ask(proxy: Proxy) -> None:
        async with session_with(proxy) as session:
            for path, cached in (("tile/0/000", "immutable"), ("checkpoint", "no-cache")):
                async with session.get(f"{proxy.url}/v1/log/{path}") as answer:
                    assert cached in answer.headers["Cache-Control"]
                    assert answer.headers["Access-Control-Allow-Origin"] == "*"
                    assert await answer.read() == path.split("/")[0].encode()

    changes = replaced("operator", ports) | {"/srv/splitpass/log/": f"{files}/"}
    with processes(*ports) as taken, nginx("operator", tmp_path, changes) as proxy:
        run(ask(proxy))
    assert not taken


def test_what_never_changes_is_served_as_files_and_the_rest_by_the_party(tmp_path: Path) -> None:
    files = PublishedFiles(tmp_path / "published")
    files.write("epochs", 20_000, b"statement")
    for number in (0, 1):
        files.write_list("disclosures", number, b"list %d" % number)
    ports = tuple(free_ports(2))
    given = {
        "epochs/20000": (b"statement", FOR_HOURS),
        "disclosures/0": (b"list 0", FOR_EVER),
        "disclosures": (b"list 1", REVALIDATED),
    }

    async def ask(proxy: Proxy) -> None:
        async with session_with(proxy) as session:
            for path, (body, lasting) in given.items():
                async with session.get(f"{proxy.url}/v1/{path}") as answer:
                    assert (answer.status, await answer.read(), answer.content_type) == (200, body, "application/cbor")
                    assert answer.headers["Cache-Control"] == lasting
                    assert answer.headers["Access-Control-Allow-Origin"] == "*"
                    assert answer.headers["Access-Control-Expose-Headers"] == "Date, Retry-After"
                async with session.options(f"{proxy.url}/v1/{path}") as answer:
                    assert "port" in await answer.json()
            for path in ("epochs/20001", "epochs/20000/inclusion", "disclosures/2", "disclosures/newest"):
                async with session.get(f"{proxy.url}/v1/{path}") as answer:
                    assert "port" in await answer.json()

    changes = replaced("operator", ports) | {"/srv/splitpass/published/": f"{tmp_path}/published/"}
    with processes(*ports) as taken, nginx("operator", tmp_path, changes) as proxy:
        run(ask(proxy))
    assert taken.total() == 7
    assert set(re.findall(r"(GET|OPTIONS) (\S+)", proxy.log.read_text())) == {
        ("GET", "/v1/epochs"),
        ("OPTIONS", "/v1/epochs"),
        ("GET", "/v1/disclosures"),
        ("OPTIONS", "/v1/disclosures"),
    }


@pytest.mark.parametrize("role", ["operator", "authority"])
def test_the_name_for_files_gives_what_everyone_gets_alike_and_takes_nothing(tmp_path: Path, role: str) -> None:
    files, ports, paths = PublishedFiles(tmp_path / "published"), tuple(free_ports(2)), list[str]()
    files.write("epochs", 20_000, b"statement")
    host = {"Host": f"files.{role}.example", "Authorization": "Bearer 00"}

    async def ask(proxy: Proxy) -> None:
        async with session_with(proxy) as session:
            for path, status in (("epochs/20000", 200), ("epochs/20001", 200), ("epochs/20000/inclusion", 200)):
                async with session.get(f"{proxy.url}/v1/{path}", headers=host) as answer:
                    assert answer.status == status
                    paths.append(await answer.text())
            for path in ("passes", "directory", "shares", "notices", "epochs/20000"):
                async with session.post(f"{proxy.url}/v1/{path}", data=b"x", headers=host) as answer:
                    assert answer.status == 405
            async with session.get(f"{proxy.url}/readyz", headers=host) as answer:
                assert answer.status == 404

    changes = replaced(role, ports) | {"/srv/splitpass/published/": f"{tmp_path}/published/"}
    with processes(*ports) as taken, nginx(role, tmp_path, changes) as proxy:
        run(ask(proxy))
    assert paths[0] == "statement"
    assert all("port" in told for told in paths[1:])
    assert taken.total() == 2


@pytest.mark.long
def test_visitors_are_served_by_two_processes_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = real_world(tmp_path, "postgresql")
    home, ports = world.home(Role.OPERATOR), (world.operator.settings.port, *free_ports(1))
    with (home / "settings.toml").open("a") as settings:
        settings.write('client_address_header = "X-Client-Address"\n')
    with Servers(tmp_path, launch) as servers, ExitStack() as stack:

        async def start() -> None:
            async with ClientSession() as session:
                command = ("escrow", "operator", "--home", str(home), "serve", "--port", str(ports[1]))
                servers.start("operator-2", *command)
                await start_party(servers, session, world, Role.OPERATOR)
                await start_party(servers, session, world, Role.AUTHORITY)
                await servers.wait_ready(session, "operator-2", f"http://127.0.0.1:{ports[1]}")

        run(start())
        (tmp_path / "nginx").mkdir()
        proxy = stack.enter_context(nginx("operator", tmp_path / "nginx", replaced("operator", ports)))
        world.urls[Role.OPERATOR] = proxy.url
        monkeypatch.setattr("tests.support.servers.new_session", lambda: session_with(proxy))
        visitors = run(world.visitors_with_passes(16))
    assert all(len(passes) == world.settings.allowance for _, passes in visitors)
    for name in ("operator", "operator-2"):
        assert "/v1/handles" in (tmp_path / f"{name}.log").read_text()
    log = proxy.log.read_text()
    assert "127.0.0.1" not in log
    assert len(re.findall("POST /v1/passes 200", log)) == len(visitors)
