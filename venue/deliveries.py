"""Check-ins that a reader admitted by itself and delivers to its venue's server. Spec: §3.8, §5.5."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sqlalchemy as sql

from protocol.assisted_check_ins import AssistedCheckIn, verify_assisted
from protocol.check_ins import CheckInMessage, Direction
from protocol.commitments import check_in_digest
from protocol.deliveries import MAX_TOLERANCE, Delivery, DeliveryAnswer, delivered_label_fault
from protocol.http_messages import Decision
from protocol.primitives.errors import Malformed, SplitPassError
from protocol.releases import COMMITMENT_DELAY
from service.storage import insert_once
from venue.contacts import Contacts
from venue.gate import DoorDomain, Gate
from venue.reader_tokens import ReaderToken
from venue.store import Spending, Store, decide_all

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
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("u", sql.LargeBinary(32), primary_key=True),
    sql.Column("time", sql.BigInteger, primary_key=True),
    sql.Column("reader", sql.LargeBinary(32), nullable=False),
    sql.Column("encoded", sql.LargeBinary, nullable=False),
)
"""Verified exits without an entry: another reader may not have delivered that yet."""


class Deliveries:
    """What one reader of a venue (16-byte id) delivers. `find` gives what the doors have of the domain of a number.

    Each check-in that is admitted is durable before its answer, by itself, with the note that it is this reader's.
    """

    def __init__(
        self, engine: sql.Engine, venue_id: bytes, find: Callable[[int], DoorDomain | None], reader: ReaderToken
    ) -> None:
        self._engine, self._venue_id, self._find, self._reader = engine, venue_id, find, reader
        self._contacts = Contacts(engine)

    def take(self, delivery: Delivery, now: int) -> DeliveryAnswer:
        """Decide on each check-in of a delivery at Unix time `now`, and note what the reader says of itself."""
        contact = self._contacts.of(self._reader)
        known = self._reader.added if contact is None else contact.since
        since = max(known, min(delivery.since, now))
        gate = self._gate(self._reader.digest)
        decisions = [self._decide(gate, encoded, since, now) for encoded in delivery.check_ins]
        self._contacts.note(self._reader, since, now, delivery.duty)  # step 7
        self._forget_answered(since)
        return DeliveryAnswer(now, tuple(decisions))

    def take_assisted(self, message: AssistedCheckIn, chosen: int | None, now: int) -> Decision:
        """Decide at Unix time `now` on what the reader has sealed.

        `chosen` is the number of the domain that the venue chose for it, if it has.
        """
        door = self._door(message.domain, self._reader.digest)
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
        return Decision.ADMITTED if door.store.spend(entry) else Decision.ALREADY_SPENT

    def _decide(self, gate: Gate, encoded: bytes, since: int, now: int) -> Decision:
        try:
            message = CheckInMessage.from_bytes(encoded)  # step 1
        except Malformed:
            return Decision.UNREADABLE
        if message.venue_id is not None:
            return Decision.UNREADABLE
        door = self._door(message.domain, self._reader.digest)
        if door is None:  # step 2
            return Decision.UNKNOWN_DOMAIN
        fault = delivered_label_fault(message.time, since, now, door.tolerance)  # step 3
        if fault is not None:
            return fault
        decision = gate.decide(message, message.time)  # step 4
        if decision is Decision.ADMITTED and message.direction is Direction.ENTRY:
            self._let_out(message)  # step 6
        if decision is Decision.NO_ENTRY:
            self._keep_waiting(message)  # step 5
            decision = gate.decide(message, message.time)  # the entry may have come just now
            if decision is not Decision.NO_ENTRY:
                self._stop_waiting(message)
        return decision

    def _let_out(self, entry: CheckInMessage) -> None:
        """Decide on the exits that waited for an entry."""
        query = sql.select(_waiting).where(*self._waits(entry)).order_by(_waiting.c.time)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            exit_ = CheckInMessage.from_bytes(row.encoded)
            if self._gate(row.reader).decide(exit_, exit_.time) is not Decision.NO_ENTRY:
                self._stop_waiting(exit_)

    def _keep_waiting(self, exit_: CheckInMessage) -> None:
        row = {
            "domain": exit_.domain,
            "venue": self._venue_id,
            "u": exit_.u,
            "time": exit_.time,
            "reader": self._reader.digest,
            "encoded": exit_.to_bytes(),
        }
        with self._engine.begin() as connection:
            insert_once(connection, _waiting, row)

    def _stop_waiting(self, exit_: CheckInMessage) -> None:
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_waiting).where(*self._waits(exit_), _waiting.c.time == exit_.time))

    def _waits(self, message: CheckInMessage) -> tuple[sql.ColumnElement[bool], ...]:
        return (
            _waiting.c.domain == message.domain,
            _waiting.c.venue == self._venue_id,
            _waiting.c.u == message.u,
        )

    def _forget_answered(self, since: int) -> None:
        """Forget which check-ins are this reader's: it has its answers to what is older."""
        own = (_delivered.c.reader == self._reader.digest) & (_delivered.c.time < since - MAX_TOLERANCE)
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_delivered).where(own))

    def _gate(self, reader: bytes) -> Gate:
        return Gate(self._venue_id, lambda number: self._door(number, reader))

    def _door(self, number: int, reader: bytes) -> DoorDomain | None:
        """What the doors have of a domain, with a store that notes whose check-ins come in."""
        door = self._find(number)
        if door is None:
            return None
        return replace(door, store=_ReadersStore(self._engine, number, self._venue_id, reader))


class _ReadersStore(Store):
    """A store that admits what a reader delivers again, and nobody else's."""

    def __init__(self, engine: sql.Engine, domain: int, venue_id: bytes, reader: bytes) -> None:
        super().__init__(engine, domain, venue_id)
        self._reader = reader

    def decide(self, spending: Spending) -> Decision:
        """Decide as any store does, but admit again what was admitted by these very bytes from this reader."""
        note = {
            "digest": check_in_digest(spending.encoded),
            "venue": self._venue_id,
            "reader": self._reader,
            "time": spending.time,
        }
        with self._writing.begin() as connection:
            (decision,) = decide_all(connection, [spending])
            if decision is Decision.ADMITTED:
                connection.execute(sql.insert(_delivered).values(note))
            if decision is not Decision.ALREADY_SPENT:
                return decision
            known = sql.select(_delivered).where(*(_delivered.c[name] == note[name] for name in note))
            return Decision.ALREADY_SPENT if connection.execute(known).first() is None else Decision.ADMITTED


def forget_old(engine: sql.Engine, now: int) -> None:
    """Delete what is of no use any more at Unix time `now`: nothing with a label so old is delivered."""
    with engine.begin() as connection:
        for table in (_delivered, _waiting):
            connection.execute(sql.delete(table).where(table.c.time < now - COMMITMENT_DELAY - MAX_TOLERANCE))
