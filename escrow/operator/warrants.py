"""The warrants that the authority proposed, and what the operator's officer decided. Spec: §3.9."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from secrets import token_bytes
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sql

from escrow.desk.approvals import Approvals
from escrow.desk.records import MAX_REASON, Decision, of_warrant
from escrow.errors import AlreadyOpened, InvalidName, UnknownWarrant, WarrantWithdrawn
from escrow.ledger import giving, has_given
from escrow.operator.errors import AlreadyDecided, WarrantExists
from escrow.operator.signed_notices import has_notice
from protocol.epochs import Domain
from protocol.primitives.errors import WrongDomain
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, statement_payload, verify_statement
from protocol.warrants import Warrant, check_issued, warrant_epochs
from service.storage import insert_once

if TYPE_CHECKING:
    from escrow.log.log import TransparencyLog
    from protocol.transparency.log_entries import WarrantDecided, WarrantDecision

metadata = sql.MetaData()
_warrants = sql.Table(
    "warrants",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("statement", sql.LargeBinary, nullable=False),
    sql.Column("countersignature", sql.LargeBinary),
    sql.Column("refused", sql.String(MAX_REASON)),
)
_decisions = sql.Table(
    "warrant_decisions",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("salt", sql.LargeBinary(32), nullable=False),
)
"""The salt that shows which warrant a decision in the log was about."""
_withdrawn = sql.Table(
    "withdrawn_warrants",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("request", sql.LargeBinary, nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False),
)
"""The authority's signed request to take a warrant back, which is kept as evidence, and when it came."""


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """The index of a decision's entry in the operator's log, and the salt (32 bytes) of its commitment."""

    index: int
    salt: bytes


class ProposedWarrant(NamedTuple):
    """A warrant the authority signed; `countersignature` or `refused` (the reason) once the officer has decided.

    `withdrawn` is the Unix time at which the authority took it back, if it did.
    """

    record: Warrant
    countersignature: bytes | None
    refused: str | None
    withdrawn: int | None = None

    @property
    def state(self) -> str:
        """`pending`, `countersigned`, `refused` or `withdrawn`."""
        if self.withdrawn is not None:
            return "withdrawn"
        return "countersigned" if self.countersignature else "refused" if self.refused is not None else "pending"

    def state_at(self, now: int) -> str:
        """The state, or `expired` if nothing can be begun under it any more at Unix time `now`."""
        is_over = now > self.record.expires and self.state in {"pending", "countersigned"}
        return "expired" if is_over else self.state


class Warrants:
    """The operator's register of warrants. A decision is final once it is stored, and counts once it is in the log.

    The log is opened when a decision is taken or looked up.
    """

    def __init__(
        self,
        engine: sql.Engine,
        domain: Domain,
        open_log: Callable[[], TransparencyLog],
        clock: Callable[[], int],
        approvals: Approvals,
    ) -> None:
        self._engine, self._domain, self._open_log, self._clock = engine, domain, open_log, clock
        self._approvals = approvals

    def propose(self, statement: bytes, now: int) -> None:
        """Take a warrant that the authority signed, or take it again, at Unix time `now`.

        Raises `Malformed`, `InvalidSignature`, `WrongDomain`, `OutOfScope` when it says it is issued later or its
        window has too many days, `InvalidName` for a legal reference or advice that cannot be printed, `WarrantExists`
        if its id stands for another.
        """
        record = verify_statement(Warrant, statement, self._domain.authority_key)
        if record.domain != self._domain.number:
            raise WrongDomain("the warrant is of another domain", record.domain)
        check_issued(record, now)
        warrant_epochs(self._domain, record)
        if not (record.legal_reference + record.advice).isprintable():  # the officer reads it on a terminal
            raise InvalidName("a legal reference and advice have printable characters only")
        this = _warrants.c.warrant == record.warrant_id
        with self._engine.begin() as connection:
            insert_once(connection, _warrants, {"warrant": record.warrant_id, "statement": statement})
            known = connection.execute(sql.select(_warrants.c.statement).where(this)).scalar_one()
        if statement_payload(known) != statement_payload(statement):
            raise WarrantExists(record.warrant_id)

    def get(self, warrant_id: bytes) -> ProposedWarrant:
        """A warrant by its 16-byte id; raises `UnknownWarrant`."""
        for proposed in self._select(_warrants.c.warrant == warrant_id):
            return proposed
        raise UnknownWarrant(warrant_id, "no such warrant was proposed")

    def all(self) -> list[ProposedWarrant]:
        """Every warrant that was proposed."""
        return self._select(sql.true())

    def decision(self, warrant_id: bytes) -> LoggedDecision | None:
        """Where the decision on a warrant is on record."""
        for row in self._rows(_warrants.c.warrant == warrant_id):
            index = self._logged_at(row)
            return None if index is None else LoggedDecision(index, row.salt)
        return None

    def countersign(self, warrant_id: bytes, identity: SigningKey) -> None:
        """The officer's consent: sign the same warrant; raises `NotApproved`."""
        from protocol.transparency.log_entries import WarrantDecision

        record = self.get(warrant_id).record
        self._approvals.demand(of_warrant(record))
        self._decide(record, WarrantDecision.COUNTERSIGNED, countersignature=sign_statement(record, identity))

    def refuse(self, warrant_id: bytes, reason: str) -> None:
        """The officer's refusal, with its reason (`is_reason`); raises `NotApproved`."""
        from protocol.transparency.log_entries import WarrantDecision

        record = self.get(warrant_id).record
        self._approvals.demand(of_warrant(record), Decision.REFUSE, reason)
        self._decide(record, WarrantDecision.REFUSED, refused=reason)

    def withdraw(self, warrant_id: bytes, request: bytes) -> None:
        """Take a warrant back for the authority, by its signed request, durably, and put that on record.

        From then on it is neither countersigned nor refused, and nothing is given under it. A second request changes
        nothing. Raises `UnknownWarrant`, and `AlreadyOpened` if the operator has given shares or signed a notice.
        """
        from protocol.transparency.log_entries import WarrantDecided, WarrantDecision, commit_to_warrant

        self.get(warrant_id)
        with giving(self._engine) as connection:
            if has_given(connection, warrant_id) or has_notice(connection, warrant_id):
                raise AlreadyOpened(warrant_id)
            insert_once(connection, _withdrawn, {"warrant": warrant_id, "request": request, "time": self._clock()})
            insert_once(connection, _decisions, {"warrant": warrant_id, "salt": token_bytes(32)})
        (row,) = self._rows(_warrants.c.warrant == warrant_id)
        commitment = commit_to_warrant(statement_payload(row.statement), row.salt)
        self._open_log().append(WarrantDecided(WarrantDecision.WITHDRAWN, commitment), self._clock())

    def demand_standing(self, warrant_id: bytes) -> None:
        """Raise `WarrantWithdrawn` if the authority has taken a warrant back."""
        with self._engine.begin() as connection:
            demand_standing(connection, warrant_id)

    def _decide(self, record: Warrant, decision: WarrantDecision, **values: object) -> None:
        """Store a decision, then put it on record, or one that an interruption has kept from there.

        Raises `AlreadyDecided` if another was taken, or this one before.
        """
        this = _warrants.c.warrant == record.warrant_id
        undecided = _warrants.c.countersignature.is_(None) & _warrants.c.refused.is_(None)
        with giving(self._engine) as connection:
            mine = _withdrawn.c.warrant == record.warrant_id
            if connection.scalar(sql.select(_withdrawn.c.time).where(mine)) is not None:
                raise AlreadyDecided(record.warrant_id, "withdrawn")
            connection.execute(sql.update(_warrants).where(this, undecided).values(**values))
            insert_once(connection, _decisions, {"warrant": record.warrant_id, "salt": token_bytes(32)})
        (row,) = self._rows(this)
        decided = self._entry(row)
        known = self._open_log().index_of(decided)
        self._open_log().append(decided, self._clock())
        if known is not None or decided.decision is not decision:
            raise AlreadyDecided(record.warrant_id, self.get(record.warrant_id).state)

    def _select(self, condition: sql.ColumnElement[bool]) -> list[ProposedWarrant]:
        selected = []
        for row in self._rows(condition):
            record = verify_statement(Warrant, row.statement, self._domain.authority_key)
            counts = self._logged_at(row) is not None
            signed, refused = (row.countersignature, row.refused) if counts else (None, None)
            selected.append(ProposedWarrant(record, signed, refused, row.withdrawn))
        return selected

    def _rows(self, condition: sql.ColumnElement[bool]) -> Sequence[sql.Row[Any]]:
        salted = _warrants.outerjoin(_decisions, _decisions.c.warrant == _warrants.c.warrant)
        joined = salted.outerjoin(_withdrawn, _withdrawn.c.warrant == _warrants.c.warrant)
        columns = _warrants, _decisions.c.salt, _withdrawn.c.time.label("withdrawn")
        with self._engine.begin() as connection:
            return connection.execute(sql.select(*columns).select_from(joined).where(condition)).all()

    def _logged_at(self, row: sql.Row[Any]) -> int | None:
        is_undecided = row.countersignature is None and row.refused is None
        return None if row.salt is None or is_undecided else self._open_log().index_of(self._entry(row))

    @staticmethod
    def _entry(row: sql.Row[Any]) -> WarrantDecided:
        """What the log says of a stored decision."""
        from protocol.transparency.log_entries import WarrantDecided, WarrantDecision, commit_to_warrant

        decision = WarrantDecision.REFUSED if row.countersignature is None else WarrantDecision.COUNTERSIGNED
        return WarrantDecided(decision, commit_to_warrant(statement_payload(row.statement), row.salt))


def demand_standing(connection: sql.Connection, warrant_id: bytes) -> None:
    """The same in a transaction, together with what it does."""
    mine = _withdrawn.c.warrant == warrant_id
    if connection.scalar(sql.select(_withdrawn.c.time).where(mine)) is not None:
        raise WarrantWithdrawn(warrant_id)
