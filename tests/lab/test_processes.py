"""Servers as processes: what is said of one that has ended."""

from __future__ import annotations

import time
from pathlib import Path

from lab.processes import Servers


def test_a_server_that_has_ended_uses_no_memory(tmp_path: Path) -> None:
    with Servers(tmp_path) as servers:
        servers.start("ended", "this")
        servers["ended"].wait()
        assert servers.peak_mebibytes() == 0
        servers.start("running", "http.server", "--bind", "127.0.0.1", "0")
        assert any(servers.peak_mebibytes() > 0 or time.sleep(0.01) for _ in range(1000))  # type: ignore[func-returns-value]
