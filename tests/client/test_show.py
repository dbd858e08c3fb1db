from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
from rich.console import Console

from client.errors import VisitorError
from client.show import COLUMNS, ROWS, check_console, code_console, show_live, show_once
from client.visitor import Visitor
from client.visits import group_to_leave, open_entry, open_exits
from conformance.imitated import ImitatedParties
from protocol.check_ins import CheckInMessage, Direction
from tests.client.conftest import Clock
from tests.support.camera import read_png, read_terminal
from tests.support.domain import NOW

BLACK_AND_WHITE = "\x1b[97;40m", "\x1b[38;5;231;48;5;16m", "\x1b[38;2;255;255;255;48;2;0;0;0m"
"""In 16 colours, in 256, and in all."""


def console(*, terminal: bool, width: int = 100, height: int = 50) -> tuple[Console, io.StringIO]:
    output = io.StringIO()
    return Console(file=output, force_terminal=terminal, width=width, height=height, legacy_windows=False), output


def test_a_camera_reads_the_terminal(supplied: Visitor, imitated: ImitatedParties) -> None:
    to, output = console(terminal=False)
    show_once([open_entry(supplied)], NOW, to, None)
    assert imitated.verify(read_terminal(output.getvalue())).message.direction is Direction.ENTRY
    assert "입장" in output.getvalue()
    assert "Good for half a minute" in output.getvalue()  # and not that it changes


def test_an_exit_says_so(supplied: Visitor, imitated: ImitatedParties) -> None:
    open_entry(supplied)
    to, output = console(terminal=False)
    show_once(open_exits(supplied, group_to_leave(supplied)), NOW, to, None)
    assert read_terminal(output.getvalue()).direction is Direction.EXIT
    assert "퇴장" in output.getvalue()


def test_the_code_is_white_on_black_in_a_terminal_of_any_colour(supplied: Visitor) -> None:
    to, output = console(terminal=True)
    show_once([open_entry(supplied)], NOW, to, None)
    assert any(code in output.getvalue() for code in BLACK_AND_WHITE)


def test_the_code_keeps_black_and_white_without_colours(
    supplied: Visitor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("NO_COLOR", "1"), ("FORCE_COLOR", "1"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    show_once([open_entry(supplied)], NOW, code_console(), None)
    assert any(code in capsys.readouterr().out for code in BLACK_AND_WHITE)


def test_a_camera_reads_the_png(supplied: Visitor, imitated: ImitatedParties, tmp_path: Path) -> None:
    png = tmp_path / "code.png"
    to, output = console(terminal=True)
    show_once([open_entry(supplied)], NOW, to, png)
    assert imitated.verify(read_png(png)).message.time == NOW
    assert stat.S_IMODE(png.stat().st_mode) == 0o600
    assert output.getvalue() == ""


def test_the_png_changes_with_the_time(
    supplied: Visitor, imitated: ImitatedParties, clock: Clock, tmp_path: Path
) -> None:
    png = tmp_path / "code.png"
    seen: list[CheckInMessage] = []
    clock.now += 4

    def sleep(seconds: float) -> None:
        seen.append(imitated.verify(read_png(png)).message)
        clock.now += int(seconds)

    to, _ = console(terminal=False)
    show_live([open_entry(supplied)], clock, to, png, 40, sleep)
    assert [message.time - NOW for message in seen] == [0, 15, 30]
    assert len({message.u for message in seen}) == 1
    assert clock.now == NOW + 44
    assert len(supplied.wallet().visits) == 1


def test_the_terminal_changes_with_the_time(supplied: Visitor, imitated: ImitatedParties, clock: Clock) -> None:
    to, output = console(terminal=True)
    seen: list[CheckInMessage] = []

    def sleep(seconds: float) -> None:
        seen.append(imitated.verify(read_terminal(output.getvalue())).message)
        clock.now += int(seconds)

    show_live([open_entry(supplied)], clock, to, None, 31, sleep)
    assert [message.time - NOW for message in seen] == [0, 15, 30]
    assert len({message.u for message in seen}) == 1


def test_a_terminal_just_large_enough_shows_all_of_it(
    supplied: Visitor, imitated: ImitatedParties, clock: Clock
) -> None:
    to, output = console(terminal=True, width=COLUMNS, height=ROWS)
    check_console(to, once=False)

    def sleep(seconds: float) -> None:
        imitated.verify(read_terminal(output.getvalue()))
        assert "입장" in output.getvalue()
        assert "15초마다 바뀝니다." in output.getvalue()
        clock.now += int(seconds)

    show_live([open_entry(supplied)], clock, to, None, 15, sleep)


@pytest.mark.parametrize(("width", "height"), [(COLUMNS - 1, ROWS), (COLUMNS, ROWS - 1)])
def test_a_terminal_that_is_too_small_says_so(width: int, height: int) -> None:
    with pytest.raises(VisitorError, match="enlarge it"):
        check_console(console(terminal=True, width=width, height=height)[0], once=False)
    check_console(console(terminal=False, width=width, height=height)[0], once=True)


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_without_black_and_white_says_so(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with pytest.raises(VisitorError, match="shows no black and white"):
        check_console(code_console(), once=True)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "euc-kr", "cp949", "cp437"])
def test_an_output_that_has_no_blocks_or_no_korean_says_so(encoding: str) -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with pytest.raises(VisitorError, match="LANG"):
        check_console(Console(file=output, force_terminal=True, width=100, height=50), once=True)
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    check_console(Console(file=output, force_terminal=True, width=100, height=50), once=True)


def test_what_is_no_terminal_gets_one_code_or_none() -> None:
    with pytest.raises(VisitorError, match="use --once or --png"):
        check_console(console(terminal=False)[0], once=False)
