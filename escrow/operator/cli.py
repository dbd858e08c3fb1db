"""`python -m escrow operator`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from escrow.cli import add_party_commands, show_warrant
from protocol.epochs import Role
from service.cli import CommandGroup, Hexadecimal, home_option, local_time, printable

if TYPE_CHECKING:
    from aiohttp import web

    from escrow.operator.operator import Operator
    from escrow.operator.settings import OperatorSettings
    from protocol.warrants import Warrant


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

    async def create_app(self, party: Operator) -> web.Application:
        """Its server."""
        from escrow.operator.server import create_operator_app

        return await create_operator_app(party)


PROGRAM = OperatorProgram()


@click.group(name="operator", cls=CommandGroup)
@home_option("operator")
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
@click.pass_obj
def list_warrants(home: Path) -> None:
    """Show every warrant and its state."""
    operator = PROGRAM.open(home)
    for proposed in operator.warrants.all():
        name = _venue_name(operator, proposed.record)
        show_warrant(proposed.record, name, operator.domain.utc_offset, proposed.state)


@warrants.command()
@click.argument("warrant_id", metavar="WARRANT", type=Hexadecimal(16))
@click.pass_obj
def show(home: Path, warrant_id: bytes) -> None:
    """Show everything a WARRANT says."""
    operator = PROGRAM.open(home)
    proposed = operator.warrants.get(warrant_id)
    record, offset = proposed.record, operator.domain.utc_offset
    click.echo(f"warrant          {record.warrant_id.hex()}")
    click.echo(f"purpose          {record.purpose.name.lower()}")
    click.echo(f"venue            {_venue_name(operator, record)} ({record.venue_id.hex()})")
    click.echo(f"window           {local_time(record.begins, offset)} to {local_time(record.ends, offset)}")
    click.echo(f"assumed stay     {record.assumed_stay // 60} minutes, of a visit without an exit")
    click.echo(f"legal reference  {printable(record.legal_reference)}")
    if record.advice:
        click.echo(f"advice           {printable(record.advice)}")
    click.echo(f"at most          {record.max_records} records")
    click.echo(f"issued           {local_time(record.issued, offset)}")
    click.echo(f"expires          {local_time(record.expires, offset)}")
    click.echo(f"discloses        {local_time(record.discloses, offset)}, what was opened under it")
    click.echo(f"state            {proposed.state}{f' ({proposed.refused})' if proposed.refused else ''}")
    decision = operator.warrants.decision(warrant_id)
    if decision is not None:
        click.echo(
            f"on record        entry {decision.index} of the log; {decision.salt.hex()} shows that it is this warrant"
        )


@warrants.command()
@click.argument("warrant_id", metavar="WARRANT", type=Hexadecimal(16))
@click.pass_obj
def countersign(home: Path, warrant_id: bytes) -> None:
    """Consent to a WARRANT. The operator will then give shares under it, until it expires."""
    operator = PROGRAM.open(home)
    operator.warrants.countersign(warrant_id, operator.identity)
    click.echo("countersigned")


@warrants.command()
@click.argument("warrant_id", metavar="WARRANT", type=Hexadecimal(16))
@click.option("--reason", required=True, help="Told to the authority.")
@click.pass_obj
def refuse(home: Path, warrant_id: bytes, reason: str) -> None:
    """Refuse a WARRANT for good."""
    PROGRAM.open(home).warrants.refuse(warrant_id, reason)
    click.echo("refused")


def _venue_name(operator: Operator, record: Warrant) -> str:
    names = {listed.record.venue_id: listed.record.name for listed in operator.venues.all() if listed.statement}
    return names.get(record.venue_id, "unknown venue")
