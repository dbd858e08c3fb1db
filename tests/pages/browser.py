"""What a browser gets from a server."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import ClientSession
from multidict import CIMultiDictProxy

from tests.support.running import online


@dataclass(frozen=True)
class Answer:
    """An answer with everything that a browser sees of it."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def policy(self) -> dict[str, str]:
        """The directives of its content security policy."""
        directives = self.headers["Content-Security-Policy"].split("; ")
        return {name: values for name, _, values in (directive.partition(" ") for directive in directives)}


def get(url: str, **headers: str) -> Answer:
    async def once(session: ClientSession) -> Answer:
        sent = {"Accept-Encoding": "identity"} | {name.replace("_", "-"): value for name, value in headers.items()}
        async with session.get(url, headers=sent, allow_redirects=False) as response:
            return Answer(response.status, response.headers, await response.read())

    return online(once)
