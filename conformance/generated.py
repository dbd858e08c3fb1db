"""Directories of files that a program makes again, byte for byte."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click


def write_or_check(place: str, directory: Path, wanted: Mapping[str, str], *, check: bool) -> None:
    """Have these JSON files and no others in a directory, called `place`; with `check` name what differs and exit."""
    present = {path.name: path.read_text("utf-8") for path in directory.glob("*.json")}
    different = sorted(name for name in {**present, **wanted} if wanted.get(name) != present.get(name))
    if check:
        for name in different:
            click.echo(f"{place}/{name} differs from what the protocol makes")
        sys.exit(bool(different))
    directory.mkdir(parents=True, exist_ok=True)
    for name in different:
        if name in wanted:
            (directory / name).write_text(wanted[name], "utf-8")
        else:
            (directory / name).unlink()
        click.echo(f"{place}/{name}")
