"""The pages of a town: where they are, and the one with the messages that phones got."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from lab.guide import guide
from lab.messages_page import SHOWN, MessagesPage
from lab.processes import free_ports
from lab.town import Place, Town
from service.settings import DomainSettings, PartySettings
from tests.pages.browser import get

KEYS = [number.to_bytes(32, "big").hex() for number in range(2)]


def town(directory: Path) -> Town:
    """A town that says where it is, and nothing more."""
    parties = (PartySettings(key=key, url=f"http://127.0.0.1:{port}") for key, port in zip(KEYS, (1, 2), strict=True))
    settings = DomainSettings(number=1, operator=next(parties), authority=next(parties))
    place = Place("클럽", directory / "venue-1", "http://127.0.0.1:3", bytes(16), bytes(32))
    homes = {"operator": directory / "operator", "authority": directory / "authority", "directory": directory}
    return cast(Town, SimpleNamespace(settings=settings, places=[place], **homes))


def test_the_address_of_every_page_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = guide(town(tmp_path), 4)
    assert "http://127.0.0.1:4/  the messages that phones got" in without
    assert f"http://127.0.0.1:3/v/{'00' * 16}  what a poster of 클럽 opens" in without
    assert "/visitor/" not in without
    assert "The page for visitors is not built: that needs Node.js, and make web." in without
    monkeypatch.setattr("service.pages.DIST", tmp_path)
    for name in ("visitor", "door"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").touch()
    built = guide(town(tmp_path), 4)
    assert "http://127.0.0.1:1/visitor/  the page for visitors" in built
    assert "http://127.0.0.1:3/door/  the page for the door of 클럽" in built
    assert "not built" not in built


def test_the_newest_messages_are_on_a_page_that_looks_again() -> None:
    (port,) = free_ports(1)

    async def show() -> None:
        page = MessagesPage()
        async with page.served(port):
            url = f"http://127.0.0.1:{port}/"
            assert "None yet" in (await asyncio.to_thread(get, url)).body.decode()
            for number in range(SHOWN + 1):
                page.add(f"+82{number}", f"<code> {number}.")
            answer = await asyncio.to_thread(get, url)
            text = answer.body.decode()
            assert answer.headers["Refresh"] == "3"
            assert text.index("+8250<") < text.index("&lt;code&gt; 49.")
            assert "&lt;code&gt; 0." not in text

    asyncio.run(show())
