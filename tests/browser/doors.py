"""A door's page, and what its staff do there."""

from __future__ import annotations

import itertools
import time

from playwright.sync_api import Page, expect

from lab.town import Place
from tests.browser.conftest import VisitorTown, aside

DOORS = itertools.count(1)
ANSWER_SECONDS = 10
"""A film begins when the camera is opened; so long an answer may take on a machine that does other things."""


class DoorTown(VisitorTown):
    """A town whose venues go by the real time, as their doors' pages do."""

    @property
    def now(self) -> int:
        return int(time.time())

    def pairing_link(self, place: Place, door: str) -> str:
        """What `readers add` prints."""
        return f"{place.url}/door/#{place.venue.home.pairings.offer(place.id, door, self.now).hex()}"


def pair(page: Page, town: DoorTown, place: Place) -> None:
    """Make a page the reader of a door of its own."""
    door = f"door {next(DOORS)}"
    page.goto(aside(lambda: town.pairing_link(place, door)))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{place.name} · {door}")


def scan(page: Page, text: str) -> None:
    """Have a scanner that is plugged in as a keyboard type a text."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def expect_answer(page: Page, kind: str, words: str = "") -> None:
    """The answer that fills the screen, and goes away by itself."""
    expect(page.locator(f".sign.{kind}")).to_contain_text(words, timeout=ANSWER_SECONDS * 1000)
    expect(page.locator(".sign")).to_have_count(0)
