"""`venues`: the officer's decisions on who is a venue, and on changes of its key. Spec: §3.9, §6.5."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from escrow.journal_cli import officer
from escrow.program import Program
from service.cli import Hexadecimal
from service.errors import ConfigurationError
from service.keys import fingerprint

if TYPE_CHECKING:
    from escrow.party import Party
    from escrow.venues import Change
    from protocol.warrants import Venue

P = TypeVar("P", bound="Party")
KEY_HELP = "The fingerprint of the key, as the venue itself told you."
LOST = (
    "The key that is registered now did not sign this change: either the venue has lost it, or a stranger asks.\n"
    "Has the venue itself, reached in a way that you trust, told you that its key is lost, and this fingerprint?"
)


def add_venue_commands(group: click.Group, program: Program[P]) -> None:
    """Add `venues list`, `venues approve` and `venues refuse` to a party's command group."""

    @group.group()
    def venues() -> None:
        """The register of venues."""

    @venues.command(name="list")
    @click.pass_obj
    def list_venues(home: Path) -> None:
        """Show the venues that applied. Below each are the changes of its key that somebody applied for."""
        register = program.open(home).venues
        for listed in register.all():
            click.echo(f"{listed.record.venue_id.hex()}  {'approved' if listed.statement else 'not approved'}")
            _show(listed.record, "    ")
            for change in register.changes(listed.record.venue_id):
                signed = f"a change that is {'' if change.agreed else 'NOT '}signed with the key above"
                click.echo(f"    {signed if listed.statement else 'another application under this id'}")
                _show(change.record, "        ")

    @venues.command()
    @click.argument("venue_id", metavar="VENUE", type=Hexadecimal(16))
    @click.option("--key", metavar="FINGERPRINT", required=True, help=KEY_HELP)
    @click.option("--lost-key", is_flag=True, help="Do not ask whether the venue has lost the key before.")
    @click.pass_obj
    def approve(home: Path, venue_id: bytes, key: str, *, lost_key: bool) -> None:
        """Sign the record of VENUE with this key, its first one or another. It counts once both parties have."""
        party = program.open(home)
        party.journal.note(officer(), f"approve venue {venue_id.hex()}")
        listed = party.venues.get(venue_id)
        record = listed.record
        if key != fingerprint(record.key):
            change = _change(party, venue_id, key)
            if listed.statement and not change.agreed and not lost_key:
                click.confirm(LOST, abort=True)
            record = change.record
        party.venues.approve(record, party.identity)
        click.echo(f"{record.name} is approved")

    @venues.command()
    @click.argument("venue_id", metavar="VENUE", type=Hexadecimal(16))
    @click.option("--key", metavar="FINGERPRINT", required=True, help="The fingerprint of the key that nobody gets.")
    @click.pass_obj
    def refuse(home: Path, venue_id: bytes, key: str) -> None:
        """Refuse what VENUE applied for with this key. What is approved stays."""
        party = program.open(home)
        party.journal.note(officer(), f"refuse a key of venue {venue_id.hex()}")
        listed = party.venues.get(venue_id)
        is_first = listed.statement is None and key == fingerprint(listed.record.key)
        party.venues.refuse(listed.record if is_first else _change(party, venue_id, key).record)
        click.echo("refused")


def _show(record: Venue, indent: str) -> None:
    for what, value in (("name", record.name), ("server", record.url or "none"), ("key", fingerprint(record.key))):
        click.echo(f"{indent}{what:8}{value}")


def _change(party: Party, venue_id: bytes, key: str) -> Change:
    for change in party.venues.changes(venue_id):
        if fingerprint(change.record.key) == key:
            return change
    raise ConfigurationError(f"nobody applied for this venue with the key {key}; compare it with venues list")
