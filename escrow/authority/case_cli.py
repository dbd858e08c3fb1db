"""`case`: an investigation at several venues, in every domain of the authority. Spec: §6.8."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from escrow.authority.limits import MAX_REFERENCE, Limits, Line, limits_options
from escrow.authority.progress import waiting_for
from escrow.journal_cli import officer
from service.cli import CommandGroup, Hexadecimal, Moment, local_time, parse_local_time, printable

if TYPE_CHECKING:
    from escrow.authority.case import Cases, Examined, Part
    from escrow.authority.warrants import Window


@click.group(name="case", cls=CommandGroup)
def case_group() -> None:
    """An outbreak: several venues and windows as one investigation.

    \b
    start  ->  add  ->  check  ->  draw  ->  propose  ->  watch  ->  release  ->  open  ->  export  ->  close

    Each step takes what is there for it, in every domain of this authority (other_domains in settings.toml). It may be
    repeated: what is done is not done again. carry-out is release, open and export in one.
    """  # noqa: D301  click reads the backspace


def cases_of(home: Path) -> Cases:
    """The cases of a home and of those of the authority's other domains, as whoever runs the command works on them."""
    from escrow.authority.case import Cases, open_homes

    return Cases(open_homes(home), officer())


NO_WINDOWS = "there are no windows. Next: `case add`"
case_argument = click.argument("name", metavar="CASE")
windows_options = (
    click.option("--from", "begins", type=Moment(), multiple=True, required=True, help="Start of a window."),
    click.option("--until", "ends", type=Moment(), multiple=True, required=True, help="Its end; as many as starts."),
)


@case_group.command()
@case_argument
@click.option(
    "--legal-reference",
    type=Line(MAX_REFERENCE),
    required=True,
    help="The law, and a case's number, that its warrants rest on. Published word for word with what was opened: it "
    "must name no venue and no person.",
)
@click.pass_obj
def start(home: Path, name: str, legal_reference: str) -> None:
    """Start CASE, under a name that nobody else is told."""
    from escrow.authority.case_register import NAME_RULE, is_case_name

    if not is_case_name(name):
        raise click.UsageError(NAME_RULE)
    cases_of(home).start(name, legal_reference)
    click.echo(f"{name} is started")


@case_group.command(name="list")
@click.option("--all", "even_closed", is_flag=True, help="Closed ones too.")
@click.pass_obj
def list_cases(home: Path, *, even_closed: bool) -> None:
    """Show every case, with how many of its warrants are in each state."""
    from collections import Counter

    cases = cases_of(home)
    offset = cases.homes[0].domain.utc_offset
    for case in cases.all():
        if case.closed is None or even_closed:
            closed = f", closed {local_time(case.closed, offset)}" if case.closed is not None else ""
            click.echo(f"{case.name}  started {local_time(case.started, offset)}{closed}")
            states = Counter(part.state for part in cases.parts(case.name))
            told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
            click.echo(f"    {told or 'no windows'}; {printable(case.legal_reference)}")


@case_group.command()
@case_argument
@click.option("--venue", "venue_ids", type=Hexadecimal(16), multiple=True, help="A venue's id; any number of them.")
@click.option("--chain", type=Hexadecimal(16), multiple=True, help="A venue's id: all venues on the same server.")
@windows_options[0]
@windows_options[1]
@click.pass_obj
def add(
    home: Path,
    name: str,
    venue_ids: Sequence[bytes],
    chain: Sequence[bytes],
    begins: Sequence[datetime],
    ends: Sequence[datetime],
) -> None:
    """Add windows to CASE. Each goes to each venue, in every domain that has the venue."""
    cases = cases_of(home)
    venues = {*venue_ids, *(venue for one in chain for venue in cases.chain(one))}
    if not venues:
        raise click.UsageError("name venues by --venue or --chain")
    windows = _windows(cases, sorted(venues), begins, ends)
    with waiting_for(f"{_of(len(windows), 'window')}, to be looked at"):
        count = cases.add(name, windows)
    click.echo(f"{_of(len(begins), 'window')} at {_of(len(venues), 'venue')}, {_of(count, 'warrant')} to draw")


@case_group.command()
@case_argument
@click.option("--venue", "venue_id", type=Hexadecimal(16), required=True, help="The venue's id.")
@windows_options[0]
@windows_options[1]
@click.pass_obj
def remove(home: Path, name: str, venue_id: bytes, begins: Sequence[datetime], ends: Sequence[datetime]) -> None:
    """Take windows out of CASE. No warrant for them may stand, and nothing have been opened."""
    cases = cases_of(home)
    cases.remove(name, _windows(cases, [venue_id], begins, ends))
    click.echo(f"{_of(len(begins), 'window')} removed")


@case_group.command()
@case_argument
@click.pass_obj
def check(home: Path, name: str) -> None:
    """Look at CASE before anything is signed. Shows what there is for each window, and what is not."""
    cases = cases_of(home)
    cases.get(name, even_closed=True)
    parts = cases.parts(name)
    for part, looked in _examined(parts, 0):
        authority, offset = part.authority, part.authority.domain.utc_offset
        times = [moment for moment in authority.commitments.of(part.venue.venue_id) if _touches(part, moment)]
        last = "never" if looked.known.committed is None else local_time(looked.known.committed, offset)
        click.echo(f"{label(part)}: {part.state}")
        click.echo(f"    commitments from its start to 12 hours after its end: {len(times)}, the last of all {last}")
        if part.stands:
            continue
        for line in [f"no warrant can be drawn: {looked.why}"] if looked.why else looked.odd:
            click.echo(f"    {line}")
    if not parts:
        click.echo(NO_WINDOWS)


@case_group.command()
@case_argument
@limits_options
@click.option(
    "--again",
    is_flag=True,
    help="Also where a warrant was refused, withdrawn or has expired, or gave less than the venue committed to since.",
)
@click.option("--yes", is_flag=True, help="Do not ask, whatever is odd about it.")
@click.pass_obj
def draw(home: Path, name: str, *, limits: Limits, again: bool, yes: bool) -> None:
    """Sign a warrant for each window of CASE that has none. Nothing is sent.

    A domain that has erased the days of a window keeps no other back.
    """
    cases = cases_of(home)
    case, parts = cases.get(name), cases.undrawn(name, again=again)
    if not cases.parts(name):
        raise click.ClickException(NO_WINDOWS)
    examined = _examined(parts, limits.max_records)
    for part, looked in examined:
        if looked.why:
            click.echo(f"{label(part)}: {looked.why}", err=True)
    possible = [(part, looked) for part, looked in examined if not looked.why]
    if cases.lacks_any(name, examined):
        raise click.ClickException("nothing is signed: take out first what cannot be drawn in any domain (case remove)")
    odd = _by_text(possible)
    for line in odd:
        click.echo(line, err=True)
    if odd and not yes:
        click.confirm(f"Sign {_of(len(possible), 'warrant')} all the same?", abort=True, err=True)
    drawn, left_out = cases.draw(case, [part for part, _ in possible], limits)
    for part, why in left_out:
        click.echo(f"{label(part)}: no warrant is drawn, {why}", err=True)
    closed = len(examined) - len(possible)
    click.echo(f"{_of(len(drawn), 'warrant')} drawn" + (f"; {closed} cannot be, see above" if closed else ""))


def _examined(parts: Sequence[Part], max_records: int) -> list[tuple[Part, Examined]]:
    """What there is for parts; the operators are asked which days they have erased."""
    if not parts:
        return []
    from escrow.authority.case import erased_by_operators, examine
    from escrow.authority.program import online

    with waiting_for("the operators, to say which days they keep"):
        erased = online(lambda session: erased_by_operators(parts, session))
    with waiting_for(f"{_of(len(parts), 'window')}, to be looked at"):
        return examine(parts, max_records, erased)


def _by_text(examined: Sequence[tuple[Part, Examined]]) -> list[str]:
    """What is odd about the parts, each once, with the venues that it is about."""
    about: dict[str, list[Part]] = {}
    for part, looked in examined:
        for text in looked.odd:
            about.setdefault(text, []).append(part)
    return [
        f"{', '.join(dict.fromkeys(part.venue.name for part in parts))} ({len(parts)} of {len(examined)}): {text}"
        for text, parts in about.items()
    ]


def _of(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _windows(
    cases: Cases, venues: Sequence[bytes], begins: Sequence[datetime], ends: Sequence[datetime]
) -> list[Window]:
    from escrow.authority.warrants import Window

    offset = cases.homes[0].domain.utc_offset
    if len(begins) != len(ends):
        raise click.UsageError("there have to be as many --until as --from")
    moments = [[parse_local_time(moment, offset) for moment in both] for both in zip(begins, ends, strict=True)]
    times = [(first, last) for first, last in moments]
    if any(first >= last for first, last in times):
        raise click.UsageError("a window has to end after it begins")
    return [Window(venue, first, last) for first, last in times for venue in venues]


def label(part: Part) -> str:
    """A part in a line: venue, window and domain."""
    offset = part.authority.domain.utc_offset
    window = f"{local_time(part.window.begins, offset)} to {local_time(part.window.ends, offset)}"
    return f"{part.venue.name}, {window}, domain {part.authority.domain.number}"


def reason(part: Part) -> str:
    """Why its warrant was refused, in brackets; empty if it was not."""
    return f" ({printable(part.reason)})" if part.reason else ""


def _touches(part: Part, moment: int) -> bool:
    from protocol.epochs import MAX_STAY

    return part.window.begins <= moment <= part.window.ends + MAX_STAY
