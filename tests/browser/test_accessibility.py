"""Every screen of the visitors' page: axe finds nothing, nothing is cut off, and the keyboard is enough."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from lab.town import Place
from tests.browser.accessibility import LARGE, LARGE_TEXT, check, looking, reach, reach_field
from tests.browser.conftest import PHONE, VisitorTown, aside
from tests.browser.test_visitor import ask_for_code, confirm_code, enrol, fetch_today

WORDS = {
    "en-US": ("Scan poster", "Check in", "Close", "Paper passes", "Make the sheet", "Print", "Done"),
    "ko-KR": ("포스터 스캔", "입장", "닫기", "종이 출입증", "만들기", "인쇄", "마침"),
}
LINKS = ("My visits", "Notices", "Was I ever identified?", "Paper passes", "My registration")


def visit_all(page: Page, town: VisitorTown, link: str) -> None:
    """Check each screen."""
    page.goto(town.url)
    page.get_by_role("button", name="I agree").wait_for()
    check(page)
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_role("alert").wait_for()
    check(page)
    phone = ask_for_code(page)
    check(page)
    confirm_code(page, town, phone)
    check(page)
    page.get_by_role("button", name="Get today's passes").click()
    page.locator("dialog").wait_for()
    check(page)
    page.keyboard.press("Escape")
    fetch_today(page)
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
    page.get_by_role("button", name="Paper passes").click()
    page.get_by_role("button", name="Make the sheet").click()
    page.locator(".paper").wait_for()
    check(page)
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="My registration").click()
    page.get_by_role("button", name="Erase everything").click()
    page.locator("dialog").wait_for()
    check(page)


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
        LARGE,
        {"viewport": {"width": 1280, "height": 800}},
    ],
    ids=str,
)
def test_axe_finds_nothing(browser: Browser, town: VisitorTown, place: Place, look: dict[str, object]) -> None:
    town.tick()
    with looking(browser, look, PHONE) as context:
        visit_all(context.new_page(), town, aside(lambda: town.link(place)))


@pytest.mark.long
def test_the_counter_of_people_is_whole_on_a_small_phone_with_large_text(page: Page, town: VisitorTown) -> None:
    town.tick()
    page.set_viewport_size({"width": 320, "height": 640})
    page.add_init_script(LARGE_TEXT)
    enrol(page, town)
    for name in ("One person fewer", "One person more"):
        button = page.get_by_role("button", name=name)
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport(ratio=1)


@pytest.mark.long
def test_the_keyboard_is_enough(page: Page, town: VisitorTown) -> None:
    town.tick()
    enrol_by_keyboard(page, town)
    reach(page, "Show QR")
    page.keyboard.press("Enter")
    expect(page.locator(".codes svg")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".codes")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    reach(page, "My visits")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="My visits")).to_be_focused()
    reach(page, "Check out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Exit")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("renews itself")
    page.keyboard.press("Escape")


@pytest.mark.long
@pytest.mark.parametrize(("locale", "words"), WORDS.items())
def test_the_keyboard_is_enough_for_posters_and_papers(
    browser: Browser, town: VisitorTown, place: Place, locale: str, words: tuple[str, ...]
) -> None:
    town.tick()
    scan, check_in, close, papers, make, printing, done = words
    with browser.new_context(viewport=PHONE, locale=locale) as context:
        context.add_init_script("globalThis.printed = 0; globalThis.print = () => { printed += 1 };")
        page = context.new_page()
        enrol(page, town)
        press(page, scan)
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        reach_field(page, "link")
        page.keyboard.type("https://example.org/")
        page.keyboard.press("Enter")
        expect(page.locator(".error")).not_to_be_empty()
        link = page.locator("input[name=link]")
        expect(link).to_be_focused()
        expect(link).to_have_value("https://example.org/")
        link.select_text()
        page.keyboard.type(aside(lambda: town.link(place)))
        page.keyboard.press("Enter")
        page.locator("dialog .host").wait_for()
        press(page, check_in)
        press(page, close)
        expect(page.locator(".count")).to_have_text("2")
        press(page, papers)
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        reach_field(page, "count")
        page.keyboard.type("2")
        press(page, make)
        expect(page.locator(".paper")).to_have_count(2)
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        press(page, printing)
        assert page.evaluate("printed") == 1
        press(page, done)
        expect(page.get_by_role("heading", level=1)).to_be_focused()


def press(page: Page, name: str) -> None:
    """Press a button, once it is there, by the keyboard alone."""
    page.get_by_role("button", name=name, exact=True).wait_for()
    reach(page, name)
    page.keyboard.press("Enter")


def enrol_by_keyboard(page: Page, town: VisitorTown) -> None:
    """As `enrol`, with a number that nobody else has, and without a pointer."""
    page.goto(town.url)
    page.get_by_role("button", name="I agree").wait_for()
    reach(page, "I agree")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Register")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("010-6000-0001")
    page.keyboard.press("Tab")
    page.keyboard.type("홍길동")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code from the message")).to_be_focused()
    page.keyboard.type(town.world.last_code("+821060000001"))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Get today's passes").wait_for()
    reach(page, "Get today's passes")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_be_visible()
    reach(page, "Get them")
    page.keyboard.press("Enter")
    expect(page.locator(".count")).to_have_text("3", timeout=30_000)


def test_what_moves_stands_still_for_whom_motion_makes_ill(page: Page, town: VisitorTown) -> None:
    page.goto(town.url)
    page.get_by_role("button", name="I agree").wait_for()
    page.emulate_media(reduced_motion="no-preference")
    assert (
        page.get_by_role("button", name="I agree").evaluate("one => getComputedStyle(one).transitionDuration") != "0s"
    )
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")
    check(page)
