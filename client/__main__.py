"""The visitor's command line: `python -m client --help`."""

from __future__ import annotations

import secrets
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from client.enrol_cli import enrol
from client.errors import NotIssued, PassesWithheld, VisitorError
from client.locked_home import PASSPHRASE_VARIABLE, LockedHome
from client.visits_cli import check_in_command, check_out_command, paper_command, show
from protocol.primitives.errors import SplitPassError
from service.cli import CommandGroup, home_option, version_option
from service.problems import Problem, Unreachable

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from client.list_sources import Source
    from client.visitor import Visitor

FETCH_SECONDS = 180
"""Longer than an operator may take to answer a request for passes."""
AT_ONCE = (
    "No time was drawn for {day} before it began, so its passes are asked for at once. If few others ask just now, the "
    "health authority can tell which passes of this day are one person's. For other days times are drawn ahead.\n"
    "{day}에는 미리 정해 둔 시각이 없어 출입증을 바로 요청합니다. 지금 요청하는 사람이 적으면 보건당국은 이날의 어느 "
    "출입증들이 한 사람의 것인지 알 수 있습니다. 다른 날의 요청 시각은 미리 정해집니다."
)
"""What a visitor is told on the day of enrolment, or after an absence."""


def _line(error: Exception) -> str:
    """What went wrong, in one line."""
    from service.error_words import error_in_words, problem_in_words

    return problem_in_words(error) if isinstance(error, Problem | Unreachable) else error_in_words(error)


class Commands(CommandGroup):
    """Commands whose errors are one line."""

    expected = (*CommandGroup.expected, VisitorError)

    def explain(self, error: Exception) -> str:
        """The line about an expected failure, in Korean too."""
        return _line(error)


@click.group(cls=Commands)
@version_option
@home_option("client")
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"File with the wallet's passphrase, for your eyes alone. Without it: the variable {PASSPHRASE_VARIABLE}, "
    "or a question.",
)
@click.pass_context
def main(context: click.Context, home: Path, passphrase_file: Path | None) -> None:
    """SplitPass for visitors: passes that show a door that someone can be reached, and not who.

    Start with `enrol`. Have a timer run `fetch` every hour and `notices` once a day, both with --delay. Open `show` at
    a door.
    """
    context.obj = LockedHome(home, passphrase_file)


@main.command()
@click.option("--ahead", type=click.IntRange(0, 30), default=3, show_default=True, help="Days after today.")
@click.option("--delay", type=click.IntRange(0), default=0, help="First wait a random time up to this many seconds.")
@click.pass_obj
def fetch(home: LockedHome, ahead: int, delay: int) -> None:
    """Fetch passes for today and the days to come, when it is time.

    For each day the client registers, and hours later asks for its passes, once. It draws both times days ahead: if it
    asked earlier, or again when passes are missing, the health authority could tell which are one person's. Nothing
    happens before the time; status shows it. Have a timer run this every hour.
    """
    import asyncio

    from client.server_clocks import ServerClocks, clock_warning
    from service.http_client import new_session

    clocks, visitor = ServerClocks(), home.open()
    today = visitor.domain.epoch_at(visitor.clock())

    async def run() -> bool:
        await asyncio.sleep(secrets.SystemRandom().uniform(0, delay))
        async with new_session(FETCH_SECONDS, clocks.trace()) as session:
            return all([await _fetch_day(visitor, session, epoch) for epoch in range(today, today + ahead + 1)])

    is_good = asyncio.run(run())
    if warning := clock_warning(clocks.seconds_behind()):
        click.echo(warning, err=True)
    if not is_good:
        raise click.exceptions.Exit(1)


async def _fetch_day(visitor: Visitor, session: ClientSession, epoch: int) -> bool:
    """Do what is due for a day and say how it is with its passes; whether that is as it should be."""
    from client.descriptions import describe_day
    from client.passes import fetch_passes

    before, day_name = visitor.wallet().day(epoch), visitor.day_name(epoch)
    if before is None and visitor.domain.epoch_begins(epoch) <= visitor.clock():
        click.echo(AT_ONCE.format(day=day_name))
    is_good = True
    try:
        await fetch_passes(visitor, session, epoch)
    except PassesWithheld as error:
        click.echo(str(error), err=True)
        return False
    except (NotIssued, Problem, Unreachable, SplitPassError) as error:
        if isinstance(error, Problem) and error.status == 404:
            click.echo(f"{day_name}: not published yet / 아직 공개되지 않았습니다")
        else:
            click.echo(f"{day_name}: {_line(error)}", err=True)
            is_good = False
    day = visitor.wallet().day(epoch)
    if day is not None:
        click.echo(describe_day(visitor, day))
    return is_good


@main.command()
@click.option("--delay", type=click.IntRange(0), default=0, help="First wait a random time up to this many seconds.")
@click.pass_obj
def notices(home: LockedHome, delay: int) -> None:
    """Look whether anything that was published concerns you.

    That is a notice, or the opening of one of your records. Everyone fetches the same lists, and what is found stays on
    this device. Run it once a day, at a random time (--delay).
    """
    import asyncio

    from client.list_sources import list_sources
    from client.reporting import report_matches
    from service.http_client import new_session

    visitor = home.open()

    async def run() -> bool:
        await asyncio.sleep(secrets.SystemRandom().uniform(0, delay))
        async with new_session(FETCH_SECONDS) as session:
            searches = (_search(visitor, session, source) for source in list_sources(visitor))
            return all(await asyncio.gather(*searches))  # at once: no party can keep the other's lists from being seen

    is_complete = asyncio.run(run())
    if not report_matches(visitor):
        click.echo("Nothing that was published concerns you.\n공개된 내용 중 회원님에게 해당하는 것은 없습니다.")
    if not is_complete:
        raise click.exceptions.Exit(1)


async def _search(visitor: Visitor, session: ClientSession, source: Source) -> bool:
    """Search the new lists of a source and say what is wrong with them; whether nothing is."""
    from client.list_search import search_lists
    from client.reporting import report_faults

    is_complete = True
    try:
        faults = await search_lists(visitor, session, source)
    except (Problem, Unreachable, SplitPassError) as error:
        click.echo(f"The {source.role.name.lower()}'s {source.kind}: {_line(error)}", err=True)
        faults, is_complete = source.faults(visitor.clock()), False
    report_faults(source, faults)
    return is_complete and not faults


@main.command()
@click.pass_obj
def status(home: LockedHome) -> None:
    """Show your passes and visits, and what was published about them."""
    from client.descriptions import describe_day, describe_group
    from client.list_sources import list_sources
    from client.reporting import report_faults, report_lost, report_matches

    visitor = home.open()
    account, wallet = visitor.account(), visitor.wallet()
    click.echo(f"Enrolled: {account.name}, {account.phone} / 등록된 회원")
    for day in wallet.days:
        click.echo(describe_day(visitor, day))
    if not wallet.days:
        click.echo("No passes: run fetch. / 출입증이 없습니다. fetch를 실행해 주세요.")
    for epoch, count in sorted(Counter(paper.epoch for paper in wallet.papers).items()):
        click.echo(f"{visitor.day_name(epoch)}: {count} printed on paper / 종이 출입증 {count}장")
    for number, group in enumerate(wallet.groups, start=1):
        click.echo(f"Visit {number}: {describe_group(visitor, group)}")
    report_matches(visitor)
    sources = list_sources(visitor)
    if all(source.known() is None for source in sources):
        click.echo(
            "Nothing that the parties publish was fetched yet: run notices.\n"
            "공개된 알림을 아직 받지 않았습니다. notices를 실행해 주세요."
        )
        return
    report_lost(visitor, sources)
    for source in sources:
        report_faults(source, source.faults(visitor.clock()))


for command in (enrol, show, check_in_command, check_out_command, paper_command):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m client")
