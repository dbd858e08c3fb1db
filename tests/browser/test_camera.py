"""A poster before Chromium's fake camera."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from lab.camera import FakeCamera
from lab.town import Place
from tests.browser.conftest import PHONE, VisitorTown, aside, chromium
from tests.browser.test_visitor import enrol


@pytest.mark.long
def test_the_camera_reads_a_poster_and_asks(town: VisitorTown, place: Place, tmp_path: Path) -> None:
    town.tick()
    camera = FakeCamera(tmp_path)
    camera.see(aside(lambda: town.link(place)))
    with chromium(*camera.arguments) as browser, browser.new_context(viewport=PHONE, locale="en-US") as context:
        page = context.new_page()
        enrol(page, town)
        page.get_by_role("button", name="Scan poster").click()
        page.get_by_role("button", name="Open the camera").click()
        expect(page.locator("dialog")).to_contain_text("Check in at ○○카페?", timeout=20_000)
        page.get_by_role("button", name="Check in", exact=True).click()
        expect(page.locator("dialog")).to_contain_text("Checked in")
