"""Every operation of the protocol next to its floor, and next to what a user would pick instead."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import track

from benchmarks.logs import log_operations
from benchmarks.measure import Comparison, compare, primitive_microseconds
from benchmarks.operations import all_operations
from benchmarks.rest import rest_of
from benchmarks.section import Effort, Result, Section, Table, reaches
from benchmarks.session import make_session
from benchmarks.without_phone import other_operations

ROUNDS = {Effort.QUICK: 5, Effort.USUAL: 41, Effort.FULL: 101}


def measure(effort: Effort) -> Result:
    """All operations in turn, round by round; then the primitives by themselves, and a profile of each operation."""
    rounds, session = ROUNDS[effort], make_session()
    operations = all_operations(session) + other_operations(session) + log_operations(session)
    console = Console(stderr=True)
    *_, comparisons = track(compare(operations, rounds), "operations", total=rounds, console=console, transient=True)
    return {
        "rounds": rounds,
        "primitives_microseconds": primitive_microseconds(rounds),
        "of": {comparison.operation.name: _result(comparison) for comparison in comparisons},
    }


def _result(comparison: Comparison) -> Result:
    operation = comparison.operation
    return {
        "section": operation.section,
        "formula": operation.formula,
        "items": operation.items,
        "primitives": dict(operation.primitives),
        "microseconds": comparison.own.microseconds(operation.items),
        "floor_microseconds": comparison.floor.microseconds(operation.items),
        "ratio": comparison.ratio,
        "ratio_middle_half": comparison.middle_half,
        "goal": operation.goal,
        "rest": rest_of(operation.run),
        "peer": operation.peer.name if operation.peer else None,
        "peer_microseconds": comparison.peer.microseconds(operation.items) if comparison.peer else None,
    }


def tables(result: Result) -> Sequence[Table]:
    """The operations, their peers, what the floors are made of, and the primitives."""
    of: dict[str, Result] = result["of"]
    return [
        Table(
            "Operations",
            ("operation", "µs", "floor µs", "ratio", "middle half", "goal", "the rest is mostly"),
            [
                (
                    name,
                    f"{one['microseconds']:.1f}",
                    f"{one['floor_microseconds']:.1f}",
                    f"{one['ratio']:.2f}",
                    "{:.2f}-{:.2f}".format(*one["ratio_middle_half"]),
                    reaches(one["ratio"], one["goal"]),
                    ", ".join(f"{place} {share:.0%}" for place, share in list(one["rest"].items())[:3]),
                )
                for name, one in of.items()
            ],
            f"Medians of {result['rounds']} rounds of processor time, for one pass, check-in or entry. The last column "
            "is where a profile finds what is not libsodium's: encoding and framing of messages, PyNaCl's bindings, "
            "the formulas themselves, and Python's own functions. A goal stands where an operation is done for each "
            "pass or visit and its primitives are most of it, so that something is to be gained.",
        ),
        Table(
            "What a user would pick instead",
            ("operation", "µs", "peer µs", "peer"),
            [
                (name, f"{one['microseconds']:.1f}", f"{one['peer_microseconds']:.1f}", one["peer"])
                for name, one in of.items()
                if one["peer"]
            ],
        ),
        Table(
            "What the floors are made of",
            ("operation", "spec", "formula", "primitives"),
            [(name, one["section"], one["formula"].replace("|", "\\|"), _counts(one)) for name, one in of.items()],
            "A point off the wire counts as one `valid_point`, as §3.1 demands, although `scalarmult` checks its point "
            "again. Who knows a batch's secret needs one of its sums only (§3.3).",
        ),
        Table(
            "Primitives by themselves",
            ("primitive", "µs"),
            [(name, f"{microseconds:.2f}") for name, microseconds in result["primitives_microseconds"].items()],
        ),
    ]


def _counts(one: Result) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in one["primitives"].items())
    return f"for {one['items']}: {counts}" if one["items"] > 1 else counts


SECTION = Section(
    "operations",
    "Operations and their floors",
    "The floor of an operation is the sum of the libsodium primitives that its formulas in the specification make "
    "unavoidable, called directly, on as many inputs as keep a processor from learning the way through each. Operation "
    "and floor are measured side by side in every round, and the ratio is taken there.",
    measure,
    tables,
)
