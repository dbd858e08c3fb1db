"""Check-ins that a reader admitted by itself and delivers to its venue's server. Spec: §3.8, §5.5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import sqlalchemy as sql

from protocol.assisted_check_ins import AssistedCheckIn, verify_assisted
from protocol.check_ins import CheckInMessage, Direction
from protocol.commitments import check_in_digest
from protocol.deliveries import MAX_TOLERANCE, Delivery, DeliveryAnswer, Duty, delivered_label_fault
from protocol.http_messages import Decision
from protocol.primitives.errors import Malformed, SplitPassError
from protocol.releases import COMMITMENT_DELAY
from service.storage import exclusive, insert_once
from venue.contacts import Contact, Contacts, note_contact
from venue.gate import DoorDomain, Gate, Judgement
from venue.reader_tokens import ReaderToken
from venue.store import Spending, decide_all

metadata = sql.MetaData()
_delivered = sql.Table(
    "delivered",
    metadata,
    sql.Column("digest", sql.LargeBinary(32), primary_key=True),
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("reader", sql.LargeBinary(32), nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False),
)
"""Which reader's a check-in is, while that reader may not have its answer. `time` is its label's."""
_waiting = sql.Table(
    "waiting_exits",
    metadata,
    sql.Column("domain", sql.SmallInteger, primary_key=True),
    sql.Column("epoch", sql.BigInteger, primary_key=True),
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("u", sql.LargeBinary(32), primary_key=True),
    sql.Column("time", sql.BigInteger, primary_key=True),
    sql.Column("reader", sql.LargeBinary(32), nullable=False),
    sql.Column("encoded", sql.LargeBinary, nullable=False),
)
"""Verified exits without an entry: another reader may not have delivered that yet."""


class Deliveries:
    """What one reader of a venue (16-byte id) delivers. `find` gives what the doors have of the domain of a number.

    A delivery is decided on in one transaction, which none of another reader of the venue overlaps: an exit and its
    entry, or one code at two readers, may come at the same moment.
    """

    def __init__(
        self, engine: sql.Engine, venue_id: bytes, find: Callable[[int], DoorDomain | None], reader: ReaderToken
    ) -> None:
        self._engine, self._venue_id, self._find, self._reader = engine, venue_id, find, reader

    def take(self, delivery: Delivery, now: int) -> DeliveryAnswer:
        """Decide on each check-in of a delivery at Unix time `now`, and note what the reader says of itself."""
        contact = Contacts(self._engine).of(self._reader)
        since = now if contact is None else min(max(contact.since, delivery.since), now)
        gate = Gate(self._venue_id, self._find)
        judged = [self._judge(gate, encoded, since, now) for encoded in delivery.check_ins]
        with self._transaction() as connection:
            decisions = self._decide(connection, judged)
            note_contact(connection, self._reader.digest, Contact(since, now, delivery.duty is Duty.ON))  # step 7
            self._forget_answered(connection, since)
        return DeliveryAnswer(now, tuple(decisions))

    def take_assisted(self, message: AssistedCheckIn, chosen: int | None, now: int) -> Decision:
        """Decide at Unix time `now` on what the reader has sealed.

        `chosen` is the number of the domain that the venue chose for it, if it has.
        """
        door = self._find(message.domain)
        if door is None or chosen != message.domain:
            return Decision.UNKNOWN_DOMAIN
        if message.venue_id != self._venue_id:
            return Decision.OTHER_VENUE
        if abs(message.time - now) > door.tolerance:
            return Decision.TOO_OLD if message.time < now else Decision.TOO_EARLY
        key = door.epoch_key(door.domain.epoch_at(message.time))
        if key is None:
            return Decision.UNKNOWN_EPOCH
        try:
            entry = verify_assisted(key, message)
        except SplitPassError:
            return Decision.FORGED
        with self._transaction() as connection:
            return self._decide(connection, [door.store.spending(entry)])[0]

    def _transaction(self) -> AbstractContextManager[sql.Connection]:
        return exclusive(self._engine, "deliveries", self._venue_id)

    def _judge(self, gate: Gate, encoded: bytes, since: int, now: int) -> Judgement:
        """Judge a check-in without the store."""
        try:
            message = CheckInMessage.from_bytes(encoded)  # step 1
        except Malformed:
            return Decision.UNREADABLE
        if message.venue_id is not None:
            return Decision.UNREADABLE
        door = self._find(message.domain)
        if door is None:  # step 2
            return Decision.UNKNOWN_DOMAIN
        fault = delivered_label_fault(message.time, since, now, door.tolerance)  # step 3
        return gate.judge(message, message.time) if fault is None else fault  # step 4

    def _decide(self, connection: sql.Connection, judged: Sequence[Judgement]) -> list[Decision]:
        """Decide on what was judged. What became this reader's before is admitted again."""
        spendings = [one for one in judged if isinstance(one, Spending)]
        decided = dict(zip(spendings, decide_all(connection, spendings), strict=True))
        admitted = [one for one, decision in decided.items() if decision is Decision.ADMITTED]
        self._note(connection, self._reader.digest, admitted)
        own = self._own(connection, [one for one, decision in decided.items() if decision is Decision.ALREADY_SPENT])
        decided |= dict.fromkeys(own, Decision.ADMITTED)
        for one, decision in decided.items():
            if decision is Decision.NO_ENTRY:
                self._keep_waiting(connection, one)  # step 5
            elif decision is Decision.ADMITTED and not one.is_exit:
                self._let_out(connection, one)  # step 6
        return [decided[one] if isinstance(one, Spending) else one for one in judged]

    def _note(self, connection: sql.Connection, reader: bytes, admitted: Sequence[Spending]) -> None:
        """Note whose check-ins these are."""
        notes = [
            {"digest": check_in_digest(one.encoded), "venue": self._venue_id, "reader": reader, "time": one.time}
            for one in admitted
        ]
        if notes:
            connection.execute(sql.insert(_delivered), notes)

    def _own(self, connection: sql.Connection, spent: Sequence[Spending]) -> list[Spending]:
        """Those of check-ins that became this reader's, by these very bytes."""
        digests = {one: check_in_digest(one.encoded) for one in spent}
        query = sql.select(_delivered.c.digest).where(
            _delivered.c.venue == self._venue_id,
            _delivered.c.reader == self._reader.digest,
            _delivered.c.digest.in_(digests.values()),
        )
        known = {bytes(digest) for digest in connection.scalars(query)} if digests else set()
        return [one for one, digest in digests.items() if digest in known]

    def _keep_waiting(self, connection: sql.Connection, exit_: Spending) -> None:
        key = exit_.key._asdict()
        del key["direction"]
        row = {**key, "time": exit_.time, "reader": self._reader.digest, "encoded": exit_.encoded}
        insert_once(connection, _waiting, row)

    def _let_out(self, connection: sql.Connection, entry: Spending) -> None:
        """Decide on the exits that waited for an entry. None of them fits any other."""
        waits = (
            _waiting.c.domain == entry.key.domain,
            _waiting.c.epoch == entry.key.epoch,
            _waiting.c.venue == entry.key.venue,
            _waiting.c.u == entry.key.u,
        )
        for row in connection.execute(sql.select(_waiting).where(*waits).order_by(_waiting.c.time)).all():
            key = entry.key._replace(direction=int(Direction.EXIT))
            exit_ = Spending(entry.store, key, row.time, row.encoded)
            if decide_all(connection, [exit_]) == [Decision.ADMITTED]:
                self._note(connection, row.reader, [exit_])
        connection.execute(sql.delete(_waiting).where(*waits))

    def _forget_answered(self, connection: sql.Connection, since: int) -> None:
        """Forget which check-ins are this reader's: it has its answers to what is older."""
        own = (_delivered.c.reader == self._reader.digest) & (_delivered.c.time < since - MAX_TOLERANCE)
        connection.execute(sql.delete(_delivered).where(own))


def forget_old(engine: sql.Engine, now: int) -> None:
    """Delete what is of no use any more at Unix time `now`: nothing with a label so old is delivered."""
    with engine.begin() as connection:
        for table in (_delivered, _waiting):
            connection.execute(sql.delete(table).where(table.c.time < now - COMMITMENT_DELAY - MAX_TOLERANCE))
