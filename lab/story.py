"""Telling a story on a console while it happens, and keeping what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import Progress

from lab.result import Result
from protocol.check_ins import TIME_STEP
from service.clock import unix_time

T = TypeVar("T")
AT_ONCE = 8


class Story:
    """Where the story is told, and its result."""

    def __init__(self, console: Console, result: Result) -> None:
        self._console, self.result = console, result

    @contextmanager
    def stage(self, name: str, headline: str) -> Iterator[None]:
        """A part of the story, which is timed."""
        self._console.print(f"\n[bold]{headline}[/]", soft_wrap=True)
        started = time.monotonic()
        yield
        self.result.seconds[name] = time.monotonic() - started

    def show(self, what: RenderableType) -> None:
        """A table."""
        self._console.print()
        self._console.print(what)

    def tell(self, what: str) -> None:
        """A line with the console's markup."""
        self._console.print(f"  {what}", soft_wrap=True)

    def say(self, who: str, what: str) -> None:
        """What somebody says, word for word."""
        self.tell(f"[dim]{who}:[/] {escape(what)}".replace("\n", "\n    "))

    async def each(
        self, items: Sequence[T], act: Callable[[T], Awaitable[object]], what: str, *, at_once: int = AT_ONCE
    ) -> None:
        """Do something for each item, some at once, on a terminal with a progress bar."""
        if not items:
            return
        limit = asyncio.Semaphore(at_once)
        with Progress(console=self._console, transient=True, disable=not self._console.is_terminal) as progress:
            task = progress.add_task(f"  {what}", total=len(items))

            async def one(item: T) -> None:
                async with limit:
                    await act(item)
                progress.advance(task)

            async with asyncio.TaskGroup() as group:
                for item in items:
                    group.create_task(one(item))
        self.tell(f"{len(items)} {what}")

    async def next_label_time(self, why: str) -> int:
        """Wait until check-ins carry another time than those before; returns it."""
        begins = (unix_time() // TIME_STEP + 1) * TIME_STEP
        with self._console.status(f"  waiting for the next {TIME_STEP}-second step: {why}"):
            await asyncio.sleep(begins - time.time() + 0.1)
        return begins
