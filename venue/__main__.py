"""The venue's command line: `python -m venue --help`. Spec: §6.1."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import click
from aiohttp import ClientSession

from protocol.exchanges import Decision
from service import serving
from service.cli import CommandGroup, home_option
from service.http import new_session
from service.settings import ConfigurationError
from venue import registration
from venue.camera import View, camera_frames
from venue.home import VenueHome, create_home, unix_time
from venue.poster import can_draw, poster_png, poster_svg, poster_text
from venue.reader import UnreadableImage, read_file, watch_folder
from venue.server import create_venue_app
from venue.words import explain

T = TypeVar("T")
Outcome = tuple[str, Decision | str]
"""Where a code came from, and the decision on it or why there is none."""


@click.group(cls=CommandGroup)
@home_option("venue")
@click.pass_context
def cli(ctx: click.Context, home: Path) -> None:
    """A SplitPass venue: the door of an electronic visitor log.

    \b
    To set up:  init, then put the domain's domain.toml into the home directory,
                register, and confirm once both parties have approved.
    Every day:  serve (keeps itself supplied with keys), or fetch while online
                and read, which decides without a network.

    Any number of readers and servers may share one home: a pass is spent once.
    """  # noqa: D301  click reads the backspace
    ctx.obj = home


@cli.command()
@click.option("--name", required=True, help="The venue's name, as visitors know it.")
@click.option("--url", default="", help="Where visitors reach the server, for check-ins by poster.")
@click.pass_obj
def init(home: Path, name: str, url: str) -> None:
    """Create the venue: its id, key, reader token and settings."""
    create_home(home, name, url)
    click.echo(f"created {home}; next: copy the domain's domain.toml there, then run register")


@cli.command()
@click.pass_obj
def register(path: Path) -> None:
    """Apply to both parties to be registered."""
    home = VenueHome(path)
    _online(lambda session: registration.apply(home, session))
    click.echo("applied to both parties; run confirm when they have approved")


@cli.command()
@click.pass_obj
def confirm(path: Path) -> None:
    """Fetch both parties' signatures under the venue's record."""
    home = VenueHome(path)
    pending = _online(lambda session: registration.confirm(home, session))
    if pending:
        names = " and the ".join(role.name.lower() for role in pending)
        raise click.ClickException(f"not approved yet by the {names}; try again later")
    click.echo("registered: both parties have signed this venue")


@cli.command()
@click.pass_obj
def fetch(path: Path) -> None:
    """Fetch the epoch keys of yesterday to three days ahead, so that the door works offline."""
    home = VenueHome(path)
    now = unix_time()
    wanted, today = home.wanted_epochs(now), home.domain.epoch_at(now)
    known = _online(lambda session: home.epochs.refresh(session, wanted.start, wanted.stop - 1))
    for epoch in wanted:
        click.echo(f"{_day(epoch)}  {'known' if epoch in known else 'not known'}")
    if today not in known:
        raise click.ClickException("the key of today is not known: this door admits nobody")


@cli.command()
@click.pass_obj
def serve(path: Path) -> None:
    """Run the venue's server."""
    home = VenueHome(path)
    serving.serve(create_venue_app(home), home.settings)


@cli.command()
@click.argument("images", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Read every image that is in a folder or comes into it, until interrupted.",
)
@click.option("--camera", metavar="SOURCE", help="Read a camera: a device's number (0) or a URL.")
@click.pass_context
def read(ctx: click.Context, images: tuple[Path, ...], folder: Path | None, camera: str | None) -> None:
    """Read codes from images, a folder or a camera, and admit or refuse each, without a network.

    Prints one line per code. The exit status is 0 if there were codes and all were admitted.
    """
    if bool(images) + bool(folder) + bool(camera) != 1:
        raise click.UsageError("give images, --folder or --camera")
    gate = VenueHome(ctx.obj).gate

    def decide(text: str) -> Decision:
        return gate.decide_text(text, unix_time())

    if camera:
        view = View(decide)
        outcomes: Iterator[Outcome] = (
            (f"camera {camera}", decision) for frame in camera_frames(camera) for decision in view.show(frame)
        )
    else:
        outcomes = _read_files(watch_folder(folder) if folder else map(_read_image, images), decide)
    admitted, refused = _report(outcomes)
    ctx.exit(0 if admitted and not refused else 1)


@cli.command()
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="FILE.svg or FILE.png")
@click.pass_obj
def poster(path: Path, output: Path) -> None:
    """Make the poster that visitors scan."""
    home = VenueHome(path)
    joint = home.registration
    if joint is None:
        raise ConfigurationError("the venue is not registered; run register and confirm first")
    name, link = poster_text(home.domain, joint)
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
@click.pass_obj
def status(path: Path) -> None:
    """Count the check-ins of every day."""
    for day in VenueHome(path).store.days():
        click.echo(f"{_day(day.epoch)}  {day.entries} in, {day.exits} out")


def _online(action: Callable[[ClientSession], Awaitable[T]]) -> T:
    async def run() -> T:
        async with new_session() as session:
            return await action(session)

    return asyncio.run(run())


def _read_image(path: Path) -> tuple[Path, list[str] | None]:
    try:
        return path, read_file(path)
    except UnreadableImage:
        return path, None


def _read_files(files: Iterable[tuple[Path, list[str] | None]], decide: Callable[[str], Decision]) -> Iterator[Outcome]:
    for path, texts in files:
        if texts is None:
            yield path.name, "this is not a whole picture / 올바른 이미지 파일이 아닙니다"
        elif not texts:
            yield path.name, "there is no QR code in the picture / QR 코드를 찾을 수 없습니다"
        for text in texts or ():
            yield path.name, decide(text)


def _report(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    """Print the outcomes until they end or somebody interrupts; returns how many were admitted and refused."""
    admitted = refused = 0
    try:
        for source, outcome in outcomes:
            if outcome is Decision.ADMITTED:
                admitted += 1
            else:
                refused += 1
            word = "ADMITTED" if outcome is Decision.ADMITTED else "REFUSED"
            click.echo(f"{word}  {source}: {explain(outcome) if isinstance(outcome, Decision) else outcome}")
    except KeyboardInterrupt:
        pass
    return admitted, refused


def _day(epoch: int) -> datetime.date:
    return datetime.date.fromordinal(datetime.date(1970, 1, 1).toordinal() + epoch)


if __name__ == "__main__":
    cli(prog_name="python -m venue")
