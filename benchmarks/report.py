"""The results as tables for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table

from benchmarks.disk import AppendResult
from benchmarks.lists import BUDGET_MEGABYTES, BUDGET_SECONDS, SearchResult
from benchmarks.measure import Comparison
from benchmarks.operations import Operation
from benchmarks.page import BUDGET_KILOBYTES, BUDGET_PAINT_SECONDS, BUDGET_PASSES_SECONDS, PageResult
from benchmarks.qr import QRResult
from benchmarks.reader import DECODERS, ReaderResult


@dataclass(frozen=True)
class Results:
    """Everything one run measured. `primitives`: microseconds; `issuing`: passes a second by threads."""

    rounds: int
    comparisons: list[Comparison]
    primitives: dict[str, float]
    issuing: dict[int, float]
    qr: QRResult
    appends: AppendResult
    searches: list[SearchResult]
    reader: list[ReaderResult]
    page: PageResult | str


def as_json(results: Results) -> dict[str, Any]:
    """All numbers, with the machine and versions they were measured on. Times say their unit in their name."""
    return {
        "machine": {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
            "pynacl": version("PyNaCl"),
        },
        "rounds": results.rounds,
        "primitives_microseconds": results.primitives,
        "operations": [_operation_as_json(comparison) for comparison in results.comparisons],
        "passes_per_second_by_threads": results.issuing,
        "qr": asdict(results.qr),
        "appends": {**asdict(results.appends), "floor_milliseconds": results.appends.floor_milliseconds},
        "reader": [asdict(result) for result in results.reader],
        "page": results.page if isinstance(results.page, str) else asdict(results.page),
        "searches": [{**asdict(search), "within_budget": search.within_budget} for search in results.searches],
    }


def _operation_as_json(comparison: Comparison) -> dict[str, Any]:
    operation = comparison.operation
    return {
        "name": operation.name,
        "section": operation.section,
        "formula": operation.formula,
        "items": operation.items,
        "primitives": dict(operation.primitives),
        "microseconds": comparison.own.microseconds(operation.items),
        "floor_microseconds": comparison.floor.microseconds(operation.items),
        "ratio": comparison.ratio,
        "ratio_middle_half": comparison.middle_half,
        "goal": operation.goal,
        "reaches_goal": comparison.reaches_goal,
        "peer": operation.peer.name if operation.peer else None,
        "peer_microseconds": comparison.peer.microseconds(operation.items) if comparison.peer else None,
    }


def as_tables(results: Results) -> Iterator[RenderableType]:
    """The tables that a terminal shows."""
    yield _operations_table(results)
    yield _peers_table(results.comparisons)
    yield _floors_table([comparison.operation for comparison in results.comparisons])
    yield _primitives_table(results.primitives)
    yield _issuing_table(results.issuing)
    yield _qr_table(results.qr)
    yield _appends_table(results.appends)
    yield _searches_table(results.searches)
    yield _reader_table(results.reader)
    yield results.page if isinstance(results.page, str) else _page_table(results.page)


def _table(title: str, *columns: str, numbers: tuple[str, ...] = ()) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left")
    return table


def _operations_table(results: Results) -> Table:
    numbers = ("µs", "floor", "ratio", "middle half")
    table = _table(f"Operations: medians of {results.rounds} rounds", "operation", *numbers, "goal", numbers=numbers)
    for comparison in results.comparisons:
        items = comparison.operation.items
        lower, upper = comparison.middle_half
        table.add_row(
            comparison.operation.name,
            f"{comparison.own.microseconds(items):.1f}",
            f"{comparison.floor.microseconds(items):.1f}",
            f"{comparison.ratio:.3f}",
            f"{lower:.2f}-{upper:.2f}",
            _goal(comparison),
        )
    return table


def _goal(comparison: Comparison) -> str:
    if comparison.operation.goal is None:
        return "-"
    return f"{comparison.operation.goal:.2f} {_mark(comparison.reaches_goal is True)}"


def _mark(passed: bool) -> str:
    return "[green]pass[/]" if passed else "[bold red]miss[/]"


def _peers_table(comparisons: list[Comparison]) -> Table:
    numbers = ("µs", "peer µs")
    table = _table("What a user would pick instead", "operation", *numbers, "peer", numbers=numbers)
    for comparison in comparisons:
        operation = comparison.operation
        if operation.peer and comparison.peer:
            own, peer = comparison.own.microseconds(operation.items), comparison.peer.microseconds(operation.items)
            table.add_row(operation.name, f"{own:.1f}", f"{peer:.1f}", operation.peer.name)
    return table


def _floors_table(operations: list[Operation]) -> Table:
    table = _table("What the floors are made of", "operation", "spec", "formula", "primitives")
    table.caption = (
        "A point off the wire counts as one valid_point, as §3.1 demands, although scalarmult checks its point again."
    )
    for operation in operations:
        counts = ", ".join(f"{count} {name}" for name, count in operation.primitives.items())
        of = f"for {operation.items}: " if operation.items > 1 else ""
        table.add_row(operation.name, operation.section, operation.formula, of + counts)
        table.add_section()
    return table


def _primitives_table(primitives: dict[str, float]) -> Table:
    table = _table("Primitives, each by itself", "primitive", "µs", numbers=("µs",))
    for name, microseconds in primitives.items():
        table.add_row(name, f"{microseconds:.2f}")
    return table


def _issuing_table(issuing: dict[int, float]) -> Table:
    columns = ("threads", "passes a second")
    table = _table("Issuing", *columns, numbers=columns)
    for threads, rate in issuing.items():
        table.add_row(str(threads), f"{rate:.0f}")
    return table


def _qr_table(qr: QRResult) -> Table:
    table = _table("QR code of a check-in", "", "")
    table.show_header = False
    table.add_row("size", f"{qr.message_bytes} bytes, {qr.characters} characters")
    table.add_row("code", f"version {qr.version}, {qr.modules} x {qr.modules} modules, error correction M")
    table.add_row("render", f"{qr.render_milliseconds:.1f} ms")
    table.add_row("read", f"{qr.read_milliseconds:.1f} ms")
    table.add_row("read back", f"{qr.read_back} of {qr.codes}")
    return table


def _appends_table(appends: AppendResult) -> Table:
    numbers = ("entries", "ms", "floor", "ratio", "waits", "ms each")
    table = _table("Appending to a log, waiting for the disk", *numbers, numbers=numbers)
    table.add_row(
        str(appends.entries),
        f"{appends.milliseconds:.2f}",
        f"{appends.floor_milliseconds:.2f}",
        f"{appends.milliseconds / appends.floor_milliseconds:.2f}",
        str(appends.syncs),
        f"{appends.sync_milliseconds:.2f}",
    )
    return table


def _searches_table(searches: list[SearchResult]) -> Table:
    numbers = ("seconds", "floor", "ratio", "peak MB", "floor MB")
    one = searches[0]
    title = f"Searching {one.digests:,} digests ({one.megabytes:.0f} MB) for {one.passes} passes"
    table = _table(title, "program", *numbers, "budget", numbers=numbers)
    table.caption = f"A phone's budget: {BUDGET_SECONDS:.0f} s of this processor and {BUDGET_MEGABYTES:.0f} MB."
    for search in searches:
        table.add_row(
            search.program,
            f"{search.seconds:.2f}",
            f"{search.floor_seconds:.2f}",
            f"{search.seconds / search.floor_seconds:.2f}",
            f"{search.peak_megabytes:.0f}",
            f"{search.floor_megabytes:.0f}",
            _mark(search.within_budget),
        )
    return table


def _reader_table(results: list[ReaderResult]) -> Table:
    numbers = ("frames", *DECODERS, *(f"{name} ms" for name in DECODERS))
    table = _table(
        "Reading altered frames of 640 x 480: how many, and the median of a frame", "kind", *numbers, numbers=numbers
    )
    for result in results:
        read = [str(result.read[name]) for name in DECODERS]
        table.add_row(
            result.kind, str(result.frames), *read, *(f"{result.milliseconds[name]:.1f}" for name in DECODERS)
        )
    return table


def _page_table(page: PageResult) -> Table:
    table = _table("The visitors' page", "what", "measured", "budget", numbers=("measured",))
    for what, measured, budget in (
        ("opening it loads, kB compressed", page.kilobytes, BUDGET_KILOBYTES),
        ("first paint without a network, s", page.paint_seconds, BUDGET_PAINT_SECONDS),
        ("twelve passes requested and accepted, s", page.passes_seconds, BUDGET_PASSES_SECONDS),
    ):
        table.add_row(what, f"{measured:.2f}", f"{budget:g} {_mark(measured <= budget)}")
    table.caption = f"With the screens that come later it is {page.all_kilobytes:.0f} kB, without what reads codes."
    return table
