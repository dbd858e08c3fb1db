"""The venue's command line: `python -m venue --help`. Spec: §6.1."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli import CommandGroup, Hexadecimal, home_option, local_time, version_option
from service.clock import unix_time
from service.errors import ConfigurationError
from venue.admit_command import admit
from venue.cli import chosen_venue, day_name, online, venue_option
from venue.decode_command import decode
from venue.read_command import read
from venue.reader_token_commands import readers


class DoorCommands(CommandGroup):
    """Commands whose errors a door's staff can read."""

    def explain(self, error: Exception) -> str:
        """The line about an expected failure, in Korean too."""
        from service.error_words import error_in_words

        return error_in_words(error)


@click.group(cls=DoorCommands)
@version_option
@home_option("venue")
@click.pass_context
def cli(context: click.Context, home: Path) -> None:
    """One or several SplitPass venues: the doors of an electronic visitor log.

    \b
    To set up:  init, then put the domain's domain.toml into the home directory,
                register, and confirm once both parties have approved.
                add makes another venue of a chain in the same home.
    Every day:  serve (keeps itself supplied with keys, and commits to what it
                admitted), or fetch and commit while online and read, which
                decides without a network.
                admit takes down who has neither phone nor paper.
                readers add lets a door with its own machine ask the server.

    Any number of readers and servers may share one home: a pass is spent once in each venue.
    """  # noqa: D301  click reads the backspace
    context.obj = home


cli.add_command(read)
cli.add_command(decode)
cli.add_command(admit)
cli.add_command(readers)

name_option = click.option("--name", required=True, help="The venue's name, as visitors know it.")
url_option = click.option("--url", default="", help="Where visitors reach the server, for check-ins by poster.")
known_option = click.option(
    "--venue",
    "venue_id",
    metavar="ID",
    type=Hexadecimal(16),
    help="The id of a venue that was registered before and whose directory is lost; then run rotate-key.",
)


@cli.command()
@name_option
@url_option
@known_option
@click.pass_obj
def init(home: Path, name: str, url: str, venue_id: bytes | None) -> None:
    """Create the home with its first venue."""
    from venue import setup

    setup.create_home(home, name, url, venue_id)
    click.echo(f"created {home}; next: copy the domain's domain.toml there, then run register")


@cli.command()
@name_option
@url_option
@known_option
@click.pass_obj
def add(path: Path, name: str, url: str, venue_id: bytes | None) -> None:
    """Add another venue to the home. Prints its id; next: register it."""
    from venue import setup
    from venue.home import VenueHome

    click.echo(setup.add_venue(VenueHome(path).path, name, url, venue_id).hex())


@cli.command(name="list")
@click.pass_obj
def list_venues(path: Path) -> None:
    """Show the venues of this home and their keys' fingerprints."""
    from protocol.primitives.signatures import public_key
    from service.keys import fingerprint
    from venue.home import VenueHome

    for venue in VenueHome(path).venues:
        is_without = venue.has_lost_key and venue.next_key is None
        key = "-" * 20 if is_without else fingerprint(public_key(venue.next_key or venue.signing_key))
        state = "not registered" if venue.registration is None else "registered"
        state += ", its key is lost" if venue.has_lost_key else ""
        state += ", another key is applied for" if venue.next_key is not None else ""
        click.echo(f"{venue.venue_id.hex()}  {key}  {venue.description.name}  {state}")


@cli.command()
@venue_option
@click.pass_obj
def register(path: Path, venue_id: bytes | None) -> None:
    """Apply to both parties to be registered."""
    from service.keys import fingerprint
    from venue import registration

    served = chosen_venue(path, venue_id)
    online(lambda session: registration.apply(served, session))
    click.echo(f"applied to both parties; tell their officers the key's fingerprint: {fingerprint(served.record.key)}")
    click.echo("run confirm when they have approved")


@cli.command()
@venue_option
@click.pass_obj
def confirm(path: Path, venue_id: bytes | None) -> None:
    """Fetch both parties' signatures under the venue's record."""
    from venue import registration

    served = chosen_venue(path, venue_id)
    pending = online(lambda session: registration.confirm(served, session))
    if pending:
        names = " and the ".join(role.name.lower() for role in pending)
        raise click.ClickException(f"not approved yet by the {names}; try again later")
    click.echo("registered: both parties have signed this venue")


@cli.command(name="rotate-key")
@click.option("--abandon", is_flag=True, help="Give up the change that is under way, which neither party has approved.")
@venue_option
@click.pass_obj
def rotate_key(path: Path, venue_id: bytes | None, *, abandon: bool) -> None:
    """Apply to both parties to change the venue's key.

    Draws a new one, in the place of the present key or of one that is lost. May be repeated until both have approved.
    Check-ins name the venue and no key, so all of them stay as they are.
    """
    from protocol.primitives.signatures import public_key
    from service.keys import fingerprint
    from venue import registration

    served = chosen_venue(path, venue_id)
    if abandon:
        given_up = online(lambda session: registration.abandon(served, session))
        click.echo(f"the change of the key of {served.venue_id.hex()} is given up, and its new key deleted")
        click.echo(f"tell both parties' officers to refuse the new key: {fingerprint(given_up)}")
        return
    key = served.draw_next_key()
    online(lambda session: registration.apply(served, session))
    click.echo(f"applied to both parties to change the key of {served.venue_id.hex()}")
    if served.has_lost_key:
        click.echo("the key before is lost, so it did not sign this: both parties' officers have to be told so")
    click.echo(f"tell both parties' officers the new key's fingerprint: {fingerprint(public_key(key))}")
    click.echo("run confirm when they have approved; until then the key before is the one that counts")


@cli.command()
@click.pass_obj
def fetch(path: Path) -> None:
    """Fetch the days' keys, so that the doors work offline.

    They are those of yesterday to three days ahead. Also deletes the check-ins that are past their retention, as
    commit, read and the server do.
    """
    from venue.expiry import Expiry
    from venue.home import VenueHome

    home = VenueHome(path)
    now = unix_time()
    wanted, today = home.wanted_epochs(now), home.domain.epoch_at(now)
    known = online(lambda session: home.epochs.refresh(session, wanted.start, wanted.stop - 1))
    for epoch in wanted:
        click.echo(f"{day_name(epoch)}  {'known / 있음' if epoch in known else 'not known / 없음'}")
    online(Expiry(home).check_and_delete)
    if today not in known:
        raise click.ClickException(
            "the key of today is not known: these doors admit nobody / 오늘의 키가 없어 아무도 들어갈 수 없습니다"
        )


@cli.command(name="commit")
@venue_option
@click.pass_obj
def commit_command(path: Path, venue_id: bytes | None) -> None:
    """Commit to the check-ins so far at both parties, now. The server does it hourly."""
    from venue import committing
    from venue.expiry import Expiry

    served = chosen_venue(path, venue_id)
    time = online(lambda session: committing.commit(served, session, unix_time()))
    assert time is not None
    until = local_time(time, served.home.domain.utc_offset)
    click.echo(f"both parties hold a commitment to what was admitted until {until}")
    online(Expiry(served.home).check_and_delete)


@cli.command()
@click.pass_obj
def serve(path: Path) -> None:
    """Run the server of all venues here."""
    from service import serving
    from service.files import demand_writable
    from venue.home import VenueHome
    from venue.server import create_venue_app

    home = VenueHome(path)
    demand_writable(path)
    serving.serve(create_venue_app(home), home.settings)


@cli.command()
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="FILE.svg or FILE.png")
@venue_option
@click.pass_obj
def poster(path: Path, output: Path, venue_id: bytes | None) -> None:
    """Make the poster that visitors scan."""
    from venue.poster import can_draw, poster_png, poster_svg, poster_text

    served = chosen_venue(path, venue_id)
    joint = served.registration
    if joint is None:
        raise ConfigurationError("the venue is not registered; run register and confirm first")
    name, link = poster_text(served.home.domain, joint)
    if output.suffix == ".svg":
        output.write_text(poster_svg(name, link), "utf-8")
    elif output.suffix == ".png":
        output.write_bytes(poster_png(name, link))
        if not can_draw(name):
            click.echo("no font here has all the name's characters, so the picture goes without; SVG has it", err=True)
    else:
        raise click.UsageError("the output must be a .svg or .png file")
    click.echo(f"wrote {output}")


@cli.command()
@venue_option
@click.pass_obj
def status(path: Path, venue_id: bytes | None) -> None:
    """Count the check-ins of every day."""
    for day in chosen_venue(path, venue_id).store.days():
        click.echo(f"{day_name(day.epoch)}  {day.entries} in, {day.exits} out")


if __name__ == "__main__":
    cli(prog_name="python -m venue")
