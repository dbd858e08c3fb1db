"""`python -m lab.fuzz`: malformed messages through every decoder and every route."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import click

from lab.fuzz.answers import fuzz_answers
from lab.fuzz.decoders import all_decoders
from lab.fuzz.drawn import fuzz_drawn
from lab.fuzz.guided import fuzz_guided, is_available
from lab.fuzz.local import fuzz_decoders, fuzz_extremes
from lab.fuzz.routes import fuzz_routes
from lab.fuzz.trial import Findings

GUIDED, ROUTES, DRAWN, ANSWERS = 0.1, 0.03, 0.02, 0.002
"""The parts of the inputs that a coverage-guided fuzzer makes, that go over HTTP, that hypothesis draws, and that are
answers to a client; the others are changed messages for the decoders in this process."""


@click.command(help=__doc__)
@click.option("--inputs", default=1_000_000, show_default=True, help="How many inputs to try.")
@click.option("--seconds", default=3600, show_default=True, help="Stop after about so long, with what was done.")
@click.option("--seed", type=int, help="Repeat a run; drawn anew if it is left out.")
@click.option(
    "--findings",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(tempfile.gettempdir()) / "splitpass-fuzz",
    show_default=True,
    help="Where inputs that show a fault are kept.",
)
def main(inputs: int, seconds: int, seed: int | None, directory: Path) -> None:
    """Fuzz; the exit status is 0 if nothing was found."""
    number = secrets.randbits(32) if seed is None else seed
    click.echo(f"seed={number}")
    findings = Findings(directory)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no process and no file stays behind
    with tempfile.TemporaryDirectory(prefix="splitpass-fuzz-") as temporary:
        _run(findings, number, inputs, seconds, Path(temporary))
    for what, path in findings.files.items():
        click.echo(f"found: {what}\n       {path}")
    click.echo(findings.line())
    sys.exit(bool(findings.crashes or findings.errors_500))


def _run(findings: Findings, number: int, inputs: int, seconds: int, temporary: Path) -> None:
    began = time.monotonic()
    files, town = temporary / "files", temporary / "town"
    files.mkdir()
    town.mkdir()
    random = Random(number)  # noqa: S311 - a run must be repeatable
    decoders = all_decoders(random, files)

    def share(part: float) -> int:
        return max(1, int(inputs * part))

    def until(part: float) -> float:
        return began + seconds * part

    asyncio.run(fuzz_routes(findings, number, share(ROUTES), until(0.3), town))
    click.echo(f"{findings.inputs} requests; routes done after {time.monotonic() - began:.0f} s")
    asyncio.run(fuzz_answers(findings, random, share(ANSWERS), until(0.35)))
    if is_available():
        fuzz_guided(findings, number, share(GUIDED), max(1, int(seconds * 0.15)))
        click.echo(f"coverage-guided part done after {time.monotonic() - began:.0f} s")
    else:
        click.echo("the coverage-guided part did not run: atheris is not installed (pip install atheris)")
    fuzz_drawn(findings, decoders, number, share(DRAWN), until(0.6))
    fuzz_extremes(findings, decoders)
    fuzz_decoders(findings, random, decoders, max(1, inputs - findings.inputs), until(1.0))
    click.echo(f"all done after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main(prog_name="python -m lab.fuzz")
