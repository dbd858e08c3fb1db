from __future__ import annotations

from collections.abc import Callable

import pytest

from client.timing import draw_time

NOW = 1_700_000_000
DAY = 86_400


def lowest(_: int) -> int:
    return 0


def highest(count: int) -> int:
    return count - 1


@pytest.mark.parametrize(
    ("left", "earliest", "latest"),
    [
        (3 * DAY, 4 * 3600, 12 * 3600),
        (DAY, 4800, 4 * 3600),
        (64_801, 3600, 10_800),
        (3600, 3600, 10_800),
        (-DAY // 2, 3600, 10_800),
    ],
)
def test_the_time_is_hours_ahead(left: int, earliest: int, latest: int) -> None:
    assert draw_time(NOW + left, NOW, lowest) == NOW + earliest
    assert draw_time(NOW + left, NOW, highest) == NOW + latest - 1


@pytest.mark.parametrize("below", [lowest, highest])
def test_two_steps_are_done_before_the_day_whatever_is_drawn(below: Callable[[int], int]) -> None:
    """And time is left to ask again: whoever starts three days ahead has four times or more."""
    now, begins, times = NOW, NOW + 3 * DAY, 0
    while (now := draw_time(begins, now, below)) < begins:
        times += 1
    assert times >= 4


def test_times_are_drawn_and_not_counted() -> None:
    assert len({draw_time(NOW + 3 * DAY, NOW) for _ in range(20)}) > 15
