"""The steps of a `case`, from the proposal to its end, each for every part that is ready for it. Spec: §6.8."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from escrow.authority.case_cli import case_argument, case_group, cases_of, label, reason
from escrow.authority.progress import waiting_for
from escrow.journal_cli import show_journal
from service.cli import EXPECTED, explain, local_time, printable

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from escrow.authority.case import Part
    from escrow.authority.findings import Finding
    from escrow.authority.investigation import Investigation

LOOK_SECONDS = 5
Work = Callable[["Investigation", bytes], Awaitable[str]]


@case_group.command()
@case_argument
@click.pass_obj
def propose(home: Path, name: str) -> None:
    """Propose the warrants of CASE. The operators' officers decide on them."""

    async def step(investigation: Investigation, warrant_id: bytes) -> str:
        await investigation.propose_warrant(warrant_id)
        return "proposed"

    _carry_out(home, name, "propose", "the operator", lambda part: part.state == "drawn", step)


@case_group.command()
@case_argument
@click.option("--once", is_flag=True, help="Look once and end.")
@click.pass_obj
def watch(home: Path, name: str, *, once: bool) -> None:
    """Wait for decisions on CASE. Asks the operators until they have decided on all, and shows each change."""
    from escrow.authority.program import online

    cases = cases_of(home)
    cases.get(name)
    shown: dict[tuple[int, object], str] = {}
    while True:
        waiting = [part for part in cases.parts(name) if part.state == "proposed"]
        if waiting:
            with waiting_for(f"the operators' officers, who have {len(waiting)} warrants to decide on"):
                online(lambda session, parts=waiting: _look(session, parts))  # type: ignore[misc]
        for part in cases.parts(name):
            key = part.authority.domain.number, part.window
            if shown.get(key) != part.state:
                shown[key] = part.state
                click.echo(f"{label(part)}: {part.state}{reason(part)}")
        if once or "proposed" not in shown.values():
            return
        with waiting_for("the operators' officers"):
            time.sleep(LOOK_SECONDS)


@case_group.command()
@case_argument
@click.option("--again", is_flag=True, help="Ask also venues that have released, for what they committed to since.")
@click.pass_obj
def release(home: Path, name: str, *, again: bool) -> None:
    """Have the venues of CASE release. They are shown what both parties signed. Nothing is opened yet."""

    async def step(investigation: Investigation, warrant_id: bytes) -> str:
        released = await investigation.request_release(warrant_id)
        aside = "".join(f"; {count} set aside: {why}" for why, count in sorted(released.set_aside.items()))
        if released.uncommitted:
            aside += f"; {released.uncommitted} not committed to: it has to run `python -m venue commit` first"
        return f"{released.visits} visits released, of {released.check_ins} check-ins in the window{aside}"

    def wanted(part: Part) -> bool:
        if part.warrant is None or not part.stands or part.state == "drawn":
            return False
        return again or not part.warrant.is_released

    _carry_out(home, name, "release", "the venue's release", wanted, step)


@case_group.command(name="open")
@case_argument
@click.pass_obj
def open_command(home: Path, name: str) -> None:
    """Open everything that was released for CASE and is not opened yet."""

    async def step(investigation: Investigation, warrant_id: bytes) -> str:
        result = await investigation.open(warrant_id)
        aside = "".join(f"; {count} set aside: {why}" for why, count in sorted(result.set_aside.items()))
        return f"{result.visits} visits opened{aside}"

    def wanted(part: Part) -> bool:
        return part.warrant is not None and part.authority.warrants.is_to_open(part.warrant.record.warrant_id)

    _carry_out(home, name, "open", "the operator's shares", wanted, step)


@case_group.command()
@case_argument
@click.pass_obj
def withdraw(home: Path, name: str) -> None:
    """Take back every warrant of CASE under which nothing was opened. They stay on record."""

    async def step(investigation: Investigation, warrant_id: bytes) -> str:
        await investigation.withdraw_warrant(warrant_id)
        return "withdrawn"

    def wanted(part: Part) -> bool:
        return part.warrant is not None and part.warrant.is_to_withdraw

    _carry_out(home, name, "withdraw", "the operator", wanted, step)


@case_group.command()
@case_argument
@click.option("--output", "-o", type=click.Path(file_okay=False, path_type=Path), required=True, help="A directory.")
@click.pass_obj
def export(home: Path, name: str, output: Path) -> None:
    """Write the lists and the chart of CASE. You alone can read them; no spreadsheet executes them."""
    from escrow.authority.case import domain_label
    from escrow.authority.findings import Finding, write_all
    from escrow.authority.investigation import Investigation
    from escrow.authority.program import online

    cases = cases_of(home)
    cases.get(name, even_closed=True)
    cases.note(name, "export case")
    parts = [part for part in cases.parts(name) if part.warrant is not None]

    async def read(session: ClientSession) -> list[Finding]:
        findings = []
        for number, part in enumerate(parts, 1):
            assert part.warrant is not None
            record, authority = part.warrant.record, part.authority
            result = None
            if authority.warrants.is_readable(record.warrant_id):
                with waiting_for(f"{label(part)}, to be read", number, len(parts)):
                    result = await Investigation(authority, session).read(record.warrant_id)
            domain, offset = domain_label(authority), authority.domain.utc_offset
            findings.append(Finding(name, record, part.venue.name, domain, offset, part.state, result))
        return findings

    people = write_all(online(read), cases.homes[0].settings.region, output)
    verified = sum(person.is_verified for person in people)
    asserted = f", {len(people) - verified} asserted by venues, not verified" if verified < len(people) else ""
    click.echo(f"{verified} people{asserted}, written to {output}")


@case_group.command()
@case_argument
@click.pass_obj
def close(home: Path, name: str) -> None:
    """Close CASE. Nothing is deleted before its time is over."""
    cases_of(home).close(name)
    click.echo(f"{name} is closed")


def _carry_out(home: Path, name: str, action: str, waiting: str, wanted: Callable[[Part], bool], step: Work) -> None:
    """Take a step for each part that is ready for it; one that fails keeps no other back."""
    from escrow.authority.investigation import Investigation
    from escrow.authority.program import online

    cases = cases_of(home)
    cases.get(name)
    parts = [part for part in cases.parts(name) if wanted(part)]
    cases.note(name, f"{action} case")

    async def each(session: ClientSession) -> int:
        failed = 0
        for number, part in enumerate(parts, 1):
            assert part.warrant is not None
            try:
                with waiting_for(f"{waiting}: {label(part)}", number, len(parts)):
                    told = await step(Investigation(part.authority, session), part.warrant.record.warrant_id)
            except EXPECTED as error:
                failed += 1
                click.echo(f"{label(part)}: {printable(explain(error))}", err=True)
            else:
                click.echo(f"{label(part)}: {told}")
        return failed

    if failed := online(each):
        raise click.ClickException(f"{failed} of {len(parts)} could not be done; the others are, so repeat the command")
    if not parts:
        click.echo("there is nothing to do")


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
    for part in cases.parts(name):
        click.echo(f"{label(part)}: {part.state}{reason(part)}")
        if part.warrant is not None:
            record = part.warrant.record
            opened = part.authority.releases.totals().get(record.warrant_id, 0)
            dates = f"issued {local_time(record.issued, offset)}, expires {local_time(record.expires, offset)}"
            click.echo(f"    {record.warrant_id.hex()}, {dates}, {opened} of {record.max_records} records")
    entries = {entry for authority in cases.homes for entry in authority.journal.entries(case=name)}
    show_journal(sorted(entries, key=lambda entry: entry.time), offset)


async def _look(session: ClientSession, parts: Sequence[Part]) -> None:
    from escrow.authority.investigation import Investigation

    for part in parts:
        assert part.warrant is not None
        try:
            await Investigation(part.authority, session).countersigned(part.warrant.record.warrant_id)
        except EXPECTED as error:
            if getattr(error, "name", "") not in {"warrant-pending", "warrant-refused"}:
                click.echo(f"{label(part)}: {printable(explain(error))}", err=True)
