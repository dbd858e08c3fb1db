"""`python -m tests.faults.careless OMISSION PROGRAM COMMAND`: a real program that leaves out one thing.

`ledger` and `log` are records that a party has to make; `commit` is what a venue's server has to wait for before it
answers, and `others` are the processes beside it.
"""

from __future__ import annotations

import asyncio
import runpy
import sys
from typing import Any

from escrow import shares
from escrow.ledger import ReleaseLedger
from protocol.http_messages import Decision
from protocol.releases import VerifiedRelease
from venue.store import Key, Spending, decide_all
from venue.writer import Writer

LATE_SECONDS = 1
"""How long after its answer a check-in is stored."""

_spend = Writer.spend
_storing = set[asyncio.Task[Decision]]()
_spent = set[Key]()


def _unnoted(_self: ReleaseLedger, release: VerifiedRelease, *_: object) -> VerifiedRelease:
    return release


async def _unlogged(*_: Any) -> None:
    return


async def _uncommitted(writer: Writer, spending: Spending) -> Decision:
    """The decision on a check-in, which is stored later."""

    async def store() -> Decision:
        await asyncio.sleep(LATE_SECONDS)
        return await _spend(writer, spending)

    with writer._engine.connect() as connection:  # and rolled back
        (decision,) = decide_all(connection, [spending])
    _storing.add(asyncio.create_task(store()))
    return decision


async def _alone(writer: Writer, spending: Spending) -> Decision:
    """The decision on a check-in, by what this process itself has spent."""
    is_new = spending.key not in _spent
    _spent.add(spending.key)
    await _spend(writer, spending)
    return Decision.ADMITTED if is_new else Decision.ALREADY_SPENT


OMISSIONS = {
    "ledger": (ReleaseLedger, "record", _unnoted),
    "log": (shares, "_put_on_record", _unlogged),
    "commit": (Writer, "spend", _uncommitted),
    "others": (Writer, "spend", _alone),
}


if __name__ == "__main__":
    setattr(*OMISSIONS[sys.argv.pop(1)])
    program = sys.argv.pop(1)
    sys.modules.pop(f"{program}.__main__", None)
    runpy.run_module(program, run_name="__main__", alter_sys=True)
