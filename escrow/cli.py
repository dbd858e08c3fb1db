"""The commands that both parties' officers have."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click
from aiohttp import web

from escrow.custody_cli import add_custody_commands
from escrow.party import Party
from escrow.settings import EscrowSettings
from escrow.vault_key import VAULT_KEY_BYTES, has_vault_key, store_vault_key
from escrow.venues_cli import add_venue_commands
from protocol.epochs import Role
from protocol.primitives.signatures import public_key
from protocol.warrants import Warrant
from service.cli import local_time
from service.errors import ConfigurationError
from service.files import private_directory
from service.keys import create_secret, load_signing_key
from service.serving import serve
from service.settings import load_settings

P = TypeVar("P", bound=Party)
MakeParty = Callable[[Path], P]
MakeApp = Callable[[P], Coroutine[Any, Any, web.Application]]


def add_party_commands(
    group: click.Group, role: Role, settings: type[EscrowSettings], make: MakeParty[P], make_app: MakeApp[P]
) -> None:
    """Add `init`, `serve`, `status`, `erase`, `venues` and `custody` to a party's command group."""
    add_custody_commands(group, role, settings)
    add_venue_commands(group, make)

    @group.command()
    @click.pass_obj
    def init(home: Path) -> None:
        """Create this party's keys that are missing. Prints its public identity key for domain.toml."""
        private_directory(home)
        chosen = load_settings(settings, home / "settings.toml")
        if not has_vault_key(home, chosen):
            store_vault_key(home, chosen, secrets.token_bytes(VAULT_KEY_BYTES))
        if not (home / "identity.key").exists():
            create_secret(home / "identity.key")
        click.echo(bytes(public_key(load_signing_key(home / "identity.key"))).hex())

    @group.command(name="serve")
    @click.pass_obj
    def serve_command(home: Path) -> None:
        """Run the server until it is interrupted. It publishes epochs ahead and erases those that are due."""
        party = make(home)
        party.epochs.vault.unlock()  # a passphrase is asked for now, not when the first warrant comes
        serve(make_app(party), party.settings)

    @group.command()
    @click.pass_obj
    def status(home: Path) -> None:
        """Show the epochs, and when the log was last cosigned. An epoch is ahead, current, kept or erased."""
        party = make(home)
        states = [
            (epoch, "current" if epoch == party.epochs.today else "ahead" if epoch > party.epochs.today else "kept")
            for epoch in party.epochs.vault.epochs()
        ]
        for epoch, state in [*states, *((epoch, "erased") for epoch in party.epochs.vault.erased_epochs())]:
            begins = local_time(party.domain.epoch_begins(epoch), party.domain.utc_offset)
            click.echo(f"epoch {epoch}, from {begins}: {state}")
        published = party.log.published()
        if published is not None:
            cosigned = local_time(published[1].time, party.domain.utc_offset)
            click.echo(f"log: {published[1].checkpoint.size} entries, last cosigned {cosigned}")

    @group.command()
    @click.argument("epoch", type=click.IntRange(0, 99_999))
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @click.pass_obj
    def erase(home: Path, epoch: int, *, yes: bool) -> None:
        """Destroy this party's share of EPOCH. Its check-ins can then never be opened, by anyone."""
        party = make(home)
        if not yes:
            click.confirm(f"Destroy the share of epoch {epoch} for good?", abort=True)
        party.epochs.erase(epoch)
        if faults := party.epochs.vault.mirror().all:
            raise ConfigurationError(f"epoch {epoch} is erased here, but a copy may still hold it: {'; '.join(faults)}")
        click.echo(f"epoch {epoch} is erased")


def show_warrant(warrant: Warrant, venue_name: str, utc_offset: int, state: str) -> None:
    """Print a warrant in a list, and how far it has come. No line is cut at a terminal's width: ids are copied."""
    window = f"{local_time(warrant.begins, utc_offset)} to {local_time(warrant.ends, utc_offset)}"
    click.echo(f"{warrant.warrant_id.hex()}  {warrant.purpose.name.lower()}  {state}")
    click.echo(f"    {venue_name}, {window}")
