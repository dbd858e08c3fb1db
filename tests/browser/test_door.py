"""The door's page in a real browser, with a real venue's server and codes of real visitors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from client.papers import print_papers
from client.visits import Screen, open_entries, open_exits
from lab.camera import FakeCamera
from lab.town import Person, Place
from protocol.qr_text import from_qr_text, to_qr_text
from service.pages import built_page
from tests.browser.accessibility import LARGE, check, looking, reach
from tests.browser.conftest import PHONE, aside, chromium, launched, open_venue_with_page, running_town
from tests.browser.doors import ANSWER_SECONDS, DoorTown, expect_answer, pair, scan
from tests.browser.test_visitor import COUNT_WAKE_LOCKS, enrol, shown

TABLET = ViewportSize(width=1024, height=768)
LOOKS: list[dict[str, object]] = [
    {},
    {"color_scheme": "dark", "contrast": "more", "reduced_motion": "reduce"},
    {"forced_colors": "active"},
    {"viewport": {"width": 320, "height": 640}},
    {"viewport": {"width": 195, "height": 422}},  # a phone at 200 % zoom
    {"viewport": PHONE},
    LARGE,
]
GATE = """
    - heading /○○카페 · door \\d+/ [level=1]
    - paragraph: QR 코드를 보여 주세요 Show your QR code
    - button "Without phone"
    - button "Sound" [pressed]
    - button "More"
"""
"""What a screen reader says of a door at work."""
CAMERA = """(video) => new Promise((resolve) => {
    const look = () => (video.srcObject ? resolve(video.srcObject.getVideoTracks()[0].label) : setTimeout(look, 50));
    look();
})"""
LAMP = """
    MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true });
    MediaStreamTrack.prototype.applyConstraints = async ({ advanced }) => {
        globalThis.isLit = advanced[0].torch;
    };
"""
"""A camera that has one, as far as its page can tell."""


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> FakeCamera:
    """What the door's camera sees."""
    return FakeCamera(tmp_path_factory.mktemp("camera"))


@pytest.fixture(scope="module")
def browser(camera: FakeCamera) -> Iterator[Browser]:
    """Chromium with the camera."""
    with chromium(*camera.arguments) as running:
        yield running


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Iterator[DoorTown]:
    """Both parties, with the visitors' page."""
    with running_town(DoorTown, tmp_path_factory.mktemp("town"), partial(built_page, folder=built)) as town:
        yield town


@pytest.fixture(scope="module")
def place(town: DoorTown, built: Path) -> Place:
    """A venue with the page for its doors."""
    return open_venue_with_page(town, built)


@pytest.fixture
def door(context: BrowserContext, town: DoorTown, place: Place, camera: FakeCamera) -> Page:
    """A paired page at a door, with nobody before its camera."""
    town.tick()
    camera.see(None)
    page = context.new_page()
    page.set_viewport_size(TABLET)
    pair(page, town, place)
    return page


@pytest.fixture
def person(town: DoorTown) -> Person:
    """A visitor with three passes."""
    town.tick()
    return aside(lambda: town.visitors("홍길동"))[0]


def entries(town: DoorTown, person: Person, people: int = 1) -> list[Callable[[], str]]:
    """What a visitor's screen shows for each of some people, whenever somebody looks."""
    town.tick()
    return [partial(text_now, town, screen) for screen in open_entries(person.visitor, people)]


def text_now(town: DoorTown, screen: Screen) -> str:
    """What is on a screen."""
    return screen.text(town.now)


def exit_of(town: DoorTown, person: Person) -> str:
    """The same for whoever came in first."""
    visit, *_ = person.visitor.wallet().visits
    return open_exits(person.visitor, [visit])[0].text(town.now)


def kept(place: Place) -> tuple[int, int]:
    """How many came in and went out, as the venue's server knows."""
    days = place.venue.memberships[0].store.days()
    return sum(day.entries for day in days), sum(day.exits for day in days)


def wait_for(page: Page, holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something that happens outside the page."""
    for _ in range(round(seconds * 10)):
        if holds():
            return
        page.wait_for_timeout(100)
    pytest.fail("it did not happen")


def test_a_visitors_code_before_the_camera_opens_the_door_once(
    browser: Browser, context: BrowserContext, door: Page, town: DoorTown, camera: FakeCamera
) -> None:
    assert "#" not in door.url
    expect(door.locator("main")).to_match_aria_snapshot(GATE)
    with browser.new_context(viewport=PHONE, device_scale_factor=2, locale="en-US") as phone:
        page = phone.new_page()
        enrol(page, town)
        page.get_by_role("button", name="Show QR").click()
        camera.see(shown(page))
    door.reload()
    expect_answer(door, "enter", "Enter")
    door.reload()
    expect_answer(door, "no", "this pass was used here before")


@pytest.mark.long
def test_a_group_comes_in_one_after_the_other(
    door: Page, town: DoorTown, place: Place, person: Person, camera: FakeCamera
) -> None:
    before = kept(place)
    camera.see(*(code() for code in entries(town, person, 3)))
    door.reload()
    wait_for(door, lambda: kept(place) == (before[0] + 3, before[1]))
    door.wait_for_timeout(5000)  # all three are still before the camera
    expect(door.locator(".last")).to_have_text("Enter")
    door.get_by_role("button", name="More").click()
    expect(door.locator(".numbers dd").first).to_have_text("3")


@pytest.mark.long
def test_who_came_in_leaves_once(door: Page, town: DoorTown, place: Place, person: Person) -> None:
    before = kept(place)
    [entry] = entries(town, person)
    scan(door, entry())
    expect_answer(door, "enter")
    leaving = exit_of(town, person)
    scan(door, leaving)
    expect_answer(door, "exit", "퇴장")
    door.wait_for_timeout(3000)  # until the same text is a new one
    scan(door, leaving)
    expect_answer(door, "no", "this pass was used here before")
    assert kept(place) == (before[0] + 1, before[1] + 1)


@pytest.mark.long
def test_without_its_server_the_door_goes_on_and_delivers_later(
    context: BrowserContext, door: Page, town: DoorTown, place: Place, person: Person
) -> None:
    before = kept(place)
    first, second = entries(town, person, 2)
    door.evaluate("navigator.serviceWorker.ready.then(() => null)")
    context.set_offline(True)
    scan(door, first())
    expect_answer(door, "enter")
    door.reload()
    door.get_by_role("button", name="More").wait_for()
    scan(door, first())
    expect_answer(door, "no", "this pass was used here before")
    scan(door, second())
    expect_answer(door, "enter")
    expect(door.get_by_role("button", name="Without server · 2 waiting")).to_be_visible()
    assert kept(place) == before
    context.set_offline(False)
    expect(door.locator(".state")).to_have_count(0, timeout=10_000)
    assert kept(place) == (before[0] + 2, before[1])


@pytest.mark.long
def test_a_shift_that_ends_without_the_server_says_how_many_wait(
    context: BrowserContext, door: Page, town: DoorTown, person: Person
) -> None:
    [entry] = entries(town, person)
    context.set_offline(True)
    scan(door, entry())
    expect_answer(door, "enter")
    door.get_by_role("button", name="More").click()
    door.get_by_role("button", name="End the shift").click()
    expect(door.get_by_role("status")).to_contain_text("Check-ins that wait for the server: 1.")
    context.set_offline(False)
    expect(door.get_by_role("status")).to_have_text("Everything was delivered. You may close this page.")


@pytest.mark.long
def test_what_was_used_at_another_door_is_refused_at_once_or_when_it_is_delivered(
    browser: Browser, context: BrowserContext, door: Page, town: DoorTown, place: Place, person: Person
) -> None:
    first, second = entries(town, person, 2)
    with browser.new_context(viewport=TABLET, locale="en-US") as elsewhere:
        other = elsewhere.new_page()
        pair(other, town, place)
        scan(other, first())
        expect_answer(other, "enter")
        scan(door, first())
        expect_answer(door, "no", "this pass was used here before")
        context.set_offline(True)
        scan(door, second())
        expect_answer(door, "enter")
        scan(other, second())
        expect_answer(other, "enter")
    context.set_offline(False)
    expect(door.get_by_role("button", name="Refused later: 1")).to_be_visible(timeout=30_000)
    door.get_by_role("button", name="Refused later: 1").click()
    expect(door.locator("dialog")).to_contain_text("this pass was used here before")
    check(door)
    door.get_by_role("button", name="Clear this list").click()
    door.keyboard.press("Escape")
    expect(door.locator(".state")).to_have_count(0)


@pytest.mark.long
def test_codes_of_elsewhere_are_refused(door: Page, town: DoorTown, person: Person) -> None:
    [entry] = entries(town, person)
    message = from_qr_text(entry())
    scan(door, to_qr_text(replace(message, domain=message.domain + 1)))
    expect_answer(door, "no", "a log that this door does not serve")
    scan(door, to_qr_text(replace(message, venue_id=bytes(16))))
    expect_answer(door, "no", "not a SplitPass code")
    scan(door, "HTTPS://EXAMPLE.COM/")
    expect_answer(door, "no", "not a SplitPass code")
    scan(door, entry())
    expect_answer(door, "enter")


@pytest.mark.long
def test_paper_is_decided_by_the_server_alone(
    context: BrowserContext, door: Page, town: DoorTown, person: Person
) -> None:
    town.tick()
    one, other = print_papers(person.visitor, town.world.today, 2)
    scan(door, one)
    expect_answer(door, "enter")
    context.set_offline(True)
    scan(door, other)
    expect_answer(door, "undecided", "paper needs the server")


@pytest.mark.long
def test_who_has_no_phone_is_sealed_in_the_page(door: Page, town: DoorTown, place: Place) -> None:
    before = kept(place)
    door.get_by_role("button", name="Without phone").click()
    door.get_by_label("Name").fill("김민준")
    door.get_by_label("Phone number").fill("12")
    door.get_by_role("button", name="Admit").click()
    expect(door.get_by_role("alert")).to_contain_text("no telephone number")
    door.get_by_label("Phone number").fill("010-1234-5678")
    town.traffic.clear()
    door.get_by_role("button", name="Admit").click()
    expect_answer(door, "enter")
    assert kept(place) == (before[0] + 1, before[1])
    [sent] = [seen for seen in town.traffic if seen.path == "/v1/assisted"]
    assert b"1012345678" not in sent.body
    assert "김민준".encode() not in sent.body


@pytest.mark.long
def test_one_window_at_a_time_is_the_door(context: BrowserContext, door: Page, place: Place) -> None:
    other = context.new_page()
    other.goto(f"{place.url}/door/")
    other.get_by_role("button", name="Use it here").click()
    expect(other.locator(".tools")).to_be_visible()
    expect(door.get_by_role("button", name="Use it here")).to_be_visible()


@pytest.mark.long
def test_a_link_pairs_one_device_once(
    browser: Browser, context: BrowserContext, door: Page, town: DoorTown, place: Place
) -> None:
    used = aside(lambda: town.pairing_link(place, "back door"))
    page = context.new_page()
    page.goto(used)
    expect(page.get_by_role("button", name="Use it here")).to_be_visible()
    door.goto(used)
    expect(door.get_by_role("heading", level=1)).to_have_text("Pair anew?")
    door.get_by_role("button", name="Pair anew").click()
    expect(door.get_by_role("heading", level=1)).to_have_text("○○카페 · back door")
    door.goto(used)
    door.get_by_role("button", name="Pair anew").click()
    expect(door.get_by_role("alert")).to_contain_text("used on another device")
    door.get_by_role("button", name="Keep it as it is").click()
    expect(door.get_by_role("heading", level=1)).to_have_text("○○카페 · back door")
    with browser.new_context(locale="en-US") as elsewhere:
        other = elsewhere.new_page()
        other.goto(used)
        expect(other.get_by_role("alert")).to_contain_text("used on another device")
        other.get_by_label("Link for pairing").fill("https://door.example/door/#" + 32 * "0")
        other.get_by_role("button", name="Pair").click()
        expect(other.get_by_role("alert")).to_contain_text("This is no link for pairing")
        expect(other.get_by_label("Link for pairing")).to_have_value("https://door.example/door/#" + 32 * "0")
        other.get_by_label("Link for pairing").fill(aside(lambda: town.pairing_link(place, "side door")))
        other.get_by_role("button", name="Pair").click()
        expect(other.get_by_role("heading", level=1)).to_have_text("○○카페 · side door")


@pytest.mark.long
def test_a_reader_that_is_revoked_admits_nobody(door: Page, town: DoorTown, place: Place, person: Person) -> None:
    [entry] = entries(town, person)
    name = (door.get_by_role("heading", level=1).text_content() or "").removeprefix("○○카페 · ")
    aside(lambda: place.venue.home.reader_tokens.revoke(place.id, name, town.now))
    scan(door, entry())
    expect(door.get_by_role("heading", level=1)).to_have_text("This door is no longer paired")


@pytest.mark.long
def test_with_a_wrong_clock_the_door_goes_by_its_server_alone(
    context: BrowserContext, door: Page, town: DoorTown, person: Person
) -> None:
    first, second = entries(town, person, 2)
    door.add_init_script("{ const { now } = Date; Date.now = () => now() - 90_000; }")
    door.reload()
    expect(door.get_by_text("This clock is 90 s off")).to_be_visible()
    scan(door, first())
    expect_answer(door, "enter")
    context.set_offline(True)
    scan(door, second())
    expect_answer(door, "undecided", "this device's clock is wrong")


@pytest.mark.long
def test_a_shift_ends_and_begins(door: Page, town: DoorTown, place: Place) -> None:
    door.get_by_role("button", name="More").click()
    door.get_by_role("button", name="End the shift").click()
    expect(door.get_by_role("status")).to_have_text("Everything was delivered. You may close this page.")
    town.traffic.clear()
    door.get_by_role("button", name="Start a shift").click()
    expect(door.locator(".tools")).to_be_visible()
    wait_for(door, lambda: any(seen.path == "/v1/deliveries" for seen in town.traffic))


@pytest.mark.long
def test_the_camera_sees_after_a_shift_began_and_in_the_other_language(
    door: Page, town: DoorTown, person: Person, camera: FakeCamera
) -> None:
    first, second = entries(town, person, 2)
    door.get_by_role("button", name="More").click()
    door.get_by_role("button", name="End the shift").click()
    camera.see(first())
    door.get_by_role("button", name="Start a shift").click()
    expect_answer(door, "enter")
    camera.play([(None, 8), (second(), 1)])
    door.reload()
    door.get_by_role("button", name="More").click()
    door.get_by_role("button", name="한국어").click()
    expect(door.get_by_role("heading", level=1)).to_be_focused()
    expect_answer(door, "enter")
    expect(door.get_by_role("button", name="더 보기")).to_be_visible()


@pytest.mark.long
def test_staff_choose_the_camera_and_turn_on_its_lamp(browser: Browser, town: DoorTown, place: Place) -> None:
    cameras = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=device-count=2")
    with launched(browser.browser_type, *cameras) as other, other.new_context(locale="en-US") as context:
        door = context.new_page()
        pair(door, town, place)
        first = camera_of(door)
        expect(door.get_by_role("button", name="Lamp")).to_have_count(0)  # which it has not
        door.get_by_role("button", name="Other camera").click()
        wait_for(door, lambda: camera_of(door) != first)
        second = camera_of(door)
        door.add_init_script(LAMP)
        door.reload()
        lamp = door.get_by_role("button", name="Lamp")
        expect(lamp).to_have_attribute("aria-pressed", "false")
        assert camera_of(door) == second
        for lit in ("true", "false"):
            lamp.click()
            expect(lamp).to_have_attribute("aria-pressed", lit)
            assert door.evaluate("String(isLit)") == lit


def camera_of(door: Page) -> str:
    """The camera whose picture is on the page."""
    label: str = door.locator("video").evaluate(CAMERA)
    return label


@pytest.mark.long
def test_the_screen_stays_on_as_long_as_the_door_is_at_work(door: Page) -> None:
    door.add_init_script(COUNT_WAKE_LOCKS)
    door.reload()
    door.get_by_role("button", name="More").wait_for()
    assert door.evaluate("wakeLocks") == 1
    door.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # the browser had let go of it
    assert door.evaluate("wakeLocks") == 2
    door.get_by_role("button", name="More").click()
    door.get_by_role("button", name="End the shift").click()
    door.get_by_role("button", name="Start a shift").wait_for()
    door.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert door.evaluate("wakeLocks") == 2


@pytest.mark.long
def test_axe_finds_nothing(browser: Browser, town: DoorTown, place: Place, camera: FakeCamera) -> None:
    camera.see(None)
    for look in LOOKS:
        with looking(browser, look, TABLET) as context:
            visit_all(context.new_page(), town, place)


def check_sign(page: Page, kind: str) -> None:
    """Check an answer while it is there, and wait until it is gone."""
    page.locator(f".sign.{kind}").wait_for(timeout=ANSWER_SECONDS * 1000)
    check(page, ".sign")
    page.locator(".sign").wait_for(state="detached")


def visit_all(page: Page, town: DoorTown, place: Place) -> None:
    """Check each screen."""
    town.tick()
    page.goto(f"{place.url}/door/")
    page.get_by_label("Link for pairing").wait_for()
    check(page)
    pair(page, town, place)
    page.get_by_role("button", name="More").wait_for()
    check(page)
    scan(page, "SOMETHING ELSE")
    check_sign(page, "no")
    person = aside(lambda: town.visitors("김철수"))[0]
    [paper] = print_papers(person.visitor, town.world.today, 1)
    [entry] = entries(town, person)
    scan(page, entry())
    check_sign(page, "enter")
    scan(page, exit_of(town, person))
    check_sign(page, "exit")
    page.context.set_offline(True)
    scan(page, paper)
    check_sign(page, "undecided")
    check(page)
    page.context.set_offline(False)
    page.get_by_role("button", name="Without phone").click()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More").click()
    page.get_by_text("What this door cannot do").click()
    check(page)
    page.get_by_role("button", name="End the shift").click()
    page.get_by_role("button", name="Start a shift").wait_for()
    check(page)
    other = page.context.new_page()
    other.goto(f"{place.url}/door/")
    other.get_by_role("button", name="Use it here").wait_for()
    check(other)
    other.close()
    page.goto(aside(lambda: town.pairing_link(place, "another door")))
    page.get_by_role("button", name="Pair anew").wait_for()
    check(page)


@pytest.mark.long
def test_the_keyboard_is_enough(door: Page, town: DoorTown, person: Person) -> None:
    reach(door, "More")
    door.keyboard.press("Enter")
    expect(door.locator("dialog")).to_be_visible()
    door.keyboard.press("Escape")
    reach(door, "Without phone")
    door.keyboard.press("Space")
    door.keyboard.type("Kim")
    door.keyboard.press("Escape")
    expect(door.locator("dialog")).to_have_count(0)
    [entry] = entries(town, person)
    scan(door, entry())  # while a button has the focus, which it does not press
    expect_answer(door, "enter")
    expect(door.locator("dialog")).to_have_count(0)


@pytest.mark.long
def test_the_page_speaks_korean(
    browser: Browser, town: DoorTown, place: Place, person: Person, camera: FakeCamera
) -> None:
    camera.see(None)
    [entry] = entries(town, person)
    with browser.new_context(viewport=TABLET, locale="ko-KR") as context:
        page = context.new_page()
        pair(page, town, place)
        expect(page.locator("html")).to_have_attribute("lang", "ko")
        scan(page, entry())
        expect_answer(page, "enter", "입장")
        page.get_by_role("button", name="더 보기").click()
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("button", name="More")).to_be_visible()
