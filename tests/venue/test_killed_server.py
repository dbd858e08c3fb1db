"""What a venue's server has acknowledged to a reader survives that it is killed (§6.4)."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_bytes

from protocol.check_ins import Direction, label_time, sign_check_in
from protocol.deliveries import Delivery, DeliveryAnswer, Duty, Pairing
from protocol.http_messages import Decision
from service.clock import unix_time
from service.http_client import call, new_session
from tests.support.domain import OpenEpoch, Visitor
from tests.support.venue_server import until_up
from tests.venue.conftest import MakeVenue, environment, free_port, stored, venue_command
from venue.home import ServedVenue


def test_a_killed_server_has_what_it_acknowledged_and_answers_it_again(
    make_venue: MakeVenue, present: OpenEpoch, guest: Visitor
) -> None:
    port = free_port()
    venue, url = make_venue([present], settings=f"port = {port}\n"), f"http://127.0.0.1:{port}"
    now = max(label_time(unix_time()), present.key.domain.epoch_begins(present.key.epoch))
    entries = [sign_check_in(present.key, owned, now, Direction.ENTRY).to_bytes() for owned in guest.passes]
    pairing = Pairing(venue.home.pairings.offer(venue.venue_id, "front door", now), token_bytes(32))
    delivery = Delivery(0, Duty.ON, tuple(entries))

    async def ask() -> list[Decision]:
        async with killed_afterwards(venue, url), new_session() as session:
            await call(session, "POST", f"{url}/v1/readers", pairing)
            answer = await call(session, "POST", f"{url}/v1/deliveries", delivery, pairing.token)
            return list(DeliveryAnswer.from_bytes(answer).decisions)

    assert asyncio.run(ask()) == [Decision.ADMITTED] * len(entries)
    assert sorted(stored(venue)[present.key.epoch]) == sorted(entries)
    assert [reader.door for reader in venue.home.reader_tokens.all(venue.venue_id)] == ["front door"]
    assert asyncio.run(ask()) == [Decision.ADMITTED] * len(entries)


@asynccontextmanager
async def killed_afterwards(venue: ServedVenue, url: str) -> AsyncIterator[None]:
    """The venue's server in a process of its own, until it is killed without notice."""
    server = subprocess.Popen(venue_command(venue.home.path, "serve"), env=environment(), stderr=subprocess.DEVNULL)
    try:
        await until_up(url)
        yield
    finally:
        server.kill()
        server.wait()
