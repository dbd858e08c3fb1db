"""Work on many things, spread over all cores: while libsodium works in one thread, Python works in another."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from typing import TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")

CHUNK = 64
"""So many things are done at a time: handing over each by itself costs as much as doing it."""


def map_on_all_cores(function: Callable[[Thing], Made], things: Iterable[Thing]) -> Iterator[Made]:
    """`map`, whose function is called in several threads. What it raises is raised here."""
    return all_at_once(lambda some: [function(thing) for thing in some], things)


def all_at_once(function: Callable[[Sequence[Thing]], Iterable[Made]], things: Iterable[Thing]) -> Iterator[Made]:
    """The same for a function that takes many things and gives as many."""
    every = list(things)
    chunks = [every[first : first + CHUNK] for first in range(0, len(every), CHUNK)]
    return chain.from_iterable(_threads().map(function, chunks))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="core")
