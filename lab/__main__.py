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

    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell's background job ignores it
    signal.signal(signal.SIGTERM, _interrupt)
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


def _interrupt(_signal: int, _frame: types.FrameType | None) -> None:
    """End as on Ctrl-C, so that no process and no file stays behind."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    main(prog_name="python -m lab")
