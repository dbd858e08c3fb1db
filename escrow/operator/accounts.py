"""Accounts: one verified phone number each, and its session. Spec: §5.3.

Codes are tried a limited number of times and sent a limited number of times a day; both counts are committed before
anything is compared or sent, so that neither a crash nor a second process gives another try.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sql

from escrow.errors import InvalidName
from escrow.operator.errors import (
    CodeExpired,
    InvalidPhone,
    TooManyAttempts,
    TooManyCodes,
    VerificationExpired,
    WrongCode,
)
from escrow.operator.settings import OperatorSettings
from protocol.primitives.hashing import digest32
from protocol.primitives.signatures import SigningKey
from service import names, phone_numbers
from service.clock import DAY
from service.partitions import drop_partitions, keep_in_partitions, make_partitions, without_changes
from service.refusals import Unauthenticated
from service.storage import CHUNK, exclusive, is_among

if TYPE_CHECKING:
    from protocol.http_messages import Session, VerificationAnswer

metadata = sql.MetaData()
_verifications = sql.Table(
    "verifications",
    metadata,
    sql.Column("phone", sql.String(16), primary_key=True),
    sql.Column("code_digest", sql.LargeBinary(32), nullable=False),
    sql.Column("expires", sql.BigInteger, nullable=False),
    sql.Column("attempts", sql.Integer, nullable=False),
    sql.Column("day", sql.BigInteger, nullable=False),
    sql.Column("sent_that_day", sql.Integer, nullable=False),
)
_accounts = sql.Table(
    "accounts",
    metadata,
    sql.Column("account", sql.LargeBinary(16), primary_key=True),
    sql.Column("phone", sql.String(16), nullable=False, unique=True),
    sql.Column("name", sql.String(128), nullable=False),
    sql.Column("verified_at", sql.BigInteger, nullable=False, index=True),
)
_sessions = sql.Table(
    "sessions",
    metadata,
    sql.Column("token_digest", sql.LargeBinary(32), primary_key=True),
    sql.Column("account", sql.LargeBinary(16), sql.ForeignKey(_accounts.c.account), nullable=False, index=True),
)
handles = sql.Table(
    "handles",
    metadata,
    sql.Column("epoch", sql.BigInteger, primary_key=True),
    sql.Column("account", sql.LargeBinary(16), sql.ForeignKey(_accounts.c.account), primary_key=True, index=True),
    sql.Column("handle", sql.LargeBinary(32), nullable=False),
    sql.Column("record", sql.LargeBinary, nullable=False),
    sql.Column("entry", sql.LargeBinary, nullable=False),
    sql.Column("deposited", sql.Boolean, nullable=False),
    sql.Column("requests", sql.Integer, nullable=False),
    sql.UniqueConstraint("epoch", "handle", name="uq_handles_epoch_handle"),
)
keep_in_partitions(handles)

_OF_SESSIONS = (
    sql.select(_sessions.c.token_digest, _accounts)
    .join_from(_sessions, _accounts)
    .where(_sessions.c.token_digest.in_(sql.bindparam("digests", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Account:
    """A person the operator knows. `verified_at` is Unix time in seconds."""

    account_id: bytes
    phone: str
    name: str
    verified_at: int

    def __repr__(self) -> str:
        return "Account(hidden)"


class Accounts:
    """The operator's accounts in its database."""

    def __init__(self, engine: sql.Engine, settings: OperatorSettings, identity: SigningKey) -> None:
        self._engine, self._settings = engine, settings
        self._code_key = digest32("operator/code-key", bytes(identity))

    def new_code(self, phone: str, now: int) -> str:
        """Draw a six-digit code for a phone. It opens nothing before `put_in_force`. The last code ends.

        Raises `TooManyCodes` after the day's limit, or `InvalidPhone`.
        """
        if not is_international_number(phone):
            raise InvalidPhone
        regions = self._settings.code_regions
        if not phone_numbers.is_called_at_the_usual_price(phone, regions):
            raise InvalidPhone(f"codes are sent to numbers of {', '.join(regions)} alone, and to none that costs extra")
        code, day = f"{secrets.randbelow(10**6):06}", now // DAY
        with self._alone(phone) as connection:
            row = connection.execute(sql.select(_verifications).where(_verifications.c.phone == phone)).one_or_none()
            sent = row.sent_that_day if row is not None and row.day == day else 0
            if sent >= self._settings.codes_per_day:
                raise TooManyCodes
            connection.execute(sql.delete(_verifications).where(_verifications.c.phone == phone))
            connection.execute(
                sql.insert(_verifications).values(
                    phone=phone,
                    code_digest=self._code_digest(phone, code),
                    expires=0,
                    attempts=0,
                    day=day,
                    sent_that_day=sent + 1,
                )
            )
        return code

    def put_in_force(self, phone: str, code: str, now: int) -> None:
        """Let a code that was sent open a session from Unix time `now` on, unless a newer one was drawn."""
        mine = (_verifications.c.phone == phone) & (_verifications.c.code_digest == self._code_digest(phone, code))
        with self._engine.begin() as connection:
            connection.execute(sql.update(_verifications).where(mine).values(expires=now + self._settings.code_seconds))

    def uncount_code(self, phone: str, now: int) -> None:
        """Take back the count of a code that was drawn at `now`, was not sent and is not put in force."""
        mine = (_verifications.c.phone == phone) & (_verifications.c.day == now // DAY)
        with self._engine.begin() as connection:
            connection.execute(
                sql.update(_verifications).where(mine).values(sent_that_day=_verifications.c.sent_that_day - 1)
            )

    def verify(self, answer: VerificationAnswer, now: int) -> Session:
        """Open a session for whoever received the code.

        Raises `InvalidName`, `CodeExpired`, `TooManyAttempts` or `WrongCode`.
        """
        check_name(answer.name)  # step 1
        if not is_international_number(answer.phone):
            raise CodeExpired
        self._spend_attempt(answer, now)
        token = secrets.token_bytes(32)
        with self._alone(answer.phone) as connection:
            # The row stays, without a code that could match: it counts the day's codes.
            mine = (_verifications.c.phone == answer.phone) & (_verifications.c.expires >= now)
            if connection.execute(sql.update(_verifications).where(mine).values(expires=0)).rowcount != 1:
                raise CodeExpired("the code was used already")
            known = sql.select(_accounts.c.account).where(_accounts.c.phone == answer.phone)
            account_id = connection.scalar(known.with_for_update())  # step 5, and not while it is deleted
            if account_id is None:
                account_id = secrets.token_bytes(16)
                connection.execute(
                    sql.insert(_accounts).values(
                        account=account_id, phone=answer.phone, name=answer.name, verified_at=now
                    )
                )
            else:
                connection.execute(
                    sql.update(_accounts)
                    .where(_accounts.c.account == account_id)
                    .values(name=answer.name, verified_at=now)
                )
                connection.execute(sql.delete(_sessions).where(_sessions.c.account == account_id))
            connection.execute(sql.insert(_sessions).values(token_digest=_token_digest(token), account=account_id))
        from protocol.http_messages import Session

        return Session(account_id, token)

    def authenticate(
        self, connection: sql.Connection, sessions: Sequence[tuple[bytes, int]]
    ) -> list[Account | Exception]:
        """The accounts of sessions, each a 32-byte token and the Unix time in seconds.

        One that is not known is `Unauthenticated`. One whose number was not verified for long is `VerificationExpired`.
        """
        digests = [_token_digest(token) for token, _ in sessions]
        rows = connection.execute(_OF_SESSIONS, {"digests": digests})
        found = {digest: Account(*account) for digest, *account in rows}
        return [self._verified(found.get(digest), now) for digest, (_, now) in zip(digests, sessions, strict=True)]

    def make_room(self, epochs: Iterable[int]) -> None:
        """Have the database ready for the handles of these epochs."""
        make_partitions(self._engine, handles, epochs)

    def forget_epochs(self, epochs: Collection[int]) -> None:
        """Delete every handle of these epochs."""
        drop_partitions(self._engine, handles, lambda epoch: epoch in epochs)
        with self._engine.begin() as connection:
            connection.execute(sql.delete(handles).where(is_among(handles.c.epoch, epochs)))

    def forget_old(self, now: int) -> None:
        """Delete verifications that are over, and accounts that were not verified again, with what is theirs."""
        over = (_verifications.c.day < now // DAY) & (_verifications.c.expires < now)
        days = self._settings.verification_days + self._settings.account_retention_days
        lapsed = sql.select(_accounts.c.account).where(_accounts.c.verified_at < now - days * DAY)
        with without_changes(self._engine, handles) as connection:  # they lock handles first, and then accounts
            connection.execute(sql.delete(_verifications).where(over))
            accounts = connection.scalars(lapsed.with_for_update()).all()  # and nobody verifies one meanwhile
            for start in range(0, len(accounts), CHUNK):
                for table in (_sessions, handles, _accounts):
                    mine = table.c.account.in_(accounts[start : start + CHUNK])
                    connection.execute(sql.delete(table).where(mine))

    def _verified(self, account: Account | None, now: int) -> Account | Exception:
        if account is None:
            return Unauthenticated("the session is unknown; enrol again")
        if now - account.verified_at > self._settings.verification_days * DAY:
            return VerificationExpired(account.account_id)
        return account

    def _alone(self, phone: str) -> AbstractContextManager[sql.Connection]:
        """A transaction in which nobody else decides on a phone."""
        return exclusive(self._engine, "phone", phone.encode())

    def _spend_attempt(self, answer: VerificationAnswer, now: int) -> None:
        mine = _verifications.c.phone == answer.phone
        with self._alone(answer.phone) as connection:
            row = connection.execute(sql.select(_verifications).where(mine)).one_or_none()
            if row is None or now > row.expires:  # step 2
                raise CodeExpired
            if row.attempts >= self._settings.code_attempts:  # step 3
                raise TooManyAttempts
            connection.execute(sql.update(_verifications).where(mine).values(attempts=row.attempts + 1))
        if not secrets.compare_digest(row.code_digest, self._code_digest(answer.phone, answer.code)):  # step 4
            raise WrongCode

    def _code_digest(self, phone: str, code: str) -> bytes:
        return digest32("operator/code", self._code_key, phone.encode(), code.encode())


def check_name(name: str) -> None:
    """Raise `InvalidName` unless a name is one as step 1 says."""
    if not names.is_name(name):
        raise InvalidName("a name has letters, digits, hyphens, dots, apostrophes, and single spaces between")


def is_international_number(phone: str) -> bool:
    """Whether a number has the one form of E.164: a second one would be a second account, with tries of its own."""
    return phone_numbers.international_number(phone) == phone


def _token_digest(token: bytes) -> bytes:
    return digest32("operator/session", token)
