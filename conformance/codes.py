"""How the tester reads the one-time codes that the operator sends to its phones."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import click

from conformance.errors import Failed
from conformance.tester import ReadCode

ARRIVAL_SECONDS = 20
"""How long a code may take to come."""
POLL_SECONDS = 0.2
_CODE = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")


def codes_from_outbox(path: Path, phones: Iterable[str]) -> ReadCode:
    """Codes from a file to which the operator appends lines of a phone, a tab and a text. Old lines are passed over."""

    def texts(phone: str) -> list[str]:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [line.removeprefix(f"{phone}\t") for line in lines if line.startswith(f"{phone}\t")]

    seen = {phone: len(texts(phone)) for phone in phones}

    async def read(phone: str) -> str:
        try:
            async with asyncio.timeout(ARRIVAL_SECONDS):
                while len(found := texts(phone)) <= seen[phone]:
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise Failed(f"no code for {phone} came to {path} within {ARRIVAL_SECONDS} seconds") from None
        seen[phone] = len(found)
        return _code_in(found[-1])

    return read


def codes_from_command(command: str) -> ReadCode:
    """Codes from a command's output; the phone is its last argument. It waits for the code itself."""

    async def read(phone: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command), phone, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise Failed(f"the code command ended with status {process.returncode}")
        return _code_in(output.decode("utf-8", "replace"))

    return read


async def code_from_person(phone: str) -> str:
    """A code that a person types."""
    typed: str = click.prompt(f"Code sent to {phone}", err=True)  # nothing else runs meanwhile
    return typed.strip()


def _code_in(text: str) -> str:
    codes: list[str] = _CODE.findall(text)
    if not codes:
        raise Failed("there are no six digits in what was sent")
    return codes[-1]
