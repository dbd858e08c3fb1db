"""Two parties that do what they do all the time, for whoever audits them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.escrow.audit.test_audit import alive
from tests.support.servers import World, run_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with run_world(tmp_path) as world:
        alive(world)
        yield world
