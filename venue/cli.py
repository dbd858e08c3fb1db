"""What the venue's commands share: which venue they are about, and how they go online."""

from __future__ import annotations

import datetime
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from service.cli import Hexadecimal
from service.errors import ConfigurationError

if TYPE_CHECKING:
    from venue.home import ServedVenue

if TYPE_CHECKING:
    from aiohttp import ClientSession

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def venue_option(command: F) -> F:
    """The `--venue` option of a command that concerns one venue."""
    help_text = "The venue's id, as `list` shows it; not needed where there is one venue."
    return click.option("--venue", "venue_id", metavar="ID", type=Hexadecimal(16), help=help_text)(command)


def chosen_venue(path: Path, venue_id: bytes | None) -> ServedVenue:
    """The venue of a home that a command is about; raises `ConfigurationError` if it is not clear which."""
    from venue.home import VenueHome

    home = VenueHome(path)
    if venue_id is None and len(home.venues) == 1:
        return home.venues[0]
    chosen = None if venue_id is None else home.venue(venue_id)
    if chosen is None:
        raise ConfigurationError(
            "say which venue: --venue ID; `python -m venue list` shows the ids / "
            "--venue ID로 시설을 지정해 주세요. ID는 list에서 볼 수 있습니다"
        )
    return chosen


def online(action: Callable[[ClientSession], Awaitable[T]]) -> T:
    """Do something with an HTTP session."""
    import asyncio

    from service.http_client import new_session

    async def run() -> T:
        async with new_session() as session:
            return await action(session)

    return asyncio.run(run())


def day_name(epoch: int) -> datetime.date:
    """The day that an epoch is."""
    return datetime.date.fromordinal(datetime.date(1970, 1, 1).toordinal() + epoch)
