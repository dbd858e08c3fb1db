"""The clock here beside those of the servers."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from client.server_clocks import ServerClocks, clock_warning

NOW = 1_600_000_000


def behind(*answers: tuple[str, float, float, float]) -> int:
    """After answers of servers: by how much each is ahead, when it was sent, and how long it took."""
    clocks = ServerClocks()
    for server, ahead, sent, took in answers:
        clocks.note(server, formatdate(int(NOW + sent + took / 2 + ahead), usegmt=True), NOW + sent, NOW + sent + took)
    return clocks.seconds_behind()


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.5, 0.8, 0.99])
@pytest.mark.parametrize("ahead", [-60, -6, 6, 20, 3600])
def test_the_difference_is_known_to_a_second(fraction: float, ahead: int) -> None:
    assert behind(("a", ahead, fraction, 0.1)) == pytest.approx(ahead, abs=1)


@pytest.mark.parametrize("ahead", [-4, -1, 0, 1, 4])
def test_who_is_nearly_right_is_not_warned(ahead: int) -> None:
    assert clock_warning(behind(*(("a", ahead, place * 0.3, 0.01) for place in range(8)))) is None


@pytest.mark.parametrize("ahead", [-5, 5])
def test_the_warning_begins_at_five_seconds(ahead: int) -> None:
    assert clock_warning(behind(*(("a", ahead, place * 0.3, 0.01) for place in range(8)))) is not None


def test_one_server_that_is_wrong_is_no_reason_to_set_the_clock() -> None:
    assert behind(("a", 60, 0, 0.1), ("b", 0.2, 0.3, 0.1)) in {0, 1}
    assert behind(("a", 60, 0, 0.1), ("b", -60, 0, 0.1)) == 0
    assert behind(("a", 60, 0, 0.1), ("b", 20, 0, 0.1)) == 20


def test_a_slow_answer_tells_nothing() -> None:
    assert behind(("a", 60, 0, 10)) == 0
    assert behind() == 0


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 13 Sep 2020 12:27:20 GMT",
        "Sunday, 13-Sep-20 12:27:20 GMT",
        "Sun Sep 13 12:27:20 2020",
        "Sun, 13 Sep 2020 12:27:20 -0000",
        "Sun, 13 Sep 2020 21:27:20 +0900",
    ],
)
def test_every_form_of_a_date_is_of_greenwich(date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    try:
        clocks = ServerClocks()
        clocks.note("a", date, NOW, NOW + 0.1)
        assert clocks.seconds_behind() == pytest.approx(40, abs=1)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Jan 1970 00:00:00 GMT", "Sun, 06 Nov 99999 08:49:37 GMT"])
def test_a_date_that_is_none_tells_nothing(date: str) -> None:
    clocks = ServerClocks()
    clocks.note("a", date, NOW, NOW)
    assert clocks.seconds_behind() == 0


@pytest.mark.parametrize(
    ("lasting", "known"),
    [("no-store", 60), ("no-cache", 60), ("public, max-age=60", 0), ("public, max-age=21600, immutable", 0), ("", 0)],
)
def test_an_answer_that_a_cache_may_give_again_tells_no_time(lasting: str, known: int) -> None:
    """Its `Date` is that of when the cache got it."""
    clocks = ServerClocks(lambda: NOW)

    async def give(_request: web.Request) -> web.Response:
        return web.Response(headers={"Date": formatdate(NOW + 60, usegmt=True), "Cache-Control": lasting})

    async def story() -> None:
        app = web.Application()
        app.add_routes([web.get("/", give)])
        async with (
            TestServer(app) as server,
            ClientSession(trace_configs=[clocks.trace()]) as session,
            session.get(server.make_url("/")) as response,
        ):
            assert response.status == 200

    asyncio.run(story())
    assert clocks.seconds_behind() == pytest.approx(known, abs=1)
