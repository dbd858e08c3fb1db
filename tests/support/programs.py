"""Commands in processes of their own that start at once: forked from one that has imported everything."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.processes import ProcessFailed

PRELOADED = ("escrow.__main__", "venue.__main__", "client.__main__", "psycopg")

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(list(PRELOADED))


class Program:
    """`python -m COMMAND`, running, while somebody has `typed`; otherwise as `subprocess.Popen`.

    It has this process's environment, or the one that is given. It ends with this process at the latest.
    """

    def __init__(
        self,
        output: Path,
        command: Sequence[str],
        errors: Path | None = None,
        *,
        typed: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        work = (
            output,
            errors or output,
            list(command),
            typed,
            dict(os.environ if environment is None else environment),
        )
        self._process = CONTEXT.Process(target=_run, args=work, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """The exit status, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it ended."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("python", timeout or 0)
        return self._process.exitcode

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self._process.kill()


def launch(log: Path, command: Sequence[str]) -> Program:
    """Run `python -m COMMAND`; its output is appended to a file."""
    log.touch()
    return Program(log, command)


def output_of(*command: str) -> str:
    """What `python -m COMMAND` prints; raises `ProcessFailed` unless its exit status is 0."""
    with tempfile.TemporaryDirectory() as directory:
        output, errors = Path(directory, "output"), Path(directory, "errors")
        status = Program(output, command, errors).wait()
        if status != 0:
            raise ProcessFailed(f"{' '.join(command)}: {errors.read_text().strip()}")
        return output.read_text().strip()


def _run(output: Path, errors: Path, command: list[str], typed: str, environment: dict[str, str]) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    with tempfile.TemporaryFile() as keyboard:
        keyboard.write(typed.encode())
        keyboard.seek(0)
        os.dup2(keyboard.fileno(), 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  for as long as the program runs
    for path, descriptor in ((output, 1), (errors, 2)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, descriptor)
        os.close(file)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module, *sys.argv[1:] = command
    sys.modules.pop(f"{module}.__main__", None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
