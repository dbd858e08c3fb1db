"""A program under test that is driven line by line: one JSON object a request, one an answer. See README.md."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Protocol, Self

from conformance.errors import Failed, NotRun
from protocol.primitives.errors import SplitPassError

ANSWER_SECONDS = 120
MAX_LINE_BYTES = 16 * 1024 * 1024

Values = dict[str, Any]


class Refused(Exception):
    """The program refused; its text is the name of the error."""


class Driven(Protocol):
    """Whatever answers requests."""

    async def ask(self, request: Values) -> Values:
        """The answer to a request; raises `Failed` if there is none."""


class Command:
    """A command that runs for as long as it answers, and is started again after it did not."""

    def __init__(self, command: str) -> None:
        self._arguments = shlex.split(command)
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._end()

    async def ask(self, request: Values) -> Values:
        """The answer to a request; raises `Failed` if there is none within `ANSWER_SECONDS`."""
        try:
            process = self._process or await self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
            line = await asyncio.wait_for(process.stdout.readline(), ANSWER_SECONDS)
            return _answer(line)
        except TimeoutError:
            await self._end()
            raise Failed(f"{request['do']}: no answer within {ANSWER_SECONDS} s") from None
        except (OSError, ValueError) as error:
            await self._end()
            raise Failed(f"{request['do']}: the command gave no answer ({type(error).__name__})") from None

    async def _start(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments, stdin=PIPE, stdout=PIPE, limit=MAX_LINE_BYTES
        )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()


def _answer(line: bytes) -> Values:
    answer = json.loads(line)
    if not isinstance(answer, dict) or not {"result", "error"} & answer.keys():
        raise ValueError("no answer of the contract")
    return answer


@contextmanager
def answers_read() -> Iterator[None]:
    """Turn what goes wrong with the values of an answer into `Failed`."""
    try:
        yield
    except SplitPassError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Failed(f"an answer is not as the contract has it ({type(error).__name__}: {error})") from error


async def result_of(driven: Driven, request: Values) -> Any:
    """What a request results in; raises `Refused`, or `NotRun` for what the program does not do."""
    answer = await driven.ask(request)
    if "error" not in answer:
        return answer["result"]
    if answer["error"] == "unsupported" and request["do"] != "begin":
        raise NotRun(f"the command says that it does not do this ({request['do']})")
    raise Refused(str(answer["error"]))


def answer_lines(answer: Callable[[Values], Values]) -> None:
    """Answer each line of the standard input, as a program under test does."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
