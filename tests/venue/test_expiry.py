"""Check-ins are deleted when their retention is over, and not because a clock is wrong."""

from __future__ import annotations

import asyncio

from aiohttp.test_utils import TestServer

from service.http import create_app, new_session
from tests.parties import NOW, Parties
from tests.venue.conftest import NOBODY, MakeVenue
from tests.venue.test_store import check_in
from venue.home import ServedVenue
from venue.server import VenueServer

DAY = 86_400


def test_a_wrong_clock_deletes_no_check_in(make_venue: MakeVenue, parties: Parties) -> None:
    """What counts is a time that a party's clock has confirmed, also when a year has really passed."""
    now, clock, epoch = NOW, NOW, parties.domain.epoch_at(NOW)

    async def upkeep(url: str) -> ServedVenue:
        venue = make_venue(url=url)
        async with new_session() as session:
            await VenueServer(venue.home, lambda: clock).delete_expired(session)
        return venue

    async def story() -> None:
        nonlocal now, clock
        async with TestServer(create_app([], lambda: now)) as party:
            url = str(party.make_url("")).rstrip("/")
            venue = await upkeep(url)
            assert venue.store.spend(check_in(1, NOW, epoch))
            clock = NOW + 365 * DAY
            for nobody_agrees in (url, NOBODY):
                assert len((await upkeep(nobody_agrees)).store.days()) == 1
            now = clock
            assert (await upkeep(url)).store.days() == []

    asyncio.run(story())
