"""The town that keeps running, as a researcher starts it: what it prints works, and what it keeps is there again."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab.__main__ import main
from lab.following import follow
from lab.processes import is_free
from tests.lab.left_behind import processes_under
from tests.pages.browser import get
from tests.support.programs import Program, output_of

START_SECONDS = 100
READY = "Ctrl-C stops the town"


def free_block() -> int:
    """The first of seven ports that nothing listens on, below those that systems give away."""
    while True:
        first = 20_000 + secrets.randbelow(10_000)
        if all(is_free(port) for port in range(first, first + 7)):
            return first


class Started:
    """A town that was started by a command, and what that printed."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory, self._output = directory, directory.with_suffix(".out")
        self._output.write_text("")
        self._program = Program(self._output, ("lab", "town", str(directory), *options))

    @property
    def printed(self) -> str:
        return self._output.read_text("utf-8")

    @property
    def commands(self) -> list[str]:
        """The commands that are printed to be pasted."""
        pieces = re.split(r"^\d\. .*:$", self.printed.partition("Messages with codes")[0], flags=re.MULTILINE)
        return [piece.strip() for piece in pieces[1:]]

    def wait_for(self, pattern: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not re.search(pattern, self.printed):
            assert self._program.poll() is None, self.printed
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.1)

    def stop(self, sent: signal.Signals = signal.SIGINT) -> int:
        """Its exit status."""
        if self._program.poll() is None:
            os.kill(self._program.pid, sent)
        return self._program.wait(60)


@contextmanager
def started(directory: Path, *options: str) -> Iterator[Started]:
    town = Started(directory, *options)
    try:
        yield town
    finally:
        town.stop()


def be_patient(town: Started) -> None:
    """Have the first door take codes that a busy machine shows late."""
    with (town.directory / "venue-1" / "settings.toml").open("a") as settings:
        settings.write("tolerance = 600\n")


def pasted(command: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a printed command prints, in a process that has its program imported already."""
    words = shlex.split(command.replace("\\\n", ""))
    if "=" in words[0]:
        monkeypatch.setenv(*words.pop(0).split("="))
    assert (Path.cwd() / words.pop(0)).samefile(sys.executable)
    assert words.pop(0) == "-m"
    return output_of(*words)


@pytest.mark.long
def test_the_printed_commands_lead_to_a_check_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "town"
    with started(directory, "--port", str(free_block()), "--visitors", "4", "--rate", "600") as town:
        town.wait_for(READY)
        be_patient(town)
        said = [pasted(command, monkeypatch) for command in town.commands]
        assert len(said) == 5
        assert said[1].count("12 passes left") == 4
        assert said[3].startswith("ADMITTED")
        assert re.search(r"[1-9]\d* in, \d+ out", said[4])
        town.wait_for(r"message to \+821012345678: SplitPass code: \d{6}\n")
        pages = dict(re.findall(r"^  (http://\S+)  (what a poster of .*|the messages .*)$", town.printed, re.MULTILINE))
        texts = {what: get(address).body.decode() for address, what in pages.items()}
        assert re.search(r"\+821012345678.*SplitPass code: \d{6}", texts["the messages that phones got"], re.DOTALL)
        assert {f"what a poster of {name} opens" for name in ("클럽 이태원", "카페 무교동")} < texts.keys()
        for walked in ("comes to 클럽 이태원: ADMITTED", "comes to 카페 무교동: ADMITTED", "leaves .*: ADMITTED"):
            town.wait_for(walked)
        (venue,) = (number for number, command in processes_under(directory).items() if "venue-2" in command)
        os.kill(venue, signal.SIGKILL)
        town.wait_for("venue-2 has ended; see .*venue-2.log")
        assert town.stop() == 0
    assert len(set(re.findall(r"  (\w+) comes to", town.printed))) >= 4
    assert town.printed.count("message to") == 1
    assert town.printed.endswith("Stopped.\n")
    assert processes_under(directory) == {}


@pytest.mark.long
def test_another_start_goes_on_with_what_is_there(tmp_path: Path) -> None:
    directory, first = tmp_path / "a town", free_block()
    with started(directory, "--port", str(first)) as town:
        town.wait_for(READY)
        be_patient(town)
        script = ["sh", str(directory / "first-check-in.sh")]
        assert "ADMITTED" in subprocess.run(script, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
        assert town.stop(signal.SIGTERM) == 0
    with started(directory) as town:
        town.wait_for(READY)
        assert f"http://127.0.0.1:{first}" in town.printed
        again = subprocess.run(script, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
        assert again.count(" passes left") == 4
        assert "ADMITTED" in again
        assert "2 in, 0 out" in again
        assert town.stop(signal.SIGHUP) == 0
    assert processes_under(directory) == {}


def test_an_interrupted_founding_leaves_nothing(tmp_path: Path) -> None:
    with started(tmp_path / "town", "--port", str(free_block())) as town:
        town.wait_for("is registered")
        assert processes_under(town.directory) != {}
        assert town.stop() == 0
    assert not town.directory.exists()
    assert processes_under(town.directory) == {}


def refusal(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["town", *arguments])
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    return line


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    first = free_block()
    with socket.create_server(("127.0.0.1", first + 2)):
        assert f"port {first + 2} is in use" in refusal(str(tmp_path / "town"), "--port", str(first))
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert "holds something else" in refusal(str(tmp_path), "--port", str(free_block()))
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_following_gives_whole_lines_that_are_new(tmp_path: Path) -> None:
    file, lines = tmp_path / "log", []

    async def run() -> None:
        async def read() -> None:
            async for line in follow(file):
                lines.append(line)  # noqa: PERF401  it never ends

        file.write_text("before\n")
        reading = asyncio.create_task(read())
        for written in ("first\nsec", "ond\n", "unfinished"):
            await asyncio.sleep(0.3)
            with file.open("a") as log:
                log.write(written)
        await asyncio.sleep(0.3)
        reading.cancel()

    asyncio.run(run())
    assert lines == ["first", "second"]
