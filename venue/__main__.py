"""The venue's command line: `python -m venue --help`. Spec: §6.1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import CommandGroup, Hexadecimal, home_option, local_time, port_options, version_option
from service.clock import unix_time
from venue.admit_command import admit
from venue.cli import chosen_memberships, chosen_venue, day_name, domain_option, for_each, online, venue_option
from venue.decode_command import decode
from venue.domain_commands import domains
from venue.read_command import read
from venue.reader_token_commands import readers

if TYPE_CHECKING:
    from venue.membership import Membership


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
    To set up:  init, then domains add with a domain's domain.toml,
                register, and confirm once both parties have approved.
                A home may pin several domains, and add makes another venue
                of a chain in it.
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
cli.add_command(domains)

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
    click.echo(f"created {home}; next: python -m venue domains add domain.toml --name NAME")


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
    """Show the venues of this home and their keys' fingerprints.

    There is a line for each domain: id, fingerprint, domain, name, state.
    """
    from protocol.primitives.signatures import public_key
    from service.keys import fingerprint
    from venue.home import VenueHome

    for one in VenueHome(path).memberships:
        is_without = one.lacks_key and one.next_key is None
        key = "-" * 20 if is_without else fingerprint(public_key(one.next_key or one.signing_key))
        state = "not registered" if one.registration is None else "registered"
        state += ", its key is lost" if one.lacks_key and one.registration is not None else ""
        state += ", another key is applied for" if one.next_key is not None else ""
        click.echo(f"{one.venue_id.hex()}  {key}  {one.pinned.name}  {one.description.name}  {state}")


@cli.command()
@venue_option
@domain_option
@click.pass_obj
def register(path: Path, venue_id: bytes | None, domain_name: str | None) -> None:
    """Apply to both parties to be registered, in each domain."""
    from service.keys import fingerprint
    from venue import registration

    def apply(membership: Membership) -> Iterator[str]:
        membership.draw_first_key()
        online(lambda session: registration.apply(membership, session))
        key = fingerprint(membership.record.key)
        yield f"applied to both parties; tell their officers the key's fingerprint: {key}"
        yield "run confirm when they have approved"

    for_each(chosen_memberships(path, venue_id, domain_name), apply)


@cli.command()
@venue_option
@domain_option
@click.pass_obj
def confirm(path: Path, venue_id: bytes | None, domain_name: str | None) -> None:
    """Fetch both parties' signatures, in each domain."""
    from venue import registration

    def fetch_signatures(membership: Membership) -> Iterator[str]:
        pending = online(lambda session: registration.confirm(membership, session))
        if pending:
            names = " and the ".join(role.name.lower() for role in pending)
            raise click.ClickException(f"not approved yet by the {names}; try again later")
        yield "registered: both parties have signed this venue"

    for_each(chosen_memberships(path, venue_id, domain_name), fetch_signatures)


@cli.command(name="rotate-key")
@click.option("--abandon", is_flag=True, help="Give up the change that is under way, which neither party has approved.")
@venue_option
@domain_option
@click.pass_obj
def rotate_key(path: Path, venue_id: bytes | None, domain_name: str | None, *, abandon: bool) -> None:
    """Apply to both parties to change the venue's key, in each domain.

    Draws a new one, in the place of the present key or of one that is lost. May be repeated until both have approved.
    Check-ins name the venue and no key, so all of them stay as they are.
    """
    change = _give_up_change if abandon else _change_key
    for_each(chosen_memberships(path, venue_id, domain_name), change)


def _give_up_change(membership: Membership) -> Iterator[str]:
    from service.keys import fingerprint
    from venue import registration

    given_up = online(lambda session: registration.abandon(membership, session))
    yield f"the change of the key of {membership.venue_id.hex()} is given up, and its new key deleted"
    yield f"tell both parties' officers to refuse the new key: {fingerprint(given_up)}"


def _change_key(membership: Membership) -> Iterator[str]:
    from protocol.primitives.signatures import public_key
    from service.keys import fingerprint
    from venue import registration

    key = membership.draw_next_key()
    online(lambda session: registration.apply(membership, session))
    yield f"applied to both parties to change the key of {membership.venue_id.hex()}"
    if membership.lacks_key:
        yield "no key before signed this: if one was registered, tell both parties' officers that it is lost"
    yield f"tell both parties' officers the new key's fingerprint: {fingerprint(public_key(key))}"
    yield "run confirm when they have approved; until then the key before is the one that counts"


@cli.command()
@click.pass_obj
def fetch(path: Path) -> None:
    """Fetch the days' keys, so that the doors work offline.

    They are those of yesterday to three days ahead, of every domain. Also deletes the check-ins that are past their
    retention, as commit, read and the server do.
    """
    from venue.expiry import Expiry
    from venue.home import VenueHome

    home, now = VenueHome(path), unix_time()
    domains, lacking = list(home.domains), []
    for pinned in domains:
        wanted, today = pinned.wanted_epochs(now), pinned.domain.epoch_at(now)
        known = online(lambda session: pinned.epochs.refresh(session, wanted.start, wanted.stop - 1))  # noqa: B023
        named = "" if len(domains) == 1 else f"{pinned.name}: "
        for epoch in wanted:
            click.echo(f"{named}{day_name(epoch)}  {'known / 있음' if epoch in known else 'not known / 없음'}")
        lacking += [pinned.name] if today not in known else []
    online(Expiry(home).check_and_delete)
    if lacking:
        names = ", ".join(lacking)
        raise click.ClickException(
            f"the key of today is not known: these doors admit nobody of {names} / "
            f"오늘의 키가 없어 아무도 들어갈 수 없습니다 ({names})"
        )


@cli.command(name="commit")
@venue_option
@domain_option
@click.pass_obj
def commit_command(path: Path, venue_id: bytes | None, domain_name: str | None) -> None:
    """Commit to the check-ins so far, now, in each domain.

    The server does it hourly.
    """
    from venue import committing
    from venue.expiry import Expiry
    from venue.home import VenueHome

    def commit(membership: Membership) -> Iterator[str]:
        time = online(lambda session: committing.commit(membership, session, unix_time()))
        if time is None:
            raise click.ClickException(_waited_for(membership))
        until = local_time(time, membership.pinned.domain.utc_offset)
        yield f"both parties hold a commitment to what was admitted until {until}"

    memberships = chosen_memberships(path, venue_id, domain_name)
    try:
        for_each(memberships, commit)
    finally:
        online(Expiry(VenueHome(path)).check_and_delete)


def _waited_for(membership: Membership) -> str:
    """Why there is no commitment, and what to do."""
    from venue import duty

    doors = ", ".join(reader.door for reader, _ in duty.out_of_touch(membership, unix_time()))
    return (
        f"the readers on duty have not delivered for long ({doors}), and a commitment would make what they still have "
        "too late; have them deliver, or revoke what is lost / 아직 기록을 보내지 않은 리더가 있습니다"
    )


@cli.command()
@port_options
@click.pass_obj
def serve(path: Path, port: int | None, metrics_port: int | None) -> None:
    """Run the server of all venues here."""
    from service import serving
    from service.files import demand_writable
    from venue.home import VenueHome
    from venue.server import create_venue_app

    home = VenueHome(path)
    demand_writable(path)
    serving.serve(create_venue_app(home), home.settings.at(port, metrics_port))


@cli.command()
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="FILE.svg or FILE.png")
@venue_option
@click.pass_obj
def poster(path: Path, output: Path, venue_id: bytes | None) -> None:
    """Make the poster that visitors scan."""
    from venue.poster import can_draw, poster_png, poster_svg, poster_text

    title, link = poster_text(chosen_venue(path, venue_id))
    if output.suffix == ".svg":
        output.write_text(poster_svg(title, link), "utf-8")
    elif output.suffix == ".png":
        output.write_bytes(poster_png(title, link))
        if not can_draw(title):
            click.echo("no font here has all the name's characters, so the picture goes without; SVG has it", err=True)
    else:
        raise click.UsageError("the output must be a .svg or .png file")
    click.echo(f"wrote {output}")


@cli.command()
@venue_option
@domain_option
@click.pass_obj
def status(path: Path, venue_id: bytes | None, domain_name: str | None) -> None:
    """Count the check-ins of every day, of each domain."""

    def count(membership: Membership) -> Iterator[str]:
        for day in membership.store.days():
            yield f"{day_name(day.epoch)}  {day.entries} in, {day.exits} out"

    for_each(chosen_memberships(path, venue_id, domain_name), count)


if __name__ == "__main__":
    cli(prog_name="python -m venue")
