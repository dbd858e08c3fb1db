"""The domains that a home of venues pins, each in its `domains/NAME.toml`. Spec: §6.1."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from service.epoch_cache import EpochCache
from service.errors import ConfigurationError
from service.settings import DomainSettings, load_settings
from venue.settings import VenueSettings

DOMAINS = "domains"
"""The directory of a home that has the `NAME.toml` of each domain, and what is known of each beside it."""
NAME = "[a-z0-9][a-z0-9-]{0,31}"
CLOSED = ".closed"
"""Ends the name of the file beside a domain's that says that doors let nobody of it in any more."""
DAYS_AHEAD = 3
"""For how many days after today a door keeps epoch keys, to work without a network."""

TICK = 1_000_000_000
"""For so many nanoseconds after a change another one may have the same time."""

logger = logging.getLogger("splitpass.venue")


class PinnedDomain:
    """A domain as a home pins it, under the name that commands show, with what the home has set for it.

    Of one that is `closed` the doors let nobody in any more, only out. What they admitted is kept, committed to and
    released.
    """

    def __init__(self, home: Path, name: str, settings: DomainSettings, of_home: VenueSettings) -> None:
        chosen = of_home.domains.get(name)
        self.name, self.settings, self.domain = name, settings, settings.domain
        self.closed = (home / DOMAINS / f"{name}{CLOSED}").exists()
        self.passed_file = home / DOMAINS / f"{name}.time"
        self.epochs = EpochCache(home / "epochs" / name, settings)
        self.tolerance: int = of_home.tolerance if chosen is None or chosen.tolerance is None else chosen.tolerance
        self.retention_days: int = (
            of_home.retention_days if chosen is None or chosen.retention_days is None else chosen.retention_days
        )

    def wanted_epochs(self, now: int) -> range:
        """The epochs whose keys a door needs at Unix time `now`: yesterday's for exits, today's, and days ahead."""
        today = self.domain.epoch_at(now)
        return range(today - 1, today + DAYS_AHEAD + 1)


class PinnedDomains:
    """The domains of a home as its files say just now: one that is added, closed or removed is noticed at once.

    One whose file is edited is noticed by `look`. Raises `ConfigurationError` if they are wrong at the first look.
    Later it is logged, and those before go on.
    """

    def __init__(self, home: Path, settings: VenueSettings) -> None:
        self._home, self._settings = home, settings
        self._directory = str(home / DOMAINS)  # as text, which is quicker
        self._touched = self._last_change()
        self._seen = self._files()
        self._pinned = self._load()

    def __iter__(self) -> Iterator[PinnedDomain]:
        """The domains, in the order of their names."""
        touched = self._last_change()
        if touched != self._touched or time.time_ns() - touched < TICK:
            self._touched = touched
            self.look()
        return iter(self._pinned)

    def look(self) -> None:
        """Notice what has changed."""
        try:
            seen = self._files()
            if seen != self._seen:
                self._seen = seen
                self._pinned = self._load()
        except (ConfigurationError, OSError) as error:
            logger.error("the domains cannot be read, and those before go on: %s", error)  # noqa: TRY400

    def find(self, number: int) -> PinnedDomain | None:
        """The domain of a number."""
        for pinned in self:
            if pinned.domain.number == number:
                return pinned
        return None

    def _last_change(self) -> int:
        """When a name came into the directory or left it; a door asks at every code, and this is quick."""
        try:
            return os.stat(self._directory).st_mtime_ns
        except OSError:
            return 0

    def _files(self) -> frozenset[tuple[object, ...]]:
        """What tells whether a file has changed."""
        try:
            files = [file for file in (self._home / DOMAINS).iterdir() if file.suffix in {".toml", CLOSED}]
            return frozenset((file.name, file.stat().st_mtime_ns, file.stat().st_ino) for file in files)
        except FileNotFoundError:  # there is none, or one went just now
            return frozenset()

    def _load(self) -> tuple[PinnedDomain, ...]:
        found: dict[int, PinnedDomain] = {}
        for file in sorted((self._home / DOMAINS).glob("*.toml")):
            settings = load_settings(DomainSettings, file, required=True)
            pinned = PinnedDomain(self._home, checked_name(file.stem), settings, self._settings)
            same = found.setdefault(pinned.domain.number, pinned)
            if same is not pinned:
                raise ConfigurationError(
                    f"the domains {same.name} and {pinned.name} both have the number {pinned.domain.number}, "
                    "by which a door tells their codes apart; remove one"
                )
        return tuple(sorted(found.values(), key=lambda pinned: pinned.name))


def checked_name(name: str) -> str:
    """A domain's name; raises `ConfigurationError` for what is none."""
    if not re.fullmatch(NAME, name):
        raise ConfigurationError(f"a domain's name has up to 32 small letters, digits and hyphens, unlike {name!r}")
    return name
