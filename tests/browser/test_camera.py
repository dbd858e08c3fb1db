"""A poster before Chromium's fake camera."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from lab.town import Place
from service.qr import qr_image
from tests.browser.conftest import PHONE, VisitorTown, aside
from tests.browser.test_visitor import enrol


@pytest.mark.long
def test_the_camera_reads_a_poster_and_asks(town: VisitorTown, place: Place, tmp_path: Path) -> None:
    town.tick()
    link = aside(lambda: town.link(place))
    picture = Image.new("RGB", (1280, 720), "white")
    code = qr_image(link).convert("RGB").resize((640, 640))
    picture.paste(code, (320, 40))
    picture.save(tmp_path / "frame.jpg", quality=90)
    (tmp_path / "poster.mjpeg").write_bytes((tmp_path / "frame.jpg").read_bytes() * 3)
    camera = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={tmp_path / 'poster.mjpeg'}",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=camera)
        with browser.new_context(viewport=PHONE, locale="en-US") as context:
            page = context.new_page()
            enrol(page, town)
            page.get_by_role("button", name="Scan poster").click()
            page.get_by_role("button", name="Open the camera").click()
            expect(page.locator("dialog")).to_contain_text("Check in at ○○카페?", timeout=20_000)
            page.get_by_role("button", name="Check in", exact=True).click()
            expect(page.locator("dialog")).to_contain_text("Checked in")
        browser.close()
