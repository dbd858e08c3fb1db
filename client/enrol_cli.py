"""`enrol`: what is mistyped is asked for again, and costs no further message. Spec: §5.3."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from client.errors import VisitorError
from client.locked_home import LockedHome
from service.errors import ConfigurationError
from service.problems import Problem

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from client.visitor import Visitor


@click.command()
@click.option("--phone", help="For example 010-1234-5678, or +82 10-1234-5678.")
@click.option("--name", help="As it stands in your papers.")
@click.option(
    "--code-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Take the code from the last six-digit number in this file instead of asking for it.",
)
@click.pass_obj
def enrol(home: LockedHome, phone: str | None, name: str | None, code_file: Path | None) -> None:
    """Verify your phone number with the operator and make a wallet.

    A number without a country code is one of your region, which settings.toml can name.
    """
    import asyncio

    from client.enrolment import checked_name, international_number
    from service.http_client import new_session

    region = home.settings().region
    ask_phone = partial(_ask, "Phone number / 전화번호", partial(international_number, region=region))
    ask_name = partial(_ask, "Name / 이름", checked_name)
    number = ask_phone() if phone is None else international_number(phone, region)
    called = ask_name() if name is None else checked_name(name)
    visitor = home.open(create=True)

    async def run() -> None:
        async with new_session() as session:
            sent_to = await _request(visitor, session, number, None if phone is not None else ask_phone)
            if code_file is None:
                click.echo("A code was sent. / 인증 번호를 보냈습니다.", err=True)
            await _confirm(visitor, session, sent_to, called, code_file, None if name is not None else ask_name)

    asyncio.run(run())
    click.echo(
        "Your number is verified. Run fetch to get passes, and have a timer run it every hour from now on.\n"
        "전화번호가 확인되었습니다. fetch를 실행해 출입증을 받고, 앞으로 매시간 실행되도록 해 주세요."
    )


async def _request(visitor: Visitor, session: ClientSession, phone: str, ask: Callable[[], str] | None) -> str:
    """Have a code sent; returns to which number. `ask` asks for another one that can get codes."""
    from client.enrolment import request_code
    from service.error_words import problem_in_words

    while True:
        try:
            await request_code(visitor, session, phone)
        except Problem as problem:
            if problem.name != "invalid-phone" or ask is None:
                raise VisitorError(problem_in_words(problem)) from None
            click.echo(problem_in_words(problem), err=True)
            phone = ask()
        else:
            return phone


async def _confirm(
    visitor: Visitor,
    session: ClientSession,
    phone: str,
    name: str,
    code_file: Path | None,
    ask_name: Callable[[], str] | None,
) -> None:
    """Show the code, and ask again for what was mistyped; the operator counts how often a code is tried."""
    from client.enrolment import confirm_code
    from service.error_words import problem_in_words

    code = _read_code(code_file)
    while True:
        try:
            await confirm_code(visitor, session, phone, name, code)
        except Problem as problem:
            if problem.name == "wrong-code" and code_file is None:
                click.echo(problem_in_words(problem), err=True)
                code = _read_code(None)
            elif problem.name == "invalid-name" and ask_name is not None:
                click.echo(problem_in_words(problem), err=True)
                name = ask_name()
            else:
                raise VisitorError(problem_in_words(problem)) from None
        else:
            return


def _ask(question: str, check: Callable[[str], str]) -> str:
    """Ask until the answer is one that `check` takes."""

    def checked(text: str) -> str:
        try:
            return check(text)
        except VisitorError as error:
            raise click.BadParameter(str(error)) from None

    answer: str = click.prompt(question, value_proc=checked)
    return answer


def _read_code(code_file: Path | None) -> str:
    """The six-digit code that the operator sent."""
    from client.enrolment import checked_code

    if code_file is None:
        return _ask("Code from the message / 문자로 받은 인증 번호", checked_code)
    codes = re.findall(r"(?<!\d)\d{6}(?!\d)", code_file.read_text("utf-8", errors="replace"))
    if not codes:
        raise ConfigurationError(f"{code_file} holds no six-digit code / 파일에 여섯 자리 인증 번호가 없습니다")
    return str(codes[-1])
