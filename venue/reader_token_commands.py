"""`readers`: credentials of the doors' readers. Spec: §5.5."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import local_time
from service.clock import unix_time
from venue.cli import chosen_venue, venue_option

if TYPE_CHECKING:
    from venue.home import ServedVenue
    from venue.reader_tokens import ReaderToken


@click.group()
def readers() -> None:
    """The readers at the doors that this server knows.

    They are pages on phones and tablets, and programs. There is one for each door.
    """


@readers.command()
@click.argument("door")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a credential for a program into this new file, mode 600, and make no link.",
)
@click.option("--url", default="", help="Where the door reaches this server, if not at the venue's own URL.")
@venue_option
@click.pass_obj
def add(path: Path, door: str, output: Path | None, url: str, venue_id: bytes | None) -> None:
    """Make a link that turns a phone or tablet into a reader at DOOR.

    It works once and within fifteen minutes. With --output, write a credential for a reading program instead.
    """
    served = chosen_venue(path, venue_id)
    if output is not None:
        _write_token(served, door, output)
        return
    from service.qr import qr_terminal
    from venue.setup import checked_url

    base = checked_url(url) or served.description.url.rstrip("/")
    if not base:
        raise click.UsageError(
            "this venue has no URL; say with --url where the door reaches this server / --url로 서버 주소를 적어 주세요"
        )
    secret = served.home.pairings.offer(served.venue_id, door, unix_time())
    link = f"{base}/door/#{secret.hex()}"
    click.echo(link)
    click.echo(qr_terminal(link))
    click.echo("open it on the device at the door, once and within fifteen minutes; show it to nobody else")
    click.echo("출입문 기기에서 15분 안에 한 번만 열 수 있습니다. 다른 사람에게 보이지 마세요.")


def _write_token(served: ServedVenue, door: str, output: Path) -> None:
    """Write a new reader's credential into a file: it is kept nowhere else."""
    from service.keys import store_secret

    token = secrets.token_bytes(32)
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
    """Show the readers.

    There is a line for each: since when it is admitted or revoked, when it last said that it is there, and whether it
    is on duty. The venue's commitments wait for a reader that is on duty and out of touch.
    """
    served = chosen_venue(path, venue_id)
    for reader in served.home.reader_tokens.all(served.venue_id):
        click.echo(_line(served, reader))


def _line(served: ServedVenue, reader: ReaderToken) -> str:
    offset, contact = served.home.utc_offset, served.home.contacts.of(reader)
    line = f"{reader.door}  added {local_time(reader.added, offset)}"
    if contact is not None:
        line += f", last heard of {local_time(contact.heard, offset)}"
    if reader.revoked is not None:
        return f"{line}, revoked {local_time(reader.revoked, offset)}"
    if contact is not None and contact.on_duty:
        line += f", on duty, all delivered until {local_time(contact.since, offset)}"
    return line


@readers.command()
@click.argument("door")
@venue_option
@click.pass_obj
def revoke(path: Path, door: str, venue_id: bytes | None) -> None:
    """End the credential of the reader at DOOR, at once and for good. What it has not delivered is lost."""
    served = chosen_venue(path, venue_id)
    served.home.reader_tokens.revoke(served.venue_id, door, unix_time())
    click.echo(f"the reader at {door} is revoked")
