"""`desk`: the program for officers. Spec: §6.9."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from escrow.program import Program

if TYPE_CHECKING:
    from escrow.party import Party

P = TypeVar("P", bound="Party")


def add_desk_command(group: click.Group, program: Program[P]) -> None:
    """Add `desk` to a party's command group."""

    @group.command()
    @click.pass_obj
    def desk(home: Path) -> None:
        """Run the officers' desk until it is interrupted. It listens on this machine alone."""
        from msgspec import structs

        from escrow.desk.server import desk_page
        from service.files import demand_writable
        from service.serving import serve

        party = program.open(home)
        demand_writable(home)
        party.epochs.vault.unlock()  # a passphrase is asked for now, not when something is opened
        settings = party.settings
        click.echo(f"officers open {settings.desk_url}/desk/" if desk_page(party) else NOT_BUILT, err=True)
        here = {"host": "127.0.0.1", "port": settings.desk_port, "metrics_port": None}
        serve(program.create_desk(party), structs.replace(settings, **here, tls_certificate=None, tls_key=None))


NOT_BUILT = "the officers' page is not built: run make web, and start this program again"
