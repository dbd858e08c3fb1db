"""`read`: codes from pictures or a camera, decided on this machine or by a server elsewhere. Spec: §3.8, §5.5."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from protocol.primitives.errors import SplitPassError
from service.clock import unix_time
from service.problems import Problem, Unreachable
from venue.cli import chosen_venue, venue_option

if TYPE_CHECKING:
    from venue.pictures import Fault
    from venue.verdicts import Verdict

Decide: TypeAlias = "Callable[[str], Verdict]"
Outcome: TypeAlias = "tuple[str, Verdict]"
"""Where a code came from, and what became of it."""


@click.command()
@click.argument("images", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Read every image that is in a folder or comes into it, until interrupted.",
)
@click.option("--camera", metavar="SOURCE", help="Read a camera: a device's number (0) or a URL.")
@click.option("--server", metavar="URL", help="Have the venues' server at URL decide; nothing else is needed here.")
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --server: the credential that `readers add` wrote.",
)
@venue_option
@click.pass_context
def read(
    context: click.Context,
    images: tuple[Path, ...],
    folder: Path | None,
    camera: str | None,
    server: str | None,
    token_file: Path | None,
    venue_id: bytes | None,
) -> None:
    """Read codes and admit or refuse each.

    They come from images, a folder or a camera. The decisions are made here, without a network, in the home of the
    venue; or by a server elsewhere, which has to be reached then. Prints one line per code. The exit status is 0 if
    there were codes and all were admitted.
    """
    from venue.pictures import watch_folder

    if bool(images) + bool(folder) + bool(camera) != 1:
        raise click.UsageError(
            "give images, --folder or --camera / 이미지, --folder, --camera 가운데 하나를 지정해 주세요"
        )
    if bool(server) != bool(token_file) or (server and venue_id):
        raise click.UsageError(
            "--server and --token-file go together, and the token says which venue it is / "
            "--server와 --token-file을 함께 지정하고 --venue는 빼 주세요"
        )
    decisions = (
        _remote_decisions(server, token_file) if server and token_file else _own_decisions(context.obj, venue_id)
    )
    with decisions as decide:
        if camera:
            outcomes = _see(camera, decide)
        else:
            outcomes = _read_files(watch_folder(folder) if folder else map(_read_image, images), decide)
        admitted, refused = _report(outcomes)
    context.exit(0 if admitted and not refused else 1)


def _see(camera: str, decide: Decide) -> Iterator[Outcome]:
    """What comes into a camera's view, for as long as the camera is there."""
    from venue.camera import CameraLost, View, camera_frames, camera_name

    view = View(decide)
    try:
        for frame in camera_frames(camera, lambda said: click.echo(said, err=True)):
            for verdict in view.show(frame):
                yield f"camera {camera_name(camera)}", verdict
    except CameraLost as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _own_decisions(path: Path, venue_id: bytes | None) -> Iterator[Decide]:
    """Decide here; that the disk or database fails now does not end the reading."""
    from sqlalchemy.exc import SQLAlchemyError

    from service.storage import is_storage_trouble
    from service.words import NOT_STORED
    from venue.expiry import deleting
    from venue.verdicts import Verdict, gate_verdict

    served = chosen_venue(path, venue_id)
    gate = served.gate

    def decide(text: str) -> Verdict:
        try:
            return gate_verdict(gate, text, unix_time())
        except (SQLAlchemyError, OSError) as error:
            if not is_storage_trouble(error):
                raise
            return Verdict(None, NOT_STORED)

    with deleting(served.home):
        yield decide


@contextmanager
def _remote_decisions(server: str, token_file: Path) -> Iterator[Decide]:
    """Ask the server, one code after the other; that it does not answer now does not end the reading."""
    import asyncio

    from service.http_client import new_session
    from service.keys import load_secret
    from service.words import no_decision_in_a_line
    from venue.remote import ANSWER_SECONDS, RemoteDoor
    from venue.setup import checked_url
    from venue.verdicts import Verdict, server_verdict

    url, token = checked_url(server), load_secret(token_file)
    with asyncio.Runner() as runner:

        async def decide(text: str) -> Verdict:
            async with new_session(ANSWER_SECONDS) as session:
                try:
                    return server_verdict(text, await RemoteDoor(session, url, token).decide_text(text))
                except (Problem, Unreachable, SplitPassError) as error:
                    return Verdict(None, no_decision_in_a_line(error))

        yield lambda text: runner.run(decide(text))


def _read_image(path: Path) -> tuple[Path, list[str] | Fault]:
    from venue.pictures import UnreadableImage, read_file

    try:
        return path, read_file(path)
    except UnreadableImage as error:
        return path, error.fault


def _read_files(files: Iterable[tuple[Path, list[str] | Fault]], decide: Decide) -> Iterator[Outcome]:
    from venue.pictures import Fault
    from venue.verdicts import Verdict

    for path, texts in files:
        if isinstance(texts, Fault):
            yield path.name, Verdict(None, texts.value)
        elif not texts:
            yield path.name, Verdict(None, Fault.NO_CODE.value)
        else:
            for text in texts:
                yield path.name, decide(text)


def _report(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    """Print the outcomes until they end or somebody interrupts; returns how many were admitted and refused."""
    from protocol.http_messages import Decision

    admitted = refused = 0
    try:
        for source, verdict in outcomes:
            is_admitted = verdict.decision is Decision.ADMITTED
            admitted, refused = admitted + is_admitted, refused + (not is_admitted)
            click.echo(f"{'ADMITTED' if is_admitted else 'REFUSED'}  {source}: {verdict.words}")
    except KeyboardInterrupt:
        pass
    return admitted, refused
