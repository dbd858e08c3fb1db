"""`python -m tests.faults`: real servers under real load, and something goes wrong, again and again."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.faults.catalogue import DATABASES, not_tried, possible_faults
from tests.faults.fault import Fault
from tests.faults.mounts import enter_namespace
from tests.faults.trials import Figures, run_trials


@click.command()
@click.option("--trials", type=click.IntRange(1), help="How many faults to try.  [default: each one once]")
@click.option("--seed", type=int, help="Repeat a run's order of faults; drawn anew if it is left out.")
@click.option(
    "--database",
    "databases",
    type=click.Choice(DATABASES),
    multiple=True,
    default=DATABASES,
    help="What the servers keep their data in.  [default: one after the other]",
)
@click.option("--only", "parts", multiple=True, help="Only faults whose name has this in it; may be repeated.")
def main(trials: int | None, seed: int | None, databases: tuple[str, ...], parts: tuple[str, ...]) -> None:
    """Kill, starve and mislead real servers under real load, and look for all that they had acknowledged.

    Each trial is some load, one fault, and a recovery. A fault counts if its effect was seen. For one fault three
    processes serve the venue on one database, and all of them are killed at random. Ends with one line of figures. The
    exit status is 0 if nothing was lost, doubled, exceeded, or released without its record.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell's background job ignores it
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    number = secrets.randbits(32) if seed is None else seed
    click.echo(f"seed={number}")
    random = Random(number)
    plan = {database: _draw(database, parts, trials, len(databases), random) for database in databases}
    try:
        figures = _run(plan, random)
    except KeyboardInterrupt:
        raise click.Abort from None
    for what in not_tried():
        click.echo(f"not tried: {what}")
    for fault in figures.idle:
        click.echo(f"had no effect, and does not count: {fault}")
    click.echo(figures.line())
    sys.exit(1 if figures.findings or figures.lost or figures.doubled else 0)


def _draw(database: str, parts: tuple[str, ...], trials: int | None, databases: int, random: Random) -> list[Fault]:
    """Faults in random order; none comes again before all have come."""
    faults = [fault for fault in possible_faults(database) if not parts or any(part in fault.name for part in parts)]
    if not faults:
        raise click.UsageError(f"no fault of {database} has such a name")
    number = len(faults) if trials is None else -(-trials // databases)
    return list(islice(cycle(random.sample(faults, len(faults))), number))


def _run(plan: dict[str, list[Fault]], random: Random) -> Figures:
    figures = Figures()
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    console = Console(stderr=True)

    def begins(fault: str) -> None:
        progress.update(task, description=fault)
        if not console.is_terminal:
            click.echo(f"trial: {fault}", err=True)

    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=sum(map(len, plan.values())))
        for database, faults in plan.items():
            with tempfile.TemporaryDirectory(prefix="splitpass-faults-") as directory:
                tried = asyncio.run(
                    run_trials(
                        Path(directory),
                        database,
                        faults,
                        random,
                        begins,
                        ended=lambda: progress.advance(task),
                    )
                )
            for finding in tried.findings:  # now: the rest may be interrupted
                click.echo(f"found: {finding}")
            figures += tried
    return figures


if __name__ == "__main__":
    enter_namespace(["tests.faults", *sys.argv[1:]])
    main(prog_name="python -m tests.faults")
