"""`show`, `check-in`, `check-out` and `paper`: the commands that take passes. Spec: §4.3."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from client.locked_home import LockedHome
from protocol.primitives.errors import SplitPassError
from service.cli import printable
from service.errors import ConfigurationError
from service.problems import Problem, Unreachable

if TYPE_CHECKING:
    from client.visitor import Visitor
    from client.visits import Screen
    from protocol.http_messages import Decision
    from protocol.warrants import Venue

DOOR_SECONDS = 15

F = TypeVar("F", bound=Callable[..., Any])


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


@click.command()
@_people_option
@_screen_options
@click.pass_obj
def show(home: LockedHome, people: int, png: Path | None, once: bool, seconds: int) -> None:
    """Show an entry code for a door's reader. Every use of this command takes a new pass.

    For several people the codes are shown in turn, or beside each other in the picture.
    """
    from client.visits import open_entries

    _check_screen(png, once)
    visitor = home.open()
    _run_screen(visitor, open_entries(visitor, people), png, once, seconds)


@click.command("check-in")
@click.argument("link")
@_people_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def check_in_command(home: LockedHome, link: str, people: int, yes: bool) -> None:
    """Check in by the LINK on a venue's poster, after asking. It shows the venue your network address."""
    import asyncio

    from client.posters import fetch_poster, read_link
    from client.visits import check_in, inside
    from protocol.http_messages import Decision
    from service.error_words import error_in_words, problem_in_words
    from service.http_client import new_session

    visitor = home.open()

    async def look() -> Venue:
        async with new_session(DOOR_SECONDS) as session:
            return await fetch_poster(session, visitor.domain, link)

    try:
        venue = asyncio.run(look())
    except (Problem, Unreachable) as error:
        raise click.ClickException(problem_in_words(error)) from None
    except SplitPassError as error:
        raise click.ClickException(
            f"no check-in by this link / 이 링크로는 등록할 수 없습니다: {error_in_words(error)}"
        ) from None
    name, host = printable(venue.name), urlsplit(read_link(link).url).netloc
    there = inside(visitor, venue)
    if there:
        since = visitor.local_time(there[-1].entered)
        click.echo(
            f"You are checked in at {name} already, {_people(len(there))}, since {since}; this adds {people}.\n"
            f"{since}부터 {name}에 이미 {len(there)}명이 입장해 있습니다. {people}명이 더 등록됩니다.",
            err=True,
        )
    if not yes:
        click.confirm(
            f"Check in at {name} ({host}) for {_people(people)}?\n{name} ({host})에 {people}명 입장 등록을 할까요?",
            abort=True,
        )

    async def run() -> Decision:
        async with new_session(DOOR_SECONDS) as session:
            return await check_in(visitor, session, venue, people)

    try:
        decision = asyncio.run(run())
    except (Problem, Unreachable) as error:
        click.echo(problem_in_words(error), err=True)
        decision = None
    answers = [visit.answer for visit in visitor.wallet().groups[-1]]
    _report(decision, answers.count(Decision.ADMITTED), people, f"Checked in at {name}", "입장")


@click.command("check-out")
@click.option("--visit", "number", type=int, help="Its number in status.  [default: the latest]")
@_screen_options
@click.pass_obj
def check_out_command(home: LockedHome, number: int | None, png: Path | None, once: bool, seconds: int) -> None:
    """Check out of a visit.

    It takes the pass of the entry; who came in together leaves together. Where you showed a code, this shows an
    exit code, and status notes no more than that; where you checked in by a link, it tells the venue.
    """
    import asyncio

    from client.visits import check_out, group_to_leave, open_exits
    from service.http_client import new_session

    visitor = home.open()
    group = group_to_leave(visitor, number)
    venue = group[0].venue
    if venue is None:
        _check_screen(png, once)
        _run_screen(visitor, open_exits(visitor, group), png, once, seconds)
        return

    async def run() -> Decision:
        async with new_session(DOOR_SECONDS) as session:
            return await check_out(visitor, session, group)

    decision = asyncio.run(run())
    gone = {visit.u for visit in visitor.wallet().visits if visit.left is not None}
    count = sum(visit.u in gone for visit in group)
    _report(decision, count, len(group), f"Checked out of {printable(venue.name)}", "퇴장")


@click.command("paper")
@click.option("--day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day that the papers are for.")
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help="How many: one for each visit.")
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="FILE.pdf for a sheet to print and cut, FILE.png for the codes alone.",
)
@click.pass_obj
def paper_command(home: LockedHome, day: datetime, count: int, output: Path) -> None:
    """Make paper passes, for people without a phone.

    Each takes a pass of that day, is meant for one visit, and leads to you if somebody is looked for.
    Whoever copies one can use it. Delete the file when it is printed.
    """
    from client.papers import print_papers
    from client.sheet import sheet_pdf
    from service.files import write_private
    from service.qr import qr_png

    if output.suffix not in {".pdf", ".png"}:
        raise click.UsageError("the output must be a .pdf or .png file / 출력 파일은 .pdf나 .png여야 합니다")
    _check_writable(output)
    visitor = home.open()
    epoch = day.date().toordinal() - date(1970, 1, 1).toordinal()
    texts = print_papers(visitor, epoch, count)
    write_private(output, sheet_pdf(visitor.day_name(epoch), texts) if output.suffix == ".pdf" else qr_png(*texts))
    click.echo(
        f"wrote {output}: {count} for {visitor.day_name(epoch)}. Delete the file when it is printed.\n"
        f"{visitor.day_name(epoch)}의 종이 출입증 {count}장을 만들었습니다. 인쇄한 뒤에는 파일을 지워 주세요."
    )


def _report(decision: Decision | None, admitted: int, people: int, done: str, korean: str) -> None:
    """Say what came of a check-in or check-out. `decision` is the first refusal, None for no answer."""
    from protocol.http_messages import Decision
    from service.words import decision_in_words

    if decision is Decision.ADMITTED:
        group = (f", {people} people", f" ({people}명)") if people > 1 else ("", "")
        click.echo(f"{done}{group[0]}.\n{korean}이 확인되었습니다{group[1]}.")
        return
    english, in_korean = ("no answer came", "응답 없음") if decision is None else decision_in_words(decision)
    by_whom = ("", "") if decision is None else ("the door refused: ", "출입문에서 거절했습니다: ")
    if people > 1:
        english += f".\n{done}: {admitted} of {people}. Do not repeat it for all; status shows the visit"
        in_korean += f"\n{people}명 중 {admitted}명의 {korean}이 확인되었습니다. 나머지만 다시 등록해 주세요"
    else:
        in_korean += f". {korean}이 확인되지 않았습니다"
    raise click.ClickException(f"{by_whom[0]}{english}\n{by_whom[1]}{in_korean}.")


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _check_screen(png: Path | None, once: bool) -> None:
    """Make sure that a code can be shown, before a pass is burned for it."""
    from client.show import check_console, code_console

    if png is None:
        check_console(code_console(), once=once)
    else:
        _check_writable(png)


def _check_writable(file: Path) -> None:
    if not os.access(file.absolute().parent, os.W_OK):
        raise ConfigurationError(f"{file} cannot be written / 파일을 쓸 수 없습니다")


def _run_screen(visitor: Visitor, screens: list[Screen], png: Path | None, once: bool, seconds: int) -> None:
    from client.show import code_console, show_live, show_once

    console = code_console()
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
