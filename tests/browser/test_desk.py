"""Two officers' passkeys at each party's desk, from a venue's application to the list of contacts."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from lab.town import Place
from protocol.epochs import Role
from protocol.http_messages import Decision
from tests.browser.accessibility import check
from tests.browser.conftest import VisitorTown, aside
from tests.browser.desks import DESKTOP, Desks, OfficersBrowser, running_desks
from tests.support.running import run
from tests.support.servers import Door

NAMES = {Role.AUTHORITY: ("Kim", "Lee"), Role.OPERATOR: ("Park", "Choi")}
LAW = "Infectious Disease Act 76-2, 2027-031"
ADVICE = "이틀 안에 검사를 받으세요"
DESK = """
    - button "Skip to the content"
    - banner:
      - paragraph: /SplitPass Health authority/
      - text: Kim
      - button "한국어"
      - button "Sign out"
    - navigation "Desk":
      - button /To decide/
      - button "Cases"
      - button "Warrants"
      - button "Notices"
      - button "Venues"
      - button "Days and health"
      - button "Officers"
    - main:
      - heading "To decide" [level=1]
"""
"""What a screen reader says of an officer's first screen."""
Opened = Callable[..., OfficersBrowser]


@pytest.fixture(scope="module")
def desks(town: VisitorTown, place: Place, built: Path) -> Iterator[Desks]:
    """Both desks, of parties that have a venue by now."""
    assert place
    with running_desks(town, built) as desks:
        yield desks


@pytest.fixture(scope="module")
def officers(browser: Browser, town: VisitorTown, desks: Desks) -> Iterator[dict[str, OfficersBrowser]]:
    """Two officers of each party, who have enrolled, and whom custodians have put into force."""
    town.tick()
    with ExitStack() as opened:
        known = {}
        for role, names in NAMES.items():
            for name in names:
                officer = known[name] = OfficersBrowser(browser, name)
                opened.callback(officer.close)
                told = officer.enrol(desks.invite(role, name))
                assert told in {one.passkey.fingerprint for one in desks.parties[role].officers.enrolled()}
            desks.establish(role)
        yield known


@pytest.fixture
def signed_in(town: VisitorTown, desks: Desks, officers: dict[str, OfficersBrowser]) -> Opened:
    """Has an officer sign in."""
    town.tick()

    def sign_in(name: str) -> OfficersBrowser:
        role = next(role for role, names in NAMES.items() if name in names)
        officers[name].sign_in(desks.url(role))
        return officers[name]

    return sign_in


def apply(town: VisitorTown, name: str) -> Door:
    """A venue that applies to both parties, and waits."""
    door = Door(town.world, 9, name)
    aside(lambda: run(door.apply()))
    return door


def test_one_officers_vote_is_not_enough_for_a_venue_and_two_are(town: VisitorTown, signed_in: Opened) -> None:
    door = apply(town, "노래방 종로")
    register = town.world.authority.venues
    kim, lee = signed_in("Kim"), signed_in("Lee")
    expect(kim.page.locator("body")).to_match_aria_snapshot(DESK)
    for officer, count in ((kim, "1 of 2 approvals"), (lee, "2 of 2 approvals")):
        assert aside(lambda: register.get(door.record.venue_id)).statement is None
        officer.go("venues")
        officer.page.get_by_role("row", name="노래방 종로").get_by_role("button", name="Read and decide").click()
        check(officer.page)
        officer.approve()
        expect(officer.page.get_by_role("heading", name=count)).to_be_visible()
    expect(lee.page.locator("desk-job")).to_contain_text("Done")
    assert aside(lambda: register.get(door.record.venue_id)).statement is not None
    expect(lee.page.get_by_text("Kim approved")).to_be_visible()


def test_where_an_officer_goes_right_after_signing_in_is_where_they_stay(
    officers: dict[str, OfficersBrowser], signed_in: Opened
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    officers["Kim"].page.route("**/matters", hold)  # what is to be decided takes long
    kim = signed_in("Kim")
    kim.go("venues")
    expect(kim.page.get_by_role("heading", name="Venues")).to_be_visible()
    for route in held:
        route.continue_()
    kim.page.unroute("**/matters")
    kim.page.wait_for_load_state("networkidle")
    expect(kim.page.get_by_role("heading", name="Venues")).to_be_visible()
    assert held


def test_a_server_that_has_another_thing_signed_gets_no_signature(town: VisitorTown, signed_in: Opened) -> None:
    door = apply(town, "찻집 명동")
    kim = signed_in("Kim")

    def lie(route: Route) -> None:
        answer: dict[str, Any] = route.fetch().json()
        text = "찻집 명동".encode().hex()
        assert text in answer["vote"]
        route.fulfill(json={**answer, "vote": answer["vote"].replace(text, "찻집 방배".encode().hex())})

    kim.page.route("**/vote/options", lie)
    kim.go("venues")
    kim.page.get_by_role("row", name="찻집 명동").get_by_role("button", name="Read and decide").click()
    kim.page.get_by_role("button", name="Read back and approve").click()
    expect(kim.page.get_by_role("alert")).to_contain_text("Nothing was signed")
    kim.page.unroute("**/vote/options")
    assert aside(lambda: town.world.authority.venues.get(door.record.venue_id)).statement is None


@pytest.mark.long
def test_from_a_warrant_to_the_list_of_contacts(town: VisitorTown, place: Place, signed_in: Opened) -> None:
    people = aside(lambda: visit(town, place, "홍길동", "김철수"))
    kim, lee, park, choi = map(signed_in, ("Kim", "Lee", "Park", "Choi"))
    start_case(kim, "Outbreak", place, town)
    draw(kim)
    kim.page.get_by_role("button", name="Read and approve").click()
    kim.approve()
    expect(kim.page.get_by_role("heading", name="1 of 2 approvals")).to_be_visible()
    assert aside(town.world.operator.warrants.all) == []
    decide(lee, place).approve()
    expect(lee.page.locator("desk-job")).to_contain_text("Done")

    show_case(kim, "Outbreak")
    expect(kim.page.get_by_role("status").filter(has_text="Waiting for the other party")).to_be_visible()
    for officer in (park, choi):
        officer.go("warrants")
        officer.page.get_by_role("row").filter(has_text="To decide").get_by_role("button", name=place.name).click()
        expect(officer.page.locator(".facts").first).to_contain_text(LAW)
        officer.page.get_by_role("button", name="Read and decide").click()
        officer.approve()
    expect(choi.page.locator("desk-job")).to_contain_text("Done")

    asked: list[str] = []
    kim.page.on("request", lambda request: asked.append(request.url))
    for step, told in (("Ask the venues (1)", "visits released"), ("Open (1)", "visits opened")):
        kim.page.get_by_role("button", name=step).click(timeout=30_000)
        expect(kim.page.locator("desk-job")).to_contain_text(told, timeout=30_000)
    expect(kim.page.get_by_role("heading", name="What came of it")).to_be_visible()
    assert not [url for url in asked if url.endswith("/contacts")]
    assert not [name for name, _ in people if name in kim.page.content()]
    show_contacts(kim)
    for name, number in people:
        expect(kim.page.locator("desk-contacts")).to_contain_text(name)
        expect(kim.page.locator("desk-contacts")).to_contain_text(number)
    check(kim.page)
    with kim.page.expect_download() as saved:
        kim.page.get_by_role("button", name="Export lists and chart").click()
    assert {row["name"] for row in read_export(Path(saved.value.path()))} == {name for name, _ in people}


@pytest.mark.long
def test_nothing_of_contacts_stays_in_a_page_that_is_left(town: VisitorTown, place: Place, signed_in: Opened) -> None:
    people = aside(lambda: visit(town, place, "이순신"))
    kim, lee, park, choi = map(signed_in, ("Kim", "Lee", "Park", "Choi"))
    start_case(kim, "Small outbreak", place, town)
    draw(kim)
    for officer in (kim, lee, park, choi):
        decide(officer, place).approve()
    show_case(kim, "Small outbreak")
    for step in ("Ask the venues (1)", "Open (1)"):
        kim.page.get_by_role("button", name=step).click(timeout=30_000)
    kim.page.get_by_role("button", name="Show contacts").wait_for()
    for leave in (
        lambda: kim.page.get_by_role("button", name="Hide them again").click(),
        lambda: kim.go("officers"),
        lambda: kim.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))"),
    ):
        if not kim.page.get_by_role("button", name="Show contacts").is_visible():
            show_case(kim, "Small outbreak")
        show_contacts(kim)
        expect(kim.page.locator("desk-contacts")).to_contain_text(people[0][0])
        leave()
        expect(kim.page.get_by_text(people[0][0])).to_have_count(0)
    kim.page.reload()
    expect(kim.page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()


@pytest.mark.long
def test_the_operator_refuses_with_a_reason_that_the_authority_is_told(
    town: VisitorTown, place: Place, signed_in: Opened
) -> None:
    kim, lee, park, choi = map(signed_in, ("Kim", "Lee", "Park", "Choi"))
    start_case(kim, "Doubtful", place, town)
    draw(kim)
    for officer in (kim, lee):
        decide(officer, place).approve()
    decide(park, place).refuse("the window is too long")
    decide(choi, place)
    choi.page.get_by_role("button", name="Refuse", exact=True).click()
    expect(choi.page.get_by_label("Reason")).to_have_value("the window is too long")  # refusals of one reason count
    choi.page.get_by_role("button", name="Go on").click()
    choi.sign("Refuse with my passkey")
    expect(choi.page.get_by_text("Choi refused")).to_be_visible()
    show_case(kim, "Doubtful")
    expect(kim.page.locator(".rows").first).to_contain_text("the window is too long", timeout=30_000)


@pytest.mark.long
def test_a_notice_takes_warrants_and_then_its_own_approvals(town: VisitorTown, place: Place, signed_in: Opened) -> None:
    aside(lambda: visit(town, place, "유관순"))
    kim, lee, park, choi = map(signed_in, ("Kim", "Lee", "Park", "Choi"))
    kim.go("notices")
    kim.page.get_by_text("Draw a warrant for a notice").click()
    choose_window(kim.page, place, town)
    kim.page.get_by_label("Legal reference").fill(LAW)
    kim.page.get_by_label("What they should do").fill(ADVICE)
    kim.page.get_by_role("button", name="Draw", exact=True).click()
    kim.page.get_by_role("button", name="Draw all the same").click()
    for officer in (kim, lee, park, choi):
        decide(officer, place).approve()
    kim.go("notices")
    kim.page.get_by_role("button", name=place.name).first.click()
    kim.page.get_by_role("button", name="Ask the venue", exact=True).click(timeout=30_000)
    expect(kim.page.locator("desk-job")).to_contain_text("released", timeout=30_000)
    kim.go("notices")
    kim.page.get_by_role("checkbox", name="Warn those of").check()
    kim.page.get_by_role("button", name="Propose the notice").click()
    expect(kim.page.get_by_text(ADVICE).first).to_be_visible()
    kim.approve()
    lee.go("decisions")
    lee.page.get_by_role("button", name="Publish a notice").click()
    lee.approve()
    expect(lee.page.locator("desk-job")).to_contain_text("passes is published", timeout=30_000)
    lee.go("notices")
    expect(lee.page.locator(".rows").last).to_contain_text(ADVICE)


@pytest.mark.long
def test_the_present_officers_let_another_one_in(
    browser: Browser, desks: Desks, town: VisitorTown, signed_in: Opened
) -> None:
    kim, lee = signed_in("Kim"), signed_in("Lee")
    oh = OfficersBrowser(browser, "Oh")
    fingerprint = oh.enrol(desks.invite(Role.AUTHORITY, "Oh"))
    oh.page.goto("about:blank")
    oh.page.goto(desks.url(Role.AUTHORITY))
    oh.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(oh.page.get_by_role("alert")).to_contain_text("counts once the officers' set has it")
    kim.go("officers")
    expect(kim.page.get_by_role("row", name="Oh")).to_contain_text(fingerprint[:4])
    kim.page.get_by_text("Propose a change").click()
    kim.page.get_by_role("checkbox", name="Add Oh").check()
    kim.page.get_by_role("button", name="Propose", exact=True).click()
    kim.approve()
    lee.go("decisions")
    lee.page.get_by_role("button", name="Officers, version 2").click()
    lee.approve()
    expect(lee.page.locator("desk-job")).to_contain_text("set 2 is in force")
    oh.sign_in(desks.url(Role.AUTHORITY))
    oh.close()
    assert town.world.authority.officers.present()


@pytest.mark.long
def test_two_officers_erase_a_day_early(town: VisitorTown, signed_in: Opened) -> None:
    epochs = town.world.operator.epochs
    vault, yesterday = epochs.vault, town.world.today - 1
    aside(lambda: epochs.publish(yesterday))  # of which nobody has a pass
    park, choi = signed_in("Park"), signed_in("Choi")
    park.go("days")
    row = park.page.get_by_role("row").filter(has=park.page.get_by_role("button", name="Erase early"))
    day = row.get_by_role("rowheader").inner_text()
    row.get_by_role("button", name="Erase early").click()
    expect(park.page.get_by_role("heading", name=f"Propose to erase {day}?")).to_be_visible()
    check(park.page)
    park.page.get_by_role("button", name="Propose").click()
    park.page.get_by_role("button", name="Read back and approve").wait_for()
    check(park.page)
    park.approve()
    expect(park.page.get_by_role("heading", name="1 of 2 approvals")).to_be_visible()
    assert not vault.is_erased(yesterday)
    choi.go("decisions")
    choi.page.get_by_role("button", name=day).click()
    choi.approve()
    expect(choi.page.locator("desk-job")).to_contain_text("Done")
    choi.go("days")
    row = choi.page.get_by_role("row").filter(has_text=day)
    expect(row).to_contain_text("Erased")
    expect(row.get_by_role("button", name="Erase early")).to_have_count(0)
    assert vault.is_erased(yesterday)


@pytest.mark.long
def test_axe_finds_nothing_before_anybody_has_signed_in(browser: Browser, desks: Desks) -> None:
    stranger = OfficersBrowser(browser, "Somebody")
    page, link = stranger.page, desks.invite(Role.OPERATOR, "Somebody")
    for address, button in ((link, "Make a passkey"), (desks.url(Role.OPERATOR), "Sign in with a passkey")):
        page.goto("about:blank")
        page.goto(address)
        page.get_by_role("button", name=button).wait_for()
        for look in LOOKS:
            page.emulate_media(**look)
            page.wait_for_timeout(300)  # until colours have changed
            check(page)
            page.emulate_media(**AS_IT_IS)
        page.set_viewport_size({"width": 320, "height": 640})
        check(page)
        page.set_viewport_size(DESKTOP)
    page.goto("about:blank")
    stranger.enrol(link)
    check(page)
    stranger.close()


@pytest.mark.long
def test_a_link_works_once_and_a_session_ends(
    browser: Browser, desks: Desks, town: VisitorTown, signed_in: Opened
) -> None:
    stranger = OfficersBrowser(browser, "Nobody")
    link = desks.invite(Role.OPERATOR, "Nobody")
    stranger.enrol(link)
    stranger.page.goto("about:blank")
    stranger.page.goto(link)
    expect(stranger.page.get_by_role("alert")).to_contain_text("this link was used", ignore_case=True)
    stranger.close()
    park = signed_in("Park")
    park.page.get_by_role("button", name="Sign out").click()
    expect(park.page.get_by_role("heading", name="Sign in")).to_be_visible()
    park.sign_in(desks.url(Role.OPERATOR))
    town.world.now += 9 * 3600
    expect(park.page.get_by_role("alert")).to_contain_text("Your session is over", timeout=30_000)
    town.tick()


@pytest.mark.long
def test_the_desk_speaks_korean(town: VisitorTown, signed_in: Opened) -> None:
    apply(town, "서점 광화문")
    choi = signed_in("Choi")
    choi.page.get_by_role("button", name="한국어").click()
    expect(choi.page.locator("html")).to_have_attribute("lang", "ko")
    choi.go("venues")
    choi.page.get_by_role("row", name="서점 광화문").get_by_role("button", name="읽고 결정").click()
    choi.page.get_by_role("button", name="읽고 승인").click()
    expect(choi.page.get_by_role("heading", name="끝까지 읽어 주세요")).to_be_visible()
    choi.page.get_by_role("checkbox", name="모두 읽었고").check()
    choi.page.get_by_role("button", name="패스키로 서명").click()
    expect(choi.page.get_by_role("heading", name="승인 2건 중 1건")).to_be_visible()
    expect(choi.page.get_by_text("Park: 아직")).to_be_visible()
    choi.page.get_by_role("button", name="English").click()
    expect(choi.page.get_by_role("heading", name="1 of 2 approvals")).to_be_visible()


LOOKS: list[dict[str, Any]] = [
    {},
    {"color_scheme": "dark"},
    {"contrast": "more"},
    {"color_scheme": "dark", "contrast": "more", "reduced_motion": "reduce"},
    {"forced_colors": "active"},
]
AS_IT_IS: dict[str, Any] = {
    "color_scheme": "light",
    "contrast": "no-preference",
    "reduced_motion": "no-preference",
    "forced_colors": "none",
}
SIZES = ((1280, 800), (390, 844), (320, 640))


@pytest.mark.long
def test_axe_finds_nothing_on_any_screen(town: VisitorTown, place: Place, signed_in: Opened) -> None:
    apply(town, "미용실 신촌")
    kim, park = signed_in("Kim"), signed_in("Park")
    start_case(kim, "Looks", place, town)
    for officer in (kim, park):
        for look in LOOKS:
            officer.page.emulate_media(**look)
            visit_all(officer)
            officer.page.emulate_media(**AS_IT_IS)
        for width, height in SIZES[1:]:
            officer.page.set_viewport_size({"width": width, "height": height})
            visit_all(officer)
        officer.page.set_viewport_size({"width": 390, "height": 844})
        officer.page.evaluate("document.documentElement.style.fontSize = '200%'")
        visit_all(officer)
        officer.page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})


def visit_all(officer: OfficersBrowser) -> None:
    """Check each screen, with all that can be opened on it, and the first of what it lists."""
    page = officer.page
    for screen in page.locator("nav button").all():
        screen.click()
        expect(page.get_by_text("Loading …")).to_have_count(0)
        for summary in page.locator("summary").all():
            summary.click()
        check(page)
        name = screen.get_attribute("data-screen")
        if page.locator(".rows .link").count() and name != "desk-days":
            page.locator(".rows .link").first.click()
            expect(page.get_by_text("Loading …")).to_have_count(0)
            check(page)
        if name == "desk-decisions":
            page.get_by_role("button", name="Read back and approve").click()
            page.locator(".read-back").wait_for()
            check(page)
            page.keyboard.press("Escape")


@pytest.mark.long
def test_the_keyboard_is_enough(
    town: VisitorTown, place: Place, desks: Desks, officers: dict[str, OfficersBrowser]
) -> None:
    town.tick()
    apply(town, "문방구 신설동")
    page = officers["Lee"].page
    page.goto(desks.url(Role.AUTHORITY))
    page.get_by_role("button", name="Sign in with a passkey").wait_for()
    press(page, "Sign in with a passkey")
    expect(page.get_by_role("heading", level=1, name="To decide")).to_be_focused()
    reach(page, "New venue: 문방구 신설동", "document.activeElement.textContent ?? ''")
    with page.expect_response("**/v1/desk/officers", timeout=30_000):
        pass  # the list is drawn again
    page.wait_for_timeout(300)
    assert page.evaluate("document.activeElement.textContent") == "New venue: 문방구 신설동"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Venue")).to_be_focused()
    press(page, "Read back and approve")
    page.get_by_role("checkbox").wait_for()
    reach(page, "read", "document.activeElement.name ?? ''")
    page.keyboard.press("Space")
    press(page, "Sign with my passkey")
    expect(page.get_by_role("heading", name="1 of 2 approvals")).to_be_visible()
    press(page, "Cases")
    start_case(officers["Lee"], "Keys", place, town, add=False)
    page.get_by_role("slider", name="Start of the window").focus()
    before = page.get_by_label("From", exact=True).input_value()
    page.keyboard.press("PageDown")
    assert page.get_by_label("From", exact=True).input_value() < before


def press(page: Page, name: str) -> None:
    """Come to a button by the tabulator, and press it."""
    reach(page, name, "document.activeElement.textContent ?? ''")
    page.keyboard.press("Enter")


def reach(page: Page, wanted: str, tells: str) -> None:
    """Press the tabulator until what has the focus tells this."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(tells).startswith(wanted):
            return
    pytest.fail(f"the keyboard does not reach {wanted}")


def visit(town: VisitorTown, place: Place, *names: str) -> list[tuple[str, str]]:
    """Have people visit a place, which then commits: their names and numbers as officers see them."""
    people = town.visitors(*names)
    for one in people:
        assert town.scan(one, place) is Decision.ADMITTED
    town.world.now += 1
    run(town.commit(place))
    return [(one.name, one.phone[-4:]) for one in people]


def start_case(officer: OfficersBrowser, name: str, place: Place, town: VisitorTown, *, add: bool = True) -> None:
    """Start a case, and add the hours around now at a place."""
    page = officer.page
    officer.go("cases")
    page.get_by_label("Name, which nobody else is told").fill(name)
    page.get_by_label("Legal reference").fill(LAW)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    choose_window(page, place, town)
    if add:
        page.get_by_role("button", name="Add", exact=True).click()
        page.get_by_role("button", name="Draw 1 warrant").wait_for()


def choose_window(page: Page, place: Place, town: VisitorTown) -> None:
    """Fill in the hours around now at a place."""
    page.locator("select[name=venue]").select_option(place.id.hex())
    expect(page.locator("desk-time-line svg")).to_be_visible()
    for field, time in (("From", town.world.now - 3600), ("Until", town.world.now + 600)):
        local = datetime.fromtimestamp(time + town.world.settings.utc_offset, UTC)
        page.get_by_label(field, exact=True).fill(f"{local:%Y-%m-%dT%H:%M}")


def draw(officer: OfficersBrowser) -> None:
    """Draw the warrant of the case that is shown, whose window is odd: it ends after now."""
    page = officer.page
    page.get_by_role("button", name="Draw 1 warrant").click()
    page.locator("dialog").get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator("dialog")).to_contain_text("the window ends in the future")
    page.get_by_role("button", name="Draw all the same").click()
    page.get_by_role("button", name="Read and approve").wait_for()


def show_case(officer: OfficersBrowser, name: str) -> None:
    """Open a case."""
    officer.go("cases")
    officer.page.get_by_role("button", name=name, exact=True).click()
    officer.page.get_by_role("heading", level=1, name=name).wait_for()


def show_contacts(officer: OfficersBrowser) -> None:
    """Ask for the contacts of what is shown."""
    officer.page.get_by_role("button", name="Show contacts").click()
    officer.page.get_by_role("button", name="Show them").click()


def decide(officer: OfficersBrowser, place: Place) -> OfficersBrowser:
    """Open what waits for an officer about a place."""
    officer.go("decisions")
    officer.page.get_by_role("button", name=place.name).first.click()
    return officer


def read_export(file: Path) -> list[dict[str, str]]:
    """The visits in an exported archive."""
    with zipfile.ZipFile(file) as archive:
        assert {"visits.csv", "people.csv", "days.csv", "summary.csv", "arrivals.svg"} <= set(archive.namelist())
        return list(csv.DictReader(io.StringIO(archive.read("visits.csv").decode("utf-8-sig"))))
