"""Where the time of an operation goes that is not libsodium's, by a profile."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

PLACES = {
    "_sodium": "libsodium",
    "/nacl/": "bindings",
    "cffi": "bindings",
    "cbor2": "encoding",
    "/primitives/encoding.py": "encoding",
    "/primitives/hashing.py": "framing",
    "/protocol/": "formulas",
}
"""Where a function is, by a part of its name or path; anything else (`len`, `join`, …) is Python's own."""
CALLS = 20


def rest_of(run: Callable[[], object]) -> dict[str, float]:
    """How the time that is not libsodium's is spread over the places: shares of 1.

    A profile makes Python's own calls dearer than they are, so this says where and not how much.
    """
    profile = cProfile.Profile(time.thread_time)
    run()
    profile.enable()
    for _ in range(CALLS):
        run()
    profile.disable()
    spent: Counter[str] = Counter()
    stats: dict[tuple[str, int, str], Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (file, _, name), (_, _, seconds, _, _) in stats.items():
        place = next((place for part, place in PLACES.items() if part in f"{file} {name}"), "Python")
        spent[place] += seconds
    del spent["libsodium"]
    return {place: seconds / spent.total() for place, seconds in spent.most_common()}
