"""The commands that both parties' officers have."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from escrow.custody_cli import add_custody_commands
from escrow.desk.desk_cli import add_desk_command
from escrow.desk.officers_cli import add_officers_commands
from escrow.journal_cli import add_journal_command, officer
from escrow.program import Program
from escrow.venues_cli import add_venue_commands
from service.cli import local_time, port_options, printable
from service.errors import ConfigurationError

if TYPE_CHECKING:
    from escrow.party import Party
    from protocol.warrants import Warrant

P = TypeVar("P", bound="Party")


def add_party_commands(group: click.Group, program: Program[P]) -> None:
    """Add `init`, `serve`, `status`, `erase`, `venues`, `custody`, `officers`, `desk` and `journal`."""
    add_custody_commands(group, program)
    add_venue_commands(group, program)
    add_officers_commands(group, program)
    add_desk_command(group, program)
    add_journal_command(group, program)

    @group.command()
    @click.pass_obj
    def init(home: Path) -> None:
        """Create this party's keys that are missing. Prints its public identity key for domain.toml."""
        from escrow.vault_key import VAULT_KEY_BYTES, has_vault_key, store_vault_key
        from protocol.primitives.signatures import public_key
        from service.files import private_directory
        from service.keys import create_secret, load_signing_key

        private_directory(home)
        settings = program.load_settings(home)
        if not has_vault_key(home, settings):
            store_vault_key(home, settings, secrets.token_bytes(VAULT_KEY_BYTES))
        if not (home / "identity.key").exists():
            create_secret(home / "identity.key")
        click.echo(bytes(public_key(load_signing_key(home / "identity.key"))).hex())

    @group.command(name="serve")
    @port_options
    @click.pass_obj
    def serve_command(home: Path, port: int | None, metrics_port: int | None) -> None:
        """Run the server until it is interrupted. It publishes epochs ahead and erases those that are due."""
        from service.files import demand_writable
        from service.serving import serve

        party = program.open(home)
        demand_writable(home)
        party.epochs.vault.unlock()  # a passphrase is asked for now, not when the first warrant comes
        serve(program.create_app(party), party.settings.at(port, metrics_port))

    @group.command()
    @click.pass_obj
    def status(home: Path) -> None:
        """Show the epochs, and when the log was last cosigned. An epoch is ahead, current, kept or erased."""
        party = program.open(home)
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
        party = program.open(home)
        if not yes:
            day = local_time(party.domain.epoch_begins(epoch), party.domain.utc_offset)[:10]
            click.confirm(f"Destroy the share of epoch {epoch}, which is {day}, for good?", abort=True)
        party.erase_early(epoch)
        party.journal.note(officer(), f"erase epoch {epoch}")  # afterwards: a database must hinder no erasure
        if faults := party.epochs.vault.mirror().all:
            raise ConfigurationError(f"epoch {epoch} is erased here, but a copy may still hold it: {'; '.join(faults)}")
        click.echo(f"epoch {epoch} is erased")


def show_warrant(warrant: Warrant, venue_name: str, utc_offset: int, state: str, opened: int | None = None) -> None:
    """Print a warrant in a list, how far it has come, and for how many passes shares were given.

    No line is cut at a terminal's width: ids are copied.
    """
    window = f"{local_time(warrant.begins, utc_offset)} to {local_time(warrant.ends, utc_offset)}"
    dates = f"issued {local_time(warrant.issued, utc_offset)}, expires {local_time(warrant.expires, utc_offset)}"
    count = f"at most {warrant.max_records} records" if opened is None else f"{opened} of {warrant.max_records} records"
    click.echo(f"{warrant.warrant_id.hex()}  {warrant.purpose.name.lower()}  {state}")
    click.echo(f"    {venue_name}, {window}")
    click.echo(f"    {dates}, {count}, {printable(warrant.legal_reference)}")


def describe_warrant(warrant: Warrant, venue_name: str, utc_offset: int) -> None:
    """Print everything that a warrant says."""
    click.echo(f"warrant          {warrant.warrant_id.hex()}")
    click.echo(f"purpose          {warrant.purpose.name.lower()}")
    click.echo(f"venue            {venue_name} ({warrant.venue_id.hex()})")
    click.echo(f"window           {local_time(warrant.begins, utc_offset)} to {local_time(warrant.ends, utc_offset)}")
    click.echo(f"assumed stay     {warrant.assumed_stay // 60} minutes, of a visit without an exit")
    click.echo(f"legal reference  {printable(warrant.legal_reference)}")
    if warrant.advice:
        click.echo(f"advice           {printable(warrant.advice)}")
    click.echo(f"at most          {warrant.max_records} records")
    click.echo(f"issued           {local_time(warrant.issued, utc_offset)}")
    click.echo(f"expires          {local_time(warrant.expires, utc_offset)}")
    click.echo(f"discloses        {local_time(warrant.discloses, utc_offset)}, what was opened under it")
