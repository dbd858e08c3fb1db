"""The machine's clock, and what stands in for it in tests."""

from __future__ import annotations

import time
from collections.abc import Callable

HOUR = 3600
"""Seconds of an hour."""
DAY = 86_400
"""Seconds of a day."""

Clock = Callable[[], int]
"""Tells the Unix time in whole seconds."""


def unix_time() -> int:
    """The machine's clock: Unix time in whole seconds."""
    return int(time.time())
