"""A venue's server commits by itself, every hour, also when nobody came (§3.9)."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from protocol.epochs import Role
from service.http_client import new_session
from tests.support.running import run
from tests.support.servers import World, run_world
from tests.support.venues import make_venue, only
from venue import server
from venue.home import ServedVenue
from venue.membership import Membership
from venue.registration import apply, confirm
from venue.server import create_venue_app
from venue.settings import VenueSettings
from venue.setup import add_venue


async def register(world: World, venue: ServedVenue) -> None:
    async with new_session() as session:
        await apply(only(venue), session)
        for role in Role:
            assert world.approve(role, only(venue).record).exit_code == 0
        assert await confirm(only(venue), session) == []


def test_c5_a_venues_server_commits_every_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """From its start on, at both parties, without anybody's help and without a check-in."""
    monkeypatch.setattr("venue.server.MINUTE", 0.05)
    caplog.set_level(logging.WARNING, "splitpass")
    hour = VenueSettings().commitment_seconds
    with run_world(tmp_path / "parties") as world:
        venue = make_venue(world, tmp_path / "venue", "")
        run(register(world, venue))
        parties, start = (world.operator, world.authority), world.now

        def received() -> list[list[int]]:
            return [sorted(party.commitments.of(venue.venue_id)) for party in parties]

        async def until_committed(*times: int) -> None:
            async with asyncio.timeout(30):
                while received() != [list(times)] * 2:
                    await asyncio.sleep(0.02)

        async def story() -> None:
            async with TestServer(create_venue_app(venue.home, lambda: world.now)):
                await until_committed(start)
                world.now = start + hour - 60
                await asyncio.sleep(0.5)  # many turns
                await until_committed(start)
                for passed in (hour, 2 * hour):
                    world.now = start + passed
                    await until_committed(*range(start, world.now + 1, hour))

        run(story())
    assert [record.message for record in caplog.records if "commit" in record.message] == []


def test_c5_commitments_go_on_when_the_home_could_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("venue.server.MINUTE", 0.05)
    with run_world(tmp_path / "parties") as world:
        venue = make_venue(world, tmp_path / "venue", "")
        run(register(world, venue))
        venues = venue.home.path / "venues"

        async def story() -> None:
            async with TestServer(create_venue_app(venue.home, lambda: world.now)):
                async with asyncio.timeout(30):
                    venues.rename(tmp_path / "away")
                    while "could not be listed" not in caplog.text:
                        await asyncio.sleep(0.02)
                    (tmp_path / "away").rename(venues)
                    world.now += 2 * VenueSettings().commitment_seconds
                    while world.now not in world.authority.commitments.of(venue.venue_id):
                        await asyncio.sleep(0.02)

        run(story())


def test_one_venue_that_is_kept_waiting_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Venues of one domain commit side by side, but only so many."""
    monkeypatch.setattr("venue.server.MINUTE", 0.05)
    monkeypatch.setattr("venue.server.COMMITTING", 2)
    under_way, at_most, committed = set[bytes](), 0, set[bytes]()

    async def slow(membership: Membership, *_: object) -> None:
        nonlocal at_most
        venue_id = membership.venue_id
        under_way.add(venue_id)
        at_most = max(at_most, len(under_way))
        if venue_id == waiting:
            await asyncio.Event().wait()
        await asyncio.sleep(0.01)
        under_way.remove(venue_id)
        committed.add(venue_id)

    monkeypatch.setattr("venue.server.commit", slow)
    with run_world(tmp_path / "parties") as world:
        home = make_venue(world, tmp_path / "venue", "").home
        others = [add_venue(home.path, f"시설 {number}", "") for number in range(4)]
        waiting = others[0]
        monkeypatch.setattr(Membership, "registration", object())

        async def story() -> None:
            async with TestServer(create_venue_app(home, lambda: world.now)), asyncio.timeout(30):
                while len(committed) < len(home.venue_ids) - 1:
                    await asyncio.sleep(0.02)

        run(story())
    assert at_most == 2
    assert waiting not in committed


def test_servers_come_back_at_times_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a minute, and not all in the same second."""
    waited = list[float]()

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("venue.server.asyncio.sleep", sleep)

    async def pause() -> None:
        for _ in range(300):
            await server._pause()

    asyncio.run(pause())
    assert 30 <= min(waited) < max(waited) <= 60
    assert len({int(seconds) for seconds in waited}) > 20
