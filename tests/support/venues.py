"""Venues on disk in the domain of a world."""

from __future__ import annotations

from pathlib import Path

from tests.support.servers import World
from venue.home import ServedVenue, VenueHome
from venue.setup import create_home


def make_venue(world: World, path: Path, url: str) -> ServedVenue:
    """A venue in a home of its own in the parties' domain."""
    venue = create_home(path, "클럽", url)
    (path / "domain.toml").write_text(world.settings.to_toml())
    return ServedVenue(VenueHome(path), venue)
