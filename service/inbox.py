"""Party requests as a server receives them: verified, and counted once. Spec: §4.4."""

from __future__ import annotations

import sqlalchemy as sql

from protocol.epochs import Domain, Role
from protocol.party_requests import REQUEST_TOLERANCE, verify_request
from protocol.primitives.errors import ReplayedRequest
from service.storage import insert_once

metadata = sql.MetaData()
_seen = sql.Table(
    "requests_seen",
    metadata,
    sql.Column("id", sql.LargeBinary(16), primary_key=True),
    sql.Column("time", sql.BigInteger, nullable=False),
)


class Inbox:
    """Takes requests that are addressed to `recipient`, and remembers their ids for as long as they could return."""

    def __init__(self, engine: sql.Engine, domain: Domain, recipient: str) -> None:
        self._engine, self._domain, self._recipient = engine, domain, recipient

    def receive(self, sender: Role, path: str, now: int, statement: bytes) -> bytes:
        """The body of a request; raises what `verify_request` raises, `ReplayedRequest` also for a known id."""
        request = verify_request(self._domain, sender, self._recipient, path, now, statement)
        with self._engine.begin() as connection:
            is_new = insert_once(connection, _seen, {"id": request.id, "time": request.time})
        if not is_new:
            raise ReplayedRequest("the request was received before")
        return request.body


def forget_old(engine: sql.Engine, now: int) -> None:
    """Delete the ids of requests that could not be received again after Unix time `now`."""
    with engine.begin() as connection:
        connection.execute(sql.delete(_seen).where(_seen.c.time < now - 2 * REQUEST_TOLERANCE))
