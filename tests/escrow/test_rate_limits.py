"""Limits for each client: whoever asks too often is refused, everyone else is served (A2, A23)."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.test_utils import make_mocked_request
from msgspec.structs import replace

from escrow.authority.server import create_authority_app
from escrow.operator.server import create_operator_app
from lab.processes import Servers
from protocol.epochs import Role
from protocol.http_messages import VerificationAnswer, VerificationRequest
from protocol.primitives.encoding import Message
from service.clock import HOUR
from service.http_client import new_session
from service.media_types import CBOR
from service.problems import Problem
from service.rate_limits import RateLimit, _storage, _warn_once, client_network, forwarded_address, network_of
from service.refusals import TooManyRequests
from tests.support.mixing import leaving_at_once
from tests.support.processes import start_party
from tests.support.programs import launch
from tests.support.running import run, serving
from tests.support.servers import World

STRANGER, OWNER = "127.0.0.2", "127.0.0.3"
PHONE = "+821012345678"
LIMITS = {
    "verifications_per_hour": 6,
    "codes_per_address": 4,
    "sessions_per_hour": 2,
    "account_requests_per_hour": 2,
    "checkpoints_per_hour": 3,
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    limit(world, **LIMITS)
    return world


@pytest.fixture
def operator(world: World) -> Iterator[World]:
    with serving_operator(world):
        yield world


def limit(world: World, **settings: Any) -> None:
    world.operator.settings = replace(world.operator.settings, **settings)


def serving_operator(world: World) -> Any:
    async def apps() -> list[tuple[web.Application, int]]:
        return [(await create_operator_app(world.operator), world.operator.settings.port)]

    return serving(apps)


async def ask(
    world: World, path: str, body: Message | bytes, address: str = STRANGER, **headers: str
) -> tuple[int, str | None]:
    """Status and Retry-After of a request from an address of this machine."""
    data = body if isinstance(body, bytes) else body.to_bytes()
    async with (
        ClientSession(connector=TCPConnector(local_addr=(address, 0))) as session,
        session.post(world.urls[Role.OPERATOR] + path, data=data, headers={"Content-Type": CBOR, **headers}) as answer,
    ):
        return answer.status, answer.headers.get("Retry-After")


async def ask_code(world: World, phone: str = PHONE, address: str = STRANGER, **headers: str) -> int:
    return (await ask(world, "/v1/verifications", VerificationRequest(phone), address, **headers))[0]


def test_a_client_that_asks_too_often_is_told_how_long_to_wait(operator: World) -> None:
    async def story() -> None:
        for path, allowed, status in (("/v1/verifications", 6, 400), ("/v1/sessions", 2, 400)):
            assert {await ask(operator, path, b"\xff") for _ in range(allowed)} == {(status, None)}
            refused, wait = await ask(operator, path, b"\xff")
            assert refused == 429
            assert wait is not None
            assert 0 < int(wait) <= HOUR
            assert await ask(operator, path, b"\xff", OWNER) == (status, None)

    run(story())


def test_a_witness_is_asked_a_limited_number_of_times_by_each_address(operator: World) -> None:
    """Each request that has a signature of the log, which anybody can copy, has it write a file."""
    path = "/v1/witness/add-checkpoint"

    async def story() -> None:
        assert [(await ask(operator, path, b"\xff"))[0] for _ in range(4)] == [400] * 3 + [429]
        assert [(await ask(operator, path, bytes(300_000)))[0], (await ask(operator, path, b"", OWNER))[0]] == [
            429,
            400,
        ]

    run(story())


def test_one_address_does_not_use_up_a_phones_codes(operator: World) -> None:
    async def story() -> None:
        assert [await ask_code(operator) for _ in range(6)] == [202] * 4 + [429] * 2
        assert await ask_code(operator, address=OWNER) == 202
        answer = VerificationAnswer(PHONE, operator.last_code(PHONE), "홍길동")
        assert (await ask(operator, "/v1/sessions", answer, OWNER))[0] == 200

    run(story())


def test_a_code_that_cannot_be_sent_does_not_count(world: World) -> None:
    limit(world, verifications_per_hour=100)
    outbox = world.home(Role.OPERATOR) / "outbox.txt"
    outbox.mkdir()  # so that no file can be written there

    async def story() -> list[int]:
        failed = [await ask_code(world) for _ in range(2)]
        outbox.rmdir()
        return failed + [await ask_code(world) for _ in range(5)]

    with serving_operator(world):
        assert run(story()) == [503] * 2 + [202] * 4 + [429]


def test_an_account_is_limited_wherever_it_asks_from(operator: World) -> None:
    async def story() -> None:
        tokens = [(await operator.enrol(number)).session.token.hex() for number in range(2)]
        asked = [
            (await ask(operator, path, b"\xff", address, Authorization=f"Bearer {token}"))[0]
            for path, address, token in (
                ("/v1/handles", STRANGER, tokens[0]),
                ("/v1/passes", OWNER, tokens[0]),
                ("/v1/handles", "127.0.0.4", tokens[0]),
                ("/v1/passes", "127.0.0.5", tokens[0]),
                ("/v1/handles", STRANGER, tokens[1]),
            )
        ]
        assert asked == [400, 400, 429, 429, 400]

    run(story())


def test_c2_nobody_can_lie_in_wait_for_one_visitor_for_long(world: World) -> None:
    """Accounts that wait in batch after batch until a victim is the last one to make it full (§2.4, 8)."""
    limit(world, account_requests_per_hour=1000, requests_per_day=3, verifications_per_hour=100, sessions_per_hour=100)

    async def story() -> None:
        visitor, key, ahead = await world.enrol(1), await world.epoch_key(), await world.epoch_key(world.today + 1)
        h, ahead_h = [(await world.register(visitor, one))[0] for one in (key, ahead)]
        for epoch_key, secret, outcomes in (
            (key, h, ["try-later"] * 3 + ["too-many-requests"] * 2),
            (ahead, ahead_h, ["try-later"] * 3 + ["too-many-requests"]),
        ):
            for outcome in outcomes:
                with pytest.raises(Problem) as refusal, world.asking.alone():
                    await world.fetch(visitor, epoch_key, secret)
                assert refusal.value.name == outcome
        pair = [await world.enrol(number) for number in (2, 3)]
        secrets = [(await world.register(one, key))[0] for one in pair]
        await asyncio.gather(*(world.fetch(one, key, secret) for one, secret in zip(pair, secrets, strict=True)))

    async def apps() -> list[tuple[web.Application, int]]:
        return [
            (await create_authority_app(world.authority), world.authority.settings.port),
            (await create_operator_app(world.operator), world.operator.settings.port),
        ]

    with leaving_at_once(world.asking), serving(apps):
        run(story())


def test_no_header_makes_another_client(operator: World) -> None:
    async def story() -> list[int]:
        names = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP")
        return [await ask_code(operator, **dict.fromkeys(names, f"10.0.0.{turn}")) for turn in range(5)]

    assert run(story()) == [202] * 4 + [429]


def test_behind_a_proxy_its_last_word_counts(world: World) -> None:
    limit(world, client_address_header="X-Forwarded-For", codes_per_address=1)

    async def story() -> list[int]:
        seen = ("10.0.0.1", "10.0.0.2", "10.0.0.2, 10.0.0.1", "10.0.0.1, 10.0.0.3", "nobody", "10.0.0.1, nobody")
        return [await ask_code(world, **{"X-Forwarded-For": one}) for one in seen]

    with serving_operator(world):
        assert run(story()) == [202, 202, 429, 202, 202, 429]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2ab::1", "2001:db8:1:200::/56"),
        ("2001:db8:1:2ff:ffff::", "2001:db8:1:200::/56"),
        ("::1", "::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("203.0.113.7:443", ""),
        ("unix", ""),
    ],
)
def test_what_counts_as_one_client(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("element", "address"),
    [
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:443", "203.0.113.7"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ('"[2001:db8::1]:443"', "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.7"),
        ("for=203.0.113.7", "203.0.113.7"),
        ('proto=https; For="[2001:db8::1]:4711";by=203.0.113.43', "2001:db8::1"),
        ('for="203.0.113.7:_port"', "203.0.113.7"),
        ("proto=https", ""),
        ("", ""),
        ("[", "["),
        ("for=unknown", "unknown"),
        ("for=_hidden", "_hidden"),
    ],
)
def test_what_a_proxy_says_of_a_client(element: str, address: str) -> None:
    assert forwarded_address(element) == address


def test_a_header_that_names_no_address_is_told_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    limit(world, client_address_header="Forwarded")
    _warn_once.cache_clear()

    async def story() -> None:
        for one in ('for="203.0.113.7:443"', "for=unknown", "for=_hidden"):
            await ask_code(world, Forwarded=one)

    with serving_operator(world):
        run(story())
    told = [record.getMessage() for record in caplog.records if "names no address" in record.getMessage()]
    assert told == ["the header Forwarded names no address: all who come through the proxy count as one client"]


def test_over_ipv6(tmp_path: Path) -> None:
    """A server that listens on an IPv6 address counts its clients' networks, also those that a proxy names."""
    world = World(tmp_path)
    settings, port = world.home(Role.OPERATOR) / "settings.toml", world.operator.settings.port
    own = 'host = "::1"\nclient_address_header = "X-Forwarded-For"\n'
    settings.write_text(own + settings.read_text().replace("codes_per_address = 1000000", "codes_per_address = 2"))
    world.urls[Role.OPERATOR] = f"http://[::1]:{port}"
    seen = ["2001:db8:1:200::1", "2001:db8:1:2ff::2", "2001:db8:1:2ab::3", "2001:db8:1:300::1"]

    async def story() -> tuple[list[int], list[int]]:
        with Servers(tmp_path, launch) as servers:
            async with new_session() as session:
                await start_party(servers, session, world, Role.OPERATOR)
            alone = [await ask_code(world, address="::1") for _ in range(3)]
            return alone, [await ask_code(world, address="::1", **{"X-Forwarded-For": one}) for one in seen]

    assert run(story()) == ([202, 202, 429], [202, 202, 429, 202])
    assert f"http://[::1]:{port}" in (tmp_path / "operator.log").read_text()


def test_addresses_are_written_nowhere(operator: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def story() -> None:
        while await ask_code(operator) != 429:
            pass

    run(story())
    files = [path for path in operator.directory.rglob("*") if path.is_file()]
    written = [path.read_bytes() for path in files] + [repr(vars(record)).encode() for record in caplog.records]
    assert len(written) > 10
    for form in (STRANGER.encode(), bytes(map(int, STRANGER.split(".")))):
        assert not [text for text in written if form in text]


def test_a_header_that_names_nobody_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """One that names somebody is not: the proxy is set up well."""
    named = make_mocked_request("GET", "/", {"X-Told": "192.0.2.1, 192.0.2.7"})
    _warn_once.cache_clear()
    assert client_network(named, "X-Told") == "192.0.2.7"
    assert client_network(named, None) == client_network(make_mocked_request("GET", "/"), None)
    assert caplog.messages == []
    for header in ("X-Missing", "X-Told", "X-Missing"):
        client_network(make_mocked_request("GET", "/", {"X-Told": "somebody"}), header)
    assert [message.split()[2] for message in caplog.messages] == ["X-Missing", "X-Told"]


def test_counting_starts_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would cost more than the counting, and look through all that was counted."""
    limit, started = RateLimit(1000, HOUR), list[threading.Thread]()

    def start(thread: threading.Thread) -> None:
        started.append(thread)

    limit.count("somebody")
    monkeypatch.setattr(threading.Thread, "start", start)
    for _ in range(3):
        time.sleep(0.03)  # the library's own thread ends sooner
        limit.count("somebody")
    assert started == []


def test_counts_whose_window_is_over_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = _storage()
    RateLimit(1, HOUR).count("whoever came once")
    RateLimit(1, 3 * HOUR).count("whoever came once")
    later = time.time() + 2 * HOUR

    def kept() -> list[str]:
        return [key for key in storage.storage if "whoever came once" in key]

    assert len(kept()) == 2
    monkeypatch.setattr(time, "time", lambda: later)
    storage.timer.function()
    assert len(kept()) == 1


def test_two_limits_count_apart() -> None:
    one, other = RateLimit(1, HOUR), RateLimit(1, HOUR)
    for limit in (one, other):
        limit.count("somebody")
        with pytest.raises(TooManyRequests):
            limit.count("somebody")
