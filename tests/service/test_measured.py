"""What a server tells those who run it, of answers that it gives in this process."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import REGISTRY, start_http_server

from lab.processes import free_ports
from service.http import create_app
from service.monitoring import log_as_json, serve_metrics
from service.version import build
from tests.service.test_monitoring import fetch

ROUTE = "/v1/things/{number}"


async def slow(_request: web.Request) -> web.Response:
    await asyncio.sleep(0.03)
    logging.getLogger("splitpass").info("by the way")
    return web.Response(status=203)


def ask(*asked: tuple[str, str]) -> list[tuple[int, Mapping[str, str]]]:
    """Status and headers of a server's answers."""

    async def run() -> list[tuple[int, Mapping[str, str]]]:
        app = create_app([web.get(ROUTE, slow)])
        server = TestServer(app)
        await server.start_server(access_log=None)
        async with TestClient(server) as client:
            answers = [await client.request(method, path) for method, path in asked]
            return [(answer.status, answer.headers) for answer in answers]

    return asyncio.run(run())


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def test_an_answer_counts_for_its_route_and_has_an_id() -> None:
    """What a caller makes up, method or path, names nothing."""
    known = {"method": "GET", "route": ROUTE}
    made_up = {"method": "unknown", "route": "unknown"}

    def counts() -> list[float]:
        return [
            sample("splitpass_requests_total", **known, status="203"),
            sample("splitpass_request_seconds_count", **known),
            sample("splitpass_requests_total", **made_up, status="404"),
            sample("splitpass_request_seconds_count", **made_up),
        ]

    before, seconds = counts(), sample("splitpass_request_seconds_sum", **known)
    answers = ask(("GET", "/v1/things/1"), ("GET", "/v1/things/2"), ("PURGE", "/v1/coffee"))
    assert [after - then for after, then in zip(counts(), before, strict=True)] == [2, 2, 1, 1]
    assert 0.06 <= sample("splitpass_request_seconds_sum", **known) - seconds < 20
    assert [status for status, _ in answers] == [203, 203, 404]
    identifiers = [headers["X-Request-Id"] for _, headers in answers]
    assert len(set(identifiers)) == 3
    for identifier, (_, headers) in zip(identifiers, answers, strict=True):
        assert re.fullmatch("[0-9a-f]{16}", identifier)
        assert headers["Server"] == "SplitPass"


@pytest.fixture
def own_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging as it was, after a test that sets it up."""
    for name in ("_srcfile", "logThreads", "logProcesses", "logMultiprocessing"):
        monkeypatch.setattr(logging, name, getattr(logging, name))
    root, aiohttp = logging.getLogger(), logging.getLogger("aiohttp.server")
    handlers, level, disabled = root.handlers[:], root.level, aiohttp.disabled
    root.handlers[:] = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:], aiohttp.disabled = handlers, disabled
    root.setLevel(level)


@pytest.mark.usefixtures("own_logging")
def test_the_log_is_a_json_object_a_line_with_the_id_of_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    log_as_json()
    logging.getLogger("splitpass.venue").warning("a number: %d, 한국어", 7)
    ((_, headers),) = ask(("GET", "/v1/things/3"))
    logging.getLogger("aiohttp.server").error("what a caller sent")
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines] == ["a number: 7, 한국어", "by the way", "request"]
    for line, level, name in zip(
        lines, ("WARNING", "INFO", "INFO"), ("splitpass.venue", "splitpass", "splitpass"), strict=True
    ):
        assert (line["levelname"], line["name"]) == (level, name)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line["timestamp"])
    assert "id" not in lines[0]
    assert [line["id"] for line in lines[1:]] == [headers["X-Request-Id"]] * 2
    told = {key: value for key, value in lines[2].items() if key in {"method", "route", "status"}}
    assert told == {"method": "GET", "route": ROUTE, "status": 203}
    assert 30 <= lines[2]["milliseconds"] < 20_000


@pytest.mark.usefixtures("own_logging")
def test_an_error_in_the_log_has_its_traceback_and_what_is_told_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    log_as_json()
    try:
        int("a")
    except ValueError:
        logging.getLogger("splitpass").exception("it failed", extra={"file": Path("a", "b"), "times": [1, None]})
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    traceback = line.pop("exc_info").splitlines()
    assert traceback[0] == "Traceback (most recent call last):"
    assert traceback[-1] == "ValueError: invalid literal for int() with base 10: 'a'"
    del line["timestamp"]
    assert line == {
        "levelname": "ERROR",
        "name": "splitpass",
        "message": "it failed",
        "file": "a/b",
        "times": [1, None],
    }


def test_metrics_name_the_build_and_are_served_to_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    started: list[tuple[Any, str]] = []

    def noting(*arguments: Any, **named: Any) -> None:
        started.append((start_http_server(*arguments, **named), named["addr"]))

    monkeypatch.setattr("service.monitoring.start_http_server", noting)
    serve_metrics(port)
    ((server, thread), address) = started[0]
    try:
        assert fetch(f"http://127.0.0.1:{port}/metrics")[0] == 200
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert address == "127.0.0.1"
    assert sample("splitpass_build_info", **build()) == 1
