"""The pages of a town: where they are, and the one with the messages that phones got."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from lab.guide import guide
from lab.messages_page import SHOWN, MessagesPage
from lab.officers import Desk, desks_guide
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
    return cast(Town, SimpleNamespace(settings=settings, places=[place], door_link=door_link, **homes))


def door_link(place: Place) -> str:
    return f"{place.url}/door/#{16 * '00'}"


def test_the_address_of_every_page_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = guide(town(tmp_path), 4)
    assert "http://127.0.0.1:4/  the messages that phones got" in without
    assert f"http://127.0.0.1:3/v/{'00' * 16}  what a poster of 클럽 opens" in without
    assert "/visitor/" not in without
    assert "The pages for visitors and doors are not built: that needs Node.js, and make web." in without
    monkeypatch.setattr("service.pages.DIST", tmp_path)
    for name in ("visitor", "door"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").touch()
    built = guide(town(tmp_path), 4)
    assert "http://127.0.0.1:1/visitor/  the page for visitors" in built
    assert f"http://127.0.0.1:3/door/#{16 * '00'}  the page for the door of 클럽" in built
    assert "readers add tablet" in built
    assert "readers add" not in without
    assert "not built" not in built


def test_officers_are_told_where_to_go_and_how_to_become_officers(tmp_path: Path) -> None:
    links = {"김하나": "http://localhost:5/desk/#enrol=aa", "이두나": "http://localhost:5/desk/#enrol=bb"}
    new = desks_guide(town(tmp_path), [Desk("authority", "http://localhost:5", links)])
    assert "  http://localhost:5/desk/  the authority's officers\n" in new
    assert "  이두나  http://localhost:5/desk/#enrol=bb\n" in new
    shares = [str(tmp_path / "authority-custodians" / f"authority-{number}-of-2.share") for number in (1, 2)]
    assert f"--home {tmp_path / 'authority'} officers establish \\\n  {' '.join(shares)}\n" in new
    assert "enrol" not in desks_guide(town(tmp_path), [Desk("operator", "http://localhost:6", {})])
    assert "not built" in desks_guide(town(tmp_path), [])


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
