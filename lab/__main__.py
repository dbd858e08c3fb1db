"""`python -m lab`: SplitPass on one machine."""

from __future__ import annotations

import json
import signal
import sys
import types
from pathlib import Path

import click

from service.cli import CommandGroup, version_option


@click.group(cls=CommandGroup)
@version_option
def main() -> None:
    """All parties of SplitPass on one machine, as real processes on loopback."""


@main.command()
@click.option("--visitors", type=click.IntRange(5, 2000), default=25, show_default=True, help="How many people come.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="End with one JSON object; the story goes to standard error.",
)
def demo(visitors: int, *, as_json: bool) -> None:
    """Tell the whole story on this machine.

    Visitors enrol, fetch passes, come and go, also a family with one phone and people without one; tricks at a door are
    refused. One party alone opens nothing. A notice warns a cafe's guests and opens nothing. After an outbreak at a
    club its owner's tricks are caught, both parties open who was there and publish what they opened, and those
    concerned find out. Then one share is erased, and anybody audits both logs.

    Starts an operator, an authority and two venues with fresh keys in a temporary directory, and removes everything
    at the end. The exit status is 0 if everything held.
    """
    import asyncio
    import tempfile

    from rich.console import Console

    from lab.demo import Demo
    from lab.processes import ProcessFailed

    _end_as_interrupted()
    console = Console(stderr=as_json)
    try:
        with tempfile.TemporaryDirectory(prefix="splitpass-") as directory:
            result = asyncio.run(Demo(Path(directory), visitors, console).run())
    except ProcessFailed as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        raise click.Abort from None
    for failure in result.failures:
        console.print(f"[red]did not hold:[/] {failure}")
    if not result.failures:
        console.print("\n[green]Everything held.[/]")
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False))
    sys.exit(1 if result.failures else 0)


@main.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default="town")
@click.option("--visitors", type=click.IntRange(0, 1000), default=0, show_default=True, help="Simulated visitors.")
@click.option(
    "--rate",
    type=click.IntRange(1, 600),
    default=10,
    show_default=True,
    help="How many of them come or leave a minute.",
)
@click.option(
    "--port", type=click.IntRange(1024, 65529), help="The first of a new town's seven ports.  [default: 8401]"
)
def town(directory: Path, visitors: int, rate: int, port: int | None) -> None:
    """Keep a town running, to try things in.

    Starts an operator, an authority and two venues, all registered, on fixed ports, until it is stopped with Ctrl-C.
    Everything is kept in DIRECTORY (town): another start goes on with what is there. Prints what to try first.
    """
    import asyncio

    from lab.kept_town import KeptTown
    from lab.processes import ProcessFailed

    _end_as_interrupted()
    try:
        asyncio.run(KeptTown(directory, port, click.echo).keep_running(visitors, rate))
    except ProcessFailed as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        click.echo("Stopped.")


def _end_as_interrupted() -> None:
    """End on each signal as on Ctrl-C, also where a shell's background job ignores that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(_signal: int, _frame: types.FrameType | None) -> None:
    """End as on Ctrl-C, so that no process and no file stays behind."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    main(prog_name="python -m lab")
