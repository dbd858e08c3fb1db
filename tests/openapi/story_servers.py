"""What a story plays on: two parties, two venues, and how to ask them something."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from protocol.primitives.encoding import Message, decode_item, encode_item
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.warrants import Warrant
from service.http_client import call, new_session
from tests.support.domain import opening_warrant
from tests.support.servers import World
from venue.home import ServedVenue

NO_POINT = bytes(32)


@dataclass
class Served:
    """A venue and where its server listens."""

    venue: ServedVenue
    url: str
    port: int

    @property
    def record_path(self) -> str:
        return f"/v1/venues/{self.venue.venue_id.hex()}/7"


class StoryServers:
    """The parties' world and the venues' servers."""

    def __init__(self, world: World, door: Served, quiet: Served) -> None:
        self.world, self.door, self.quiet = world, door, quiet

    async def ask(
        self, served: Served, method: str, path: str, body: Message | bytes = b"", token: bytes | None = None
    ) -> bytes:
        async with new_session() as session:
            return await call(session, method, served.url + path, body, token)

    def warrant(self) -> Warrant:
        """A warrant for the door and twenty minutes around now."""
        now, venue = self.world.now, self.door.venue.venue_id
        return opening_warrant(self.world.settings.number, venue, now - 600, now + 600, now - 60)

    def both_sign(self, message: Message) -> JointStatement:
        return JointStatement(
            authority=sign_statement(message, self.world.authority.identity),
            operator=sign_statement(message, self.world.operator.identity),
        )


def spoiled(message: Message, index: int, value: object) -> bytes:
    """A message's encoding with another value in one field."""
    item = decode_item(message.to_bytes())
    item[index] = value
    return encode_item(item)


def signed(tag: str, payload: bytes, key: Any) -> bytes:
    """A statement of bytes that are no message."""
    return sign_statement(cast("Message", SimpleNamespace(TAG=tag, to_bytes=lambda: payload)), key)
