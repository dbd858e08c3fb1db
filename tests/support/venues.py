"""Venues on disk in the domain of a world."""

from __future__ import annotations

from pathlib import Path

from tests.support.servers import World
from venue.domain_setup import add_domain
from venue.home import ServedVenue, VenueHome
from venue.membership import Membership
from venue.setup import create_home


def make_venue(world: World, path: Path, url: str) -> ServedVenue:
    """A venue in a home of its own in the parties' domain."""
    venue = create_home(path, "클럽", url)
    add_domain(path, world.settings.to_toml(), "first")
    only(served := ServedVenue(VenueHome(path), venue)).draw_first_key()
    return served


def only(venue: ServedVenue) -> Membership:
    """A venue in the one domain that its home pins."""
    (membership,) = venue.memberships
    return membership
