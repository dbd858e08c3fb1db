"""`python -m escrow authority`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from escrow.authority import case_lists_cli, case_steps_cli  # noqa: F401  they add their commands to the group
from escrow.authority.case_cli import case_group
from escrow.authority.limits import MAX_ADVICE, MAX_REFERENCE, Limits, Line, limits_options
from escrow.authority.outcomes import of_opening, of_release
from escrow.authority.program import PROGRAM, online
from escrow.authority.progress import waiting, waiting_for
from escrow.cli import add_party_commands, describe_warrant, show_warrant
from escrow.journal_cli import officer, officer_option, show_journal
from protocol.warrants import Purpose
from service.cli import CommandGroup, Hexadecimal, Moment, home_option, local_time, parse_local_time, printable
from service.problems import Problem, Unreachable

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from escrow.authority.authority import Authority
    from escrow.authority.investigation import Investigation, ReleaseResult
    from escrow.authority.reading import OpeningResult

T = TypeVar("T")
STATES = "drawn", "proposed", "countersigned", "refused", "released", "shared", "opened", "withdrawn", "expired"


@click.group(name="authority", cls=CommandGroup)
@home_option("authority")
@officer_option
@click.pass_context
def authority_group(context: click.Context, home: Path) -> None:
    """The health authority: issues passes, opens check-ins.

    It keeps the sealed directory, and opens only what a warrant of both parties names.

    \b
    First:        init  ->  put the printed key into domain.toml  ->  serve
    An outbreak:  case start  ->  add  ->  check  ->  draw  ->  propose  ->  watch  ->  release  ->  open  ->  export
    One window:   warrants draw  ->  (the operator countersigns)  ->  warrants release  ->  open  ->  export
    A warning:    warrants draw --purpose notice  ->  (countersigned)  ->  warrants release  ->  notices publish
    """  # noqa: D301  click reads the backspace
    context.obj = home


add_party_commands(authority_group, PROGRAM)
authority_group.add_command(case_group)


@authority_group.group()
def warrants() -> None:
    """Draw up warrants and carry them out."""


@warrants.command()
@click.option("--venue", "venue_id", type=Hexadecimal(16), required=True, help="The venue's id, from `venues list`.")
@click.option("--from", "begins", type=Moment(), required=True, help="Start of the window, such as 2027-05-02 18:00.")
@click.option("--until", "ends", type=Moment(), required=True, help="Its end. Without a zone it is the domain's time.")
@click.option(
    "--legal-reference",
    type=Line(MAX_REFERENCE),
    required=True,
    help="The law, and a case's number, that this warrant rests on. Published word for word with what was opened: it "
    "must name no venue and no person.",
)
@click.option(
    "--purpose", type=click.Choice([purpose.name.lower() for purpose in Purpose]), default="opening", show_default=True
)
@click.option(
    "--advice",
    type=Line(MAX_ADVICE),
    help=f"For a notice: what those concerned should do, in at most {MAX_ADVICE} bytes. The operator's officer reads "
    "and signs it too.",
)
@limits_options
@click.option("--yes", is_flag=True, help="Do not ask, whatever is odd about it.")
@click.pass_obj
def draw(
    home: Path,
    venue_id: bytes,
    begins: datetime,
    ends: datetime,
    legal_reference: str,
    purpose: str,
    advice: str | None,
    *,
    limits: Limits,
    yes: bool,
) -> None:
    """Sign a warrant and propose it to the operator. It is for one venue and one window. Prints its id."""
    if bool(advice) is not (purpose == Purpose.NOTICE.name.lower()):
        raise click.UsageError("a warrant for a notice needs --advice, and no other has any")
    from escrow.authority.drawing import demand_possible, erased_by_operator
    from escrow.authority.warrants import Window

    authority = PROGRAM.open(home)
    offset = authority.domain.utc_offset
    window = Window(venue_id, parse_local_time(begins, offset), parse_local_time(ends, offset))
    with waiting_for("the operator, to say which days it keeps"):
        erased = online(lambda session: erased_by_operator(authority, session, [window]))
    odd = demand_possible(authority, window, limits.max_records, erased)
    for one in odd:
        click.echo(one, err=True)
    if odd and not yes:
        click.confirm("Sign the warrant all the same?", abort=True, err=True)
    warrant = limits.warrant(authority, window, legal_reference, Purpose[purpose.upper()], advice or "")
    authority.journal.note(officer(), "draw", warrant_id=warrant.warrant_id)

    async def propose(investigation: Investigation) -> None:
        investigation.draw_warrant(warrant)
        click.echo(warrant.warrant_id.hex())  # it is drawn, even if the operator does not answer now
        await investigation.propose_warrant(warrant.warrant_id)

    try:
        _run(authority, "the operator", propose)
    except (Problem, Unreachable):
        click.echo(f"it is drawn: `warrants release {warrant.warrant_id.hex()}` sends it again", err=True)
        raise


@warrants.command(name="list")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--venue", "venue_id", type=Hexadecimal(16), help="Only those for this venue.")
@click.option("--case", help="Only those of this case.")
@click.pass_obj
def list_warrants(home: Path, state: str | None, venue_id: bytes | None, case: str | None) -> None:
    """Show every warrant and how far it has come, the oldest first."""
    authority = PROGRAM.open(home)
    if venue_id is not None:
        authority.venues.get(venue_id)
    if case is not None:
        authority.cases.get(case, even_closed=True)
    now, totals = authority.clock(), authority.releases.totals()
    drawn = authority.warrants.listed()
    names = authority.venues.names(listed.record for listed in drawn)
    for listed in drawn:
        record, its_state = listed.record, listed.state_at(now)
        if state in {None, its_state} and venue_id in {None, record.venue_id} and case in {None, listed.case}:
            count = totals.get(record.warrant_id, 0)
            show_warrant(record, names[record.venue_id], authority.domain.utc_offset, its_state, count)


@warrants.command()
@click.argument("warrant_id", metavar="WARRANT", type=Hexadecimal(16))
@click.pass_obj
def show(home: Path, warrant_id: bytes) -> None:
    """Show a WARRANT. Everything it says, what became of it, and who of the officers did what."""
    authority = PROGRAM.open(home)
    offset, listed = authority.domain.utc_offset, authority.warrants.listed_one(warrant_id)
    describe_warrant(listed.record, authority.venues.get(listed.record.venue_id).record.name, offset)
    click.echo(f"state            {listed.state_at(authority.clock())}")
    for step, taken in listed.steps_in_order():
        told = f", {taken.visits} visits" if taken.visits is not None else ""
        told += f": {printable(taken.reason)}" if taken.reason else ""
        click.echo(f"{step.value:17}{local_time(taken.time, offset)}{told}")
    click.echo(f"opened           {authority.releases.totals().get(warrant_id, 0)} passes")
    noticed = {part.notice for part in authority.warrants.parts.of(warrant_id) if part.notice is not None}
    if noticed:
        click.echo(f"published        {', '.join(f'notice {number}' for number in sorted(noticed))}")
    show_journal(authority.journal.entries(warrant_id=warrant_id), offset)


@warrants.command()
@click.argument("warrant_id", metavar="WARRANT", type=Hexadecimal(16))
@click.pass_obj
def withdraw(home: Path, warrant_id: bytes) -> None:
    """Take back a WARRANT that was a mistake, for good. It stays on record. What was opened cannot be taken back."""
    authority = PROGRAM.open(home)
    authority.journal.note(officer(), "withdraw", warrant_id=warrant_id)
    _run(authority, "the operator", lambda investigation: investigation.withdraw_warrant(warrant_id))
    click.echo("withdrawn")


@warrants.command()
@click.argument("warrant_id", metavar="WARRANT", type=Hexadecimal(16))
@click.pass_obj
def release(home: Path, warrant_id: bytes) -> None:
    """Show the venue the WARRANT and take what it releases. Both parties signed it. Nothing is opened yet."""
    authority = PROGRAM.open(home)
    authority.journal.note(officer(), "release", warrant_id=warrant_id)
    result: ReleaseResult = _run(
        authority, "the venue's release", lambda investigation: investigation.request_release(warrant_id)
    )
    of_release(authority, authority.warrants.get(warrant_id).record, result, "warrants draw").show()


@warrants.command(name="open")
@click.argument("warrant_id", metavar="WARRANT", type=Hexadecimal(16))
@click.pass_obj
def open_command(home: Path, warrant_id: bytes) -> None:
    """Open what was released under WARRANT. Asks the operator for its shares and adds the authority's."""
    from escrow.authority.found_visits import CountedPeople

    authority = PROGRAM.open(home)
    authority.journal.note(officer(), "open", warrant_id=warrant_id)
    result: OpeningResult = _run(
        authority, "the operator's shares", lambda investigation: investigation.open(warrant_id, CountedPeople())
    )
    record = authority.warrants.get(warrant_id).record
    of_opening(authority, record, result, "warrants", "warrants draw").show()


@warrants.command()
@click.argument("warrant_id", metavar="WARRANT", type=Hexadecimal(16))
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.pass_obj
def export(home: Path, warrant_id: bytes, output: Path) -> None:
    """Write the visits of an opened WARRANT as CSV. You alone can read it; no spreadsheet executes it."""
    from escrow.authority.findings import write_visits

    authority = PROGRAM.open(home)
    authority.journal.note(officer(), "export", warrant_id=warrant_id)
    result = _run(authority, "what was opened, to be read", lambda investigation: investigation.read(warrant_id))
    with waiting_for("the list, to be written"):
        write_visits(result.found, authority.settings.region, output)
    record = authority.warrants.get(warrant_id).record
    of_opening(authority, record, result, "warrants", "warrants draw").show()
    click.echo(f"written to {output}")


@authority_group.group()
def notices() -> None:
    """Warn everyone who was at a venue, without opening anything."""


@notices.command(name="publish")
@click.argument("warrant_ids", metavar="WARRANTS...", nargs=-1, required=True, type=Hexadecimal(16))
@click.pass_obj
def publish_notice(home: Path, warrant_ids: tuple[bytes, ...]) -> None:
    """Warn everyone in the releases of these WARRANTS.

    They have the same advice. The operator verifies the releases and makes the list, and both parties sign it.
    A warrant is good for one notice, or for one of each part of what was released under it.
    """
    from escrow.authority.notices import Noticed, NoticePublisher

    authority = PROGRAM.open(home)
    for warrant_id in warrant_ids:
        authority.journal.note(officer(), "publish notice", warrant_id=warrant_id)

    async def publish(session: ClientSession) -> Noticed:
        return await NoticePublisher(authority, session).publish(warrant_ids)

    with waiting_for("the operator's notice"):
        noticed = online(publish)
    left_out = f"; the operator did not admit {noticed.left_out} more" if noticed.left_out else ""
    click.echo(f"a notice for {noticed.passes} passes is published{left_out}")


@notices.command(name="list")
@click.pass_obj
def list_notices(home: Path) -> None:
    """Show every notice. The number of its digests hides how many it is for."""
    from protocol.notices import VISIT_DIGEST_BYTES, verify_notice

    authority = PROGRAM.open(home)
    for published in authority.notices.all():
        notice = verify_notice(authority.domain, published.statement, published.number)
        digests = len(bytes(notice.digests)) // VISIT_DIGEST_BYTES
        published_at = local_time(notice.time, authority.domain.utc_offset)
        click.echo(f"notice {notice.number}, {published_at}, {digests} digests: {notice.advice or 'none'}")


def _run(authority: Authority, what: str, step: Callable[[Investigation], Awaitable[T]]) -> T:
    """Take a step, telling what is waited for."""
    from escrow.authority.investigation import Investigation

    with waiting() as things, things.on(what) as say:
        return online(lambda session: step(Investigation(authority, session, say)))
