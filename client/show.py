"""The QR screen: codes in the terminal or a PNG file, signed anew every 15 seconds. Spec: §4.3."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from client.errors import VisitorError
from client.visitor import Clock
from client.visits import Screen
from protocol.checkins import TIME_STEP, Direction
from service.files import write_private
from service.qr import qr_png, qr_terminal

COLUMNS, ROWS = 65, 36
CAPTIONS = {
    Direction.ENTRY: ("Entry: hold this to the reader.", "입장 QR 코드를 리더기에 대 주세요."),
    Direction.EXIT: ("Exit: hold this to the reader.", "퇴장 QR 코드를 리더기에 대 주세요."),
}
GROUP_STEP = 2
"""For how many seconds a terminal shows each code of a group."""


def check_size(console: Console) -> None:
    """Raise `VisitorError` if a code does not fit the terminal. Call it before a pass is burned."""
    if console.is_terminal and (console.width < COLUMNS or console.height < ROWS):
        raise VisitorError(f"the terminal needs {COLUMNS} columns and {ROWS} rows for a code; enlarge it, or use --png")


def show_once(screens: Sequence[Screen], now: int, console: Console, png: Path | None) -> None:
    """Show one code for each person: together in the PNG file if one is named, else one by one on the console."""
    if png is not None:
        write_private(png, qr_png(*(screen.text(now) for screen in screens)))
        return
    for number in range(len(screens)):
        console.print(_frame(screens, number, now), soft_wrap=True)


def show_live(
    screens: Sequence[Screen],
    clock: Clock,
    console: Console,
    png: Path | None,
    seconds: int,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show codes for `seconds`, new ones whenever the label's time changes; a terminal shows those of a group in turn.

    With `png` the file is replaced atomically each time and the console stays free. Raises `WrongEpoch` at midnight,
    when an entry's pass is over.
    """
    ends = clock() + seconds
    on_terminal = png is None and console.is_terminal
    step = _step(screens) if on_terminal else TIME_STEP
    turns = itertools.cycle(range(len(screens)))
    with Live(console=console, screen=True, auto_refresh=False) if on_terminal else nullcontext() as live:
        while (now := clock()) < ends:
            if live is None:
                show_once(screens, now, console, png)
            else:
                live.update(_frame(screens, next(turns), now), refresh=True)
            sleep(min(step - now % step, ends - now))


def _step(screens: Sequence[Screen]) -> int:
    return TIME_STEP if len(screens) == 1 else GROUP_STEP


def _frame(screens: Sequence[Screen], number: int, now: int) -> Text:
    """A code in white blocks on black, whatever the terminal's own colours are, above its caption."""
    screen = screens[number]
    english, korean = CAPTIONS[screen.direction]
    of_group = f" ({number + 1}/{len(screens)})" if len(screens) > 1 else ""
    caption = f"{english} It changes every {_step(screens)} seconds.\n{korean}{of_group}"
    return Text.assemble((qr_terminal(screen.text(now)), "bright_white on black"), caption, no_wrap=True)
