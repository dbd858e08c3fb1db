"""How soon a door's page answers: from the first picture of its camera that has a code to the answer on the screen."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.door import make_home
from benchmarks.serving import serving
from benchmarks.session import Session
from lab.camera import FRAME, SIDE, FakeCamera
from lab.processes import free_ports
from protocol.check_ins import Direction, label_time, sign_check_in
from protocol.qr_text import to_qr_text
from service.pages import built_page
from venue.home import VenueHome
from venue.server import create_venue_app

FIRST_SECONDS, BETWEEN_SECONDS, SHOWN_SECONDS, LAST_SECONDS = 6, 1.5, 2.5, 30
"""How long nobody is before the camera at first, between two codes, and at last; and for how long each code is."""
PATIENCE_SECONDS = 20

_WATCH = """([x, y]) => {
    globalThis.seen = { codes: 0, answers: [] };
    const video = document.querySelector('video');
    const pixel = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
    const context = pixel.getContext('2d', { willReadFrequently: true });
    let isShown = false;
    let since = null;
    const look = (_, { presentationTime }) => {
        context.drawImage(video, x, y, 1, 1, 0, 0, 1, 1);
        const isWhite = context.getImageData(0, 0, 1, 1).data[0] > 200;
        if (isWhite && !isShown) {
            since = presentationTime;
            seen.codes += 1;
        }
        isShown = isWhite;
        video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    new MutationObserver(() => {
        const sign = document.querySelector('.sign');
        if (sign === null || since === null) return;
        const begin = since;
        since = null;
        const painted = () => seen.answers.push([sign.className, (performance.now() - begin) / 1000]);
        requestAnimationFrame(() => setTimeout(painted));
    }).observe(document.querySelector('.answer'), { childList: true });
}"""
"""Notes when the white margin of a code comes into view, and when the answer after it is painted."""


def door_answers(session: Session, built: Path, count: int) -> list[float]:
    """The seconds of so many answers at a venue's real server; raises `AssertionError` if one is not "enter"."""
    with TemporaryDirectory() as folder, _venue(session, Path(folder), built) as link:
        camera = FakeCamera(Path(folder))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", *camera.arguments]
            )
            page = browser.new_page()
            page.goto(link)
            page.get_by_role("heading", name="Club · door").wait_for()
            camera.play(_scenes(session, count))
            page.reload()
            page.locator("video").wait_for()
            seen = _watch(page, count)
            browser.close()
    if seen["codes"] != count or [kind for kind, _ in seen["answers"]] != count * ["sign enter"]:
        raise AssertionError(f"of {count} codes the page saw {seen['codes']} and answered {seen['answers']}")
    return [seconds for _, seconds in seen["answers"]]


@contextmanager
def _venue(session: Session, folder: Path, built: Path) -> Iterator[str]:
    """A venue's server with the page; a link that makes a browser its reader."""
    (port,) = free_ports(1)
    make_home(session, folder / "venue", port, f"sqlite:///{folder / 'venue.db'}")
    with (folder / "venue" / "settings.toml").open("a") as settings:
        settings.write("pages = false\n")  # but the one that was built just now
    home = VenueHome(folder / "venue")
    page = built_page("door", None, (), built)
    assert page is not None
    app = create_venue_app(home)
    app.add_routes(page.routes)
    with serving(app, port) as url:
        secret = home.pairings.offer(session.venue.record.venue_id, "door", int(time.time()))
        yield f"{url}/door/#{secret.hex()}"


def _scenes(session: Session, count: int) -> Iterator[tuple[str | None, float]]:
    """One visitor after the other, each with a pass that nobody has used."""
    parties, now = session.parties, label_time(int(time.time()))
    passes = [owned for visitor in session.visitors for owned in visitor.passes]
    yield None, FIRST_SECONDS
    for owned in passes[:count]:
        yield to_qr_text(sign_check_in(parties.epoch_key, owned, now, Direction.ENTRY)), SHOWN_SECONDS
        yield None, BETWEEN_SECONDS
    yield None, LAST_SECONDS


def _watch(page: Page, count: int) -> dict[str, Any]:
    """What the page saw and answered."""
    inside = [(length - SIDE) // 2 + 4 for length in FRAME]
    page.evaluate(_WATCH, inside)
    ends = time.monotonic() + FIRST_SECONDS + count * (SHOWN_SECONDS + BETWEEN_SECONDS) + PATIENCE_SECONDS
    while time.monotonic() < ends:
        page.wait_for_timeout(500)
        seen: dict[str, Any] = page.evaluate("seen")
        if len(seen["answers"]) >= count:
            break
    return seen
