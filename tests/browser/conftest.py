"""Real parties, a real venue and a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, ViewportSize, expect, sync_playwright

from lab.town import Place, offset_of_noon
from protocol.epochs import Role
from service.pages import Page as ServedPage
from service.pages import built_page
from tests.pages.building import build
from tests.support.town import Town

expect.set_options(timeout=20_000)  # a busy machine draws late, and no test is about how fast it draws

PHONE = ViewportSize(width=390, height=844)

T = TypeVar("T")
AnyTown = TypeVar("AnyTown", bound="VisitorTown")


def aside(work: Callable[[], T]) -> T:
    """Do something that runs an event loop: Playwright has one in this thread."""
    with ThreadPoolExecutor(1) as another_thread:
        return another_thread.submit(work).result()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, as their sources are now."""
    output = tmp_path_factory.mktemp("pages")
    done = build(output)
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. It ends with the module: as long as it runs no other test of this process could run an event loop."""
    with chromium() as running:
        yield running


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright, launched(playwright.chromium, *arguments) as running:
        yield running


@contextmanager
def launched(kind: BrowserType, *arguments: str) -> Iterator[Browser]:
    """The same, also where one is running already."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.fail("no browser is found; run: sudo apt-get install chromium fonts-noto-cjk", pytrace=False)
    running = kind.launch(executable_path=executable, args=["--no-sandbox", *arguments])
    yield running
    running.close()


class VisitorTown(Town):
    """A town at the real time, where it is noon, and whose operator mixes nobody's requests with others'."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, int(time.time()), offset_of_noon())
        operator = self.world.operator
        operator.settings = replace(operator.settings, minimum_accounts=1, mixing_seconds=0.1)
        self.url = f"{self.world.urls[Role.OPERATOR]}/visitor/"

    def tick(self) -> None:
        """The servers' clock goes by the real one when it is told so."""
        self.world.now = int(time.time())


@contextmanager
def running_town(kind: type[AnyTown], directory: Path, page: Callable[..., ServedPage | None]) -> Iterator[AnyTown]:
    """Both parties of a town, with what `page` gives in the place of `built_page` at the operator."""
    town = aside(lambda: kind(directory))
    try:
        with patch("escrow.operator.pages.built_page", page):
            town.start_parties()
        yield town
    finally:
        town.stop()


def open_venue_with_page(town: VisitorTown, built: Path) -> Place:
    """A venue with the page for its doors, which takes people without a phone."""
    with patch("venue.pages.built_page", partial(built_page, folder=built)):
        return aside(lambda: town.open_venue("○○카페"))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Iterator[VisitorTown]:
    """Both parties, and the visitors' page at the operator."""
    with running_town(VisitorTown, tmp_path_factory.mktemp("town"), partial(built_page, folder=built)) as town:
        yield town


@pytest.fixture(scope="module")
def place(town: VisitorTown) -> Place:
    """A venue."""
    return aside(lambda: town.open_venue("○○카페"))


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile of somebody who speaks English. No script may throw in it, and no policy be broken."""
    wrong: list[str] = []
    with browser.new_context(viewport=PHONE, device_scale_factor=2, locale="en-US") as context:
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        context.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        yield context
    assert [text for text in wrong if "Failed to load resource" not in text] == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab."""
    return context.new_page()
