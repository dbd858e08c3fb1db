"""The register of the notices that the operator signed: each once, and one for a warrant. Spec: §3.12."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from secrets import token_bytes
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sql

from escrow.ledger import giving
from escrow.operator.errors import NoticeExists
from protocol.epochs import Domain
from protocol.primitives.errors import WrongNumber
from protocol.primitives.signatures import SigningKey
from service.clock import Clock

if TYPE_CHECKING:
    from escrow.log.log import TransparencyLog
    from protocol.notices import NoticeAnswer

SEED_BYTES = 32

metadata = sql.MetaData()
_notices = sql.Table(
    "signed_notices",
    metadata,
    sql.Column("number", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("answer", sql.LargeBinary),
)
"""`answer` is what the authority was given, null when it is past its retention."""
_warrants = sql.Table(
    "noticed_warrants",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("number", sql.BigInteger, nullable=False),
    sql.Column("ends", sql.BigInteger),
)
"""The newest notice under each warrant, and when the part that it was for ended; null if it was the last."""


class WarnedPart(NamedTuple):
    """A release that a notice is for: the warrant's id, its digest, and from when to when the part goes, as it says."""

    warrant_id: bytes
    digest: bytes
    begins: int
    ends: int | None


class SignedNotices:
    """The notices that the operator has signed, and what it answered."""

    def __init__(
        self,
        engine: sql.Engine,
        domain: Domain,
        identity: SigningKey,
        log: TransparencyLog,
        clock: Clock,
        demand_standing: Callable[[sql.Connection, bytes], None],
    ) -> None:
        """With `demand_standing`, which raises for the id of a warrant that was taken back."""
        self._engine, self._domain, self._identity = engine, domain, identity
        self._log, self._clock, self._demand_standing = log, clock, demand_standing

    def answer(self, number: int) -> NoticeAnswer | None:
        """What was answered for a number; None if nothing was, or it is past its retention."""
        with self._engine.begin() as connection:
            answer = connection.scalar(sql.select(_notices.c.answer).where(_notices.c.number == number))
        if answer is None:
            return None
        from protocol.notices import NoticeAnswer, list_digest
        from protocol.transparency.log_entries import NoticePublished

        given = NoticeAnswer.from_bytes(answer)
        self._log.append(NoticePublished(number, list_digest(given.notice)), self._clock())  # if a crash prevented it
        return given

    def refuse_known(self, number: int, time: int, warrants: Collection[bytes]) -> None:
        """Refuse a number that is not new, a second notice for nobody of a day, and a warrant that can have none."""
        with self._engine.begin() as connection:
            self._check(connection, number, time, dict.fromkeys(warrants))

    def sign(
        self, number: int, time: int, advice: str, releases: Sequence[WarnedPart], passes: Collection[bytes]
    ) -> NoticeAnswer:
        """Make the list of a notice, sign it, and store both durably; from then on they are the answer."""
        from protocol.notices import NoticeAnswer, list_digest, list_passes, sign_notice
        from protocol.transparency.log_entries import NoticePublished

        seed = token_bytes(SEED_BYTES)  # step 7
        digests = list_passes(number, passes, seed)
        signed = sign_notice(self._domain, number, time, advice, digests, self._identity)
        answer = NoticeAnswer(tuple(release.digest for release in releases), seed, signed, digests)
        with giving(self._engine) as connection:  # step 8
            self._check(connection, number, time, {release.warrant_id: release.begins for release in releases})
            connection.execute(sql.insert(_notices).values(number=number, time=time, answer=answer.to_bytes()))
            for release in releases:
                connection.execute(sql.delete(_warrants).where(_warrants.c.warrant == release.warrant_id))
                row = {"warrant": release.warrant_id, "number": number, "ends": release.ends}
                connection.execute(sql.insert(_warrants).values(**row))
        self._log.append(NoticePublished(number, list_digest(signed)), self._clock())
        return answer

    def forget_before(self, time: int) -> None:
        """Delete the answers of notices before a Unix time, with their seeds and lists; that they were signed stays."""
        with self._engine.begin() as connection:
            connection.execute(sql.update(_notices).where(_notices.c.time < time).values(answer=None))

    def _check(self, connection: sql.Connection, number: int, time: int, warrants: Mapping[bytes, int | None]) -> None:
        """What step 4 and 5 refuse, as far as it is known when the parts under these warrants begin."""
        newest = connection.execute(sql.select(_notices).order_by(_notices.c.number.desc()).limit(1)).one_or_none()
        on_record = self._log.newest_notice()
        if number <= max(-1 if newest is None else newest.number, -1 if on_record is None else on_record):  # step 4
            raise WrongNumber("a notice of this number, or a later one, is signed already", number)
        if not warrants and newest is not None and self._day(time) <= self._day(newest.time):  # step 5
            raise NoticeExists("there is a notice of this day already")
        for warrant_id in warrants:
            self._demand_standing(connection, warrant_id)
        for had in connection.execute(sql.select(_warrants).where(_warrants.c.warrant.in_(list(warrants)))):
            begins = warrants[had.warrant]
            if had.ends is None or (begins is not None and begins < had.ends):
                raise NoticeExists(f"notice {had.number} was signed under one of these warrants, and for this part")

    def _day(self, time: int) -> int:
        return self._domain.epoch_at(time)


def has_notice(connection: sql.Connection, warrant_id: bytes) -> bool:
    """Whether a notice was signed under a warrant (16-byte id), as one transaction sees it with what it does."""
    return connection.scalar(sql.select(_warrants.c.number).where(_warrants.c.warrant == warrant_id)) is not None
