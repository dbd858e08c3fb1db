"""What the commands of either party need of it. Nothing heavy is imported before a command asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from protocol.epochs import Role

if TYPE_CHECKING:
    from aiohttp import web

    from escrow.party import Party
    from escrow.settings import EscrowSettings

P = TypeVar("P", bound="Party")


class Program(Protocol[P]):
    """One party's program: it makes the party from its home directory, and its server."""

    role: Role

    def load_settings(self, home: Path) -> EscrowSettings:
        """What `settings.toml` in the home directory says; raises `ConfigurationError`."""

    def open(self, home: Path) -> P:
        """The party; raises `ConfigurationError`."""

    async def create_desk(self, party: P) -> web.Application:
        """The party's desk; called inside the event loop that will run it."""

    async def create_app(self, party: P) -> web.Application:
        """The party's server; called inside the event loop that will run it."""
