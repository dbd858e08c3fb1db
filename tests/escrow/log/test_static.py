"""C8: a log's files are all that a web server needs: anybody follows the log from there, and reads nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from escrow.audit.follow import Follower
from escrow.audit.state import AuditState
from escrow.log.log import TransparencyLog
from escrow.party import Party
from lab.processes import free_ports
from protocol.entries import SharesReleased
from protocol.epochs import Role
from protocol.tiles import Level, tiles_of
from service.http import call, new_session
from service.logs import fetch_earlier_root
from tests.escrow.world import World, run, run_world


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


async def cosign(party: Party) -> None:
    async with new_session() as session:
        await party.have_log_cosigned(session)


def test_a_log_is_followed_from_a_web_server(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    party, domain = world.operator, world.settings.domain
    witness = world.urls[party.peer_role]
    run(cosign(party))
    with web_server(party, tmp_path / "www") as url:

        async def follow() -> int:
            async with new_session() as session:
                state = AuditState(tmp_path / "audit", domain)
                follower = Follower(session, domain, party.role, url, witness, state, world.now)
                followed = await follower.follow()
                assert follower.findings == []
                assert followed is not None
                return followed.witnessed.checkpoint.size

        async def compare() -> None:
            """Every path of the log has the same bytes there as at the party's own server."""
            published = party.log.published()
            assert published is not None
            checkpoint = published[1].checkpoint
            levels: list[Level] = ["entries", 0, 1]
            tiles = [tile for level in levels for tile in tiles_of(level, 0, checkpoint.size)]
            assert [tile.width for tile in tiles] == [256, checkpoint.size - 256, 256, checkpoint.size - 256, 1]
            async with new_session() as session:
                for path in ("checkpoint", *(f"tile/{tile.path}" for tile in tiles)):
                    here, there = [
                        await call(session, "GET", f"{server}/v1/log/{path}")
                        for server in (world.urls[party.role], url)
                    ]
                    assert here == there
                assert await fetch_earlier_root(session, url, checkpoint, first) == root

        known = party.log.published()
        assert known is not None
        first, root = known[1].checkpoint.size, known[1].checkpoint.root
        assert run(follow()) == first
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", lambda _: None)
            for number in range(300):
                party.log.append(SharesReleased(number, world.now, number.to_bytes(32, "big")), world.now)
        run(cosign(party))
        assert run(follow()) == first + 300
        run(compare())


def test_the_log_is_for_everybody_and_nothing_else_is(world: World) -> None:
    """Whatever mask the program was started with."""
    party = world.operator
    run(cosign(party))
    before = os.umask(0o077)
    try:
        party.publish(world.today + 9)
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
