"""The visitor's page in a real browser, against real parties and a real door."""

from __future__ import annotations

import io
import re

from PIL import Image
from playwright.sync_api import Page, expect

from lab.town import Place
from protocol.http_messages import Decision
from tests.browser.conftest import VisitorTown, aside
from tests.support.camera import read_texts


def enrol(page: Page, town: VisitorTown, phone: str = "010-9876-5432", name: str = "홍길동") -> None:
    page.goto(town.url)
    page.get_by_role("button", name="I agree").click()
    page.get_by_label("Phone number").fill(phone)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Send me a code").click()
    code = page.get_by_label("Code from the message")
    expect(code).to_be_visible()
    code.fill(town.world.last_code("+82" + re.sub(r"\D", "", phone)[1:]))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("button", name="Get today's passes")).to_be_visible()


def fetch(page: Page) -> None:
    page.get_by_role("button", name="Get today's passes").click()
    page.get_by_role("button", name="Get them").click()
    expect(page.get_by_role("button", name="Show QR")).to_be_visible(timeout=20_000)


def shown(page: Page) -> str:
    """The text of the code on the screen, as a camera reads it."""
    expect(page.locator(".codes svg")).to_be_visible()
    [text] = read_texts(Image.open(io.BytesIO(page.screenshot())))
    return text


def test_a_visitor_enrols_shows_a_code_is_admitted_and_leaves(page: Page, town: VisitorTown, place: Place) -> None:
    town.tick()
    enrol(page, town)
    fetch(page)
    page.get_by_role("button", name="Show QR").click()
    text = shown(page)
    town.tick()
    assert aside(lambda: town.show(text, place)) is Decision.ADMITTED
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".count")).to_have_text("2")
    page.get_by_role("button", name="Check out").click()
    text = shown(page)
    assert aside(lambda: town.show(text, place)) is Decision.ADMITTED
