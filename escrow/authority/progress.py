"""What a command waits for, shown on standard error while it does. Spec: §6.8.

On a terminal it is a line that goes away. Elsewhere it is a plain line, for what takes longer than a second.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

PATIENCE_SECONDS = 1.0


@contextmanager
def waiting_for(what: str, number: int = 1, of: int = 1) -> Iterator[None]:
    """Tell that the command waits for something, the step `number` of so many."""
    told = f"[{number}/{of}] waiting for {what}" if of > 1 else f"waiting for {what}"
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            progress.add_task(told)
            yield
        return
    timer = threading.Timer(PATIENCE_SECONDS, click.echo, (told,), {"err": True})
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
