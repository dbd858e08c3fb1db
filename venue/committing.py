"""Committing to a venue's check-ins at both parties. Spec: §5.2, §6.2."""

from __future__ import annotations

import asyncio

from aiohttp import ClientSession

from protocol.epochs import Role
from service.http import call
from venue.home import ServedVenue


async def commit(venue: ServedVenue, session: ClientSession, now: int, every: int = 0) -> int | None:
    """Commit to all check-ins so far at both parties; returns the time of the commitment.

    None if the last one is younger than `every` seconds. Raises `Problem` or `Unreachable`, and makes no commitment if
    one of the parties does not answer at all: only what both of them know can be opened for both.
    """
    if not await asyncio.to_thread(venue.log.is_due, now, every):
        return None
    urls = {role: venue.home.domain_settings.url(role) for role in Role}
    for url in urls.values():
        await call(session, "GET", f"{url}/healthz")
    made = await asyncio.to_thread(venue.log.commit, venue.record, venue.signing_key, now, every)
    if made is None:
        return None
    time, statement = made
    for role, url in urls.items():
        await call(session, "POST", f"{url}/v1/commitments", statement)
        await asyncio.to_thread(venue.log.acknowledge, time, role)
    return time
