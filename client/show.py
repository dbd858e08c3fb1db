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
from client.picture import codes_png
from client.visits import Screen
from protocol.check_ins import TIME_STEP, Direction
from service.clock import Clock
from service.files import write_private
from service.qr import qr_terminal

COLUMNS, ROWS = 65, 36
BLACK_AND_WHITE = "#ffffff on #000000"
"""By value where a terminal can: what it calls black and white depends on its theme."""
CAPTIONS = {
    Direction.ENTRY: ("Entry: hold this to the reader.", "입장 QR 코드를 리더기에 대 주세요."),
    Direction.EXIT: ("Exit: hold this to the reader.", "퇴장 QR 코드를 리더기에 대 주세요."),
}
PICTURE_CAPTIONS = {Direction.ENTRY: "Entry 입장", Direction.EXIT: "Exit 퇴장"}
WRITTEN = "█▀▄\u00a0" + "".join(korean for _, korean in CAPTIONS.values())
"""What an output has to have: the blocks of a code, and Korean."""
ONCE = "Good for half a minute.", "약 30초 동안 쓸 수 있습니다."
GROUP_STEP = 2
"""For how many seconds a terminal shows each code of a group."""


def code_console() -> Console:
    """The console that codes are shown on. Their black and white is no decoration, and stays under `NO_COLOR`."""
    return Console(no_color=False)


def check_console(console: Console, *, once: bool) -> None:
    """Raise `VisitorError` if a reader could not read codes there. Call it before a pass is burned."""
    try:
        WRITTEN.encode(console.encoding)
    except UnicodeEncodeError:
        raise VisitorError(
            f"the output's encoding, {console.encoding}, has no blocks for a code: use --png, or set LANG to C.UTF-8 / "
            "출력 인코딩으로 QR 코드를 표시할 수 없습니다. --png를 사용해 주세요"
        ) from None
    if not console.is_terminal:
        if not once:
            raise VisitorError(
                "the output is no terminal, where codes could change: use --once or --png / "
                "터미널이 아닙니다. --once나 --png를 사용해 주세요"
            )
    elif console.color_system is None:
        raise VisitorError(
            "this terminal (see the variable TERM) shows no black and white, which a reader needs: use --png / "
            "흑백을 구분해 표시할 수 없는 터미널입니다. --png를 사용해 주세요"
        )
    elif console.width < COLUMNS or console.height < ROWS:
        raise VisitorError(
            f"the terminal needs {COLUMNS} columns and {ROWS} rows for a code; enlarge it, or use --png / "
            f"터미널을 {COLUMNS}열 {ROWS}행 이상으로 키우거나 --png를 사용해 주세요"
        )


def show_once(screens: Sequence[Screen], now: int, console: Console, png: Path | None) -> None:
    """Show one code for each person: together in the PNG file if one is named, else one by one on the console."""
    if png is not None:
        captions = (
            PICTURE_CAPTIONS[screen.direction] + _of_group(screens, number) for number, screen in enumerate(screens)
        )
        write_private(
            png, codes_png([(screen.text(now), caption) for screen, caption in zip(screens, captions, strict=True)])
        )
        return
    for number in range(len(screens)):
        console.print(_frame(screens, number, now, ONCE), soft_wrap=True)


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
    step = TIME_STEP if len(screens) == 1 or not on_terminal else GROUP_STEP
    turns = itertools.cycle(range(len(screens)))
    with Live(console=console, screen=True, auto_refresh=False) if on_terminal else nullcontext() as live:
        while (now := clock()) < ends:
            if live is None:
                show_once(screens, now, console, png)
            else:
                live.update(_frame(screens, next(turns), now, _changes_every(step)), refresh=True)
            sleep(min(step - now % step, ends - now))


def _changes_every(step: int) -> tuple[str, str]:
    return f"New every {step} seconds.", f"{step}초마다 바뀝니다."


def _of_group(screens: Sequence[Screen], number: int) -> str:
    return f" ({number + 1}/{len(screens)})" if len(screens) > 1 else ""


def _frame(screens: Sequence[Screen], number: int, now: int, lasts: tuple[str, str]) -> Text:
    """A code in white blocks on black, whatever the terminal's own colours are, above its caption.

    `lasts` says in English and Korean for how long it is shown.
    """
    screen = screens[number]
    (english, korean), group = CAPTIONS[screen.direction], _of_group(screens, number)
    caption = f"{english}{group} {lasts[0]}\n{korean}{group} {lasts[1]}"
    return Text.assemble((qr_terminal(screen.text(now)), BLACK_AND_WHITE), caption, no_wrap=True)
