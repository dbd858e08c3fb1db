"""How many passes a second the authority issues on one thread and on two: libsodium calls release the GIL."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from benchmarks.session import Session
from protocol.epochs import Role
from protocol.passes import IssueBatch, issue_batch

THREADS = (1, 2)


def issuing_per_second(session: Session, rounds: int) -> dict[int, float]:
    """Passes a second by number of threads: the median over rounds that take the numbers in turn."""
    parties = session.parties
    pass_key = parties.secrets[Role.AUTHORITY].pass_signing_key
    batch = IssueBatch(parties.epoch, tuple(request for visitor in session.visitors for request in visitor.issued))
    rates: dict[int, list[float]] = {threads: [] for threads in THREADS}
    with ExitStack() as stack:
        executors = {threads: stack.enter_context(ThreadPoolExecutor(threads)) for threads in THREADS}
        for _ in range(rounds):
            for threads, executor in executors.items():
                begin = time.perf_counter()
                issue_batch(parties.epoch_key, pass_key, batch, map_function=executor.map)
                rates[threads].append(len(batch.requests) / (time.perf_counter() - begin))
    return {threads: statistics.median(rates[threads]) for threads in THREADS}
