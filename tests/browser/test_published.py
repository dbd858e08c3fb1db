"""What both parties publish reaches the visitor whom it concerns, in the page, and by nobody's hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from lab.town import Place
from protocol.epochs import EPOCH_SECONDS
from protocol.http_messages import Decision
from tests.browser.accessibility import check
from tests.browser.conftest import VisitorTown, aside
from tests.browser.test_visitor import enrol, shown, shown_to
from tests.support.contacts import contacts
from tests.support.investigations import trace, warn
from tests.support.running import run

ADVICE = "이틀 안에 검사를 받으세요"


@pytest.mark.long
def test_a_notice_and_an_opening_are_found_by_whom_they_concern(page: Page, town: VisitorTown, place: Place) -> None:
    world = town.world
    town.tick()
    enrol(page, town)
    page.get_by_role("button", name="Show QR").click()
    assert shown_to(town, place, shown(page)) is Decision.ADMITTED
    page.clock.install()
    page.goto(town.url)
    page.locator(".count").wait_for()
    aside(lambda: run(warn(world, place.id, ADVICE)))
    _, opened = aside(lambda: run(trace(world, place.id)))
    assert contacts(opened)
    world.now += EPOCH_SECONDS + 3600  # when the embargo is over
    aside(world.keep_houses)
    town.traffic.clear()
    page.clock.fast_forward((EPOCH_SECONDS + 3600) * 1000)
    page.get_by_role("button", name="A notice concerns one of your visits").click(timeout=30_000)
    expect(page.locator(".found").first).to_contain_text(ADVICE)
    expect(page.locator(".found").first).to_contain_text("Nobody else knows")
    check(page)
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="One of your visits was opened").click()
    expect(page.locator(".found").first).to_contain_text("was opened under a warrant")
    check(page)
    lists = [seen for seen in town.traffic if "notices" in seen.path or "disclosures" in seen.path]
    assert lists
    assert not [seen for seen in lists if seen.method == "GET" and "Authorization" in seen.headers]
