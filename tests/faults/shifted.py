"""`python -m tests.faults.shifted`: a real server, or a door's reader, whose clock is wrong."""

from __future__ import annotations

import time
from pathlib import Path

import click

from escrow.authority.authority import Authority
from escrow.authority.server import create_authority_app
from escrow.operator.operator import Operator
from escrow.operator.server import create_operator_app
from service.cli import CommandGroup
from service.serving import serve
from venue import read_command
from venue.home import VenueHome
from venue.server import create_venue_app


@click.group(cls=CommandGroup)
@click.option("--home", type=click.Path(path_type=Path), required=True)
@click.option("--seconds", type=int, required=True, help="How far ahead the clock is.")
@click.pass_context
def main(context: click.Context, home: Path, seconds: int) -> None:
    """Run a party's or a venue's server, or a reader, with a wrong clock."""
    context.obj = home, lambda: int(time.time()) + seconds


@main.command()
@click.pass_context
def operator(context: click.Context) -> None:
    """The operator's server."""
    party = Operator(*context.obj)
    serve(create_operator_app(party), party.settings)


@main.command()
@click.pass_context
def authority(context: click.Context) -> None:
    """The authority's server."""
    party = Authority(*context.obj)
    serve(create_authority_app(party), party.settings)


@main.command()
@click.pass_context
def venue(context: click.Context) -> None:
    """A venue's server."""
    home, clock = context.obj
    place = VenueHome(home)
    serve(create_venue_app(place, clock), place.settings)


@main.command()
@click.option("--folder", required=True)
@click.pass_context
def reader(context: click.Context, folder: str) -> None:
    """A reader of pictures in a folder."""
    home, clock = context.obj
    read_command.unix_time = clock  # type: ignore[attr-defined]
    read_command.read.main(["--folder", folder], obj=home)


if __name__ == "__main__":
    main(prog_name="python -m tests.faults.shifted")
