"""What servers show without a script: axe finds nothing in it either."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from unittest.mock import patch

import pytest
from playwright.sync_api import BrowserContext

from lab.messages_page import MessagesPage
from lab.processes import free_ports
from lab.town import Place
from protocol.epochs import Role
from tests.browser.accessibility import check
from tests.browser.conftest import VisitorTown, open_venue_with_page
from tests.browser.desks import running_desks


@pytest.fixture(scope="module")
def place(town: VisitorTown, built: Path) -> Place:
    """A venue with the page for its doors, to which its front page leads."""
    return open_venue_with_page(town, built)


@contextmanager
def messages() -> Iterator[str]:
    """The town's page with a message on it; its address."""
    shown, (port,) = MessagesPage(), free_ports(1)
    shown.add("+821012345678", "[SplitPass] 인증번호 123456")
    loop, served = asyncio.new_event_loop(), shown.served(port)
    thread = Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(served.__aenter__(), loop).result()
    try:
        with patch("lab.messages_page.LOOK_SECONDS", 600):
            yield f"http://127.0.0.1:{port}/"
    finally:
        asyncio.run_coroutine_threadsafe(served.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_axe_finds_nothing_in_documents_without_scripts(
    context: BrowserContext, town: VisitorTown, place: Place, built: Path
) -> None:
    town.tick()
    with running_desks(town, built) as desks, messages() as told:
        addresses = [
            *(f"{town.world.urls[role]}/" for role in Role),
            *(desks.url(role).removesuffix("desk/") for role in Role),
            f"{place.url}/",
            f"{place.url}/v/{place.id.hex()}",
            told,
        ]
        for address in addresses:
            page = context.new_page()
            for look in ("light", "dark"):
                page.emulate_media(color_scheme=look)
                answer = page.goto(address)
                assert answer is not None
                assert answer.ok, address
                check(page)
            page.set_viewport_size({"width": 320, "height": 640})
            check(page)
            page.close()
