"""The notices that warn people who were somewhere. Spec: §3.12."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sql

from escrow.log.log import TransparencyLog
from escrow.publications import PublishedLists, is_of_one_day
from protocol.epochs import Domain
from protocol.notices import sign_notice
from protocol.primitives.signatures import SigningKey
from protocol.transparency.log_entries import NoticePublished
from service.clock import Clock


class Notices:
    """The authority's notices. `lists` are those that it published."""

    def __init__(
        self, engine: sql.Engine, domain: Domain, identity: SigningKey, log: TransparencyLog, clock: Clock
    ) -> None:
        self._domain, self._identity, self._log, self._clock = domain, identity, log, clock
        self.lists = PublishedLists(engine, "notices", NoticePublished)

    def publish(self, advice: str, passes: Collection[bytes]) -> None:
        """Warn those who used passes (each a `u` of a verified release) with advice of at most 1000 bytes."""

        def sign(_connection: sql.Connection, number: int, _last: int | None) -> bytes:
            return self._sign(number, advice, passes)

        self.lists.publish(self._log, self._clock(), sign)

    def publish_daily(self) -> None:
        """Publish an empty notice unless there was one today."""

        def sign(_connection: sql.Connection, number: int, last: int | None) -> bytes | None:
            if last is not None and is_of_one_day(self._domain, last, self._clock()):
                return None
            return self._sign(number, "", ())

        self.lists.publish(self._log, self._clock(), sign)

    def _sign(self, number: int, advice: str, passes: Collection[bytes]) -> bytes:
        return sign_notice(self._domain, number, self._clock(), advice, passes, self._identity)
