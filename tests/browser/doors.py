"""A door's page and what is before its camera: Chromium's fake one, which plays a film of ours."""

from __future__ import annotations

import io
import itertools
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from lab.town import Place
from service.qr import qr_image
from tests.browser.conftest import VisitorTown, aside

FRAME = (1280, 720)
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


class FakeCamera:
    """A file that Chromium plays as what a camera sees, from its beginning whenever a page opens the camera."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "camera.mjpeg"
        self.see(None)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What Chromium is told."""
        return (
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={self.file}",
        )

    def see(self, *codes: str | None) -> None:
        """Have codes, or nothing, before the camera, each for a second, over and over."""
        film = b"".join(_frame(code) * 30 for code in codes)
        self.file.with_suffix(".new").write_bytes(film)
        self.file.with_suffix(".new").replace(self.file)


def _frame(code: str | None) -> bytes:
    picture = Image.new("RGB", FRAME, (60, 60, 60))
    if code is not None:
        shown = qr_image(code).convert("RGB").resize((300, 300))
        picture.paste(shown, ((FRAME[0] - 300) // 2, (FRAME[1] - 300) // 2))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


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
