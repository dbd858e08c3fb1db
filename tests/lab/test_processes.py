"""Servers as processes: what is said of one that has ended, and that none outlives whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from lab.processes import Servers

TOWN = """
import sys, time
from pathlib import Path
from lab.processes import Servers

with Servers(Path(sys.argv[1])) as servers:
    for name in ("one", "another"):
        servers.start(name, "http.server", "--bind", "127.0.0.1", "0")
        print(servers[name].pid, flush=True)
    time.sleep(60)
"""


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_server_that_has_ended_uses_no_memory(tmp_path: Path) -> None:
    with Servers(tmp_path) as servers:
        servers.start("ended", "this")
        servers["ended"].wait()
        assert servers.peak_mebibytes() == 0
        servers.start("running", "http.server", "--bind", "127.0.0.1", "0")
        assert any(servers.peak_mebibytes() > 0 or time.sleep(0.01) for _ in range(1000))  # type: ignore[func-returns-value]


def test_servers_end_with_a_town_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", TOWN, str(tmp_path)], stdout=subprocess.PIPE, text=True) as town:
        assert town.stdout is not None
        servers = [int(town.stdout.readline()) for _ in range(2)]
        time.sleep(1)
        assert all(map(is_running, servers))
        town.kill()
    try:
        deadline = time.monotonic() + 30
        while any(map(is_running, servers)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(is_running, servers))
    finally:
        for pid in filter(is_running, servers):
            os.kill(pid, 9)
