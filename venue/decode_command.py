"""`decode`: the texts of the codes in pictures and films, for trying a camera. Spec: §4.3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from service.cli import printable

_FILMS = (b"RIFF", b"\x1aE\xdf\xa3", b"OggS", b"FLV", b"YUV4MPEG2", b"\x00\x00\x01\xba", b"\x47")
"""How films begin. OpenCV would make a film of any text."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def decode(context: click.Context, files: tuple[Path, ...]) -> None:
    """Print the text of every code in pictures and films.

    Needs no home and decides nothing: it is for trying a camera. Prints a line for each code, and for a file without
    one a line that says why. The exit status is 0 if every file has a code.
    """
    from venue.pictures import UnreadableImage

    faults = 0
    for path in files:
        try:
            for text in _texts(path):
                click.echo(f"{path.name}: {printable(text)}")
        except UnreadableImage as error:
            faults += 1
            click.echo(f"{path.name}: {error.fault.value}")
    context.exit(1 if faults else 0)


def _texts(path: Path) -> Iterator[str]:
    """The texts in a picture, or in a film, each once; raises `UnreadableImage` if there are none."""
    from venue.pictures import Fault, UnreadableImage, read_file

    try:
        texts: Iterator[str] = iter(read_file(path))
    except UnreadableImage as error:
        if error.fault is not Fault.NO_PICTURE or not _is_film(path):
            raise
        texts = _texts_of_film(path)
    seen: set[str] = set()
    for text in texts:
        if text not in seen:
            seen.add(text)
            yield text
    if not seen:
        raise UnreadableImage(Fault.NO_CODE)


def _is_film(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(16)
    return head.startswith(_FILMS) or head[4:8] == b"ftyp"


def _texts_of_film(path: Path) -> Iterator[str]:
    from venue.camera import NoCamera, camera_frames
    from venue.decoding import read_codes
    from venue.pictures import Fault, UnreadableImage

    try:
        for frame in camera_frames(str(path), click.echo):
            yield from read_codes(frame)
    except NoCamera:
        raise UnreadableImage(Fault.CUT_OFF) from None
