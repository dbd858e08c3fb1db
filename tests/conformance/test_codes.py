"""Reading the codes that the operator sends."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path

import pytest

from conformance import codes
from conformance.errors import Failed
from conformance.tester import ReadCode
from tests.support.running import run

PHONE, OTHER = "+821012345678", "+821087654321"


def code_sent_to(phone: str, read: ReadCode) -> str:
    async def story() -> str:
        return await read(phone)

    return run(story())


def command(script: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(script)}"


def test_the_newest_code_of_the_phone_is_read_from_the_outbox_once_it_comes(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.txt"
    outbox.write_text(f"{PHONE}\tSplitPass code: 111111\n")
    read = codes.codes_from_outbox(outbox, [PHONE])

    async def send_later() -> None:
        await asyncio.sleep(0.1)
        with outbox.open("a") as lines:
            lines.write(f"{PHONE}\tSplitPass code: 222222\n{OTHER}\tSplitPass code: 333333\n")

    async def story() -> str:
        code, _ = await asyncio.gather(read(PHONE), send_later())
        return code

    assert run(story()) == "222222"


def test_a_code_that_never_comes_is_the_operators_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "ARRIVAL_SECONDS", 0.1)
    with pytest.raises(Failed, match="no code"):
        code_sent_to(PHONE, codes.codes_from_outbox(tmp_path / "outbox.txt", [PHONE]))


def test_a_command_is_told_the_phone_and_prints_the_code() -> None:
    read = codes.codes_from_command(command("import sys; print(f'for {sys.argv[1]}: your code is 654321.')"))
    assert code_sent_to(PHONE, read) == "654321"


@pytest.mark.parametrize("script", ["raise SystemExit(3)", "print('no code today')", "print('1234567')"])
def test_a_command_without_a_code_is_a_failure(script: str) -> None:
    with pytest.raises(Failed):
        code_sent_to(PHONE, codes.codes_from_command(command(script)))
