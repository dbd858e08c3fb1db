"""What the venue's commands share: which venue they are about, and how they go online."""

from __future__ import annotations

import datetime
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from service.cli import CommandGroup, Hexadecimal, printable
from service.errors import ConfigurationError

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from venue.home import ServedVenue
    from venue.membership import Membership

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
EXPECTED: tuple[type[Exception], ...] = (click.ClickException, *CommandGroup.expected)
"""What may go wrong in one domain while another one is done."""


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


def domain_option(command: F) -> F:
    """The `--domain` option of a command that concerns a venue in one domain or in all."""
    help_text = "The domain's name, as `domains list` shows it; without it, all of them."
    return click.option("--domain", "domain_name", metavar="NAME", help=help_text)(command)


def chosen_memberships(path: Path, venue_id: bytes | None, domain_name: str | None) -> list[Membership]:
    """The venue that a command is about in the domain that was named, or in all; raises as `chosen_venue`."""
    memberships = chosen_venue(path, venue_id).memberships
    chosen = [membership for membership in memberships if domain_name in {None, membership.pinned.name}]
    if not chosen:
        raise ConfigurationError(
            f"no domain of the name {domain_name} is pinned; see `python -m venue domains list` / "
            "그런 이름의 명부가 없습니다. domains list에서 볼 수 있습니다"
        )
    return chosen


def for_each(memberships: Sequence[Membership], action: Callable[[Membership], Iterable[str]]) -> None:
    """Do something in every domain, and print the lines that it gives. What fails in one does not stop the others."""
    from service.error_words import error_in_words

    is_one, has_failed = len(memberships) == 1, False
    for membership in memberships:
        name = membership.pinned.name
        try:
            for line in action(membership):
                click.echo(line if is_one else f"{name}: {line}")
        except EXPECTED as error:
            if is_one:
                raise
            text = error.message if isinstance(error, click.ClickException) else printable(error_in_words(error))
            click.echo(f"{name}: Error: {text}", err=True)
            has_failed = True
    if has_failed:
        click.get_current_context().exit(1)


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
