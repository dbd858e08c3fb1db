"""What everybody has to be able to use: checks of a screen, by axe and by the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page

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


def enlarge_text(context: BrowserContext) -> None:
    """Have all pages show their text at 200 %."""
    context.add_init_script(LARGE_TEXT)


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
