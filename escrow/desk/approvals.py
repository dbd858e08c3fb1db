"""What officers said to what: votes that are kept as evidence, and the demand that enough stand. Spec: §6.9."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sql

from escrow.desk.errors import ChallengeUsed, NotApproved, WrongPasskey
from escrow.desk.records import MAX_NAME, Action, Decision, OfficerSet, Subject, Vote, set_digest
from escrow.desk.register import OfficerRegister, metadata
from protocol.epochs import Domain
from service.clock import Clock
from service.storage import exclusive, insert_once

_subjects = sql.Table(
    "officer_subjects",
    metadata,
    sql.Column("subject", sql.LargeBinary(32), primary_key=True),
    sql.Column("action", sql.Integer, nullable=False),
    sql.Column("payload", sql.LargeBinary, nullable=False),
    sql.Column("replaced", sql.LargeBinary, nullable=False),
    sql.Column("asked_by", sql.String(MAX_NAME), nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("done", sql.BigInteger),
)
"""What somebody asked officers to approve."""
_votes = sql.Table(
    "officer_votes",
    metadata,
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("nonce", sql.LargeBinary(32), nullable=False, unique=True),
    sql.Column("subject", sql.LargeBinary(32), nullable=False, index=True),
    sql.Column("vote", sql.LargeBinary, nullable=False),
    sql.Column("officer", sql.String(MAX_NAME), nullable=False),
    sql.Column("credential", sql.LargeBinary, nullable=False),
    sql.Column("authenticator_data", sql.LargeBinary, nullable=False),
    sql.Column("client_data", sql.LargeBinary, nullable=False),
    sql.Column("signature", sql.LargeBinary, nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False),
)
"""Every vote with its assertion. None is ever changed or deleted."""
_void = sql.Table(
    "officer_votes_void",
    metadata,
    sql.Column("subject", sql.LargeBinary(32), primary_key=True),
    sql.Column("number", sql.Integer, nullable=False),
)
"""The last vote on a subject that counts no more, and with it none before."""


class Asked(NamedTuple):
    """What somebody asked officers to approve, and when (Unix time); `done` is when it was carried out."""

    subject: Subject
    asked_by: str
    time: int
    done: int | None


class CastVote(NamedTuple):
    """A vote that an officer cast at a Unix time, with what the passkey signed."""

    vote: Vote
    officer: str
    credential_id: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes
    time: int


class Tally(NamedTuple):
    """How it stands with something: how many approvals it needs, every vote on it, and those that count.

    The votes that count are the last one of each officer, under the present set, with an assertion that verifies. None
    does that was cast before the same thing was done or refused the last time.
    """

    needed: int
    votes: list[CastVote]
    standing: list[CastVote]

    @property
    def approvals(self) -> int:
        """How many approve."""
        return sum(cast.vote.decision is Decision.APPROVE for cast in self.standing)

    @property
    def refusals(self) -> tuple[int, str]:
        """How many refuse for one reason, and for which; of several reasons the one with the most votes."""
        reasons = [cast.vote.reason for cast in self.standing if cast.vote.decision is Decision.REFUSE]
        return max(((reasons.count(reason), reason) for reason in reasons), default=(0, ""))

    @property
    def is_approved(self) -> bool:
        """Whether enough approve."""
        return self.approvals >= self.needed

    @property
    def is_refused(self) -> bool:
        """Whether enough refuse for one reason. One does where no approvals are needed."""
        return self.refusals[0] >= max(self.needed, 1)


class Approvals:
    """The votes of a party's officers. `desk` is the desk's origin, which a refusal names."""

    def __init__(self, engine: sql.Engine, officers: OfficerRegister, domain: Domain, desk: str, clock: Clock) -> None:
        self._engine, self.officers, self._domain, self._desk, self._clock = engine, officers, domain, desk, clock

    def needed(self, action: Action) -> int:
        """How many officers have to approve an action; 0 without a set of officers."""
        present = self.officers.present()
        return 0 if present is None else present.needed(action)

    def ask(self, subject: Subject, officer: str) -> Asked:
        """Keep that an officer asks for approvals of something, since when it is the first time."""
        row: dict[str, object] = {
            "subject": subject.subject_id,
            "action": int(subject.action),
            "payload": subject.payload,
        }
        row |= {"replaced": subject.replaced, "asked_by": officer, "time": self._clock()}
        with self._engine.begin() as connection:
            insert_once(connection, _subjects, row)
            found = sql.select(_subjects).where(_subjects.c.subject == subject.subject_id)
            return _asked(connection.execute(found).one())

    def asked(self) -> list[Asked]:
        """All that was asked for, the first one first."""
        with self._engine.begin() as connection:
            rows = connection.execute(sql.select(_subjects).order_by(_subjects.c.time)).all()
        return [_asked(row) for row in rows]

    def close(self, subject: Subject) -> None:
        """Note that something that was asked for is done, or refused for good."""
        mine = (_subjects.c.subject == subject.subject_id) & _subjects.c.done.is_(None)
        with self._engine.begin() as connection:
            connection.execute(sql.update(_subjects).where(mine).values(done=self._clock()))

    def void(self, connection: sql.Connection, subject_id: bytes) -> None:
        """Within a transaction, let no vote that was cast on something so far count any more."""
        mine = _votes.c.subject == subject_id
        number = connection.scalar(sql.select(sql.func.max(_votes.c.number)).where(mine))
        if number is not None:
            connection.execute(sql.delete(_void).where(_void.c.subject == subject_id))
            connection.execute(sql.insert(_void).values(subject=subject_id, number=number))

    def cast(self, vote: Vote, cast: CastVote) -> None:
        """Keep a vote that was verified, once, durably.

        Raises `ChallengeUsed` also when it is past its time, or another set is in force by now.
        """
        subject = Subject(vote.action, vote.payload, vote.replaced).subject_id
        row: dict[str, object] = {
            "nonce": vote.nonce,
            "subject": subject,
            "vote": vote.to_bytes(),
            "officer": cast.officer,
        }
        row |= {"credential": cast.credential_id, "authenticator_data": cast.authenticator_data}
        row |= {"client_data": cast.client_data, "signature": cast.signature, "time": cast.time}
        with exclusive(self._engine, "officers") as connection:
            present = self.officers.present()
            is_known = connection.scalar(sql.select(_votes.c.number).where(_votes.c.nonce == vote.nonce)) is not None
            is_late = cast.time > vote.expires
            if present is None or set_digest(present) != vote.officers or is_known or is_late:
                raise ChallengeUsed
            connection.execute(sql.insert(_votes).values(row))

    def all(self) -> list[CastVote]:
        """Every vote, in their order."""
        with self._engine.begin() as connection:
            return [_cast(row) for row in connection.execute(sql.select(_votes).order_by(_votes.c.number)).all()]

    def of(self, subject: Subject) -> list[CastVote]:
        """Every vote on something, in their order, whatever set they are under."""
        return self._of(subject, sql.true())

    def _not_void(self, subject: Subject) -> list[CastVote]:
        last = sql.select(_void.c.number).where(_void.c.subject == subject.subject_id).scalar_subquery()
        return self._of(subject, _votes.c.number > sql.func.coalesce(last, 0))

    def _of(self, subject: Subject, condition: sql.ColumnElement[bool]) -> list[CastVote]:
        mine = (_votes.c.subject == subject.subject_id) & condition
        with self._engine.begin() as connection:
            rows = connection.execute(sql.select(_votes).where(mine).order_by(_votes.c.number)).all()
        return [_cast(row) for row in rows]

    def tally(self, subject: Subject) -> Tally:
        """How it stands with something."""
        present, votes = self.officers.present(), self.of(subject)
        if present is None:
            return Tally(0, votes, [])
        counting = standing(self._domain, present, self._not_void(subject)) if votes else []
        return Tally(present.needed(subject.action), votes, counting)

    def demand(self, subject: Subject, decision: Decision = Decision.APPROVE, reason: str = "") -> None:
        """Let something be done that enough officers of the present set have decided; nothing without a set.

        Raises `NotApproved`, and has it wait at the desk.
        """
        present = self.officers.present()
        if present is None or not present.needed(subject.action):
            return
        names = [
            cast.officer
            for cast in standing(self._domain, present, self._not_void(subject))
            if (cast.vote.decision, cast.vote.reason) == (decision, reason)
        ]
        if len(names) < present.needed(subject.action):
            self.ask(subject, "")
            told = subject.action.name.lower() if decision is Decision.APPROVE else "this refusal, with this reason"
            raise NotApproved(told, present.needed(subject.action), names, present.names, self._desk)


def standing(domain: Domain, officers: OfficerSet, votes: Iterable[CastVote]) -> list[CastVote]:
    """Of these votes on one thing the last one of each officer of a set, as far as they verify."""
    from escrow.desk.passkeys import Assertion, verify_vote  # loads much, and most parties' officers have no passkeys

    last: dict[str, CastVote] = {}
    for cast in votes:
        assertion = Assertion(cast.credential_id, cast.authenticator_data, cast.client_data, cast.signature)
        try:
            name = verify_vote(domain, officers, cast.vote, assertion)
        except WrongPasskey:
            continue
        last.pop(name, None)
        last[name] = cast._replace(officer=name)
    return list(last.values())


def _asked(row: sql.Row[Any]) -> Asked:
    return Asked(Subject(Action(row.action), row.payload, row.replaced), row.asked_by, row.time, row.done)


def _cast(row: sql.Row[Any]) -> CastVote:
    return CastVote(
        Vote.from_bytes(row.vote),
        row.officer,
        row.credential,
        row.authenticator_data,
        row.client_data,
        row.signature,
        row.time,
    )
