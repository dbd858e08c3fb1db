"""What a venue's server does by itself: it deletes, fetches keys ahead and commits, each again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
from aiohttp.test_utils import TestServer
from prometheus_client import REGISTRY

from protocol.epochs import Role
from protocol.party_requests import REQUEST_TOLERANCE, sign_request
from protocol.primitives.errors import ReplayedRequest
from service.inbox import Inbox
from tests.support.domain import OpenEpoch, Parties, open_epoch
from tests.support.venue_server import serving
from tests.support.venues import only
from tests.venue.conftest import MakeVenue
from tests.venue.test_commands import Register, write_domain
from tests.venue.test_store import check_in
from venue.home import ServedVenue
from venue.server import create_venue_app

AHEAD = 3
"""Days of which a venue fetches the keys before they come."""


@pytest.fixture
def register(parties: Parties, present: OpenEpoch) -> Register:
    """Both parties, with the keys of yesterday, today and the days ahead."""
    today = present.key.epoch
    return Register(parties, [open_epoch(parties, today - 1), present, *others(parties, today + 1, today + AHEAD)])


@pytest.fixture
def venue(make_venue: MakeVenue, parties: Parties, register: Register) -> Iterator[ServedVenue]:
    """A registered venue that knows no key, and where the parties are."""
    made = make_venue()
    only(made).keep_registration(parties.both_sign(parties.venue))
    register.approved = dict.fromkeys(Role, parties.venue)
    with register.serving() as url:
        write_domain(parties, made.home.path, url)
        yield ServedVenue(type(made.home)(made.home.path), made.venue_id)


def others(parties: Parties, first: int, last: int) -> list[OpenEpoch]:
    return [open_epoch(parties, epoch) for epoch in range(first, last + 1)]


def serve_until(venue: ServedVenue, *conditions: Callable[[], bool]) -> None:
    """Run the venue's server until all of this holds."""

    async def run() -> None:
        async with serving(venue, int(time.time())):
            await until(lambda: all(holds() for holds in conditions))

    asyncio.run(run())


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1200):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError


def known_epochs(venue: ServedVenue, present: OpenEpoch) -> list[int]:
    """How many days each epoch is ahead whose key the venue knows."""
    near = range(-5, 15)
    return [day for day in near if only(venue).pinned.epochs.key(present.key.epoch + day) is not None]


def test_a_server_deletes_and_fetches_keys_from_its_start(
    venue: ServedVenue, parties: Parties, present: OpenEpoch
) -> None:
    """Check-ins past their retention, and ids of requests that cannot come again; by a time that a party confirms."""
    now, today = int(time.time()), present.key.epoch
    for number, epoch in enumerate((today - venue.home.settings.retention_days - 1, today)):
        assert only(venue).store.spend(check_in(number, parties.domain.epoch_begins(epoch), epoch))
    recipient, key = venue.venue_id.hex(), parties.keys[Role.AUTHORITY]
    inbox = Inbox(venue.home.engine, parties.domain, recipient)
    old, new = (
        (time, sign_request(parties.domain, Role.AUTHORITY, recipient, "/v1/releases", time, b"", key))
        for time in (now - 2 * REQUEST_TOLERANCE - 60, now)
    )
    for sent, request in (old, new):
        inbox.receive(Role.AUTHORITY, "/v1/releases", sent, request)
    serve_until(
        venue,
        lambda: [day.epoch for day in only(venue).store.days()] == [today],
        lambda: known_epochs(venue, present) == list(range(-1, AHEAD + 1)),
    )
    assert REGISTRY.get_sample_value("splitpass_epochs_ahead", {"domain": "255"}) == AHEAD
    assert inbox.receive(Role.AUTHORITY, "/v1/releases", old[0], old[1]) == b"", "the id is forgotten"
    with pytest.raises(ReplayedRequest):
        inbox.receive(Role.AUTHORITY, "/v1/releases", new[0], new[1])


def test_a_door_without_the_keys_of_two_days_asks_each_minute_and_then_each_hour(
    venue: ServedVenue, register: Register, present: OpenEpoch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("venue.server.MINUTE", 0.02)
    today, published = present.key.epoch, dict(register.epochs)
    asked: list[int] = []

    class Publishing(dict[int, dict[Role, bytes]]):
        """What the parties have published, which is asked for by each turn."""

        def get(self, epoch: int, default: object = None) -> dict[Role, bytes] | None:  # type: ignore[override]
            asked.append(epoch)
            return super().get(epoch)

    def turns() -> int:
        return asked.count(today + AHEAD)

    register.epochs = Publishing({epoch: published[epoch] for epoch in (today - 1, today)})

    async def run() -> None:
        async with serving(venue, int(time.time())):
            await until(lambda: turns() >= 3)
            register.epochs.update({today + 1: published[today + 1]})
            await until(lambda: known_epochs(venue, present) == [-1, 0, 1])
            enough = turns()
            await asyncio.sleep(0.5)
            assert turns() <= enough + 1, "with both days it waits for an hour"

    asyncio.run(run())


def test_a_server_commits_again_when_it_is_time(
    venue: ServedVenue, register: Register, parties: Parties, present: OpenEpoch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a registered venue alone, at both parties."""
    monkeypatch.setattr("venue.server.MINUTE", 0.02)
    now, every = int(time.time()), venue.home.settings.commitment_seconds
    at = [now - every]
    register.clock = lambda: at[0]

    async def run() -> None:
        app = create_venue_app(venue.home, lambda: at[0])
        async with TestServer(app):
            await until(lambda: all(len(kept) == 1 for kept in register.commitments.values()))
            await asyncio.sleep(0.2)
            assert all(len(kept) == 1 for kept in register.commitments.values()), "not twice in its time"
            at[0] = now
            await until(lambda: all(len(kept) == 2 for kept in register.commitments.values()))

    asyncio.run(run())
    assert [sorted(kept) for kept in register.commitments.values()] == [[now - every, now]] * 2
