"""Servers as child processes on loopback, and nothing left of them afterwards."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

from aiohttp import ClientSession

from service.http_client import call
from service.problems import Problem, Unreachable
from service.serving import STOP_SECONDS

START_SECONDS = 60


class ProcessFailed(Exception):
    """A server did not start, or a command failed; the text is the end of what it printed."""


def free_ports(count: int) -> list[int]:
    """Distinct TCP ports that nothing listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in sockets]
    finally:
        for listener in sockets:
            listener.close()


def is_free(port: int) -> bool:
    """Whether a server could listen on a TCP port."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Running(Protocol):
    """A process, as `subprocess.Popen` has it."""

    @property
    def pid(self) -> int:
        """The process id."""

    def poll(self) -> int | None:
        """The exit status, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it ended; raises `subprocess.TimeoutExpired`."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""


Launch = Callable[[Path, Sequence[str]], Running]
"""Runs `python -m COMMAND`, whose output is appended to a file."""


def launch(log: Path, command: Sequence[str]) -> Running:
    """Run `python -m COMMAND` with an interpreter of its own; it ends when this process does, also by `kill -9`."""
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  our own modules
            [sys.executable, "-m", "lab.child", *command],
            stdin=_lifeline(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@cache
def _lifeline() -> int:
    """The end for reading of a pipe whose other end only this process has, until it ends."""
    reading, _writing = os.pipe()
    return reading


class Servers:
    """The servers that were started; leaving the context stops them all."""

    def __init__(self, logs: Path, launch: Launch = launch) -> None:
        self._logs, self._launch = logs, launch
        self._running: dict[str, Running] = {}

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(STOP_SECONDS + 10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name: str, *command: str) -> None:
        """Run `python -m COMMAND` in the background; what it prints goes to a log file."""
        self._running[name] = self._launch(self._logs / f"{name}.log", command)

    def __getitem__(self, name: str) -> Running:
        """The process of a server that was started."""
        return self._running[name]

    def terminate(self, name: str) -> None:
        """Ask a server to stop, as a service manager does."""
        self._running[name].terminate()

    @property
    def running(self) -> list[Running]:
        """The processes of the servers that have not ended."""
        return [process for process in self._running.values() if process.poll() is None]

    @property
    def ended(self) -> set[str]:
        """The names of servers that have ended."""
        return {name for name, process in self._running.items() if process.poll() is not None}

    def peak_mebibytes(self) -> int:
        """The most memory that one of the running servers has used, as Linux counts it."""
        statuses = [Path(f"/proc/{process.pid}/status").read_text() for process in self.running]
        return max((int(status.split("VmHWM:")[1].split()[0]) for status in statuses), default=0) // 1024

    async def wait_ready(self, session: ClientSession, name: str, url: str) -> None:
        """Wait until a server answers; raises `ProcessFailed` if it ends or takes too long."""
        for _ in range(START_SECONDS * 10):
            if self._running[name].poll() is not None:
                break
            try:
                await call(session, "GET", f"{url}/healthz")
            except (Unreachable, Problem):
                await asyncio.sleep(0.1)
            else:
                return
        raise ProcessFailed(f"{name} did not start: {(self._logs / f'{name}.log').read_text()[-500:]}")


def command_output(*command: str, accept: Sequence[int] = (0,), typed: str = "") -> str:
    """What `python -m COMMAND` prints when this is typed; raises `ProcessFailed` for an exit status not accepted."""
    done = subprocess.run(  # noqa: S603  our own modules
        [sys.executable, "-m", *command],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    if done.returncode not in accept:
        raise ProcessFailed(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()
