"""Every screen of the visitors' page: axe finds nothing, nothing is cut off, and the keyboard is enough."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from lab.town import Place
from tests.browser.conftest import PHONE, VisitorTown, aside
from tests.browser.test_visitor import enrol
from tests.vectors.javascript import WEB

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
LINKS = ("My visits", "Notices", "Was I ever identified?", "Paper passes", "My registration")


def check(page: Page, within: str = "html") -> None:
    """Nothing that axe finds in a part of the page, and nothing wider than the screen."""
    page.evaluate(f"() => {{ if (!globalThis.axe) {{ {AXE.read_text('utf-8')} }} }}")
    found = page.evaluate("within => axe.run(within, { resultTypes: ['violations'] })", within)
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def visit_all(page: Page, town: VisitorTown, link: str) -> None:
    """Check each screen."""
    page.goto(town.url)
    page.get_by_role("button", name="I agree").wait_for()
    check(page)
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_role("alert").wait_for()
    check(page)
    enrol(page, town)
    check(page)
    page.get_by_role("button", name="Show QR").click()
    page.locator(".codes svg").wait_for()
    check(page)
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Scan poster").click()
    page.locator("[name=link]").wait_for()
    check(page)
    page.locator("[name=link]").fill(link)
    page.get_by_role("button", name="Go on").click()
    page.locator("dialog .host").wait_for()
    check(page)
    page.get_by_role("button", name="Cancel").click()
    for name in LINKS:
        page.get_by_role("button", name=name).click()
        page.get_by_role("heading", level=1, name=name).wait_for()
        check(page)
        page.get_by_role("button", name="Back").click()
        page.locator(".count").wait_for()


@pytest.mark.long
@pytest.mark.parametrize(
    "look",
    [
        {},
        {"color_scheme": "dark"},
        {"contrast": "more"},
        {"color_scheme": "dark", "contrast": "more", "reduced_motion": "reduce"},
        {"forced_colors": "active"},
        {"viewport": {"width": 320, "height": 640}},
        {"viewport": {"width": 195, "height": 422}},  # a phone at 200 % zoom
        {"viewport": {"width": 1280, "height": 800}},
    ],
    ids=str,
)
def test_axe_finds_nothing(browser: Browser, town: VisitorTown, place: Place, look: dict[str, object]) -> None:
    town.tick()
    options: dict[str, object] = {"viewport": PHONE, "locale": "en-US", **look}
    with browser.new_context(**options) as context:  # type: ignore[arg-type]  # of several kinds
        visit_all(context.new_page(), town, aside(lambda: town.link(place)))


@pytest.mark.long
def test_the_keyboard_is_enough(context: BrowserContext, page: Page, town: VisitorTown) -> None:
    town.tick()
    enrol(page, town)
    reach(page, "Show QR")
    page.keyboard.press("Enter")
    expect(page.locator(".codes svg")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".codes")).to_have_count(0)
    reach(page, "My visits")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="My visits")).to_be_focused()
    reach(page, "Check out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Exit")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("renews itself")
    page.keyboard.press("Escape")


def reach(page: Page, name: str) -> None:
    """Press the tabulator until a button has the focus."""
    wanted: Callable[[], str] = lambda: page.evaluate("document.activeElement?.textContent ?? ''")  # noqa: E731
    for _ in range(40):
        page.keyboard.press("Tab")
        if wanted().startswith(name):
            return
    pytest.fail(f"the keyboard does not reach {name}")
