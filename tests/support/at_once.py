"""Two at the same time, where one has to come after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

A_MOMENT = 0.3
"""So many seconds one waits for another that a lock keeps away."""


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each returned or raised, all of them running at the same time."""
    with ThreadPoolExecutor(len(works)) as threads:
        futures = [threads.submit(work) for work in works]
        return [future.exception() or future.result() for future in futures]


def after_meeting(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function; whoever calls it first waits for the second one, for a moment."""
    barrier = threading.Barrier(2)

    def called(*arguments: object) -> object:
        with suppress(threading.BrokenBarrierError):
            barrier.wait(A_MOMENT)
        return function(*arguments)

    return called
