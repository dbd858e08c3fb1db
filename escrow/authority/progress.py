"""What a command waits for, shown on standard error while it does. Spec: §6.8.

On a terminal it is a line that goes away. Elsewhere it is a plain line, for what takes longer than a second.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_SECONDS = 1.0


class Waiting:
    """What a command waits for, of which there may be several things at a time."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._told = progress, set[str]()

    @contextmanager
    def on(self, what: str, number: int = 1, of: int = 1) -> Iterator[Callable[[str], None]]:
        """Tell that it waits for something, the step `number` of so many; gives what says how far that has come."""
        step, told = (f"[{number}/{of}] " if of > 1 else ""), f"waiting for {what}"
        if self._progress is not None:
            shown, task = self._progress, self._progress.add_task(step + told)
            try:
                yield lambda reached: shown.update(task, description=f"{step}{reached}; {told}")
            finally:
                self._progress.remove_task(task)
            return
        timer = threading.Timer(PATIENCE_SECONDS, self._tell, (step + told,))
        timer.start()
        try:
            yield lambda _: None
        finally:
            timer.cancel()

    def _tell(self, line: str) -> None:
        """Print a line, once."""
        if line not in self._told:
            self._told.add(line)
            click.echo(line, err=True)

    @contextmanager
    def interrupted(self) -> Iterator[None]:
        """Take the lines away while something else is printed."""
        if self._progress is not None:
            self._progress.stop()
        try:
            yield
        finally:
            if self._progress is not None:
                self._progress.start()


@contextmanager
def waiting() -> Iterator[Waiting]:
    """For a command that waits for several things."""
    if not sys.stderr.isatty():
        yield Waiting(None)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    rest = Column(ratio=1, no_wrap=True)  # what is too long for the terminal loses its end, and nothing beside it
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False, table_column=rest), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True, expand=True) as progress:
        yield Waiting(progress)


@contextmanager
def waiting_for(what: str, number: int = 1, of: int = 1) -> Iterator[None]:
    """Tell that a command waits for something, the step `number` of so many."""
    with waiting() as things, things.on(what, number, of):
        yield
