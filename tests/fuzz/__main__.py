"""`python -m tests.fuzz`: malformed messages through every decoder and every route."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import click

from tests.fuzz.answers import fuzz_answers
from tests.fuzz.decoders import all_decoders
from tests.fuzz.drawn import fuzz_drawn
from tests.fuzz.guard import run_guarded
from tests.fuzz.guided import fuzz_guided, is_available
from tests.fuzz.local import fuzz_decoders, fuzz_extremes
from tests.fuzz.routes import fuzz_routes
from tests.fuzz.trial import Findings

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
@click.option("--without-guided", is_flag=True, help="Leave out the coverage-guided part, which needs atheris.")
def main(inputs: int, seconds: int, seed: int | None, directory: Path, *, without_guided: bool) -> None:
    """Fuzz; the exit status is 0 if nothing was found, and everything was tried that was asked for."""
    number = secrets.randbits(32) if seed is None else seed
    click.echo(f"seed={number}")
    findings = Findings(directory)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no process and no file stays behind
    guided = not without_guided
    with tempfile.TemporaryDirectory(prefix="splitpass-fuzz-") as temporary:
        _run(findings, number, inputs, seconds, Path(temporary), guided=guided and is_available())
    for what, path in findings.files.items():
        click.echo(f"found: {what}\n       {path}")
    missing = list(_missing(findings, inputs, seconds, guided=guided))
    for what in missing:
        click.echo(f"not done: {what}")
    click.echo(findings.line())
    sys.exit(bool(findings.crashes or findings.errors_500 or missing))


def _missing(findings: Findings, inputs: int, seconds: int, *, guided: bool) -> Iterator[str]:
    if findings.inputs < inputs:
        yield f"only {findings.inputs} of {inputs} inputs were tried within the {seconds} s that were allowed"
    if guided and not is_available():
        yield "the coverage-guided part, because atheris is not installed (--without-guided leaves it out)"


def _run(findings: Findings, number: int, inputs: int, seconds: int, temporary: Path, *, guided: bool) -> None:
    began = time.monotonic()
    files, town = temporary / "files", temporary / "town"
    files.mkdir()
    town.mkdir()
    decoders = all_decoders(_random(number, "samples"), files)

    def share(part: float) -> int:
        return max(1, int(inputs * part))

    def until(part: float) -> float:
        return began + seconds * part

    def answers(to: Findings) -> None:
        asyncio.run(fuzz_answers(to, _random(number, "answers"), share(ANSWERS), until(0.35)))

    def drawn(to: Findings) -> None:
        fuzz_drawn(to, decoders, number, share(DRAWN), until(0.6))

    def changed(to: Findings) -> None:
        fuzz_decoders(to, _random(number, "changes"), decoders, max(1, inputs - findings.inputs), until(1.0))

    asyncio.run(fuzz_routes(findings, number, share(ROUTES), until(0.3), town))
    click.echo(f"{findings.inputs} requests; routes done after {time.monotonic() - began:.0f} s")
    run_guarded(findings, answers)
    if guided:
        fuzz_guided(findings, number, share(GUIDED), max(1, int(seconds * 0.15)), temporary / "guided")
        click.echo(f"coverage-guided part done after {time.monotonic() - began:.0f} s")
    run_guarded(findings, drawn)
    run_guarded(findings, lambda to: fuzz_extremes(to, decoders, until(1.0)))
    run_guarded(findings, changed)
    click.echo(f"all done after {time.monotonic() - began:.0f} s")


def _random(number: int, part: str) -> Random:
    return Random(f"{number} {part}")


if __name__ == "__main__":
    main(prog_name="python -m tests.fuzz")
