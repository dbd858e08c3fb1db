"""Party requests as a server receives them: verified, and counted once. Spec: §4.4."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sql

from protocol.epochs import Domain, Role
from protocol.party_requests import REQUEST_TOLERANCE, PartyRequest, verify_request
from protocol.primitives.errors import ReplayedRequest
from service.storage import insert_new

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

    def verify(self, sender: Role, path: str, now: int, statement: bytes) -> PartyRequest:
        """A request that is not counted yet; raises what `verify_request` raises."""
        return verify_request(self._domain, sender, self._recipient, path, now, statement)

    def receive(self, sender: Role, path: str, now: int, statement: bytes) -> bytes:
        """The body of a request; raises what `verify_request` raises, `ReplayedRequest` also for a known id."""
        request = self.verify(sender, path, now, statement)
        with self._engine.begin() as connection:
            (replayed,) = accept(connection, [request])
        if replayed is not None:
            raise replayed
        return request.body


def accept(connection: sql.Connection, requests: Sequence[PartyRequest]) -> list[ReplayedRequest | None]:
    """Count verified requests, in a transaction of the caller's. Gives an error for those that came before or twice."""
    times = {request.id: request.time for request in reversed(requests)}
    new = insert_new(connection, _seen, [{"id": one, "time": time} for one, time in sorted(times.items())])
    outcomes = list[ReplayedRequest | None]()
    for request in requests:
        is_new = (request.id,) in new
        outcomes.append(None if is_new else ReplayedRequest("the request was received before"))
        new.discard((request.id,))
    return outcomes


def forget_old(engine: sql.Engine, now: int) -> None:
    """Delete the ids of requests that could not be received again after Unix time `now`."""
    with engine.begin() as connection:
        connection.execute(sql.delete(_seen).where(_seen.c.time < now - 2 * REQUEST_TOLERANCE))
