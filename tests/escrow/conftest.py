from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.escrow.world import World, run_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An operator's and an authority's real servers on loopback, with a clock that the test sets."""
    with run_world(tmp_path) as world:
        yield world
