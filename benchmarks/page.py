"""What the visitors' page costs a phone, by size, first paint and a day's passes; how soon a door's page answers."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web
from playwright.sync_api import sync_playwright

from benchmarks.door_page import door_answers
from benchmarks.serving import serving
from benchmarks.session import make_session
from lab.processes import free_ports
from service.pages import Page, built_page

WEB = Path(__file__).parents[1] / "web"
PARTY = {"key": "58" + 31 * "66", "url": "https://party.example"}
DOMAIN = {"number": 1, "utc_offset": 32_400, "allowance": 12, "operator": PARTY, "authority": PARTY}
"""A domain that the page can read; nobody is asked."""
BUDGET_KILOBYTES, BUDGET_PAINT_SECONDS, BUDGET_PASSES_SECONDS, BUDGET_ANSWER_SECONDS = 60, 0.5, 1.0, 1.0
ANSWERS = 12
"""As many visitors as a film of a door's camera shows at most."""


@dataclass(frozen=True)
class PageResult:
    """`kilobytes`: what opening the page loads, compressed; `all_kilobytes`: with the screens that come later;
    `worker_kilobytes`: what the browser fetches afterwards for the page without a network.

    The rest are medians: of the first paint of a page that is opened again without a network, of requesting and
    accepting twelve passes under Node.js, and of a door's answer, from the first picture that has the code.
    """

    kilobytes: float
    all_kilobytes: float
    worker_kilobytes: float
    paint_seconds: float
    passes_seconds: float
    door_answer_seconds: float


def measure_page(rounds: int) -> PageResult | str:
    """Build and measure the pages; says what is missing if that cannot be done here."""
    missing = [name for name in ("node", "chromium") if shutil.which(name) is None]
    if missing:
        return f"the pages are not measured: {' and '.join(missing)} missing"
    with TemporaryDirectory() as folder:
        _node("build.mjs", folder)
        page = built_page("visitor", DOMAIN, (), Path(folder))
        assert page is not None
        return PageResult(
            kilobytes_to_open(page),
            _kilobytes(
                page, {name for name in page.files if not re.match(r"decoder|serviceWorker|.*\.(png|wasm)$", name)}
            ),
            _kilobytes(page, {"serviceWorker.js"}),
            statistics.median(_paints(page, rounds)),
            statistics.median(_passes(rounds)),
            statistics.median(door_answers(make_session(), Path(folder), min(rounds, ANSWERS))),
        )


def kilobytes_to_open(page: Page) -> float:
    """What a browser loads when the page is opened, each file compressed."""
    return _kilobytes(page, _loaded(page))


def _kilobytes(page: Page, names: set[str]) -> float:
    return sum(len(gzip.compress(page.files[name].body)) for name in names) / 1000


def _loaded(page: Page) -> set[str]:
    """What a browser loads when the page is opened: what `index.html` names, and what scripts import at once."""
    loaded, waiting = set[str](), ["index.html", "domain.json"]
    while waiting:
        name = waiting.pop()
        if name not in loaded:
            loaded.add(name)
            text = page.files[name].body.decode(errors="ignore")
            pattern = r'(?:src|href)="([^"]+)"' if name.endswith(".html") else r'(?:from|import)"\./([^"]+)"'
            waiting += [found for found in re.findall(pattern, text) if found in page.files and "png" not in found]
    return loaded


def _passes(rounds: int) -> list[float]:
    return [milliseconds / 1000 for milliseconds in json.loads(_node("test/visitor/speed.js", str(rounds)))]


def _node(*command: str) -> str:
    """What a program of `web/` prints."""
    node = shutil.which("node") or "node"
    return subprocess.run([node, *command], cwd=WEB, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603


def _paints(page: Page, rounds: int) -> Iterator[float]:
    (port,) = free_ports(1)
    app = web.Application()
    app.add_routes(page.routes)
    with serving(app, port) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(f"{url}/visitor/")
        tab.evaluate("navigator.serviceWorker.ready.then(() => null)")
        context.set_offline(True)
        for _ in range(rounds):
            tab.reload()
            tab.locator("h1").wait_for()
            tab.wait_for_timeout(200)
            entry = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            yield tab.evaluate(entry) / 1000
        browser.close()
