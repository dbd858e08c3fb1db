"""The warrants that the authority proposed, and what the operator's officer decided. Spec: §3.9."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sql

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
    """The operator's register of warrants. A decision is final."""

    def __init__(self, engine: sql.Engine, domain: Domain) -> None:
        self._engine, self._domain = engine, domain

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

    def countersign(self, warrant: bytes, identity: SigningKey) -> None:
        """The officer's consent: sign the same warrant."""
        self._decide(warrant, countersignature=sign_statement(self.get(warrant).record, identity))

    def refuse(self, warrant: bytes, reason: str) -> None:
        """The officer's refusal, with its reason."""
        self._decide(warrant, refused=reason[:256])

    def _decide(self, warrant: bytes, **decision: object) -> None:
        undecided = _warrants.c.countersignature.is_(None) & _warrants.c.refused.is_(None)
        with self._engine.begin() as connection:
            decided = connection.execute(
                sql.update(_warrants).where(_warrants.c.warrant == warrant, undecided).values(**decision)
            )
        if decided.rowcount != 1:
            raise Problem(409, "warrant-decided", f"the warrant is {self.get(warrant).state} already")

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
