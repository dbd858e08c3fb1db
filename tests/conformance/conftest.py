from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.place import Place, run_place


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Both parties and a venue, real and good, for all tests of a process."""
    with run_place(tmp_path_factory.mktemp("place")) as place:
        yield place
