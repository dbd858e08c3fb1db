"""The steps of a `case`, from the proposal to its end, each for every part that is ready for it. Spec: §6.8."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from escrow.authority.case_cli import case_argument, case_group, cases_of, label, reason
from escrow.authority.outcomes import Told, contacts, of_opening, of_release
from escrow.authority.progress import waiting, waiting_for
from escrow.journal_cli import show_journal
from service.cli import EXPECTED, explain, local_time, printable

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from escrow.authority.case import Cases, Part
    from escrow.authority.findings import Finding
    from escrow.authority.investigation import Investigation
    from escrow.authority.warrants import ListedWarrant
    from protocol.warrants import Warrant

LOOK_SECONDS = 5
DRAW = "case draw --again"
NEXT = {
    "not drawn": "case draw",
    "drawn": "case propose",
    "proposed": "case watch",
    "countersigned": "case release",
    "refused": DRAW,
    "released": "case open",
    "shared": "case open",
    "opened": "case export",
    "withdrawn": DRAW,
    "expired": DRAW,
}
"""The command that takes a part on, by the state that it is in."""
Work = Callable[["Investigation", "Part", "Warrant"], Awaitable[Told]]


@case_group.command()
@case_argument
@click.pass_obj
def propose(home: Path, name: str) -> None:
    """Propose the warrants of CASE. The operators' officers decide on them."""
    from escrow.authority.case_steps import is_to_propose

    async def step(investigation: Investigation, _part: Part, warrant: Warrant) -> Told:
        await investigation.propose_warrant(warrant.warrant_id)
        return Told("proposed")

    _carry_out(home, name, "propose", "the operator", is_to_propose, step)


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
    click.echo(_what_is_next(cases, name))


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
    from escrow.authority.case_steps import can_be_released, is_to_release

    async def step(investigation: Investigation, part: Part, warrant: Warrant) -> Told:
        released = await investigation.request_release(warrant.warrant_id)
        return of_release(part.authority, warrant, released, DRAW)

    wanted = can_be_released if again else is_to_release
    _carry_out(home, name, "release", "the venue's release", wanted, step)


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

    _carry_out(home, name, "open", "the operator's shares", is_to_open, step)


@case_group.command()
@case_argument
@click.pass_obj
def withdraw(home: Path, name: str) -> None:
    """Take back every warrant of CASE under which nothing was opened. They stay on record."""
    from escrow.authority.case_steps import is_to_withdraw

    async def step(investigation: Investigation, _part: Part, warrant: Warrant) -> Told:
        await investigation.withdraw_warrant(warrant.warrant_id)
        return Told("withdrawn")

    _carry_out(home, name, "withdraw", "the operator", is_to_withdraw, step)


@case_group.command()
@case_argument
@click.option("--output", "-o", type=click.Path(file_okay=False, path_type=Path), required=True, help="A directory.")
@click.pass_obj
def export(home: Path, name: str, output: Path) -> None:
    """Write the lists and the chart of CASE. You alone can read them; no spreadsheet executes them."""
    from escrow.authority.contacts import Count
    from escrow.authority.findings import finding, write_all
    from escrow.authority.found_visits import FoundVisits
    from escrow.authority.investigation import Investigation
    from escrow.authority.program import online
    from escrow.authority.warrants import Step

    cases = cases_of(home)
    cases.get(name, even_closed=True)
    whole = cases.parts(name)
    parts = [(part, warrant) for part in whole for warrant in part.warrants]
    undrawn = [
        Count(b"", part.venue.name, part.authority.label, part.state, "windows", 1)
        for part in whole
        if part.warrant is None
    ]
    if not any(Step.OPENED in one.steps or _is_readable(part, one) for part, one in parts):
        raise click.ClickException(f"nothing is written: nothing of {name} was opened. {_what_is_next(cases, name)}")
    cases.note(name, "export case")
    found = FoundVisits()

    async def read(session: ClientSession) -> list[tuple[Part, Finding]]:
        findings = []
        for number, (part, warrant) in enumerate(parts, 1):
            result = None
            if _is_readable(part, warrant):
                with waiting_for(f"{label(part)}, to be read", number, len(parts)):
                    result = await Investigation(part.authority, session).read(warrant.record.warrant_id, found)
            findings.append((part, finding(part.authority, warrant, part.venue.name, result)))
        return findings

    findings = online(read)
    counts = [count for _, one in findings for count in one.counts()]
    first = cases.homes[0]
    with waiting_for("the lists, to be written"):
        write_all(found, [*counts, *undrawn], first.settings.region, first.domain.utc_offset, output)
    click.echo(f"{contacts(found, 'people')}, written to {output}")
    missing = partly = 0
    for part in whole:
        now = part.authority.clock()
        beside = zip(findings, parts, strict=True)
        those = [one for (its, one), (_, listed) in beside if its is part and (listed.stands_at(now) or one.is_begun)]
        missing += not any(one.is_begun for one in those)
        partly += any(one.is_begun for one in those) and not all(one.is_whole for one in those)
    lacks = [f"{missing} are not on the list"] if missing else []
    lacks += [f"{partly} are not opened to the end"] if partly else []
    if lacks:
        click.echo(f"of {len(whole)} parts {' and '.join(lacks)}. {_what_is_next(cases, name)}", err=True)


@case_group.command()
@case_argument
@click.pass_obj
def close(home: Path, name: str) -> None:
    """Close CASE. Nothing is deleted before its time is over."""
    cases_of(home).close(name)
    click.echo(f"{name} is closed")


def _carry_out(
    home: Path, name: str, action: str, what: str, wanted: Callable[[Part, ListedWarrant], bool], step: Work
) -> None:
    """Take a step for each warrant that is ready for it, some at a time; one that fails keeps no other back."""
    from escrow.authority.investigation import AT_A_TIME, Investigation
    from escrow.authority.program import online

    cases = cases_of(home)
    cases.get(name)
    ready = [(part, one.record) for part in cases.parts(name) for one in part.warrants if wanted(part, one)]

    async def each(session: ClientSession) -> int:
        import asyncio

        turns, places = asyncio.Semaphore(AT_A_TIME), asyncio.Semaphore(AT_A_TIME)

        async def one(number: int, part: Part, warrant: Warrant) -> bool:
            async with turns:
                cases.note_warrant(name, action, part.authority, warrant.warrant_id)
                try:
                    with things.on(f"{what}: {label(part)}", number, len(ready)) as say:
                        told = await step(Investigation(part.authority, session, say, places), part, warrant)
                except EXPECTED as error:
                    told = Told("", (), (printable(explain(error)),))
                with things.interrupted():
                    told.show(label(part))
                return bool(told.line)

        with waiting() as things:
            done = await asyncio.gather(*(one(number, *both) for number, both in enumerate(ready, 1)))
        return done.count(False)

    if failed := online(each):
        raise click.ClickException(f"{failed} of {len(ready)} could not be done; the others are, so repeat the command")
    if not ready:
        click.echo(f"there is nothing to do. {_what_is_next(cases, name)}")


def _is_readable(part: Part, warrant: ListedWarrant) -> bool:
    return part.authority.warrants.is_readable(warrant.record.warrant_id)


def _what_is_next(cases: Cases, name: str) -> str:
    """Which commands take the case on, and for how many of its parts."""
    parts = cases.parts(name)
    states = Counter(part.state for part in parts)
    if not states:
        return "Next: `case add`"
    steps = [f"`{NEXT[state]}` ({states[state]} {state})" for state in NEXT if state in states]
    if since := sum(part.stands and part.may_give_more for part in parts):
        steps.append(f"`{DRAW}` ({since} to which the venue has committed since)")
    return f"Next: {', '.join(steps)}"


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
