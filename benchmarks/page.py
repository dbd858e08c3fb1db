"""What the visitors' page costs a phone: its size, its first paint without a network, and a day's passes."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import shutil
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from aiohttp import web
from playwright.sync_api import sync_playwright

from lab.processes import free_ports
from service.pages import Page, built_page

WEB = Path(__file__).parents[1] / "web"
PARTY = {"key": "58" + 31 * "66", "url": "https://party.example"}
DOMAIN = {"number": 1, "utc_offset": 32_400, "allowance": 12, "operator": PARTY, "authority": PARTY}
"""A domain that the page can read; nobody is asked."""
BUDGET_KILOBYTES, BUDGET_PAINT_SECONDS, BUDGET_PASSES_SECONDS = 60, 0.5, 1.0


@dataclass(frozen=True)
class PageResult:
    """`kilobytes`: what opening the page loads, compressed; `all_kilobytes`: with the screens that come later;
    `worker_kilobytes`: what the browser fetches afterwards for the page without a network.

    The rest are medians: of the first paint of a page that is opened again without a network, and of requesting and
    accepting twelve passes under Node.js.
    """

    kilobytes: float
    all_kilobytes: float
    worker_kilobytes: float
    paint_seconds: float
    passes_seconds: float


def measure_page(rounds: int) -> PageResult | str:
    """Build and measure the page; says what is missing if that cannot be done here."""
    missing = [name for name in ("node", "chromium") if shutil.which(name) is None]
    if missing:
        return f"the visitors' page is not measured: {' and '.join(missing)} missing"
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
    with _serving(page) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(url)
        tab.evaluate("navigator.serviceWorker.ready.then(() => null)")
        context.set_offline(True)
        for _ in range(rounds):
            tab.reload()
            tab.locator("h1").wait_for()
            tab.wait_for_timeout(200)
            entry = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            yield tab.evaluate(entry) / 1000
        browser.close()


@contextmanager
def _serving(page: Page) -> Iterator[str]:
    """Serve the page on loopback until the context ends."""
    (port,) = free_ports(1)
    loop = asyncio.new_event_loop()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.add_routes(page.routes)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner

    thread = Thread(target=loop.run_forever)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield f"http://127.0.0.1:{port}/visitor/"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
