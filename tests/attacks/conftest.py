from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers import World
from tests.support.town import Town, run_town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Both parties' real servers, and room for venues and visitors."""
    with run_town(tmp_path) as town:
        yield town


@pytest.fixture
def world(town: Town) -> World:
    """The two parties alone."""
    return town.world
