"""A domain comes into a home of venues, or leaves it. Spec: §6.1."""

from __future__ import annotations

import shutil
import time
import tomllib
from pathlib import Path

from service.errors import ConfigurationError
from service.files import private_directory, sync_directory, write_private
from service.settings import DomainSettings, check_settings, load_settings
from venue.domains import CLOSED, DOMAINS, PinnedDomain, checked_name
from venue.home import VENUES, VenueHome
from venue.log import forget_domain

EARLIER = "domain.toml"
"""The file in which a home of an earlier version pins its one domain."""
SETTLING_SECONDS = 60
"""No door decides on a code for longer, also when it waits for the database."""


def add_domain(home: Path, text: str, name: str) -> None:
    """Pin the domain of a `domain.toml` with this text in a home, or take its codes again.

    Raises `ConfigurationError` if it is none, the name will not do, or another one has the name or the number.
    """
    if not (home / VENUES).exists():
        raise ConfigurationError(f"{home} is no home of venues yet; run `python -m venue init` first")
    if (home / EARLIER).exists():
        raise ConfigurationError(f"{home} is of an earlier version; run `python -m venue domains adopt NAME` first")
    try:
        settings = check_settings(DomainSettings, tomllib.loads(text), "domain.toml")
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"domain.toml: {error}") from None
    directory, file = private_directory(home / DOMAINS), home / DOMAINS / f"{checked_name(name)}.toml"
    for other in directory.glob("*.toml"):
        known = load_settings(DomainSettings, other)
        if other == file and known != settings:
            raise ConfigurationError(f"there is another domain of the name {name}; choose another name")
        if other != file and known.number == settings.number:
            raise ConfigurationError(f"the domain {other.stem} has the number {known.number} already")
    write_private(file, settings.to_toml().encode())
    (directory / f"{name}{CLOSED}").unlink(missing_ok=True)


def close_domain(home: VenueHome, name: str) -> PinnedDomain:
    """Have the doors let nobody of a domain in from now on; raises `ConfigurationError` if it is not pinned."""
    if name not in (pinned.name for pinned in home.domains):
        raise ConfigurationError(f"no domain of the name {name} is pinned here; see `python -m venue domains list`")
    if name == home.settings.assisted_domain or name in home.settings.domains:
        raise ConfigurationError(f"settings.toml names {name}; take it out there first, and start the server again")
    closed = home.path / DOMAINS / f"{name}{CLOSED}"
    if not closed.exists():
        write_private(closed, b"")
    return next(pinned for pinned in home.domains if pinned.name == name)


def is_settled(home: VenueHome, pinned: PinnedDomain) -> bool:
    """Whether a domain was closed long enough ago that no door is still deciding on a code that it read before."""
    return time.time() - (home.path / DOMAINS / f"{pinned.name}{CLOSED}").stat().st_mtime >= SETTLING_SECONDS


def remove_domain(home: VenueHome, pinned: PinnedDomain) -> None:
    """Delete what is left of a domain: the venues' keys there, their logs, the epoch keys, and at last the pin."""
    for venue in home.venues:
        shutil.rmtree(venue.path / pinned.name, ignore_errors=True)
    forget_domain(home.engine, pinned.domain.number)
    shutil.rmtree(pinned.epochs.directory, ignore_errors=True)
    for ending in (".time", ".toml", CLOSED):
        (home.path / DOMAINS / f"{pinned.name}{ending}").unlink(missing_ok=True)
    sync_directory(home.path / DOMAINS)


def adopt_domain(home: Path, name: str) -> None:
    """Bring a home over that pinned one domain in `domain.toml`. If it was interrupted, done again it goes on.

    The file moves last. Where it is gone everything else has moved, and whatever opens the database brings that over.
    Raises `ConfigurationError` if there is no such file, or as `VenueHome` and `open_database`.
    """
    if not (home / EARLIER).exists():
        raise ConfigurationError(f"{home} has no domain.toml, which homes of earlier versions have")
    moved = {home / EARLIER: home / DOMAINS / f"{checked_name(name)}.toml"}
    moved[home / "passed.time"] = home / DOMAINS / f"{name}.time"
    moved |= {file: home / "epochs" / name / file.name for file in (home / "epochs").glob("*.*")}
    for venue in (home / VENUES).iterdir():
        moved |= {venue / file: venue / name / file for file in ("venue.key", "next.key", "venue.cbor")}
    for before, now in reversed(moved.items()):  # domain.toml at last
        if before.exists():
            before.replace(private_directory(now.parent) / now.name)
            sync_directory(now.parent)
            sync_directory(before.parent)
    assert VenueHome(home).engine  # whose rows become this domain's
