"""The authority's warrants and what became of them. Spec: §3.9, §3.10."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sql

from escrow.authority.opened_visits import forget_opened
from escrow.authority.released_parts import ReleasedPart, ReleasedParts, parts
from escrow.desk.records import MAX_REASON
from escrow.errors import UnknownWarrant, WarrantWithdrawn
from protocol.primitives.statements import JointStatement
from protocol.warrants import Warrant
from service.clock import Clock, unix_time
from service.storage import exclusive, insert_once

if TYPE_CHECKING:
    from protocol.releases import HeldCommitments

NOT_TOLD = "the operator does not know yet"
"""The reason that stands beside a proposal, and a withdrawal, until the operator is known to have it on record."""
NO_WARRANT = "there is no such warrant; see warrants list"
metadata = sql.MetaData()
_warrants = sql.Table(
    "warrants",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("statement", sql.LargeBinary, nullable=False),
    sql.Column("countersigned", sql.LargeBinary),
)

_requests = sql.Table(
    "shares_requests",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("release", sql.LargeBinary(32), primary_key=True),
    sql.Column("venue", sql.LargeBinary, nullable=False),
    sql.Column("judgement", sql.LargeBinary, nullable=False),
)
"""What the operator was asked, from before it was: the venue's record, and the commitments that were named."""
_received = sql.Table(
    "received_shares",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("release", sql.LargeBinary(32), primary_key=True),
    sql.Column("digest", sql.LargeBinary(32), primary_key=True),
    sql.Column("statement", sql.LargeBinary, nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False),
)
"""Every different statement of shares that the operator signed, from before it is judged: a false one is evidence."""
_steps = sql.Table(
    "warrant_steps",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("step", sql.String(16), primary_key=True),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("visits", sql.BigInteger),
    sql.Column("reason", sql.String(MAX_REASON)),
)
"""When each step was first taken; `proposed` is noted before it is. `visits` are those of a release or an opening."""

_of_cases = sql.Table(
    "case_warrants",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("case_name", sql.String(64), nullable=False, index=True),
)
"""The name of the case that a warrant was drawn for, if it was drawn for one."""


class Step(StrEnum):
    """What became of a warrant after it was drawn, in this order. `SHARED`: the operator has given its shares."""

    PROPOSED = "proposed"
    COUNTERSIGNED = "countersigned"
    REFUSED = "refused"
    RELEASED = "released"
    SHARED = "shared"
    OPENED = "opened"
    WITHDRAWN = "withdrawn"


class Window(NamedTuple):
    """The visits to one venue (16-byte id) from `begins` up to, not including, `ends`, in Unix seconds."""

    venue_id: bytes
    begins: int
    ends: int


class Taken(NamedTuple):
    """When a step was first taken (Unix time), how many visits it gave, and why, as far as that belongs to it."""

    time: int
    visits: int | None
    reason: str | None


class ListedWarrant(NamedTuple):
    """A warrant as lists show it: what it says, the steps that were taken, the last of them, and its case's name."""

    record: Warrant
    steps: Mapping[Step, Taken]
    state: str
    case: str | None

    @property
    def window(self) -> Window:
        """The visits that it is for."""
        return Window(self.record.venue_id, self.record.begins, self.record.ends)

    def state_at(self, now: int) -> str:
        """The state, or `expired` if nothing can be begun under it any more at Unix time `now`."""
        is_over = self.state in {Step.OPENED, Step.REFUSED, Step.WITHDRAWN}
        return "expired" if now > self.record.expires and not is_over else self.state

    def steps_in_order(self) -> list[tuple[Step, Taken]]:
        """The steps as they were taken; those of one second as they follow each other."""
        order = list(Step)
        return sorted(self.steps.items(), key=lambda one: (one[1].time, order.index(one[0])))

    @property
    def is_released(self) -> bool:
        """Whether every part of what the venue releases is here; an older program has noted no step."""
        return Step.RELEASED in (self.steps or {self.state})

    @property
    def is_shared(self) -> bool:
        """Whether shares were given under it, of one part at least, or it is known that none can be any more."""
        return not self.steps.keys().isdisjoint({Step.SHARED, Step.OPENED})

    @property
    def is_to_propose(self) -> bool:
        """Whether it was drawn and nothing more, or the operator may not know yet that it is proposed."""
        is_untold = self.state == Step.PROPOSED and self.steps[Step.PROPOSED].reason == NOT_TOLD
        return self.state == "drawn" or is_untold

    @property
    def is_to_withdraw(self) -> bool:
        """Whether it can be taken back, or the operator still has to be told that it was."""
        if self.is_shared or self.state == Step.REFUSED:
            return False
        taken = self.steps.get(Step.WITHDRAWN)
        return taken is None or taken.reason == NOT_TOLD

    def stands_at(self, now: int) -> bool:
        """Whether something is done, or can be begun, under it at Unix time `now`."""
        return self.state_at(now) not in {Step.REFUSED, Step.WITHDRAWN, "expired"}


class ReceivedShares(NamedTuple):
    """Shares that the operator signed, and the Unix time at which they came."""

    statement: bytes
    time: int


class DrawnWarrant(NamedTuple):
    """A warrant and how far it has come.

    `statement` is signed by the authority, or empty while its officers have yet to approve it; `countersigned` by both
    parties; `parts` are what the venue released.
    """

    record: Warrant
    statement: bytes
    countersigned: JointStatement | None
    parts: tuple[ReleasedPart, ...] = ()

    @property
    def is_released(self) -> bool:
        """Whether the last part is here."""
        return bool(self.parts) and self.parts[-1].ends is None

    @property
    def is_opened(self) -> bool:
        """Whether every part is here, and was opened or can never be."""
        return self.is_released and all(part.is_readable for part in self.parts)


class Warrants:
    """The authority's warrants in its database."""

    def __init__(self, engine: sql.Engine, clock: Clock = unix_time) -> None:
        self._engine, self._clock = engine, clock
        self.parts = ReleasedParts(engine)

    def add(self, record: Warrant, statement: bytes) -> None:
        """Store a new warrant."""
        values = {"warrant": record.warrant_id, "record": record.to_bytes(), "statement": statement}
        with self._engine.begin() as connection:
            connection.execute(sql.insert(_warrants).values(**values))

    def has_another(self, connection: sql.Connection, case: str, record: Warrant, beside: Collection[bytes]) -> bool:
        """Whether a warrant of a case stands for the very window of this one, whose id is not in `beside`."""
        window = Window(record.venue_id, record.begins, record.ends)
        return any(
            known.record.warrant_id not in beside and known.stands_at(record.issued) and known.window == window
            for known in self._select_listed(connection, _of_cases.c.case_name == case)
        )

    @staticmethod
    def add_to_case(connection: sql.Connection, case: str, record: Warrant, statement: bytes) -> None:
        """Store a new warrant of a case, in the transaction that has decided on it."""
        values = {"warrant": record.warrant_id, "record": record.to_bytes(), "statement": statement}
        connection.execute(sql.insert(_warrants).values(**values))
        connection.execute(sql.insert(_of_cases).values(warrant=record.warrant_id, case_name=case))

    def get(self, warrant_id: bytes) -> DrawnWarrant:
        """A warrant by its 16-byte id; raises `UnknownWarrant`."""
        for drawn in self._select(_warrants.c.warrant == warrant_id):
            return drawn
        raise UnknownWarrant(warrant_id, NO_WARRANT)

    def standing(self, warrant_id: bytes) -> DrawnWarrant:
        """A warrant by its 16-byte id that was not withdrawn; raises `UnknownWarrant` or `WarrantWithdrawn`."""
        if Step.WITHDRAWN in self.listed_one(warrant_id).steps:
            raise WarrantWithdrawn(warrant_id)
        return self.get(warrant_id)

    def all(self) -> list[DrawnWarrant]:
        """Every warrant."""
        return self._select(sql.true())

    def listed_one(self, warrant_id: bytes) -> ListedWarrant:
        """A warrant as lists show it, by its 16-byte id; raises `UnknownWarrant`."""
        for one in self._listed(_warrants.c.warrant == warrant_id):
            return one
        raise UnknownWarrant(warrant_id, NO_WARRANT)

    def listed(self) -> list[ListedWarrant]:
        """Every warrant as lists show it, the first that was issued first. Nothing of what was found is read."""
        return self._listed(sql.true())

    def of_case(self, case: str) -> list[ListedWarrant]:
        """The warrants of a case, by its name."""
        return self._listed(_of_cases.c.case_name == case)

    def _listed(self, condition: sql.ColumnElement[bool]) -> list[ListedWarrant]:
        with self._engine.begin() as connection:
            return self._select_listed(connection, condition)

    @staticmethod
    def _select_listed(connection: sql.Connection, condition: sql.ColumnElement[bool]) -> list[ListedWarrant]:
        joined = _warrants.outerjoin(_of_cases, _of_cases.c.warrant == _warrants.c.warrant)
        countersigned = _warrants.c.countersigned.is_not(None).label("countersigned")
        columns = (_warrants.c.warrant, _warrants.c.record, _of_cases.c.case_name, countersigned)
        rows = connection.execute(sql.select(*columns).select_from(joined).where(condition)).all()
        its_steps = sql.select(_steps).select_from(joined.join(_steps, _steps.c.warrant == _warrants.c.warrant))
        steps: dict[bytes, dict[Step, Taken]] = {}
        for row in connection.execute(its_steps.where(condition).order_by(_steps.c.time)):
            steps.setdefault(row.warrant, {})[Step(row.step)] = Taken(row.time, row.visits, row.reason)
        listed = [
            ListedWarrant(
                Warrant.from_bytes(row.record),
                steps.get(row.warrant, {}),
                _state(row, steps.get(row.warrant, {})),
                row.case_name,
            )
            for row in rows
        ]
        return sorted(listed, key=lambda one: (one.record.issued, one.record.warrant_id))

    def note(self, warrant_id: bytes, step: Step, *, visits: int | None = None, reason: str | None = None) -> None:
        """Keep that a step is taken, since when it is the first time, and what it gave the last time."""
        with self._engine.begin() as connection:
            self._note(connection, warrant_id, step, visits=visits, reason=reason)

    def store_statement(self, warrant_id: bytes, statement: bytes) -> None:
        """Keep the authority's signature over a warrant that was drawn without one."""
        with self._engine.begin() as connection:
            mine = _warrants.c.warrant == warrant_id
            connection.execute(sql.update(_warrants).where(mine).values(statement=statement))

    def strike(self, warrant_id: bytes, step: Step) -> None:
        """Take back the note of a step that could not be taken."""
        mine = (_steps.c.warrant == warrant_id) & (_steps.c.step == step.value)
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_steps).where(mine))

    def store_countersigned(self, warrant_id: bytes, joint: JointStatement) -> None:
        """Keep the warrant with both signatures."""
        with self._engine.begin() as connection:
            values = {"countersigned": joint.to_bytes()}
            connection.execute(sql.update(_warrants).where(_warrants.c.warrant == warrant_id).values(**values))
            self._note(connection, warrant_id, Step.COUNTERSIGNED, visits=None)

    def is_readable(self, warrant_id: bytes) -> bool:
        """Whether it is known of a part under a warrant (its 16-byte id) what was opened, or that nothing can be."""
        return any(part.is_readable for part in self.parts.of(warrant_id))

    def is_to_open(self, warrant_id: bytes) -> bool:
        """Whether a part is here under a warrant (its 16-byte id) that was not opened as it is, and still can be."""
        return not all(part.is_finished for part in self.parts.of(warrant_id))

    def asked(self, warrant_id: bytes, release: bytes) -> tuple[JointStatement, HeldCommitments] | None:
        """The venue's record and the commitments with which shares for a release (its digest) were last asked for."""
        from protocol.releases import Judgement

        with self._engine.begin() as connection:
            for row in connection.execute(sql.select(_requests).where(_same(_requests, warrant_id, release))):
                return JointStatement.from_bytes(row.venue), Judgement.from_bytes(row.judgement).authority
        return None

    def store_asked(
        self, warrant_id: bytes, release: bytes, venue: JointStatement, commitments: HeldCommitments
    ) -> None:
        """Keep with what shares for a release (its digest) are asked for: the venue's record and commitments."""
        from protocol.releases import Judgement

        judgement = Judgement(release, (), commitments).to_bytes()
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_requests).where(_same(_requests, warrant_id, release)))
            values = {"warrant": warrant_id, "release": release, "venue": venue.to_bytes(), "judgement": judgement}
            connection.execute(sql.insert(_requests).values(**values))

    def received(self, warrant_id: bytes, release: bytes) -> list[ReceivedShares]:
        """The operator's statements of shares for a release (its digest), the first one first."""
        query = sql.select(_received).where(_same(_received, warrant_id, release)).order_by(_received.c.time)
        with self._engine.begin() as connection:
            return [ReceivedShares(row.statement, row.time) for row in connection.execute(query)]

    def store_received(self, warrant_id: bytes, release: bytes, received: ReceivedShares) -> None:
        """Keep a statement of shares for a release (its digest), before it is judged."""
        digest = sha256(received.statement).digest()
        key = {"warrant": warrant_id, "release": release, "digest": digest}
        with self._engine.begin() as connection:
            insert_once(connection, _received, key | {"statement": received.statement, "time": received.time})
            self._note(connection, warrant_id, Step.SHARED)

    def forget_ended(self, is_over: Callable[[int], bool]) -> None:
        """Delete the releases and transcripts of the windows whose end, in Unix time, is over; the warrants stay."""
        tables = parts, _requests, _received
        with exclusive(self._engine, "ended warrants") as connection:
            filled = sql.select(parts.c.warrant).distinct()
            records = connection.scalars(sql.select(_warrants.c.record).where(_warrants.c.warrant.in_(filled))).all()
            for record in map(Warrant.from_bytes, records):
                if is_over(record.ends):
                    for table in tables:
                        connection.execute(sql.delete(table).where(table.c.warrant == record.warrant_id))
                    forget_opened(connection, record.warrant_id)

    def _note(self, connection: sql.Connection, warrant_id: bytes, step: Step, **gave: int | str | None) -> None:
        insert_once(connection, _steps, {"warrant": warrant_id, "step": step.value, "time": self._clock()})
        if known := {name: value for name, value in gave.items() if value is not None}:
            mine = (_steps.c.warrant == warrant_id) & (_steps.c.step == step.value)
            connection.execute(sql.update(_steps).where(mine).values(known))

    def _select(self, condition: sql.ColumnElement[bool]) -> list[DrawnWarrant]:
        with self._engine.begin() as connection:
            rows = connection.execute(sql.select(_warrants).where(condition)).all()
        return [
            DrawnWarrant(
                Warrant.from_bytes(row.record),
                row.statement,
                row.countersigned and JointStatement.from_bytes(row.countersigned),
                self.parts.of(row.warrant),
            )
            for row in rows
        ]


def _same(table: sql.Table, warrant_id: bytes, release: bytes) -> sql.ColumnElement[bool]:
    return (table.c.warrant == warrant_id) & (table.c.release == release)


def _state(row: sql.Row[Any], steps: Mapping[Step, Taken]) -> str:
    """The last step that was taken, also if what it gave is deleted since; of an older program there is no note."""
    last = [step for step in Step if (step in steps if steps else step is Step.COUNTERSIGNED and row.countersigned)]
    return last[-1] if last else "drawn"
