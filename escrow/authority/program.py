"""The authority, as its commands need it. Nothing heavy is imported before a command asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from protocol.epochs import Role

if TYPE_CHECKING:
    from aiohttp import ClientSession, web

    from escrow.authority.authority import Authority
    from escrow.authority.settings import AuthoritySettings

T = TypeVar("T")


class AuthorityProgram:
    """The authority, as its commands need it."""

    role = Role.AUTHORITY

    def load_settings(self, home: Path) -> AuthoritySettings:
        """What its `settings.toml` says; raises `ConfigurationError`."""
        from escrow.authority.settings import AuthoritySettings
        from service.settings import load_settings

        return load_settings(AuthoritySettings, home / "settings.toml")

    def open(self, home: Path) -> Authority:
        """The authority of a home directory; raises `ConfigurationError`."""
        from escrow.authority.authority import Authority

        return Authority(home)

    async def create_desk(self, party: Authority) -> web.Application:
        """Its desk."""
        from escrow.authority.desk import AuthorityDesk
        from escrow.desk.server import create_desk_app

        return await create_desk_app(AuthorityDesk(party))

    async def create_app(self, party: Authority) -> web.Application:
        """Its server."""
        from escrow.authority.server import create_authority_app

        return await create_authority_app(party)


PROGRAM = AuthorityProgram()


def online(work: Callable[[ClientSession], Awaitable[T]]) -> T:
    """Do something that needs an HTTP session, to its end."""
    import asyncio

    from escrow.settings import PEER_SECONDS
    from service.http_client import new_session

    async def run() -> T:
        async with new_session(PEER_SECONDS) as session:
            return await work(session)

    return asyncio.run(run())
