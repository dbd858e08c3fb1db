"""The warrants that the authority proposed, and what the operator's officer decided. Spec: §3.9."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_bytes

import sqlalchemy as sql

from escrow.log.log import TransparencyLog
from protocol.entries import WarrantDecided, WarrantDecision, commit_to_warrant
from protocol.epochs import Domain
from protocol.errors import WrongDomain
from protocol.signatures import SigningKey
from protocol.statements import sign_statement, statement_payload, verify_statement
from protocol.warrants import Warrant, check_issued
from service.http import Problem
from service.storage import exclusive

metadata = sql.MetaData()
_warrants = sql.Table(
    "warrants",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("statement", sql.LargeBinary, nullable=False),
    sql.Column("countersignature", sql.LargeBinary),
    sql.Column("refused", sql.String(256)),
)
_decisions = sql.Table(
    "warrant_decisions",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("log_index", sql.BigInteger, nullable=False),
    sql.Column("salt", sql.LargeBinary(32), nullable=False),
)
"""Where each decision is on record, and the salt that shows which warrant it was about."""


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """The index of a decision's entry in the operator's log, and the salt (32 bytes) of its commitment."""

    index: int
    salt: bytes


@dataclass(frozen=True, slots=True)
class ProposedWarrant:
    """A warrant the authority signed; `countersignature` or `refused` (the reason) once the officer has decided."""

    record: Warrant
    countersignature: bytes | None
    refused: str | None

    @property
    def state(self) -> str:
        """`pending`, `countersigned` or `refused`."""
        return "countersigned" if self.countersignature else "refused" if self.refused is not None else "pending"


class Warrants:
    """The operator's register of warrants. A decision is final, and in the log before it counts."""

    def __init__(self, engine: sql.Engine, domain: Domain, log: TransparencyLog, clock: Callable[[], int]) -> None:
        self._engine, self._domain, self._log, self._clock = engine, domain, log, clock

    def propose(self, statement: bytes, now: int) -> None:
        """Take a warrant that the authority signed, or take it again, at Unix time `now`.

        Raises `Malformed`, `InvalidSignature`, `WrongDomain`, `OutOfScope` when it says it is issued later, or a 409
        problem if its id stands for another.
        """
        record = verify_statement(Warrant, statement, self._domain.authority_key)
        if record.domain != self._domain.number:
            raise WrongDomain("the warrant is of another domain")
        check_issued(record, now)
        with exclusive(self._engine) as connection:
            known = connection.scalar(sql.select(_warrants.c.statement).where(_warrants.c.warrant == record.warrant))
            if known is None:
                connection.execute(sql.insert(_warrants).values(warrant=record.warrant, statement=statement))
            elif statement_payload(known) != statement_payload(statement):
                raise Problem(409, "warrant-exists", "another warrant has this id")

    def get(self, warrant: bytes) -> ProposedWarrant:
        """A warrant by its 16-byte id; a 404 problem if it is unknown."""
        for proposed in self._select(_warrants.c.warrant == warrant):
            return proposed
        raise Problem(404, "unknown-warrant", "no such warrant was proposed")

    def all(self) -> list[ProposedWarrant]:
        """Every warrant that was proposed."""
        return self._select(sql.true())

    def decision(self, warrant: bytes) -> LoggedDecision | None:
        """Where the decision on a warrant is on record."""
        with self._engine.begin() as connection:
            row = connection.execute(sql.select(_decisions).where(_decisions.c.warrant == warrant)).one_or_none()
        return None if row is None else LoggedDecision(row.log_index, row.salt)

    def countersign(self, warrant: bytes, identity: SigningKey) -> None:
        """The officer's consent: sign the same warrant."""
        record = self.get(warrant).record
        self._decide(record, WarrantDecision.COUNTERSIGNED, countersignature=sign_statement(record, identity))

    def refuse(self, warrant: bytes, reason: str) -> None:
        """The officer's refusal, with its reason."""
        self._decide(self.get(warrant).record, WarrantDecision.REFUSED, refused=reason[:256])

    def _decide(self, record: Warrant, decision: WarrantDecision, **values: object) -> None:
        undecided = _warrants.c.countersignature.is_(None) & _warrants.c.refused.is_(None)
        change = sql.update(_warrants).where(_warrants.c.warrant == record.warrant, undecided).values(**values)
        with exclusive(self._engine) as connection:
            if connection.execute(change).rowcount == 1:
                salt = token_bytes(32)
                contents = WarrantDecided(decision, commit_to_warrant(record.to_bytes(), salt))
                index = self._log.append(contents, self._clock())  # before it is committed, and so before it counts
                row = {"warrant": record.warrant, "log_index": index, "salt": salt}
                connection.execute(sql.insert(_decisions).values(**row))
                return
        raise Problem(409, "warrant-decided", f"the warrant is {self.get(record.warrant).state} already")

    def _select(self, condition: sql.ColumnElement[bool]) -> list[ProposedWarrant]:
        with self._engine.begin() as connection:
            rows = connection.execute(sql.select(_warrants).where(condition)).all()
        return [
            ProposedWarrant(
                verify_statement(Warrant, row.statement, self._domain.authority_key),
                row.countersignature,
                row.refused,
            )
            for row in rows
        ]
