"""Check-ins are deleted when their retention is over, and not because a clock is wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from PIL import Image

from protocol.epochs import Role
from service.http import create_app
from service.http_client import new_session
from tests.support.domain import NOW, OpenEpoch, Parties
from tests.support.venues import only
from tests.venue.conftest import NOBODY, MakeVenue, invoke_venue
from tests.venue.test_commands import Register, write_domain
from tests.venue.test_store import check_in
from venue.expiry import Expiry, deleting
from venue.home import ServedVenue

DAY = 86_400


def test_a_wrong_clock_deletes_no_check_in(make_venue: MakeVenue, parties: Parties, database: str) -> None:
    """What counts is a time that a party's clock has confirmed, also when a year has really passed."""
    now, clock, epoch = NOW, NOW, parties.domain.epoch_at(NOW)

    async def upkeep(url: str) -> ServedVenue:
        venue = make_venue(url=url, settings=database)
        async with new_session() as session:
            await Expiry(venue.home, lambda: clock).check_and_delete(session)
        return venue

    async def story() -> None:
        nonlocal now, clock
        async with TestServer(create_app([], lambda: now)) as party:
            url = str(party.make_url("")).rstrip("/")
            venue = await upkeep(url)
            assert only(venue).store.spend(check_in(1, NOW, epoch))
            clock = NOW + 365 * DAY
            for nobody_agrees in (url, NOBODY):
                assert len(only(await upkeep(nobody_agrees)).store.days()) == 1
            now = clock
            assert only(await upkeep(url)).store.days() == []

    asyncio.run(story())


def test_a_home_that_cannot_be_written_keeps_nothing(make_venue: MakeVenue, parties: Parties, database: str) -> None:
    venue, later = make_venue(settings=database), NOW + 365 * DAY
    assert only(venue).store.spend(check_in(1, NOW, parties.domain.epoch_at(NOW)))
    counted = only(venue).pinned.passed_file
    counted.write_text(str(later))
    expiry = Expiry(venue.home, lambda: later)
    counted.unlink()
    counted.mkdir()

    async def story() -> None:
        async with new_session() as session:
            with pytest.raises(IsADirectoryError):
                await expiry.check_and_delete(session)

    asyncio.run(story())
    assert only(venue).store.days() == []
    venue.home.engine.dispose()


@pytest.fixture
def old_and_new(make_venue: MakeVenue, parties: Parties, present: OpenEpoch, database: str) -> Iterator[ServedVenue]:
    """A venue with two check-ins, one of which is past its retention by the real clock."""
    venue, today = make_venue([present], settings=database), present.key.epoch
    only(venue).keep_registration(parties.both_sign(parties.venue))
    for number, epoch in enumerate((today - venue.home.settings.retention_days - 1, today)):
        assert only(venue).store.spend(check_in(number, parties.domain.epoch_begins(epoch), epoch))
    yield venue
    venue.home.engine.dispose()


def epochs(venue: ServedVenue) -> list[int]:
    return [day.epoch for day in only(venue).store.days()]


@pytest.mark.parametrize("command", ["fetch", "commit"])
def test_without_a_server_what_is_past_its_retention_goes_with_each_command_that_is_online(
    old_and_new: ServedVenue, parties: Parties, present: OpenEpoch, command: str
) -> None:
    """A party's clock confirms the venue's."""
    register = Register(parties, [present])
    register.approved = dict.fromkeys(Role, parties.venue)
    with register.serving() as url:
        write_domain(parties, old_and_new.home.path, url)
        assert invoke_venue(old_and_new.home.path, command).exit_code == 0
    assert epochs(old_and_new) == [present.key.epoch]


def test_reading_deletes_by_what_has_passed_without_a_network(
    old_and_new: ServedVenue, present: OpenEpoch, tmp_path: Path
) -> None:
    """Nothing before any time is known to have passed."""
    Image.new("L", (200, 200), 255).save(tmp_path / "empty.png")
    for known, left in ((0, 2), (int(time.time()) - 60, 1)):
        only(old_and_new).pinned.passed_file.write_text(f"{known}\n")
        invoke_venue(old_and_new.home.path, "read", str(tmp_path / "empty.png"))
        assert len(epochs(old_and_new)) == left
    assert epochs(old_and_new) == [present.key.epoch]


def test_whoever_reads_for_days_deletes_again_and_again(
    old_and_new: ServedVenue, parties: Parties, present: OpenEpoch
) -> None:
    """Also when the database fails in between; and no reading waits for it."""
    venue, today = old_and_new, present.key.epoch
    with Register(parties, []).serving() as url:
        write_domain(parties, venue.home.path, url)
        home = type(venue.home)(venue.home.path)
        with deleting(home, every=0.05):
            until(lambda: epochs(venue) == [today])
            for number in (3, 4):
                assert only(venue).store.spend(check_in(number, parties.domain.epoch_begins(today - 29), today - 29))
                until(lambda: epochs(venue) == [today])
        home.engine.dispose()


def until(condition: object) -> None:
    assert callable(condition)
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError
