"""The lists of a `case`: of what was opened, or of all that both parties have signed. Spec: §6.8."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from escrow.authority.case_actions_cli import Action, carry_out
from escrow.authority.case_cli import case_argument, case_group, cases_of, label
from escrow.authority.case_next import DRAW, may_give_more, what_is_next
from escrow.authority.case_steps_cli import release_action
from escrow.authority.outcomes import Told, contacts, of_opening
from escrow.authority.progress import waiting_for

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from escrow.authority.case import Cases, Part
    from escrow.authority.findings import Finding
    from escrow.authority.found_visits import FoundVisits
    from escrow.authority.investigation import Investigation
    from escrow.authority.warrants import ListedWarrant
    from protocol.warrants import Warrant

output_option = click.option(
    "--output", "-o", type=click.Path(file_okay=False, path_type=Path), required=True, help="A directory."
)


@case_group.command()
@case_argument
@output_option
@click.pass_obj
def export(home: Path, name: str, output: Path) -> None:
    """Write the lists and the chart of CASE. You alone can read them; no spreadsheet executes them."""
    cases = cases_of(home)
    cases.get(name, even_closed=True)
    _write_lists(cases, name, output)


@case_group.command(name="carry-out")
@case_argument
@output_option
@click.pass_obj
def carry_out_command(home: Path, name: str, output: Path) -> None:
    """Release, open and export CASE. Takes whatever both parties have signed through these three commands.

    What one venue released is opened while another one releases.
    """
    from escrow.authority.case_steps import is_to_open

    cases = cases_of(home)
    cases.get(name)
    released, opened = set[bytes](), set[bytes]()
    release = release_action()

    async def release_parts(investigation: Investigation, part: Part, warrant: Warrant) -> Told:
        told = await release.carry_out(investigation, part, warrant)
        released.add(warrant.warrant_id)
        return told

    async def open_parts(investigation: Investigation, _part: Part, warrant: Warrant) -> Told:
        await investigation.open_parts(warrant.warrant_id)
        opened.add(warrant.warrant_id)
        return Told("the shares of both parties are here")

    opening = Action("open", "the operator's shares", is_to_open, open_parts)
    _, failed = carry_out(cases, name, release._replace(carry_out=release_parts), opening)
    _write_lists(cases, name, output, opened, released)
    if failed:
        raise click.ClickException(failed)


def _write_lists(
    cases: Cases, name: str, output: Path, opened: Collection[bytes] = (), released: Collection[bytes] = ()
) -> None:
    """Write the lists. Of the warrants (by their ids) that were `opened` just now, what they gave is told and noted.

    Of those that were `released` just now it was told what the venue has committed to.
    """
    from escrow.authority.contacts import Count
    from escrow.authority.findings import write_all
    from escrow.authority.found_visits import FoundVisits
    from escrow.authority.investigation import Investigation
    from escrow.authority.program import online
    from escrow.authority.warrants import Step

    whole = cases.parts(name)
    parts = [(part, warrant) for part in whole for warrant in part.warrants]
    undrawn = [
        Count(b"", part.venue.name, part.authority.label, part.state, "windows", 1)
        for part in whole
        if part.warrant is None
    ]
    if not any(Step.OPENED in one.steps or _is_readable(part, one) for part, one in parts):
        raise click.ClickException(f"nothing is written: nothing of {name} was opened. {what_is_next(cases, name)}")
    cases.note(name, "export case")
    found = FoundVisits()

    async def read(session: ClientSession) -> list[tuple[Part, ListedWarrant, Finding]]:
        findings = []
        for number, (part, warrant) in enumerate(parts, 1):
            investigation = Investigation(part.authority, session)
            with waiting_for(f"{label(part)}, to be read", number, len(parts)):
                findings.append((part, *await _read(investigation, part, warrant, found, opened)))
        return findings

    findings = online(read)
    for part, warrant, one in findings:
        if one.result is not None and warrant.record.warrant_id in opened:
            is_told = warrant.record.warrant_id in released
            told = of_opening(part.authority, warrant.record, one.result, "case", DRAW, is_listed=True, is_told=is_told)
            told.show(label(part))
    counts = [count for _, _, one in findings for count in one.counts()]
    first = cases.homes[0]
    with waiting_for("the lists, to be written"):
        write_all(found, [*counts, *undrawn], first.settings.region, first.domain.utc_offset, output)
    click.echo(f"{contacts(found, 'people')}, written to {output}")
    missing = partly = 0
    for part in whole:
        now = part.authority.clock()
        those = [one for its, listed, one in findings if its is part and (listed.stands_at(now) or one.is_begun)]
        missing += not any(one.is_begun for one in those)
        partly += any(one.is_begun for one in those) and not all(one.is_whole for one in those)
    lacks = [f"{missing} are not on the list"] if missing else []
    lacks += [f"{partly} are not opened to the end"] if partly else []
    lacking = f"of {len(whole)} parts {' and '.join(lacks)}. " if lacks else ""
    if lacking or may_give_more(whole):
        click.echo(f"{lacking}{what_is_next(cases, name)}", err=True)


async def _read(
    investigation: Investigation, part: Part, warrant: ListedWarrant, found: FoundVisits, opened: Collection[bytes]
) -> tuple[ListedWarrant, Finding]:
    """What a warrant gave, and how far it has come with that."""
    from escrow.authority.findings import finding

    authority, warrant_id, result = part.authority, warrant.record.warrant_id, None
    if warrant_id in opened:
        result = await investigation.finish(warrant_id, found)
        warrant = authority.warrants.listed_one(warrant_id)
    elif _is_readable(part, warrant):
        result = await investigation.read(warrant_id, found)
    return warrant, finding(authority, warrant, part.venue.name, result)


def _is_readable(part: Part, warrant: ListedWarrant) -> bool:
    return part.authority.warrants.is_readable(warrant.record.warrant_id)
