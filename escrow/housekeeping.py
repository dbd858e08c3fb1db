"""What a party's server does by itself: erase, publish, and keep its log alive. Spec: §6.2, §6.3."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession
from prometheus_client import Counter, Gauge

from escrow.party import Party
from service.background import log_failures
from service.monitoring import note_housekeeping
from service.readiness import missing_keys
from service.storage import truncate_log, warn_of_archive

HOUSEKEEPING_SECONDS = 600
DOUBT_SECONDS = 60
"""How long to wait before the other party's clock is asked again."""
COSIGNING_SECONDS = 30
"""How often it is looked whether the other party has cosigned everything."""
FIRST_SECONDS = 5
"""How soon the other party is asked again for what no work begins without: keys, a first cosignature and notice."""

logger = logging.getLogger("splitpass")
_epochs_due = Gauge("splitpass_epochs_due", "Epochs that should be erased by now and are not.")
_clock_doubts = Counter("splitpass_clock_doubts", "Housekeepings that did not believe the clock.")
_log_entries = Gauge("splitpass_log_entries", "Entries under the log's public checkpoint.", ("party",))
_log_cosigned = Gauge(
    "splitpass_log_cosigned_timestamp_seconds", "When the log was cosigned, in Unix time.", ("party",)
)
_faults = Gauge("splitpass_housekeeping_faults", "Epochs not published, files not erased, copies not up to date.")
_copies_behind = Gauge("splitpass_vault_copies_behind", "Copies of the vault that are not up to date.")


@asynccontextmanager
async def housekeeping(party: Party, session: ClientSession) -> AsyncIterator[None]:
    """Keep a party's house while its server runs: once before it listens, and then again and again."""
    await asyncio.to_thread(warn_of_archive, party.engine)
    await check_clock(party, session)
    await asyncio.to_thread(keep_house, party)
    tasks = [asyncio.create_task(keep(party, session)) for keep in (_keep_house_forever, _keep_keys, _keep_log_alive)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


def keep_house(party: Party) -> None:
    """Erase the epochs that are surely due, publish those ahead and the lists, and have the vault's copies follow."""
    for epoch in party.epochs.due(party.passed.at_least):  # step 3
        with log_failures("epoch %d could not be erased", epoch):
            party.epochs.erase(epoch)
            logger.info("epoch %d erased", epoch)
    _epochs_due.set(len(party.epochs.due(party.clock())))
    unpublished: list[str] = []
    if party.passed.believable:
        unpublished = party.epochs.publish_ahead()  # step 4
    else:
        _clock_doubts.inc()
        logger.error("the clock jumped and the other party's does not confirm it: nothing is published or erased by it")
    party.forget_old(party.passed.at_least)
    # Again: a request that was under way may have left something, and a restored database has what was there before.
    party.forget_epochs(set(party.epochs.vault.erased_epochs()))
    truncate_log(party.engine)
    faults = party.epochs.vault.mirror()
    for fault in (*unpublished, *faults.all):
        logger.error("%s", fault)
    _copies_behind.set(len(faults.behind))
    _faults.set(len(unpublished) + len(faults.all))
    if party.passed.believable:
        party.make_room(epoch for epoch in party.epochs.ahead if not party.epochs.vault.is_erased(epoch))
        party.publish_lists()


async def check_clock(party: Party, session: ClientSession) -> None:
    """Have the other party's clock confirm a clock that jumped. Before the first epoch there is nothing to lose.

    A disk that takes nothing must not keep what is due from being erased.
    """
    with log_failures("the time that has passed could not be stored"):
        if not (party.passed.known or party.epochs.exist):
            party.passed.confirm()
        await party.passed.check(session, [party.peer.url])


async def _keep_house_forever(party: Party, session: ClientSession) -> None:
    """The first time the house was kept before the server listened, and only what needs the other party is left."""
    is_kept = True
    while True:
        with log_failures("housekeeping failed"):
            if not is_kept:
                await check_clock(party, session)
                await asyncio.to_thread(keep_house, party)
            today = party.epochs.today
            known = await party.epochs.cache.refresh(session, today, today + party.settings.publish_ahead_days)
            note_housekeeping(party.domain.number, today, known)
        is_kept = False
        await asyncio.sleep(HOUSEKEEPING_SECONDS if party.passed.believable else DOUBT_SECONDS)


async def _keep_keys(party: Party, session: ClientSession) -> None:
    """Fetch the other party's statements soon when it has begun later, or is back, and keys are missing."""
    while True:
        await asyncio.sleep(FIRST_SECONDS)
        today = party.epochs.today
        if missing_keys(party.epochs.cache, today):
            with log_failures("keys could not be fetched"):
                await party.epochs.cache.refresh(session, today, today + 1)


async def _keep_log_alive(party: Party, session: ClientSession) -> None:
    """Have what any process put on record cosigned soon, and the log anew again and again, so that it is seen alive."""
    while True:
        seconds = COSIGNING_SECONDS
        with log_failures("the log is not cosigned"):
            if party.log.published() is None:
                seconds = FIRST_SECONDS
            if await asyncio.to_thread(_log_is_behind, party):
                await party.peer.have_log_cosigned(session)
            await asyncio.to_thread(party.epochs.withdraw_statements)
            _measure_log(party)
        await asyncio.sleep(seconds)


def _log_is_behind(party: Party) -> bool:
    newest, published = party.log.pending(), party.log.published()
    if newest is None or published is None:
        return newest is not None
    return newest[1] != published[1].checkpoint or published[1].time <= party.clock() - HOUSEKEEPING_SECONDS


def _measure_log(party: Party) -> None:
    published = party.log.published()
    if published is not None:
        _log_entries.labels(party.role.name.lower()).set(published[1].checkpoint.size)
        _log_cosigned.labels(party.role.name.lower()).set(published[1].time)
