"""The QR screen: a code in the terminal or a PNG file, signed anew every 15 seconds. Spec: §4.3."""

from __future__ import annotations

import time
from collections.abc import Callable
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
    Direction.ENTRY: "Entry: hold this to the reader. It changes every 15 seconds.\n입장 QR 코드를 리더기에 대 주세요.",
    Direction.EXIT: "Exit: hold this to the reader. It changes every 15 seconds.\n퇴장 QR 코드를 리더기에 대 주세요.",
}


def check_size(console: Console) -> None:
    """Raise `VisitorError` if a code does not fit the terminal. Call it before a pass is burned."""
    if console.is_terminal and (console.width < COLUMNS or console.height < ROWS):
        raise VisitorError(f"the terminal needs {COLUMNS} columns and {ROWS} rows for a code; enlarge it, or use --png")


def show_once(screen: Screen, now: int, console: Console, png: Path | None) -> None:
    """Show one code: in the PNG file if one is named, else on the console."""
    text = screen.text(now)
    if png is not None:
        write_private(png, qr_png(text))
    else:
        console.print(_frame(screen, text), soft_wrap=True)


def show_live(
    screen: Screen,
    clock: Clock,
    console: Console,
    png: Path | None,
    seconds: int,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show codes for `seconds`, a new one whenever the label's time changes.

    With `png` the file is replaced atomically each time and the console stays free. Raises `WrongEpoch` at midnight,
    when an entry's pass is over.
    """
    ends = clock() + seconds
    on_terminal = png is None and console.is_terminal
    with Live(console=console, screen=True, auto_refresh=False) if on_terminal else nullcontext() as live:
        while (now := clock()) < ends:
            if live is None:
                show_once(screen, now, console, png)
            else:
                live.update(_frame(screen, screen.text(now)), refresh=True)
            sleep(min(TIME_STEP - now % TIME_STEP, ends - now))


def _frame(screen: Screen, text: str) -> Text:
    """The code in white blocks on black, whatever the terminal's own colours are, above its caption."""
    return Text.assemble((qr_terminal(text), "bright_white on black"), CAPTIONS[screen.direction], no_wrap=True)
