"""The benchmark's command line."""

from __future__ import annotations

import json
from typing import TextIO

import click
from rich.console import Console
from rich.progress import track

from benchmarks.disk import measure_appends
from benchmarks.lists import measure_searches
from benchmarks.logs import log_operations
from benchmarks.measure import compare, primitive_microseconds
from benchmarks.operations import all_operations
from benchmarks.page import measure_page
from benchmarks.qr import measure_qr
from benchmarks.reader import measure_reader
from benchmarks.report import Results, as_json, as_tables
from benchmarks.session import make_session
from benchmarks.threads import issuing_per_second
from protocol.qr_text import to_qr_text


@click.command()
@click.option("--quick", is_flag=True, help="A few rounds only: numbers in seconds, but rougher.")
@click.option(
    "--json",
    "json_file",
    type=click.File("w", encoding="utf-8", lazy=False),
    metavar="FILE",
    help="Also write all numbers to FILE, as JSON.",
)
def main(quick: bool, json_file: TextIO | None) -> None:
    """Measure what each protocol operation costs.

    Every operation is measured next to its floor, which is the sum of the libsodium primitives that the spec
    makes unavoidable, and next to what a user would pick instead. Only the ratios travel from one machine to
    another. Also measured: issuing on one and two threads, the QR code of a check-in, waiting for the disk when a log
    grows, searching notices, reading altered frames with one decoder and with two, and the visitors' page.

    A missed goal is shown and is no failure. The exit status is 1 if something does not work.
    """
    rounds = 5 if quick else 41
    errors = Console(stderr=True)
    session = make_session()
    operations = all_operations(session) + log_operations(session)
    *_, comparisons = track(compare(operations, rounds), "Operations", total=rounds, console=errors, transient=True)
    with errors.status("Primitives, threads, QR codes"):
        results = Results(
            rounds=rounds,
            comparisons=comparisons,
            primitives=primitive_microseconds(rounds),
            issuing=issuing_per_second(session, rounds),
            qr=measure_qr(session.check_ins[:rounds]),
            appends=measure_appends(session, 5 * rounds),
            searches=list(measure_searches(session)),
            reader=list(
                measure_reader([to_qr_text(message) for message in session.check_ins[:12]], 4 if quick else 24)
            ),
            page=measure_page(rounds),
        )
    console = Console()
    for table in as_tables(results):
        console.print(table)
    if json_file:
        json_file.write(json.dumps(as_json(results), indent=2) + "\n")
    if results.qr.read_back < results.qr.codes:
        raise click.ClickException("a QR code was not read back as the check-in it was made of")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
