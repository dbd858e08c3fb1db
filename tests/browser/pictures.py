"""Pictures of pages: those beside each other that READMEs show, and, in a folder, every screen at two sizes."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize

from tests.browser.conftest import PHONE
from tests.browser.desks import DESKTOP

GAP, COLOURS = 24, 64
SIZES = {"desktop": DESKTOP, "phone": PHONE}


class Camera:
    """Takes pictures of a page, which is of one size between them, and `shown` with another one.

    With a folder it also keeps each whole screen there, at the sizes of a desktop and of a phone.
    """

    def __init__(self, page: Page, size: ViewportSize, shown: ViewportSize, folder: Path | None) -> None:
        self._page, self._size, self._shown, self.folder = page, size, shown, folder

    def take(self, name: str) -> Image.Image:
        """What is on the screen, by its name."""
        self._page.set_viewport_size(self._shown)
        self._page.wait_for_timeout(300)
        picture = Image.open(io.BytesIO(self._page.screenshot())).convert("RGB")
        if self.folder is not None:
            whole = self._page.locator("dialog[open], .sign").count() == 0  # which do not scroll with the page
            for label, size in SIZES.items():
                self._page.set_viewport_size(size)
                self._page.wait_for_timeout(200)
                self._page.screenshot(path=self.folder / f"{name}-{label}.png", full_page=whole)
        self._page.set_viewport_size(self._size)
        return picture


def write(pictures: list[Image.Image], file: Path) -> None:
    """Put pictures beside each other into a file."""
    width = sum(one.width + GAP for one in pictures) - GAP
    sheet = Image.new("RGB", (width, pictures[0].height), "#c9cfda")
    for number, one in enumerate(pictures):
        sheet.paste(one, (number * (one.width + GAP), 0))
    sheet.quantize(COLOURS).save(file, optimize=True)
