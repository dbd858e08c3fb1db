"""The pictures of pages that READMEs show: `python -m tests.browser.screenshots web/screenshots`."""

from __future__ import annotations

import io
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from PIL import Image
from playwright.sync_api import Page

from client.visits import open_entries
from lab.town import Place
from service.pages import built_page
from tests.browser.conftest import PHONE, VisitorTown, aside, chromium
from tests.browser.doors import DoorTown, FakeCamera, pair, scan
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


def take_door(page: Page, town: DoorTown, place: Place, code: str) -> list[Image.Image]:
    """Somebody before the camera, who comes in, shows the same again, and another without phone."""
    pictures = []

    def picture() -> None:
        page.wait_for_timeout(300)
        pictures.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))

    pair(page, town, place)
    page.get_by_role("button", name="소리", exact=True).click()
    page.wait_for_timeout(1500)
    picture()
    for kind in ("enter", "no"):
        scan(page, code)
        page.locator(f".sign.{kind}").wait_for()
        picture()
        page.locator(".sign").wait_for(state="detached")
        page.wait_for_timeout(3000)  # until the same code is a new one
    page.get_by_role("button", name="휴대전화 없음").click()
    picture()
    return pictures


def main(folder: Path) -> None:
    """Write `visitor.png` and `door.png`, each with the screens beside each other."""
    with TemporaryDirectory() as temporary:
        built, home = Path(temporary) / "pages", Path(temporary) / "town"
        assert build(built).returncode == 0
        home.mkdir()
        camera = FakeCamera(Path(temporary))
        town = aside(lambda: DoorTown(home))
        pages = partial(built_page, folder=built)
        try:
            with patch("escrow.operator.pages.built_page", pages), patch("venue.pages.built_page", pages):
                town.start_parties()
                place = aside(lambda: town.open_venue("○○카페"))
            person = aside(lambda: town.visitors("홍길동"))[0]
            camera.see(open_entries(person.visitor, 1)[0].text(town.now))
            with chromium(*camera.arguments) as browser:
                page = browser.new_context(viewport=PHONE, locale="ko-KR").new_page()
                write(take(page, town, aside(lambda: town.link(place))), folder / "visitor.png")
                code = open_entries(person.visitor, 1)[0].text(town.now)
                page = browser.new_context(viewport=PHONE, locale="ko-KR").new_page()
                write(take_door(page, town, place, code), folder / "door.png")
        finally:
            town.stop()


def write(pictures: list[Image.Image], file: Path) -> None:
    """Put pictures beside each other into a file."""
    width = sum(one.width + GAP for one in pictures) - GAP
    sheet = Image.new("RGB", (width, pictures[0].height), "#c9cfda")
    for number, one in enumerate(pictures):
        sheet.paste(one, (number * (one.width + GAP), 0))
    sheet.quantize(COLOURS).save(file, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
