"""The picture of the officers' page that README shows: `python -m tests.browser.desk_screenshots FILE.png`.

With a second name, a folder, every screen is also written there, at the sizes of a desktop and of a phone.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, ViewportSize

from lab.town import Place
from service.pages import built_page
from tests.browser.conftest import VisitorTown, aside, chromium, running_town
from tests.browser.desks import DESKTOP, Desks, OfficersBrowser, running_desks
from tests.browser.pictures import Camera, write
from tests.browser.test_desk import NAMES, decide, draw, show_case, show_contacts, start_case, visit
from tests.pages.building import build

CASE = "이태원 5월"
SHOWN = ViewportSize(width=860, height=700)
"""Of a screen as README shows it."""
VISITORS = ("홍길동", "김철수", "이영희", "박민수")


def investigate(
    browser: Browser, town: VisitorTown, place: Place, desks: Desks, folder: Path | None
) -> list[Image.Image]:
    """From a case to its contacts: what the operator's officer signs, and what was found."""
    officers = {name: OfficersBrowser(browser, name) for names in NAMES.values() for name in names}
    for role, names in NAMES.items():
        for name in names:
            officers[name].enrol(desks.invite(role, name))
        desks.establish(role)
        for name in names:
            officers[name].sign_in(desks.url(role))
    kim, lee, park, choi = officers.values()
    aside(lambda: visit(town, place, *VISITORS))
    cameras = [Camera(officer.page, DESKTOP, SHOWN, folder) for officer in (kim, park)]
    start_case(kim, CASE, place, town)
    cameras[0].take("authority-windows")
    draw(kim)
    for officer in (kim, lee):
        decide(officer, place).approve()
    decide(park, place)
    park.page.get_by_role("button", name="Read back and approve").click()
    park.page.locator(".read-back").wait_for()
    signing = cameras[1].take("operator-signing")
    park.sign("Sign with my passkey")
    decide(choi, place).approve()
    show_case(kim, CASE)
    cameras[0].take("authority-waiting")
    for step in ("Ask the venues (1)", "Open (1)"):
        kim.page.get_by_role("button", name=step).click(timeout=30_000)
    kim.page.get_by_role("button", name="Show contacts").wait_for(timeout=30_000)
    kim.page.get_by_role("heading", name="What came of it").evaluate("one => one.closest('section').scrollIntoView()")
    found = cameras[0].take("authority-found")
    if folder:
        show_contacts(kim)
        cameras[0].take("authority-contacts")
        for camera, officer in ((cameras[0], kim), (cameras[1], park)):
            for screen in officer.page.locator("nav button").all():
                screen.click()
                camera.take(f"{officer.name}-{screen.get_attribute('data-screen')}")
    return [signing, found]


def main(file: Path, folder: Path | None = None) -> None:
    """Write the picture, with the screens beside each other."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        built = Path(temporary) / "pages"
        assert build(built).returncode == 0
        home = Path(temporary) / "town"
        home.mkdir()
        with running_town(VisitorTown, home, partial(built_page, folder=built)) as town:
            place = aside(lambda: town.open_venue("클럽 이태원"))
            with chromium() as browser, running_desks(town, built) as desks:
                write(investigate(browser, town, place, desks, folder), file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
