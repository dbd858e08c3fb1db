"""Work that is spread over all cores gives what it gives in one place, in order."""

from __future__ import annotations

import threading

import pytest

from escrow.all_cores import CHUNK, map_on_all_cores


@pytest.mark.parametrize("count", [0, 1, CHUNK, CHUNK + 1, 10 * CHUNK - 1])
def test_it_is_as_map(count: int) -> None:
    assert list(map_on_all_cores(lambda number: number * number, range(count))) == [n * n for n in range(count)]


def test_several_threads_work_at_a_time() -> None:
    meeting = threading.Barrier(2)

    def meet(number: int) -> str:
        if number % CHUNK == 0:
            meeting.wait(60)
        return threading.current_thread().name

    assert len(set(map_on_all_cores(meet, range(2 * CHUNK)))) == 2


def test_what_fails_fails_here() -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_on_all_cores(lambda number: 1 // number, range(CHUNK + 1)))
