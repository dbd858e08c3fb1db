"""Servers as child processes on loopback, and nothing left of them afterwards."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from aiohttp import ClientSession

from service.http import Problem, Unreachable, call
from service.serving import STOP_SECONDS

START_SECONDS = 60


class ProcessFailed(Exception):
    """A server did not start, or a command failed; the text is the end of what it printed."""


def free_ports(count: int) -> list[int]:
    """Distinct TCP ports that nothing listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Servers:
    """The servers that were started; leaving the context stops them all."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

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
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603  our own modules
                [sys.executable, "-m", *command], stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def terminate(self, name: str) -> None:
        """Ask a server to stop, as a service manager does."""
        self._running[name].terminate()

    async def wait_ended(self, name: str) -> int:
        """Wait for a server that was asked to stop; returns its exit status."""
        return await asyncio.to_thread(self._running.pop(name).wait, STOP_SECONDS + 10)

    def peak_mebibytes(self) -> int:
        """The most memory that one of the running servers has used, as Linux counts it."""
        statuses = [Path(f"/proc/{one.pid}/status").read_text() for one in self._running.values()]
        return max(int(status.split("VmHWM:")[1].split()[0]) for status in statuses) // 1024

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


def command_output(*command: str, accept: Sequence[int] = (0,)) -> str:
    """What `python -m COMMAND` prints; raises `ProcessFailed` for an exit status that is not accepted."""
    done = subprocess.run(  # noqa: S603  our own modules
        [sys.executable, "-m", *command], capture_output=True, text=True, check=False, start_new_session=True
    )
    if done.returncode not in accept:
        raise ProcessFailed(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()
