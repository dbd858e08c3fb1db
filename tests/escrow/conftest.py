from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import FOR_SERVERS
from tests.support.servers import World, run_world


@pytest.fixture(params=FOR_SERVERS)
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """An operator's and an authority's real servers on loopback, with a clock that the test sets; on each database."""
    with run_world(tmp_path, request.param) as world:
        yield world
