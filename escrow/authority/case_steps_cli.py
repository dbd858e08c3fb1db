"""The steps of a `case`, from the proposal to its end, each for every part that is ready for it. Spec: §6.8."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from escrow.authority.case_actions_cli import Action, carry_out
from escrow.authority.case_cli import case_argument, case_group, cases_of, label, reason
from escrow.authority.case_next import DRAW, what_is_next
from escrow.authority.outcomes import Told, of_opening, of_release
from escrow.authority.progress import waiting
from escrow.journal_cli import show_journal
from service.cli import EXPECTED, explain, local_time, printable

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from escrow.authority.case import Part
    from escrow.authority.investigation import Investigation
    from protocol.warrants import Warrant

LOOK_SECONDS = 5


@case_group.command()
@case_argument
@click.pass_obj
def propose(home: Path, name: str) -> None:
    """Propose the warrants of CASE. The operators' officers decide on them."""
    from escrow.authority.case_steps import is_to_propose

    async def step(investigation: Investigation, _part: Part, warrant: Warrant) -> Told:
        await investigation.propose_warrant(warrant.warrant_id)
        return Told("proposed")

    _carry_out(home, name, Action("propose", "the operator", is_to_propose, step))


@case_group.command()
@case_argument
@click.option("--once", is_flag=True, help="Look once and end.")
@click.pass_obj
def watch(home: Path, name: str, *, once: bool) -> None:
    """Wait for decisions on CASE. Asks the operators, shows each change, and ends when they have decided on all.

    Changes are what was countersigned, refused, released, given shares of, and opened. At its end it says what is next.
    """
    from escrow.authority.program import online

    cases = cases_of(home)
    cases.get(name)
    parts, shown, failed = cases.parts(name), dict[tuple[int, object], str](), list[str]()
    with waiting() as things:
        while True:
            if undecided := _undecided(parts):
                before = failed
                with things.on(_officers(parts)):
                    failed = online(lambda session, parts=undecided: _look(session, parts))  # type: ignore[misc]
                with things.interrupted():
                    for line in failed:
                        if line not in before:
                            click.echo(line, err=True)
            parts = cases.parts(name)
            with things.interrupted():
                for part in parts:
                    key = part.authority.domain.number, part.window
                    if shown.get(key) != part.state:
                        shown[key] = part.state
                        click.echo(f"{label(part)}: {part.state}{reason(part)}")
            if once or not _undecided(parts):
                break
            with things.on(_officers(parts)):
                time.sleep(LOOK_SECONDS)
    click.echo(what_is_next(cases, name))


@case_group.command()
@case_argument
@click.option(
    "--again",
    is_flag=True,
    help="Ask also venues that have released: a commitment may have been on its way. What a venue commits to after a "
    "warrant was issued needs another one (draw --again).",
)
@click.pass_obj
def release(home: Path, name: str, *, again: bool) -> None:
    """Have the venues of CASE release. They are shown what both parties signed. Nothing is opened yet."""
    _carry_out(home, name, release_action(again=again))


def release_action(*, again: bool = False) -> Action:
    """Have a venue release; `again` if it has released."""
    from escrow.authority.case_steps import can_be_released, is_to_release

    async def step(investigation: Investigation, part: Part, warrant: Warrant) -> Told:
        released = await investigation.request_release(warrant.warrant_id)
        return of_release(part.authority, warrant, released, DRAW)

    return Action("release", "the venue's release", can_be_released if again else is_to_release, step)


@case_group.command(name="open")
@case_argument
@click.pass_obj
def open_command(home: Path, name: str) -> None:
    """Open everything that was released for CASE and is not opened yet."""
    from escrow.authority.case_steps import is_to_open
    from escrow.authority.found_visits import CountedPeople

    async def step(investigation: Investigation, part: Part, warrant: Warrant) -> Told:
        result = await investigation.open(warrant.warrant_id, CountedPeople())
        return of_opening(part.authority, warrant, result, "case", DRAW)

    _carry_out(home, name, Action("open", "the operator's shares", is_to_open, step))


@case_group.command()
@case_argument
@click.pass_obj
def withdraw(home: Path, name: str) -> None:
    """Take back every warrant of CASE under which nothing was opened. They stay on record."""
    from escrow.authority.case_steps import is_to_withdraw

    async def step(investigation: Investigation, _part: Part, warrant: Warrant) -> Told:
        await investigation.withdraw_warrant(warrant.warrant_id)
        return Told("withdrawn")

    _carry_out(home, name, Action("withdraw", "the operator", is_to_withdraw, step))


@case_group.command()
@case_argument
@click.pass_obj
def close(home: Path, name: str) -> None:
    """Close CASE. Nothing is deleted before its time is over."""
    cases_of(home).close(name)
    click.echo(f"{name} is closed")


@case_group.command()
@case_argument
@click.pass_obj
def show(home: Path, name: str) -> None:
    """Show CASE. How far each warrant has come, and who of the officers did what."""
    cases = cases_of(home)
    case = cases.get(name, even_closed=True)
    offset = cases.homes[0].domain.utc_offset
    closed = f", closed {local_time(case.closed, offset)}" if case.closed is not None else ""
    click.echo(f"{case.name}  started {local_time(case.started, offset)}{closed}; {printable(case.legal_reference)}")
    totals = {authority.domain.number: authority.releases.totals() for authority in cases.homes}
    for part in cases.parts(name):
        click.echo(f"{label(part)}: {part.state}{reason(part)}")
        for warrant in part.warrants:
            record = warrant.record
            opened = totals[part.authority.domain.number].get(record.warrant_id, 0)
            dates = f"issued {local_time(record.issued, offset)}, expires {local_time(record.expires, offset)}"
            earlier = "" if warrant is part.warrant else f", {warrant.state_at(part.authority.clock())}"
            click.echo(f"    {record.warrant_id.hex()}, {dates}, {opened} of {record.max_records} records{earlier}")
    entries = dict.fromkeys(entry for authority in cases.homes for entry in authority.journal.entries(case=name))
    show_journal(sorted(entries, key=lambda entry: entry.time), offset)


def _carry_out(home: Path, name: str, action: Action) -> None:
    """Carry out one action; what could not be done is told when the rest is."""
    cases = cases_of(home)
    cases.get(name)
    ready, failed = carry_out(cases, name, action)
    if failed:
        raise click.ClickException(failed)
    if not ready:
        click.echo(f"there is nothing to do. {what_is_next(cases, name)}")


def _undecided(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.state == "proposed"]


def _officers(parts: Sequence[Part]) -> str:
    """Who is waited for."""
    return f"the operators' officers, to decide on {len(_undecided(parts))} of {len(parts)} warrants"


async def _look(session: ClientSession, parts: Sequence[Part]) -> list[str]:
    """Ask for decisions on parts; a line for each of which it cannot be told."""
    from escrow.authority.investigation import Investigation

    failed = []
    for part in parts:
        assert part.warrant is not None
        try:
            await Investigation(part.authority, session).countersigned(part.warrant.record.warrant_id)
        except EXPECTED as error:
            if getattr(error, "name", "") not in {"warrant-pending", "warrant-refused"}:
                failed.append(f"{label(part)}: {printable(explain(error))}")
    return failed
