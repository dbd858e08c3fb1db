"""Deleting what is past its retention, with a server or without one. Spec: §6.2, §6.3."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from aiohttp import ClientSession

from protocol.epochs import Role
from service.background import log_failures
from service.clock import HOUR, Clock, unix_time
from service.confirmed_time import ConfirmedTime
from service.http_client import new_session
from venue.domains import PinnedDomain
from venue.home import VenueHome

UNDELETED = "what is past its retention could not be deleted"


class Expiry:
    """Deletes what a home of venues keeps for a time, by the time that has surely passed.

    Of each domain by what its own parties confirm: those of another could otherwise have its check-ins deleted early.
    """

    def __init__(self, home: VenueHome, clock: Clock = unix_time) -> None:
        self._home, self._clock = home, clock
        self._passed: dict[PinnedDomain, ConfirmedTime] = {}
        self._times()  # read now: what is known to have passed counts, also where nothing can be written later

    def delete(self) -> None:
        """Delete by what is known to have passed, and have room for what comes."""
        passed = {pinned: time.at_least for pinned, time in self._times().items()}
        for pinned, time in passed.items():
            self._home.delete_expired(pinned, time)
        self._home.forget_requests(min(passed.values(), default=0))
        self._home.make_room(self._clock())

    async def check_and_delete(self, session: ClientSession) -> None:
        """Have a party's clock confirm this one's before, if one can be reached."""
        try:
            checks = (time.check(session, map(pinned.settings.url, Role)) for pinned, time in self._times().items())
            await asyncio.gather(*checks)
        finally:  # a home that cannot be written must not keep a database from being emptied
            await asyncio.to_thread(self.delete)

    def _times(self) -> dict[PinnedDomain, ConfirmedTime]:
        """What has surely passed, of each domain."""
        self._passed = {
            pinned: self._passed.get(pinned) or ConfirmedTime(pinned.passed_file, self._clock)
            for pinned in self._home.domains
        }
        return self._passed


@contextmanager
def deleting(home: VenueHome, clock: Clock = unix_time, every: float = HOUR) -> Iterator[None]:
    """Delete now, and again every so many seconds beside what is done meanwhile, which neither waits nor fails."""
    expiry = Expiry(home, clock)

    async def work() -> None:
        async with new_session() as session:
            while True:
                with log_failures(UNDELETED):
                    await expiry.check_and_delete(session)
                await asyncio.sleep(every)

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)

    with log_failures(UNDELETED):
        expiry.delete()  # needs no network, for which a short reading does not wait
    loop = asyncio.new_event_loop()
    task, thread = loop.create_task(work()), threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
