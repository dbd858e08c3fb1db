"""The visitor's page in a real browser, against real parties and a real door."""

from __future__ import annotations

import io
import re
from typing import Any

import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from lab.town import Place
from protocol.epochs import Role
from protocol.http_messages import Decision, VerificationAnswer, VerificationRequest
from protocol.qr_text import from_qr_text
from tests.browser.accessibility import check
from tests.browser.conftest import PHONE, VisitorTown, aside
from tests.support.camera import read_texts
from tests.support.running import run

PHONES = iter(range(50_000_000, 60_000_000))
GET_PASSES = re.compile("Get today's passes|오늘 패스 받기")
LISTS_ARE_DUE = """() => new Promise((resolve) => {
    indexedDB.open('splitpass').onsuccess = ({ target: { result } }) => {
        const transaction = result.transaction('plain', 'readwrite');
        transaction.objectStore('plain').put(Math.floor(Date.now() / 1000) - 5, 'lists-at');
        transaction.oncomplete = () => { result.close(); resolve(null); };
    };
})"""

COUNT_WAKE_LOCKS = """
    globalThis.wakeLocks = 0;
    const { request } = WakeLock.prototype;
    WakeLock.prototype.request = function (kind) {
        wakeLocks += 1;
        return request.call(this, kind);
    };
"""
HOME = """
    - banner:
      - paragraph: SplitPass
      - button "한국어"
    - main:
      - heading "Your passes" [level=1]
      - paragraph: Passes left today
      - button "Show QR"
      - button "Scan poster"
      - heading "Coming days" [level=2]
      - navigation "More":
        - button "My visits"
        - button "Notices"
        - button "Was I ever identified?"
        - button "Paper passes"
        - button "My registration"
"""
"""What a screen reader says of the first screen."""
SHAPES = [(844, 390), (667, 375), (568, 320), (1024, 600), (1280, 720), (1024, 768), (390, 844), (320, 568)]
"""Widths and heights of phones on their side, small and large tablets, and phones."""
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


def enrol(page: Page, town: VisitorTown) -> str:
    """Register with a number of one's own, and get the passes of today; returns the number."""
    page.goto(town.url)
    page.get_by_role("button", name=re.compile("I agree|동의하고")).click()
    phone = ask_for_code(page)
    confirm_code(page, town, phone)
    fetch_today(page)
    return phone


def ask_for_code(page: Page) -> str:
    """Fill in a number of one's own, which is returned, and a name."""
    phone = f"010{next(PHONES):08}"
    page.locator("[name=phone]").fill(phone)
    page.locator("[name=name]").fill("홍길동")
    page.locator("button.primary").click()
    page.locator("[name=code]").wait_for()
    return f"+82{phone[1:]}"


def confirm_code(page: Page, town: VisitorTown, phone: str) -> None:
    """Type the code that the phone got."""
    page.locator("[name=code]").fill(town.world.last_code(phone))
    page.locator("button.primary").click()
    page.get_by_role("button", name=GET_PASSES).wait_for()


def fetch_today(page: Page) -> None:
    """Get the passes of today."""
    page.get_by_role("button", name=GET_PASSES).click()
    page.locator("dialog button.primary").click()
    expect(page.locator(".count")).to_have_text("3", timeout=30_000)


def shown(page: Page) -> str:
    """The text of the code on the screen, as a camera reads it."""
    page.locator(".codes svg").wait_for()
    [text] = read_texts(Image.open(io.BytesIO(page.screenshot())))
    return text


def shown_to(town: VisitorTown, place: Place, text: str) -> Decision:
    """What a door says to it."""
    town.tick()
    return aside(lambda: town.show(text, place))


def test_a_visitor_enrols_shows_a_code_is_admitted_and_leaves(page: Page, town: VisitorTown, place: Place) -> None:
    town.tick()
    page.add_init_script(COUNT_WAKE_LOCKS)
    enrol(page, town)
    expect(page.locator("body")).to_match_aria_snapshot(HOME)
    assert page.evaluate("wakeLocks") == 0
    page.get_by_role("button", name="Show QR").click()
    assert shown_to(town, place, shown(page)) is Decision.ADMITTED
    expect(page.get_by_role("img", name="QR code for the reader")).to_be_visible()
    expect(page.locator(".seconds")).to_have_text(re.compile(r"^New code in ([1-9]|1[0-5]) s$"))
    assert page.evaluate("wakeLocks") == 1
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # the browser had let go of it
    assert page.evaluate("wakeLocks") == 2
    width = page.locator(".codes").evaluate("one => one.querySelector('path').getBoundingClientRect().width")
    assert width >= 0.9 * PHONE["width"]
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".count")).to_have_text("2")
    page.get_by_role("button", name="Check out").click()
    assert shown_to(town, place, shown(page)) is Decision.ADMITTED


def test_consent_is_asked_for_once(context: BrowserContext, page: Page, town: VisitorTown) -> None:
    page.goto(town.url)
    page.get_by_role("button", name="I agree").click()
    page.get_by_label("Phone number").wait_for()
    page.close()
    again = context.new_page()
    again.goto(town.url)
    expect(again.get_by_label("Phone number")).to_be_visible()
    again.get_by_role("button", name="Back").click()
    expect(again.get_by_role("button", name="I agree")).to_be_visible()  # to be read again


def test_an_iphone_is_told_of_its_home_screen_before_it_registers(
    browser: Browser, page: Page, town: VisitorTown
) -> None:
    hint = "Add to Home Screen, then register"
    with browser.new_context(viewport=PHONE, locale="en-US", user_agent=IPHONE) as context:
        phone = context.new_page()
        phone.goto(town.url)
        expect(phone.get_by_role("heading", name=hint)).to_be_visible()
        check(phone)
    page.goto(town.url)
    page.get_by_role("button", name="I agree").wait_for()
    expect(page.get_by_role("heading", name=hint)).to_have_count(0)


@pytest.mark.long
def test_who_registers_reads_the_message_while_the_page_is_loaded_anew(page: Page, town: VisitorTown) -> None:
    town.tick()
    page.clock.install()
    page.goto(town.url)
    page.get_by_role("button", name="I agree").click()
    phone = ask_for_code(page)
    page.reload()
    page.get_by_label("Code from the message").fill("000000")
    page.get_by_role("button", name="한국어").click()
    expect(page.locator("[name=code]")).to_have_value("000000")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_have_text("The code is not the one that was sent. Type it again.")
    expect(page.locator("[name=code]")).to_be_focused()
    page.go_back()
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_text(phone)).to_be_visible()
    page.clock.fast_forward(301_000)
    assert page.evaluate("sessionStorage.length") == 0
    page.reload()
    expect(page.get_by_label("Phone number")).to_have_value("")


@pytest.mark.long
def test_what_is_wrong_with_a_registration_is_at_its_field(page: Page, town: VisitorTown) -> None:
    page.goto(town.url)
    page.get_by_role("button", name="I agree").click()
    phone, name = page.get_by_label("Phone number"), page.get_by_label("Name, as in your papers")
    for number, field in (("12", phone), ("010-1234-5678", name)):
        phone.fill(number)
        page.get_by_role("button", name="Send me a code").click()
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-describedby", "error")
    name.fill("홍길동")
    page.route("**/v1/verifications", lambda route: route.abort())
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("alert")).to_contain_text("does not answer. Try again in a moment.")


@pytest.mark.long
def test_two_tabs_never_show_one_pass(context: BrowserContext, page: Page, town: VisitorTown) -> None:
    town.tick()
    enrol(page, town)
    other = context.new_page()
    other.goto(town.url)
    passes = set()
    for tab in (page, other):
        tab.get_by_role("button", name="Show QR").click()
        passes.add(bytes(from_qr_text(shown(tab)).u))
        tab.get_by_role("button", name="Close").click()
    assert len(passes) == 2
    expect(page.locator(".count")).to_have_text("1")
    expect(other.locator(".count")).to_have_text("1")


@pytest.mark.long
def test_a_group_has_a_code_for_each_and_the_code_closes_with_the_page(
    page: Page, town: VisitorTown, place: Place
) -> None:
    town.tick()
    enrol(page, town)
    page.get_by_role("button", name="One person more").click()
    page.get_by_role("button", name="Show QR").click()
    codes: dict[bytes, str] = {}
    while len(codes) < 2:  # they are shown in turn
        text = shown(page)
        codes[bytes(from_qr_text(text).u)] = text
    assert [shown_to(town, place, text) for text in codes.values()] == [Decision.ADMITTED, Decision.ADMITTED]
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    expect(page.locator(".codes")).to_have_count(0)
    expect(page.locator(".count")).to_have_text("1")


@pytest.mark.long
@pytest.mark.parametrize("people", [1, 2])
def test_a_code_can_be_read_on_a_screen_of_any_shape(page: Page, town: VisitorTown, people: int) -> None:
    town.tick()
    enrol(page, town)
    for _ in range(people - 1):
        page.get_by_role("button", name="One person more").click()
    page.get_by_role("button", name="Show QR").click()
    for width, height in SHAPES:
        page.set_viewport_size({"width": width, "height": height})
        assert from_qr_text(shown(page)), (width, height)
        expect(page.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)


@pytest.mark.long
def test_without_a_network_the_page_opens_and_shows_codes(
    context: BrowserContext, page: Page, town: VisitorTown, place: Place
) -> None:
    town.tick()
    enrol(page, town)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    context.set_offline(True)
    page.reload()
    page.get_by_role("button", name="Show QR").click()
    assert shown_to(town, place, shown(page)) is Decision.ADMITTED


@pytest.mark.long
def test_a_poster_is_asked_about_and_checks_in_and_out(page: Page, town: VisitorTown, place: Place) -> None:
    town.tick()
    enrol(page, town)
    link = aside(lambda: town.link(place))
    for answer in ("Cancel", "Check in"):
        page.get_by_role("button", name="Scan poster").click()
        page.locator("[name=link]").fill(link)
        page.get_by_role("button", name="Go on").click()
        expect(page.locator("dialog")).to_contain_text("○○카페")
        expect(page.locator("dialog .host")).to_have_text(place.url.removeprefix("http://"))
        before = len(town.traffic)
        page.get_by_role("button", name=answer, exact=True).click()
    expect(page.locator("dialog")).to_contain_text("Checked in")
    asked = [(seen.method, seen.path) for seen in town.traffic[before:] if seen.server == place.name]
    assert asked == [("OPTIONS", "/v1/check-ins"), ("POST", "/v1/check-ins")]
    assert "Cookie" not in town.traffic[-1].headers
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Check out").click()
    page.locator("dialog").get_by_role("button", name="Check out").click()
    expect(page.locator("dialog")).to_contain_text("Checked out")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="My visits").click()
    expect(page.locator(".visits")).to_contain_text("○○카페")


@pytest.mark.long
def test_who_got_no_answer_from_a_poster_is_told_that_they_may_be_in(
    page: Page, town: VisitorTown, place: Place
) -> None:
    town.tick()
    enrol(page, town)
    link = aside(lambda: town.link(place))
    page.context.route("**/v1/check-ins", lambda route: route.abort())
    for known in ("Each person uses one pass", "You may be checked in there since"):
        page.get_by_role("button", name="Scan poster").click()
        page.locator("[name=link]").fill(link)
        page.get_by_role("button", name="Go on").click()
        expect(page.locator("#dialog-text")).to_contain_text(known)
        page.get_by_role("button", name="Check in", exact=True).click()
        expect(page.locator("dialog h2")).to_have_text("No answer")
        expect(page.locator("#dialog-text")).to_contain_text("Ask the staff before you check in again.")
        page.get_by_role("button", name="Close").click()


TWICE = "button => { button.click(); button.click(); }"


@pytest.mark.long
def test_a_second_tap_uses_no_second_pass(page: Page, town: VisitorTown, place: Place) -> None:
    town.tick()
    enrol(page, town)
    page.get_by_role("button", name="Show QR").evaluate(TWICE)
    page.locator(".codes svg").wait_for()
    page.wait_for_timeout(500)
    expect(page.locator(".codes")).to_have_count(1)
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".count")).to_have_text("2")
    page.get_by_role("button", name="Paper passes").click()
    page.get_by_role("button", name="Make the sheet").evaluate(TWICE)
    expect(page.locator(".paper")).to_have_count(1)
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".count")).to_have_text("1")
    asked: list[Route] = []
    page.route("**/v1/venues/**", lambda route, _: asked.append(route))
    page.get_by_role("button", name="Scan poster").click()
    page.locator("[name=link]").fill(aside(lambda: town.link(place)))
    with page.expect_request("**/v1/venues/**"):
        page.get_by_role("button", name="Go on").evaluate(TWICE)
    expect(page.get_by_role("status")).to_have_text("Asking the venue…")
    expect(page.get_by_role("button", name="Go on")).to_be_disabled()
    page.wait_for_timeout(500)
    assert len(asked) == 1
    asked[0].continue_()
    expect(page.locator("dialog")).to_contain_text("Check in at ○○카페?")


@pytest.mark.long
def test_lists_are_fetched_at_their_time_and_not_because_the_page_was_opened(page: Page, town: VisitorTown) -> None:
    town.tick()
    aside(town.world.warn_daily)
    enrol(page, town)
    page.get_by_role("button", name="Notices").click()
    expect(page.get_by_role("status")).to_have_text("Not checked yet")
    page.evaluate(LISTS_ARE_DUE)
    page.clock.install()
    town.traffic.clear()
    page.goto(town.url)
    page.locator(".count").wait_for()
    page.clock.fast_forward(16_000)
    page.wait_for_timeout(500)
    assert not [seen for seen in town.traffic if "notices" in seen.path]
    page.clock.fast_forward(110_000)
    page.get_by_role("button", name="Notices").press("Enter")  # at once: the screen is drawn again and again now
    expect(page.get_by_role("status")).to_have_text("Nothing that was published concerns you", timeout=20_000)
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_text("Your clock is")).to_be_visible()  # which went ahead by two minutes
    page.get_by_role("button", name="Was I ever identified?").click()
    expect(page.get_by_role("status")).to_contain_text("none of your visits was opened")


@pytest.mark.long
def test_a_button_is_not_replaced_under_a_finger(page: Page, town: VisitorTown) -> None:
    town.tick()
    enrol(page, town)
    page.get_by_role("button", name="Notices").hover()
    page.mouse.down()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # after which the screen is drawn again
    page.wait_for_timeout(500)
    page.mouse.up()
    expect(page.get_by_role("heading", name="Notices")).to_be_visible()


def pass_hours(page: Page, town: VisitorTown, hours: float) -> None:
    """Let hours pass for everybody, while the page stays open."""
    town.world.now += int(hours * 3600)
    page.clock.fast_forward(int(hours * 3_600_000))


@pytest.mark.long
def test_passes_of_the_next_day_come_by_themselves_while_the_page_is_open(page: Page, town: VisitorTown) -> None:
    town.tick()
    enrol(page, town)
    page.clock.install()
    page.goto(town.url)
    for state in ("registers after", "registered; asks after", "3 passes"):
        expect(page.locator(".days dd").first).to_contain_text(state, timeout=20_000)
        pass_hours(page, town, 3.1)


@pytest.mark.long
def test_a_phone_that_is_no_longer_verified_is_verified_again(page: Page, town: VisitorTown) -> None:
    town.tick()
    phone = enrol(page, town)
    aside(lambda: run(verify_elsewhere(town, phone)))  # which ends the page's session
    page.clock.install()
    page.goto(town.url)
    page.locator(".count").wait_for()
    pass_hours(page, town, 3.1)
    page.get_by_role("button", name="Verify your phone again").click(timeout=20_000)
    expect(page.get_by_label("Phone number")).to_have_value(phone)
    page.get_by_role("button", name="Send me a code").click()
    code = page.get_by_label("Code from the message")
    code.fill("wrong")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_have_text("A code has six digits.")
    code.fill(f"[SplitPass] 인증번호 {town.world.last_code(phone)}")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".count")).to_have_text("3")
    expect(page.get_by_role("button", name="Verify your phone again")).to_have_count(0)
    pass_hours(page, town, 3.1)
    expect(page.locator(".days dd").first).to_contain_text("registered; asks after", timeout=20_000)


async def verify_elsewhere(town: VisitorTown, phone: str) -> None:
    await town.world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(phone))
    answer = VerificationAnswer(phone, town.world.last_code(phone), "홍길동")
    await town.world.post(Role.OPERATOR, "/v1/sessions", answer)


@pytest.mark.long
def test_the_browser_may_wake_the_service_worker_to_fetch_what_is_due(
    context: BrowserContext, page: Page, town: VisitorTown
) -> None:
    town.tick()
    enrol(page, town)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.evaluate(LISTS_ARE_DUE)
    page.goto("about:blank")  # no page lives
    town.traffic.clear()
    page.goto(town.url + "manifest.webmanifest")
    session = context.new_cdp_session(page)
    registrations: list[dict[str, Any]] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    session.send("ServiceWorker.enable")
    page.wait_for_timeout(500)
    event = {
        "origin": town.url.removesuffix("/visitor/"),
        "registrationId": registrations[0]["registrationId"],
        "tag": "splitpass",
    }
    session.send("ServiceWorker.dispatchPeriodicSyncEvent", event)
    for _ in range(50):
        if [seen for seen in town.traffic if seen.path == "/v1/notices"]:
            return
        page.wait_for_timeout(200)
    pytest.fail("nothing was fetched")


@pytest.mark.long
def test_a_passphrase_locks_the_wallet(context: BrowserContext, page: Page, town: VisitorTown) -> None:
    town.tick()
    enrol(page, town)
    other = context.new_page()
    other.goto(town.url)
    page.get_by_role("button", name="My registration").click()
    page.get_by_label("New passphrase").fill("short")
    page.get_by_role("button", name="Lock with it").click()
    expect(page.get_by_text("at least 8 characters")).to_be_visible()
    page.get_by_label("New passphrase").fill("correct horse")
    page.get_by_role("button", name="Lock with it").click()
    for tab in (page, other):
        tab.get_by_role("button", name="Open", exact=True).wait_for()  # the page is loaded anew
        check(tab)
        tab.get_by_label("Passphrase").fill("wrong horse")
        tab.get_by_role("button", name="Open").click()
        expect(tab.get_by_text("The passphrase is wrong")).to_be_visible()
        tab.get_by_label("Passphrase").fill("correct horse")
        tab.get_by_role("button", name="Open").click()
        expect(tab.locator(".count")).to_have_text("3")
    page.get_by_role("button", name="My registration").click()
    page.get_by_role("button", name="Ask no more").click()
    expect(page.locator(".count")).to_have_text("3")


@pytest.mark.long
@pytest.mark.parametrize("is_answered", [True, False])
def test_passes_are_fetched_while_another_screen_is_shown(page: Page, town: VisitorTown, is_answered: bool) -> None:
    town.tick()
    page.goto(town.url)
    page.get_by_role("button", name="I agree").click()
    confirm_code(page, town, ask_for_code(page))
    asked: list[Route] = []
    page.route("**/v1/passes", lambda route, _: asked.append(route))
    page.get_by_role("button", name=GET_PASSES).click()
    with page.expect_request("**/v1/passes"):
        page.locator("dialog button.primary").click()
    expect(page.get_by_role("status")).to_have_text("Getting your passes…")
    page.get_by_role("button", name="Notices").click()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("status")).to_have_text("Getting your passes…")
    if is_answered:
        asked[0].continue_()
        expect(page.locator(".count")).to_have_text("3", timeout=30_000)
    else:
        page.get_by_role("button", name="Notices").click()
        asked[0].abort()
        page.get_by_role("button", name="Back").click()
        expect(page.get_by_text("No passes came this time")).to_be_visible()


@pytest.mark.long
def test_papers_are_printed_once(page: Page, town: VisitorTown, place: Place) -> None:
    town.tick()
    enrol(page, town)
    page.get_by_role("button", name="Paper passes").click()
    page.get_by_label("How many", exact=True).fill("2")
    page.get_by_role("button", name="Make the sheet").click()
    page.locator(".paper").nth(1).wait_for()
    [sheet] = pypdfium2.PdfDocument(page.pdf(format="A4"))
    texts = read_texts(sheet.render(scale=4).to_pil())
    assert len({text for text in texts if text.startswith("SPP1:")}) == 2
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".count")).to_have_text("1")


@pytest.mark.long
def test_everything_is_erased(context: BrowserContext, page: Page, town: VisitorTown) -> None:
    town.tick()
    enrol(page, town)
    other = context.new_page()
    other.goto(town.url)
    other.locator(".count").wait_for()
    page.get_by_role("button", name="My registration").click()
    page.get_by_role("button", name="Erase everything").click()
    page.get_by_role("button", name="Erase", exact=True).click()
    for tab in (page, other):
        expect(tab.get_by_role("button", name="I agree")).to_be_visible()


@pytest.mark.long
def test_the_page_speaks_korean(browser: Browser, town: VisitorTown, place: Place) -> None:
    town.tick()
    with browser.new_context(viewport=PHONE, device_scale_factor=2, locale="ko-KR") as context:
        page = context.new_page()
        enrol(page, town)
        expect(page.locator("html")).to_have_attribute("lang", "ko")
        expect(page.get_by_role("heading", name="앞으로 며칠")).to_be_visible()
        page.get_by_role("button", name="QR 보이기").click()
        assert shown_to(town, place, shown(page)) is Decision.ADMITTED
        page.get_by_role("button", name="닫기").click()
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("button", name="Show QR")).to_be_visible()
