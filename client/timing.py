"""When a client registers and asks: at times that are drawn before anything is known that could tell. Spec: §3.7."""

from __future__ import annotations

import secrets
from collections.abc import Callable

SHORTEST_LEAD = 64_800
"""An epoch that begins sooner, or has begun, is asked for as if so long were left."""


def draw_time(begins: int, now: int, below: Callable[[int], int] = secrets.randbelow) -> int:
    """Draw when a client takes its next step for an epoch.

    Args:
        begins: When the epoch begins, as Unix time.
        now: The Unix time.
        below: Draws a number from 0 up to, and without, the one that it is given, each with the same chance.

    Returns:
        A Unix time.
    """
    left = max(begins - now, SHORTEST_LEAD)  # step 1
    return now + left // 18 + below(left // 6 - left // 18)  # step 2
