"""Interleaved timing: what is compared is measured side by side in every round, and the ratio is taken there.

Times are the processor time of one thread, so that a round in which another process was given the core still counts.
"""

from __future__ import annotations

import math
import statistics
import time
import timeit
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.floor import PRIMITIVES, SAMPLES, Call, Counts, floor_of
from benchmarks.operations import Operation

ROUND_SECONDS = 0.002
"""Each call is repeated, back to back, for at least about this long in a round."""


@dataclass
class Timing:
    """Seconds per call, one value per round."""

    call: Call
    repetitions: int = 1
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        warm = min(timeit.repeat(self.call, timer=time.thread_time, number=1, repeat=3))
        self.repetitions = max(1, math.ceil(ROUND_SECONDS / warm))

    def measure(self) -> None:
        """Add one round; `timeit` keeps the garbage collector out of it."""
        seconds = timeit.timeit(self.call, timer=time.thread_time, number=self.repetitions)
        self.seconds.append(seconds / self.repetitions)

    def microseconds(self, items: int = 1) -> float:
        """The median over the rounds, per item."""
        return statistics.median(self.seconds) / items * 1e6


class FloorSum:
    """What the floors of some primitives sum to, each so many times, measured in one another's rounds."""

    def __init__(self, parts: Iterable[tuple[float, Counts]]) -> None:
        self._timings = [(times, Timing(floor_of(primitives))) for times, primitives in parts]

    def measure(self, rounds: int) -> None:
        """Add so many rounds."""
        for _ in range(rounds):
            for _, timing in self._timings:
                timing.measure()

    @property
    def microseconds(self) -> float:
        """The sum of the medians over the rounds."""
        return sum(times * timing.microseconds() for times, timing in self._timings)


@dataclass
class Comparison:
    """An operation, its floor and its peer, each measured once in every round."""

    operation: Operation
    own: Timing
    floor: Timing
    peer: Timing | None

    @classmethod
    def of(cls, operation: Operation) -> Comparison:
        """A comparison of `operation` without any round yet."""
        return cls(
            operation,
            Timing(operation.run),
            Timing(floor_of(operation.primitives)),
            Timing(operation.peer.run) if operation.peer else None,
        )

    def measure(self, floor_first: bool) -> None:
        """Add one round, in either order, so that neither side profits from its place."""
        sides = (self.floor, self.own) if floor_first else (self.own, self.floor)
        for timing in sides:
            timing.measure()
        if self.peer:
            self.peer.measure()

    @property
    def ratios(self) -> list[float]:
        """Operation to floor, in each round."""
        return [own / floor for own, floor in zip(self.own.seconds, self.floor.seconds, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of `ratios`."""
        return statistics.median(self.ratios)

    @property
    def middle_half(self) -> tuple[float, float]:
        """The quartiles that half of the rounds' ratios lie between."""
        lower, _, upper = statistics.quantiles(self.ratios, n=4)
        return lower, upper


def compare(operations: Sequence[Operation], rounds: int) -> Iterator[list[Comparison]]:
    """Measure all operations in turn, `rounds` times; yields the same comparisons after each round."""
    comparisons = [Comparison.of(operation) for operation in operations]
    for number in range(rounds):
        for comparison in comparisons:
            comparison.measure(floor_first=number % 2 == 0)
        yield comparisons


def primitive_microseconds(rounds: int) -> dict[str, float]:
    """The median time of each primitive by itself."""
    timings = {name: Timing(floor_of(Counter({name: SAMPLES}))) for name in PRIMITIVES}
    for _ in range(rounds):
        for timing in timings.values():
            timing.measure()
    return {name: timing.microseconds(SAMPLES) for name, timing in timings.items()}
