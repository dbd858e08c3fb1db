"""`readers`: credentials of the doors' readers. Spec: §5.5."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from service.cli import local_time
from service.clock import unix_time
from venue.cli import chosen_venue, venue_option


@click.group()
def readers() -> None:
    """The credentials of readers that send codes to the server.

    There is one for each door.
    """


@readers.command()
@click.argument("door")
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="New file, mode 600.")
@venue_option
@click.pass_obj
def add(path: Path, door: str, output: Path, venue_id: bytes | None) -> None:
    """Write a new reader's credential for DOOR. Carry it to the reader's machine: it is kept nowhere else."""
    from service.keys import store_secret

    served, token = chosen_venue(path, venue_id), secrets.token_bytes(32)
    store_secret(output, token)
    try:
        served.home.reader_tokens.add(served.venue_id, door, token, unix_time())
    except BaseException:
        output.unlink()
        raise
    click.echo(f"wrote {output}; on the door's machine: python -m venue read --server URL --token-file FILE …")


@readers.command(name="list")
@venue_option
@click.pass_obj
def list_readers(path: Path, venue_id: bytes | None) -> None:
    """Show the readers and since when each is admitted or revoked."""
    served = chosen_venue(path, venue_id)
    offset = served.home.utc_offset
    for reader in served.home.reader_tokens.all(served.venue_id):
        ended = "" if reader.revoked is None else f", revoked {local_time(reader.revoked, offset)}"
        click.echo(f"{reader.door}  added {local_time(reader.added, offset)}{ended}")


@readers.command()
@click.argument("door")
@venue_option
@click.pass_obj
def revoke(path: Path, door: str, venue_id: bytes | None) -> None:
    """End the credential of the reader at DOOR, at once and for good."""
    served = chosen_venue(path, venue_id)
    served.home.reader_tokens.revoke(served.venue_id, door, unix_time())
    click.echo(f"the reader at {door} is revoked")
