from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.good_servers import GoodServers, run_good_servers


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoodServers]:
    """Both parties and a venue, real and good, for all tests of a process."""
    with run_good_servers(tmp_path_factory.mktemp("good")) as good:
        yield good
