"""A poster before Chromium's fake camera."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from lab.camera import FakeCamera
from lab.town import Place
from tests.browser.conftest import PHONE, VisitorTown, aside, chromium
from tests.browser.test_visitor import enrol

STREAM = """(video) => new Promise((resolve) => {
    const look = () => {
        [globalThis.track] = video.srcObject?.getVideoTracks() ?? [];
        track ? resolve() : setTimeout(look, 50);
    };
    look();
})"""
"""Waits for what the camera sees, and keeps it as `track`."""


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


@pytest.mark.long
def test_the_camera_stays_open_in_another_language_and_is_closed_with_its_screen(
    town: VisitorTown, tmp_path: Path
) -> None:
    town.tick()
    camera = FakeCamera(tmp_path)
    with chromium(*camera.arguments) as browser, browser.new_context(viewport=PHONE, locale="en-US") as context:
        page = context.new_page()
        enrol(page, town)
        page.get_by_role("button", name="Scan poster").click()
        page.get_by_label("Or paste the link").fill("https://")
        page.get_by_role("button", name="Open the camera").click()
        video = page.locator("video")
        video.evaluate(STREAM)
        page.get_by_role("button", name="한국어").click()
        expect(page.get_by_role("button", name="English")).to_be_focused()
        expect(page.get_by_label("또는 포스터의 링크")).to_have_value("https://")
        page.wait_for_timeout(1000)
        assert page.evaluate("track.readyState") == "live"
        expect(video).to_be_visible()
        assert not video.evaluate("video => video.paused")
        page.get_by_role("button", name="뒤로").click()
        page.wait_for_timeout(1000)
        assert page.evaluate("track.readyState") == "ended"
