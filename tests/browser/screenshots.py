"""The picture of the visitors' page that README shows: `python -m tests.browser.screenshots FILE.png`."""

from __future__ import annotations

import io
import shutil
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from service.pages import built_page
from tests.browser.conftest import PHONE, VisitorTown, aside
from tests.browser.test_visitor import enrol
from tests.pages.building import build

GAP, COLOURS = 24, 64


def take(page: Page, town: VisitorTown, link: str) -> list[Image.Image]:
    """Registering, home, a code, and a poster's question."""
    pictures = []

    def picture() -> None:
        page.wait_for_timeout(300)
        pictures.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))

    page.goto(town.url)
    page.get_by_role("button", name="동의하고").wait_for()
    picture()
    enrol(page, town)
    picture()
    page.get_by_role("button", name="QR 보이기").click()
    page.locator(".codes svg").wait_for()
    picture()
    page.get_by_role("button", name="닫기").click()
    page.get_by_role("button", name="포스터 스캔").click()
    page.locator("[name=link]").fill(link)
    page.get_by_role("button", name="계속").click()
    page.locator("dialog .host").wait_for()
    picture()
    return pictures


def main(file: Path) -> None:
    """Write the picture, with the screens beside each other."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        assert build(Path(folder) / "pages").returncode == 0
        (Path(folder) / "town").mkdir()
        town = aside(lambda: VisitorTown(Path(folder) / "town"))
        try:
            with patch("escrow.operator.pages.built_page", partial(built_page, folder=Path(folder) / "pages")):
                town.start_parties()
            place = aside(lambda: town.open_venue("○○카페"))
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_context(viewport=PHONE, locale="ko-KR").new_page()
            pictures = take(page, town, aside(lambda: town.link(place)))
            browser.close()
        finally:
            town.stop()
    width = sum(one.width + GAP for one in pictures) - GAP
    sheet = Image.new("RGB", (width, pictures[0].height), "#c9cfda")
    for number, one in enumerate(pictures):
        sheet.paste(one, (number * (one.width + GAP), 0))
    sheet.quantize(COLOURS).save(file, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
