"""C8: a log's files are all that a web server needs: anybody follows the log from there, and reads nothing else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import CliRunner

from escrow.__main__ import main as escrow
from escrow.log.log import TransparencyLog
from escrow.party import Party
from lab.processes import free_ports
from protocol.epochs import Role
from protocol.transparency.log_entries import EpochErased, SharesReleased
from protocol.transparency.signed_notes import Checkpoint
from protocol.transparency.tiles import Level, tiles_of
from service.http import create_app
from service.http_client import call, exchange, new_session
from service.log_client import fetch_earlier_root
from tests.support.running import run, serving
from tests.support.servers import World, run_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with run_world(tmp_path / "parties") as world:
        yield world


@contextmanager
def web_server(party: Party, directory: Path) -> Iterator[str]:
    """Python's own web server for the log's directory, and nothing else, at the paths of §5.2; its URL."""
    (directory / "v1").mkdir(parents=True)
    (directory / "v1" / "log").symlink_to(party.home / "log")
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(directory)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def in_front(party_url: str, log_url: str) -> Iterator[str]:
    """What a reverse proxy does: the log comes from the web server, all else from the party's own; its URL."""
    (port,) = free_ports(1)

    async def answer(request: web.Request) -> web.Response:
        server = log_url if request.path.startswith("/v1/log/") else party_url
        async with new_session() as session:
            got = await exchange(session, "GET", server + request.path, b"", {})
        return web.Response(status=got.status, body=got.body, content_type=got.content_type)

    async def apps() -> list[tuple[web.Application, int]]:
        return [(create_app([web.get("/v1/{path:.*}", answer)]), port)]

    with serving(apps):
        yield f"http://127.0.0.1:{port}"


def audit(world: World, state: Path, url: str) -> dict[str, Any]:
    """What `python -m escrow audit` reports of the operator at a URL, and of the authority."""
    arguments = ["--domain", str(world.operator.home / "domain.toml"), "--state", str(state), "--json", url]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escrow.audit.run.unix_time", lambda: world.now)
        result = CliRunner().invoke(escrow, ["audit", *arguments])
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    return report


async def cosign(party: Party) -> None:
    async with new_session() as session:
        await party.peer.have_log_cosigned(session)


def newest(party: Party) -> Checkpoint:
    published = party.log.published()
    assert published is not None
    return published[1].checkpoint


def test_a_log_is_audited_from_a_web_server(world: World, tmp_path: Path) -> None:
    """From what an earlier audit has read of the party's own server, and past a full tile."""
    party, own = world.operator, world.urls[Role.OPERATOR]
    world.keep_houses()
    for each in (world.operator, world.authority):
        run(cosign(each))
    earlier = newest(party)
    assert audit(world, tmp_path / "audit", own)["findings"] == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        for number in range(300):
            party.log.append(EpochErased(number), world.now)
    run(cosign(party))
    checkpoint = newest(party)
    with web_server(party, tmp_path / "www") as url, in_front(own, url) as front:
        sizes = {log["party"]: log["entries"] for log in audit(world, tmp_path / "audit", front)["logs"]}
        assert sizes["operator"] == checkpoint.size == earlier.size + 300
        assert audit(world, tmp_path / "another audit", front)["findings"] == []

        async def compare() -> None:
            """Every path of the log has the same bytes there as at the party's own server."""
            levels: list[Level] = ["entries", 0, 1]
            tiles = [tile for level in levels for tile in tiles_of(level, 0, checkpoint.size)]
            assert [tile.width for tile in tiles] == [256, checkpoint.size - 256, 256, checkpoint.size - 256, 1]
            async with new_session() as session:
                for path in ("checkpoint", *(f"tile/{tile.path}" for tile in tiles)):
                    here, there = [await call(session, "GET", f"{server}/v1/log/{path}") for server in (own, url)]
                    assert here == there
                assert await fetch_earlier_root(session, url, checkpoint, earlier.size) == earlier.root

        run(compare())


def test_the_log_is_for_everybody_and_nothing_else_is(world: World) -> None:
    """Whatever mask the program was started with."""
    party = world.operator
    run(cosign(party))
    before = os.umask(0o077)
    try:
        party.epochs.publish(world.today + 9)
        run(cosign(party))
        log = TransparencyLog(party.home / "other" / "log", party.domain, Role.OPERATOR, party.identity)
        log.append(SharesReleased(1, world.now, bytes(32)), world.now)
    finally:
        os.umask(before)
    for home in (party.home, party.home / "other"):
        for path in ((home / "log"), *(home / "log").rglob("*")):
            assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path
    private = ["identity.key", "log.pending", "log.lock", "passed.time", "witness", "epochs", "vault"]
    for path in [party.home / name for name in private]:
        for one in (path, *path.rglob("*")):
            assert one.stat().st_mode & 0o077 == 0, one


def test_the_log_s_directory_may_be_elsewhere(world: World, tmp_path: Path) -> None:
    """A web server that may not enter the party's home gets a directory of its own, by a link in the home."""
    elsewhere, home = tmp_path / "elsewhere", tmp_path / "home"
    elsewhere.mkdir(mode=0o755)
    home.mkdir()
    (home / "log").symlink_to(elsewhere)
    party = world.operator
    log = TransparencyLog(home / "log", party.domain, Role.OPERATOR, party.identity)
    log.append(SharesReleased(1, world.now, bytes(32)), world.now)
    assert (elsewhere / "tile" / "entries" / "000.p" / "1").exists()
    assert (home / "log.pending").exists()
