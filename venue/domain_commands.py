"""`domains`: which domains' codes the doors of a home take. Spec: §6.1."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from venue.cli import day_name


@click.group()
def domains() -> None:
    """The domains whose visitors the doors take.

    A running server notices within a minute what changes here; its doors notice at the next code.
    """


@domains.command(name="list")
@click.pass_obj
def list_domains(path: Path) -> None:
    """Show the domains and their parties.

    There is a line for each: name, number, both parties' servers, and for how long check-ins are kept.
    """
    from protocol.epochs import Role
    from venue.home import VenueHome

    for pinned in VenueHome(path).domains:
        urls = "  ".join(pinned.settings.url(role) for role in Role)
        state = "  lets nobody in any more" if pinned.closed else ""
        click.echo(f"{pinned.name}  {pinned.domain.number}  {urls}  {pinned.retention_days} days{state}")


@domains.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--name", required=True, help="What commands call it: small letters, digits and hyphens.")
@click.pass_obj
def add(path: Path, file: TextIO, name: str) -> None:
    """Take the codes of a domain from now on.

    FILE is its domain.toml, or `-` for standard input.
    """
    from venue import domain_setup

    domain_setup.add_domain(path, file.read(), name)
    click.echo(f"the doors take codes of {name} from now on, once the days' keys are here")
    click.echo(f"next: python -m venue register --domain {name}, and confirm when both its parties have approved")


@domains.command()
@click.argument("name")
@click.pass_obj
def remove(path: Path, name: str) -> None:
    """Let nobody of a domain in from now on. Who is inside can still check out.

    It is removed once nothing of it is kept. What was admitted stays until its retention is over: it is committed to,
    and released for warrants, as before. Run this again then. It deletes the venues' keys of this domain, and their
    logs. `domains add` takes its codes again. After the removal that begins new logs, and a window before them, or in
    their first half day, cannot be released.
    """
    from venue import domain_setup, store
    from venue.home import VenueHome

    home = VenueHome(path)
    pinned = domain_setup.close_domain(home, name)
    is_settled = domain_setup.is_settled(home, pinned)  # before it is counted
    count, last = store.kept(home.engine, pinned.domain.number)
    if last is not None:
        click.echo(f"the doors let nobody of {name} in from now on")
        until = day_name(last + pinned.retention_days)
        click.echo(f"{count} check-ins of it are kept for warrants, until {until} is over; run this again then")
    elif is_settled:
        domain_setup.remove_domain(home, pinned)
        click.echo(f"{name} is removed; nothing of it was kept")
    else:
        click.echo(f"the doors let nobody of {name} in from now on")
        click.echo("nothing of it is kept; run this again in a minute, when no door is deciding on a code any more")


@domains.command()
@click.argument("name")
@click.pass_obj
def adopt(path: Path, name: str) -> None:
    """Bring a home of an earlier version over.

    It pinned one domain, in domain.toml, which is called NAME from now on.
    """
    from venue import domain_setup

    domain_setup.adopt_domain(path, name)
    click.echo(f"the domain, the venues' keys and the database are {name}'s now")
