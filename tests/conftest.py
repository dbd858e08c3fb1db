"""One profile for every property, and the domain that most tests play in."""

from __future__ import annotations

import gc
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from service import pages
from tests.support.databases import end_postgresql
from tests.support.domain import TODAY, OpenEpoch, Parties, Visitor, enrol, found_domain, open_epoch

# A shell's background job ignores SIGINT, and so does what it starts: tests that send it would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "splitpass",
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("splitpass")


LEFT_OUT = pytest.StashKey[int]()
LONG_SECONDS = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No test hangs for ever, however it is run; those that take long may take longer than pyproject.toml says."""
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(LONG_SECONDS))


def pytest_deselected(items: list[pytest.Item]) -> None:
    """In a worker of `make test` and `make test-long`: each sees all tests."""
    output = getattr(items[0].config, "workeroutput", {}) if items else {}
    output["left out"] = output.get("left out", 0) + len(items)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left out", 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Workers do not say by themselves how many tests they leave out."""
    if LEFT_OUT in config.stash:
        terminalreporter.write_line(f"{config.stash[LEFT_OUT]} tests were left out by -m or -k")


@pytest.fixture(autouse=True, scope="session")
def _no_built_pages() -> None:
    """Whether somebody has run `make web` changes nothing for a test."""
    pages.DIST = Path("/nonexistent")


def pytest_collection_finish() -> None:
    """What was imported stays: a collection of garbage need not look at it again after each test."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """A worker has only seconds between this and its end."""
    end_postgresql()
    gc.unfreeze()  # or zxing says at the end that its classes leak


@pytest.fixture(scope="session")
def parties() -> Parties:
    return found_domain()


@pytest.fixture(scope="session")
def today(parties: Parties) -> OpenEpoch:
    return open_epoch(parties, TODAY)


@pytest.fixture(scope="session")
def tomorrow(parties: Parties) -> OpenEpoch:
    return open_epoch(parties, TODAY + 1)


@pytest.fixture(scope="session")
def visitor(parties: Parties, today: OpenEpoch) -> Visitor:
    return enrol(parties, today, "홍길동", "+821012345678")


@pytest.fixture(scope="session")
def stranger(parties: Parties, today: OpenEpoch) -> Visitor:
    """Another visitor of the same domain and epoch."""
    return enrol(parties, today, "성춘향", "+821087654321")


@pytest.fixture(scope="session")
def visitor_tomorrow(parties: Parties, tomorrow: OpenEpoch) -> Visitor:
    return enrol(parties, tomorrow, "홍길동", "+821012345678")
