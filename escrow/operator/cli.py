"""`python -m escrow operator`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from escrow.cli import add_party_commands, describe_warrant, show_warrant
from escrow.journal_cli import officer, officer_option, show_journal
from protocol.epochs import Role
from service.cli import CommandGroup, Hexadecimal, home_option, local_time, printable

if TYPE_CHECKING:
    from aiohttp import web

    from escrow.operator.operator import Operator
    from escrow.operator.settings import OperatorSettings


class OperatorProgram:
    """The operator, as its commands need it."""

    role = Role.OPERATOR

    def load_settings(self, home: Path) -> OperatorSettings:
        """What its `settings.toml` says; raises `ConfigurationError`."""
        from escrow.operator.settings import OperatorSettings
        from service.settings import load_settings

        return load_settings(OperatorSettings, home / "settings.toml")

    def open(self, home: Path) -> Operator:
        """The operator of a home directory; raises `ConfigurationError`."""
        from escrow.operator.operator import Operator

        return Operator(home)

    async def create_desk(self, party: Operator) -> web.Application:
        """Its desk."""
        from escrow.desk.server import create_desk_app
        from escrow.operator.desk import OperatorDesk

        return await create_desk_app(OperatorDesk(party))

    async def create_app(self, party: Operator) -> web.Application:
        """Its server."""
        from escrow.operator.server import create_operator_app

        return await create_operator_app(party)


PROGRAM = OperatorProgram()
STATES = "pending", "countersigned", "refused", "withdrawn", "expired"


@click.group(name="operator", cls=CommandGroup)
@home_option("operator")
@officer_option
@click.pass_context
def operator_group(context: click.Context, home: Path) -> None:
    """The platform: verifies phones, countersigns warrants.

    It registers handles, and mixes pass requests.

    \b
    First:  init  ->  put the printed key into domain.toml  ->  serve
    Then:   venues approve, warrants list / show / countersign / refuse
    """  # noqa: D301  click reads the backspace
    context.obj = home


add_party_commands(operator_group, PROGRAM)


@operator_group.group()
def warrants() -> None:
    """The warrants that the authority proposed."""


@warrants.command(name="list")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--venue", "venue_id", type=Hexadecimal(16), help="Only those for this venue.")
@click.pass_obj
def list_warrants(home: Path, state: str | None, venue_id: bytes | None) -> None:
    """Show every warrant and its state."""
    operator = PROGRAM.open(home)
    now, totals, proposals = operator.clock(), operator.releases.totals(), operator.warrants.all()
    names = operator.venues.names(proposed.record for proposed in proposals)
    for proposed in proposals:
        record, its_state = proposed.record, proposed.state_at(now)
        if state in {None, its_state} and venue_id in {None, record.venue_id}:
            count = totals.get(record.warrant_id, 0)
            show_warrant(record, names[record.venue_id], operator.domain.utc_offset, its_state, count)


@warrants.command()
@click.argument("warrant_id", metavar="WARRANT", type=Hexadecimal(16))
@click.pass_obj
def show(home: Path, warrant_id: bytes) -> None:
    """Show everything a WARRANT says."""
    operator = PROGRAM.open(home)
    proposed = operator.warrants.get(warrant_id)
    record, offset = proposed.record, operator.domain.utc_offset
    describe_warrant(record, operator.venues.names([record])[record.venue_id], offset)
    refused = f" ({printable(proposed.refused)})" if proposed.refused else ""
    click.echo(f"state            {proposed.state_at(operator.clock())}{refused}")
    click.echo(f"shares given     for {operator.releases.totals().get(warrant_id, 0)} passes")
    if proposed.withdrawn is not None:
        click.echo(f"withdrawn        {local_time(proposed.withdrawn, offset)}, by the authority")
    decision = operator.warrants.decision(warrant_id)
    if decision is not None:
        click.echo(
            f"on record        entry {decision.index} of the log; {decision.salt.hex()} shows that it is this warrant"
        )
    show_journal(operator.journal.entries(warrant_id=warrant_id), offset)


@warrants.command()
@click.argument("warrant_id", metavar="WARRANT", type=Hexadecimal(16))
@click.pass_obj
def countersign(home: Path, warrant_id: bytes) -> None:
    """Consent to a WARRANT. The operator will then give shares under it, until it expires."""
    operator = PROGRAM.open(home)
    operator.journal.note(officer(), "countersign", warrant_id=warrant_id)
    operator.warrants.countersign(warrant_id, operator.identity)
    click.echo("countersigned")


@warrants.command()
@click.argument("warrant_id", metavar="WARRANT", type=Hexadecimal(16))
@click.option("--reason", required=True, help="Told to the authority, in at most 256 bytes.")
@click.pass_obj
def refuse(home: Path, warrant_id: bytes, reason: str) -> None:
    """Refuse a WARRANT for good."""
    from escrow.desk.records import REASON_RULE, is_reason

    if not is_reason(reason):
        raise click.UsageError(f"--reason: {REASON_RULE}")
    operator = PROGRAM.open(home)
    operator.journal.note(officer(), "refuse", warrant_id=warrant_id)
    operator.warrants.refuse(warrant_id, reason)
    click.echo("refused")
