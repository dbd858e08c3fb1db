"""What everybody has to be able to use: checks of a screen, by axe and by the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.browser.conftest import PHONE
from tests.vectors.javascript import WEB

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
MOVING = """() => matchMedia('(prefers-reduced-motion: reduce)').matches
    ? [...document.querySelectorAll('*')].filter((one) => {
        const { transitionDuration, animationName } = getComputedStyle(one);
        return transitionDuration !== '0s' || animationName !== 'none';
    }).map((one) => one.outerHTML)
    : []"""
LARGE_TEXT = """
    const large = new CSSStyleSheet();
    large.replaceSync(':root { font-size: 225% !important }');  // twice what the pages have
    document.adoptedStyleSheets = [large];
"""
LARGE: dict[str, object] = {"viewport": PHONE}
"""The look of a phone whose text is at 200 %."""


@contextmanager
def looking(browser: Browser, look: dict[str, object], usual: ViewportSize) -> Iterator[BrowserContext]:
    """A browser profile of somebody who speaks English and wants another look than the usual one, or size."""
    options: dict[str, object] = {"viewport": usual, "locale": "en-US", **look}
    with browser.new_context(**options) as context:  # type: ignore[arg-type]  # of several kinds
        if look is LARGE:
            context.add_init_script(LARGE_TEXT)
        yield context


def check(page: Page, within: str = "html") -> None:
    """In a part of the page axe finds nothing. It is no wider than the screen, and moves only where that is wanted."""
    page.evaluate(f"() => {{ if (!globalThis.axe) {{ {AXE.read_text('utf-8')} }} }}")
    found = page.evaluate("within => axe.run(within, { resultTypes: ['violations'] })", within)
    wrong = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
    assert wrong == [], wrong
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate(MOVING) == []


def reach(page: Page, name: str) -> None:
    """Press the tabulator until a button has the focus."""
    _press_until(page, "name => document.activeElement?.textContent.startsWith(name)", name)


def reach_field(page: Page, name: str) -> None:
    """The same for a field by the name in its attribute."""
    _press_until(page, "name => document.activeElement?.name === name", name)


def _press_until(page: Page, is_reached: str, name: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(is_reached, name):
            return
    pytest.fail(f"the keyboard does not reach {name}")
