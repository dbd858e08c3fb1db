"""Committing to a venue's check-ins of a domain at both of its parties. Spec: §5.2, §6.2."""

from __future__ import annotations

import asyncio

from aiohttp import ClientSession

from protocol.epochs import Role
from service.http_client import call
from venue import duty
from venue.membership import Membership


async def commit(membership: Membership, session: ClientSession, now: int, every: int = 0) -> int | None:
    """Commit to all check-ins so far at both parties; returns the time of the commitment.

    With `every`, None if the last one is younger than so many seconds; one that a party has not acknowledged is sent
    again as long as it would be taken, and then followed by another. While the venue waits for a reader (`is_held`)
    None too, and none is made, with or without `every`. Raises `Problem` or `Unreachable`, and makes no
    commitment if one of the parties does not answer at all: only what both of them know can be opened for both.
    """
    is_held = await asyncio.to_thread(duty.is_held, membership, now)
    if not is_held and await asyncio.to_thread(membership.log.is_due, now, every):
        for role in Role:
            await call(session, "GET", f"{membership.pinned.settings.url(role)}/healthz")
        made = await asyncio.to_thread(membership.log.commit, membership.record, membership.signing_key, now, every)
        if made is None:
            return None
        (time, statement), roles = made, list(Role)
    else:
        sent = await asyncio.to_thread(membership.log.unacknowledged, membership.record, membership.signing_key, now)
        if sent is None:
            return None
        time, statement, roles = sent
    for role in roles:
        await call(session, "POST", f"{membership.pinned.settings.url(role)}/v1/commitments", statement)
        await asyncio.to_thread(membership.log.acknowledge, time, role)
    return time
