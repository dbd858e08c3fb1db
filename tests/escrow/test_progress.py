"""A command that takes longer than a second says what it waits for, and none that does not. Spec: §6.8."""

from __future__ import annotations

import os
import pty
import re
import termios
import time
from contextlib import suppress
from typing import TextIO

import pytest

from escrow.authority import progress
from escrow.authority.progress import waiting, waiting_for


def test_a_plain_line_says_what_takes_longer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.05)
    with waiting_for("the venue's release", 2, 15):
        time.sleep(0.3)
    with waiting_for("the operator"):
        time.sleep(0.3)
    captured = capsys.readouterr()
    assert captured.err == "[2/15] waiting for the venue's release\nwaiting for the operator\n"
    assert captured.out == ""


def test_what_is_waited_for_again_and_again_is_said_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.05)
    with waiting() as things:
        for who in ("the officers", "the officers", "the venue"):
            with things.on(who):
                time.sleep(0.3)
    assert capsys.readouterr().err == "waiting for the officers\nwaiting for the venue\n"


def test_nothing_is_said_of_what_is_there_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting_for("the operator"):
        pass
    with suppress(OSError), waiting_for("the operator"):
        raise OSError
    assert capsys.readouterr().err == ""


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> tuple[int, TextIO]:
    """A terminal of 80 columns that standard error is from now on, and the end from which it is read."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 80))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLUMNS", raising=False)
    terminal = os.fdopen(follower, "w")
    monkeypatch.setattr("sys.stderr", terminal)
    return leader, terminal


def read_all(leader: int) -> str:
    shown = b""
    with suppress(OSError):  # how Linux tells that nobody writes any more
        while part := os.read(leader, 65_536):
            shown += part
    os.close(leader)
    return shown.decode()


def test_on_a_terminal_a_line_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, terminal = on_a_terminal(monkeypatch)
    with terminal, waiting() as things, things.on("the shares", 1, 2) as say, things.on("[클럽] the release", 2, 2):
        say("part 2 of 3")
        time.sleep(0.3)
        with things.interrupted():
            terminal.write("1 visits opened\n")
    shown = read_all(leader)
    assert "[2/2] waiting for [클럽] the release" in shown
    assert "[1/2] part 2 of 3; waiting for the shares" in shown
    assert "1 visits opened" in shown
    assert "\x1b[2K" in shown.rpartition("release")[2]  # and is erased


def test_what_is_too_long_for_a_terminal_hides_neither_the_part_nor_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, terminal = on_a_terminal(monkeypatch)
    window = "2026-05-02 18:00:00 to 2026-05-03 06:00:00"
    with terminal, waiting() as things, things.on(f"the operator's shares: 클럽, {window}, domain 1", 1, 2) as say:
        say("part 2 of 3")
        time.sleep(0.3)
    shown = read_all(leader)
    assert "[1/2] part 2 of 3; waiting for the operator's shares: 클럽" in shown
    assert re.search(r"\d:\d\d:\d\d\x1b", shown)
