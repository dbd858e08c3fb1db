"""The pictures of visitors' and doors' pages that READMEs show: `python -m tests.browser.screenshots web/screenshots`.

With a second folder every screen is also written there, at the sizes of a desktop and of a phone.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, Page

from client.papers import print_papers
from client.visits import open_entries
from lab.camera import FakeCamera
from lab.town import Person, Place
from service.pages import built_page
from tests.browser.conftest import PHONE, VisitorTown, aside, chromium, open_venue_with_page, running_town
from tests.browser.doors import DoorTown, pair, scan
from tests.browser.pictures import Camera, write
from tests.browser.test_door import exit_of
from tests.browser.test_visitor import ask_for_code, confirm_code, fetch_today
from tests.pages.building import build

LINKS = {
    "visits": "내 방문 기록",
    "notices": "알림",
    "openings": "신원이 확인된 적이 있나요?",
    "papers": "종이 출입증",
    "registration": "등록 정보",
}
LONGER = """{
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (work, pause, ...more) => setTimeout(work, pause === 1500 ? 6000 : pause, ...more);
}"""
"""Answers stay until they are pictured."""


def take(page: Page, town: VisitorTown, link: str, folder: Path | None) -> list[Image.Image]:
    """Registering, home, a code, and a poster's question."""
    camera = Camera(page, PHONE, PHONE, folder)
    page.goto(town.url)
    page.get_by_role("button", name="동의하고").wait_for()
    welcome = camera.take("visitor-welcome")
    page.get_by_role("button", name="동의하고").click()
    page.locator("[name=phone]").wait_for()
    if folder:
        camera.take("visitor-enrol")
    phone = ask_for_code(page)
    if folder:
        camera.take("visitor-code-from-message")
    confirm_code(page, town, phone)
    if folder:
        camera.take("visitor-no-passes")
        page.get_by_role("button", name="오늘 패스 받기").click()
        camera.take("visitor-question-of-passes")
        page.keyboard.press("Escape")
    fetch_today(page)
    home = camera.take("visitor-home")
    page.get_by_role("button", name="QR 보이기").click()
    page.locator(".codes svg").wait_for()
    code = camera.take("visitor-code")
    page.get_by_role("button", name="닫기").click()
    page.get_by_role("button", name="포스터 스캔").click()
    page.locator("[name=link]").fill(link)
    if folder:
        camera.take("visitor-poster")
    page.get_by_role("button", name="계속").click()
    page.locator("dialog .host").wait_for()
    question = camera.take("visitor-question-of-poster")
    if folder:
        page.get_by_role("button", name="취소").click()
        take_more(page, camera)
    return [welcome, home, code, question]


def take_more(page: Page, camera: Camera) -> None:
    """What lies behind the first screen."""
    for name, words in LINKS.items():
        page.get_by_role("button", name=words, exact=True).click()
        page.get_by_role("heading", level=1, name=words).wait_for()
        camera.take(f"visitor-{name}")
        page.get_by_role("button", name="뒤로").click()
        page.locator(".count").wait_for()
    page.get_by_role("button", name="종이 출입증").click()
    page.get_by_role("button", name="만들기").click()
    page.locator(".paper").wait_for()
    camera.take("visitor-sheet")
    page.get_by_role("button", name="마침").click()
    page.get_by_role("button", name="등록 정보").click()
    page.get_by_role("button", name="모두 지우기").click()
    page.locator("dialog").wait_for()
    camera.take("visitor-question-of-erasing")
    page.keyboard.press("Escape")
    page.locator("[name=passphrase]").fill("correct horse")
    page.get_by_role("button", name="잠그기").click()
    page.get_by_role("button", name="열기").wait_for()
    camera.take("visitor-locked")


def take_door(page: Page, town: DoorTown, place: Place, person: Person, folder: Path | None) -> list[Image.Image]:
    """Somebody before the camera, who comes in, shows the same again, and another without phone."""
    camera = Camera(page, PHONE, PHONE, folder)
    page.add_init_script(LONGER)
    if folder:
        page.goto(f"{place.url}/door/")
        page.locator("[name=link]").wait_for()
        camera.take("door-unpaired")
    pair(page, town, place)
    page.get_by_role("button", name="소리", exact=True).click()
    page.wait_for_timeout(1500)
    page.locator(".sign").wait_for(state="detached")  # of who is before the camera
    pictures = [camera.take("door-at-work")]
    code = open_entries(person.visitor, 1)[0].text(town.now)
    for kind in ("enter", "no"):
        pictures.append(sign(page, camera, code, kind))
        page.wait_for_timeout(3000)  # until the same code is a new one
    page.get_by_role("button", name="휴대전화 없음").click()
    pictures.append(camera.take("door-without-phone"))
    if folder:
        page.keyboard.press("Escape")
        take_more_of_door(page, camera, town, place, person)
    return pictures


def take_more_of_door(page: Page, camera: Camera, town: DoorTown, place: Place, person: Person) -> None:
    """What a door shows now and then."""
    sign(page, camera, exit_of(town, person), "exit")
    page.context.set_offline(True)
    sign(page, camera, print_papers(person.visitor, town.world.today, 1)[0], "undecided")
    sign(page, camera, open_entries(person.visitor, 1)[0].text(town.now), "enter", "door-enter-without-server")
    camera.take("door-without-server")
    page.context.set_offline(False)
    page.locator(".state").wait_for(state="detached")
    page.get_by_role("button", name="더 보기").click()
    page.get_by_text("알아 두세요").click()
    camera.take("door-more")
    page.get_by_role("button", name="근무 마치기").click()
    page.get_by_role("button", name="근무 시작").wait_for()
    camera.take("door-off")
    page.goto(aside(lambda: town.pairing_link(place, "뒷문")))
    page.get_by_role("button", name="새로 연결").wait_for()
    camera.take("door-pair-anew")
    other = page.context.new_page()
    other.goto(f"{place.url}/door/")
    other.get_by_role("button", name="여기서 쓰기").wait_for()
    Camera(other, PHONE, PHONE, camera.folder).take("door-elsewhere")


def sign(page: Page, camera: Camera, code: str, kind: str, name: str = "") -> Image.Image:
    """The answer to a code, while it is there."""
    scan(page, code)
    page.locator(f".sign.{kind}").wait_for()
    picture = camera.take(name or f"door-{kind}")
    page.locator(".sign").wait_for(state="detached")
    return picture


def main(shown: Path, folder: Path | None = None) -> None:
    """Write `visitor.png` and `door.png`, each with the screens beside each other."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        built, home = Path(temporary) / "pages", Path(temporary) / "town"
        assert build(built).returncode == 0
        home.mkdir()
        camera = FakeCamera(Path(temporary))
        with running_town(DoorTown, home, partial(built_page, folder=built)) as town:
            place = open_venue_with_page(town, built)
            someone, other = aside(lambda: town.visitors("홍길동", "김철수"))
            with chromium(*camera.arguments) as browser:
                link = aside(lambda: town.link(place))
                write(take(new_page(browser), town, link, folder), shown / "visitor.png")
                camera.see(open_entries(other.visitor, 1)[0].text(town.now))
                write(take_door(new_page(browser), town, place, someone, folder), shown / "door.png")


def new_page(browser: Browser) -> Page:
    """A phone's page in Korean."""
    return browser.new_context(viewport=PHONE, locale="ko-KR").new_page()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
