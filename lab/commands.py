"""Officers' and venues' commands inside this process, which starts at once where a program of its own would not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import click
from click.testing import CliRunner

from escrow.__main__ import main as escrow
from lab.processes import ProcessFailed
from venue.__main__ import cli as venue

PROGRAMS: dict[str, click.Command] = {"escrow": escrow, "venue": venue}


def run_command(program: str, *arguments: str) -> str:
    """What `python -m PROGRAM ARGUMENTS` prints; raises `ProcessFailed` unless its exit status is 0."""
    with ThreadPoolExecutor(1) as thread:  # commands run event loops of their own
        result = thread.submit(CliRunner().invoke, PROGRAMS[program], arguments).result()
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if result.exit_code != 0:
        raise ProcessFailed(f"{program} {' '.join(arguments)}: {result.output.strip()}")
    return result.stdout.strip()
