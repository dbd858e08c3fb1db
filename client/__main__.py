"""The visitor's command line: `python -m client --help`."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from aiohttp import ClientSession
from rich.console import Console

from client.enrolment import confirm_code, request_code
from client.errors import NotIssued, VisitorError
from client.findings import list_sources
from client.papers import print_papers
from client.passes import fetch_passes
from client.posters import read_poster
from client.sheet import sheet_pdf
from client.show import check_size, show_live, show_once
from client.telling import search_and_tell, tell_faults, tell_findings
from client.visitor import Visitor
from client.visits import Screen, check_in, check_out, group_to_leave, inside, open_entries, open_exits
from client.words import group_in_words
from protocol.errors import SplitPassError
from protocol.exchanges import Decision
from service.cli import CommandGroup, home_option, printable
from service.decisions import decision_in_words
from service.files import write_private
from service.http import Problem, Unreachable, new_session
from service.qr import qr_png
from service.settings import ConfigurationError

PASSPHRASE_VARIABLE = "SPLITPASS_PASSPHRASE"  # noqa: S105  # the variable's name
FETCH_SECONDS = 180
"""The operator may mix for a minute before it answers."""
DOOR_SECONDS = 15

F = TypeVar("F", bound=Callable[..., Any])


class Commands(CommandGroup):
    """Commands whose errors are one line."""

    expected = (*CommandGroup.expected, VisitorError)


@dataclass(frozen=True)
class Home:
    """Where a visitor's files are and who may open them."""

    directory: Path
    passphrase_file: Path | None

    def open(self, *, create: bool = False) -> Visitor:
        """The visitor; asks for the passphrase unless a file or the environment has it."""
        is_new = create and not (self.directory / "wallet").exists()
        if self.passphrase_file is not None:
            passphrase = self.passphrase_file.read_bytes().removesuffix(b"\n")
        elif PASSPHRASE_VARIABLE in os.environ:
            passphrase = os.fsencode(os.environ[PASSPHRASE_VARIABLE])
        else:
            passphrase = click.prompt(
                "Passphrase / 암호", hide_input=True, confirmation_prompt=is_new, err=True
            ).encode()
        if not passphrase:
            raise ConfigurationError("an empty passphrase protects nothing; choose another")
        return Visitor(self.directory, passphrase, create=create)


@click.group(cls=Commands)
@home_option("client")
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"File with the wallet's passphrase. Without it: the variable {PASSPHRASE_VARIABLE}, or a question.",
)
@click.pass_context
def main(context: click.Context, home: Path, passphrase_file: Path | None) -> None:
    """SplitPass for visitors: passes that show a door that someone can be reached, and not who.

    Start with `enrol`, run `fetch` and `notices` once a day (best from a timer, with --delay), and open `show` at a
    door.
    """
    context.obj = Home(home, passphrase_file)


@main.command()
@click.option(
    "--phone",
    prompt="Phone number with country code / 국가번호를 포함한 전화번호",
    help="For example +82 10-1234-5678.",
)
@click.option("--name", prompt="Name / 이름", help="As it stands in your papers.")
@click.option(
    "--code-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Take the code from the last six-digit number in this file instead of asking for it.",
)
@click.pass_obj
def enrol(home: Home, phone: str, name: str, code_file: Path | None) -> None:
    """Verify your phone number with the operator and make a wallet."""
    visitor = home.open(create=True)

    async def run() -> None:
        async with new_session() as session:
            await request_code(visitor, session, phone)
            await confirm_code(visitor, session, phone, name, _read_code(code_file))

    asyncio.run(run())
    click.echo(
        "Your number is verified. Run fetch to get passes.\n"
        "전화번호가 확인되었습니다. fetch를 실행해 출입증을 받아 주세요."
    )


@main.command()
@click.option("--ahead", type=click.IntRange(0, 30), default=2, show_default=True, help="Days after today.")
@click.option("--delay", type=click.IntRange(0), default=0, help="First wait a random time up to this many seconds.")
@click.pass_obj
def fetch(home: Home, ahead: int, delay: int) -> None:
    """Fetch passes for today and the days to come.

    Everyone fetches the same number for each day, once. Fetch at home, at a random time (--delay), and not at the door:
    passes that are fetched just before they are used could be recognised.
    """
    visitor = home.open()
    today = visitor.domain.epoch_at(visitor.clock())

    async def run() -> bool:
        await asyncio.sleep(secrets.SystemRandom().uniform(0, delay))
        async with new_session(FETCH_SECONDS) as session:
            return all([await _fetch_day(visitor, session, epoch) for epoch in range(today, today + ahead + 1)])

    if not asyncio.run(run()):
        raise click.exceptions.Exit(1)


async def _fetch_day(visitor: Visitor, session: ClientSession, epoch: int) -> bool:
    """Fetch one day's passes and say what came of it; whether that is as it should be."""
    day = visitor.day_name(epoch)
    try:
        count = await fetch_passes(visitor, session, epoch)
    except NotIssued as error:
        click.echo(printable(str(error)), err=True)
        return False
    except Problem as problem:
        if problem.status != 404:
            click.echo(f"{day}: {printable(str(problem))}", err=True)
            return False
        click.echo(f"{day}: not published yet / 아직 공개되지 않았습니다")
    else:
        click.echo(
            f"{day}: {count} passes / 출입증 {count}장" if count else f"{day}: fetched already / 이미 받았습니다"
        )
    return True


def _screen_options(command: F) -> F:
    for option in (
        click.option("--seconds", type=click.IntRange(1), default=300, show_default=True, help="Close after that."),
        click.option("--once", is_flag=True, help="Show one code and leave; it is good for half a minute."),
        click.option(
            "--png",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write the code to this file instead of the terminal, again each time that it changes.",
        ),
    ):
        command = option(command)
    return command


_people_option = click.option(
    "--people",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many come in together: each takes a pass, and all are you if you are looked for.",
)


@main.command()
@_people_option
@_screen_options
@click.pass_obj
def show(home: Home, people: int, png: Path | None, once: bool, seconds: int) -> None:
    """Show an entry code for a door's reader. Every use of this command takes a new pass.

    For several people the codes are shown in turn, or beside each other in the picture.
    """
    _check_screen(png)
    visitor = home.open()
    _run_screen(visitor, open_entries(visitor, people), png, once, seconds)


@main.command("check-in")
@click.argument("link")
@_people_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def check_in_command(home: Home, link: str, people: int, yes: bool) -> None:
    """Check in by the LINK on a venue's poster, after asking. It shows the venue your network address."""
    visitor = home.open()
    try:
        venue = read_poster(visitor.domain, link)
    except SplitPassError as error:
        raise click.ClickException(f"this is no poster of the domain / 이 명부의 포스터가 아닙니다: {error}") from None
    name = printable(venue.name)
    there = inside(visitor, venue)
    if there:
        since = visitor.local_time(there[-1].entered)
        click.echo(
            f"You are checked in at {name} already, {_people(len(there))}, since {since}; this adds {people}.\n"
            f"{since}부터 {name}에 이미 {len(there)}명이 입장해 있습니다. {people}명이 더 등록됩니다.",
            err=True,
        )
    if not yes:
        click.confirm(f"Check in at {name} for {_people(people)}?\n{name}에 {people}명 입장 등록을 할까요?", abort=True)

    async def run() -> Decision:
        async with new_session(DOOR_SECONDS) as session:
            return await check_in(visitor, session, venue, people)

    try:
        decision = asyncio.run(run())
    except (Problem, Unreachable) as error:
        click.echo(f"{printable(str(error))}\n시설 서버의 응답을 받지 못했습니다.", err=True)
        decision = None
    answers = [visit.answer for visit in visitor.wallet().groups[-1]]
    _report(decision, answers.count(Decision.ADMITTED), people, f"Checked in at {name}", "입장")


@main.command("check-out")
@click.option("--visit", "number", type=int, help="Its number in status.  [default: the latest]")
@_screen_options
@click.pass_obj
def check_out_command(home: Home, number: int | None, png: Path | None, once: bool, seconds: int) -> None:
    """Check out of a visit.

    It takes the pass of the entry; who came in together leaves together. Where you showed a code, this shows an
    exit code; where you checked in by a link, it tells the venue.
    """
    _check_screen(png)
    visitor = home.open()
    group = group_to_leave(visitor, number)
    venue = group[0].venue
    if venue is None:
        _run_screen(visitor, open_exits(visitor, group), png, once, seconds)
        return

    async def run() -> Decision:
        async with new_session(DOOR_SECONDS) as session:
            return await check_out(visitor, session, group)

    decision = asyncio.run(run())
    gone = {visit.u for visit in visitor.wallet().visits if visit.left is not None}
    count = sum(visit.u in gone for visit in group)
    _report(decision, count, len(group), f"Checked out of {printable(venue.name)}", "퇴장")


@main.command()
@click.option("--day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day that the papers are for.")
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help="How many: one for each visit.")
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="FILE.pdf for a sheet to print and cut, FILE.png for the codes alone.",
)
@click.pass_obj
def paper(home: Home, day: datetime, count: int, output: Path) -> None:
    """Make paper passes, for people without a phone.

    Each takes a pass of that day, is good at one door for one visit, and leads to you if somebody is looked for.
    Whoever copies one can use it. Delete the file when it is printed.
    """
    if output.suffix not in {".pdf", ".png"}:
        raise click.UsageError("the output must be a .pdf or .png file")
    _check_writable(output)
    visitor = home.open()
    epoch = day.date().toordinal() - date(1970, 1, 1).toordinal()
    texts = print_papers(visitor, epoch, count)
    write_private(output, sheet_pdf(visitor.day_name(epoch), texts) if output.suffix == ".pdf" else qr_png(*texts))
    click.echo(
        f"wrote {output}: {count} for {visitor.day_name(epoch)}. Delete the file when it is printed.\n"
        f"{visitor.day_name(epoch)}의 종이 출입증 {count}장을 만들었습니다. 인쇄한 뒤에는 파일을 지워 주세요."
    )


@main.command()
@click.option("--delay", type=click.IntRange(0), default=0, help="First wait a random time up to this many seconds.")
@click.pass_obj
def notices(home: Home, delay: int) -> None:
    """Look whether anything that was published concerns you.

    That is a notice, or the opening of one of your records. Everyone fetches the same lists, and what is found stays on
    this device. Run it once a day, at a random time (--delay).
    """
    visitor = home.open()

    async def run() -> bool:
        await asyncio.sleep(secrets.SystemRandom().uniform(0, delay))
        async with new_session(FETCH_SECONDS) as session:
            searches = (search_and_tell(visitor, session, source) for source in list_sources(visitor))
            return all(await asyncio.gather(*searches))  # at once: no party can keep the other's lists from being seen

    is_complete = asyncio.run(run())
    if not tell_findings(visitor):
        click.echo("Nothing that was published concerns you.\n공개된 내용 중 회원님에게 해당하는 것은 없습니다.")
    if not is_complete:
        raise click.exceptions.Exit(1)


@main.command()
@click.pass_obj
def status(home: Home) -> None:
    """Show your passes and visits, and what was published about them."""
    visitor = home.open()
    account, wallet = visitor.account(), visitor.wallet()
    click.echo(f"Enrolled: {account.name}, {account.phone} / 등록된 회원")
    for day in wallet.days:
        count = len(day.passes)
        english, korean = (
            (f"{count} passes left", f"출입증 {count}장 남음")
            if day.pending is None
            else ("no passes were issued yet", "출입증을 아직 받지 못했습니다")
        )
        click.echo(f"{visitor.day_name(day.epoch)}: {english} / {korean}")
    if not wallet.days:
        click.echo("No passes: run fetch. / 출입증이 없습니다. fetch를 실행해 주세요.")
    for epoch, count in sorted(Counter(paper.epoch for paper in wallet.papers).items()):
        click.echo(f"{visitor.day_name(epoch)}: {count} printed on paper / 종이 출입증 {count}장")
    for number, group in enumerate(wallet.groups, start=1):
        click.echo(f"Visit {number}: {group_in_words(visitor, group)}")
    tell_findings(visitor)
    sources = list_sources(visitor)
    if all(source.known() is None for source in sources):
        click.echo(
            "Nothing that the parties publish was fetched yet: run notices.\n"
            "공개된 알림을 아직 받지 않았습니다. notices를 실행해 주세요."
        )
        return
    for source in sources:
        tell_faults(source, source.faults(visitor.clock()))


def _report(decision: Decision | None, admitted: int, people: int, done: str, korean: str) -> None:
    """Say what came of a check-in or check-out. `decision` is the first refusal, None for no answer."""
    if decision is Decision.ADMITTED:
        group = (f", {people} people", f" ({people}명)") if people > 1 else ("", "")
        click.echo(f"{done}{group[0]}.\n{korean}이 확인되었습니다{group[1]}.")
        return
    english, in_korean = ("no answer came", "응답 없음") if decision is None else decision_in_words(decision)
    refused = "" if decision is None else "the door refused: "
    if people > 1:
        english += f".\n{done}: {admitted} of {people}. Do not repeat it for all; status shows the visit"
        in_korean += f"\n{people}명 중 {admitted}명의 {korean}이 확인되었습니다. 나머지만 다시 등록해 주세요"
    else:
        in_korean += f". {korean}이 확인되지 않았습니다"
    raise click.ClickException(f"{refused}{english}\n{in_korean}.")


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _read_code(code_file: Path | None) -> str:
    """The six-digit code that the operator sent."""
    if code_file is None:
        code: str = click.prompt("Code from the message / 문자로 받은 인증 번호")
        return code.strip()
    codes = re.findall(r"(?<!\d)\d{6}(?!\d)", code_file.read_text("utf-8", errors="replace"))
    if not codes:
        raise ConfigurationError(f"{code_file} holds no six-digit code")
    return str(codes[-1])


def _check_screen(png: Path | None) -> None:
    """Make sure that a code can be shown, before a pass is burned for it."""
    if png is None:
        check_size(Console())
    else:
        _check_writable(png)


def _check_writable(file: Path) -> None:
    if not os.access(file.absolute().parent, os.W_OK):
        raise ConfigurationError(f"{file} cannot be written")


def _run_screen(visitor: Visitor, screens: list[Screen], png: Path | None, once: bool, seconds: int) -> None:
    console = Console()
    if once:
        show_once(screens, visitor.clock(), console, png)
        return
    if png is not None:
        click.echo(
            f"The code is in {png}, new every 15 seconds. Stop with Ctrl-C.\n"
            f"QR 코드는 {png}에 있으며 15초마다 바뀝니다."
        )
    try:
        show_live(screens, visitor.clock, console, png, seconds)
    except KeyboardInterrupt:
        click.echo("Closed. / 닫았습니다.")


if __name__ == "__main__":
    main(prog_name="python -m client")
