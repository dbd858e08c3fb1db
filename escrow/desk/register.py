"""Who the officers of a party are: invitations, enrolled passkeys, and one versioned set. Spec: §6.9."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from secrets import token_bytes
from typing import NamedTuple

import sqlalchemy as sql

from escrow.desk.errors import BadSet, UnknownInvitation, WrongPasskey
from escrow.desk.records import (
    ACTIONS,
    MAX_NAME,
    MAX_PAYLOAD,
    NOTHING,
    Action,
    Officer,
    OfficerSet,
    Passkey,
    Threshold,
    set_digest,
)
from protocol.epochs import Domain, Role
from protocol.primitives.errors import Malformed
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement, verify_statement
from service.clock import DAY, Clock
from service.storage import exclusive, insert_once

INVITATION_SECONDS = DAY
"""For so long the link with which an officer enrols is good."""
metadata = sql.MetaData()
_invitations = sql.Table(
    "officer_invitations",
    metadata,
    sql.Column("digest", sql.LargeBinary(32), primary_key=True),
    sql.Column("name", sql.String(MAX_NAME), nullable=False),
    sql.Column("expires", sql.BigInteger, nullable=False),
)
_passkeys = sql.Table(
    "officer_passkeys",
    metadata,
    sql.Column("credential", sql.LargeBinary, primary_key=True),
    sql.Column("name", sql.String(MAX_NAME), nullable=False),
    sql.Column("public_key", sql.LargeBinary, nullable=False),
    sql.Column("counter", sql.BigInteger, nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False),
)
_sets = sql.Table(
    "officer_sets",
    metadata,
    sql.Column("version", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("statement", sql.LargeBinary, nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("by_custodians", sql.Boolean, nullable=False),
)
"""Every set that was in force, signed by the party, and whether custodians or the set before stand behind it."""


class Enrolled(NamedTuple):
    """A passkey that an officer enrolled, and the Unix time at which."""

    name: str
    passkey: Passkey
    time: int


class KeptSet(NamedTuple):
    """A set of officers, signed by the party; since when (Unix time), and whether custodians stand behind it."""

    record: OfficerSet
    statement: bytes
    time: int
    by_custodians: bool


class OfficerRegister:
    """The officers of a party in its database."""

    def __init__(self, engine: sql.Engine, domain: Domain, role: Role, identity: SigningKey, clock: Clock) -> None:
        self._engine, self._domain, self._role, self._identity, self._clock = engine, domain, role, identity, clock

    def invite(self, name: str) -> bytes:
        """A secret of 32 bytes, with which an officer of this name enrols one passkey within a day."""
        secret = token_bytes(32)
        row = {"digest": sha256(secret).digest(), "name": name, "expires": self._clock() + INVITATION_SECONDS}
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_invitations).where(_invitations.c.expires < self._clock()))
            connection.execute(sql.insert(_invitations).values(row))
        return secret

    def invited(self, secret: bytes) -> str:
        """The name that a secret is for; raises `UnknownInvitation`."""
        with self._engine.begin() as connection:
            return self._invited(connection, secret)

    def enrol(self, secret: bytes, passkey: Passkey, counter: int) -> str:
        """Keep a new passkey, once for a secret, durably: whose it is.

        Raises `UnknownInvitation`, or `WrongPasskey` for one that is known.
        """
        with exclusive(self._engine, "officers' invitations") as connection:
            name = self._invited(connection, secret)
            row: dict[str, object] = {
                "credential": passkey.credential_id,
                "name": name,
                "public_key": passkey.public_key,
            }
            row |= {"counter": counter, "time": self._clock()}
            if not insert_once(connection, _passkeys, row):
                raise WrongPasskey("this passkey is enrolled already")
            digest = sha256(secret).digest()
            connection.execute(sql.delete(_invitations).where(_invitations.c.digest == digest))
        return name

    def enrolled(self) -> list[Enrolled]:
        """Every passkey that was enrolled, the first one first."""
        query = sql.select(_passkeys).order_by(_passkeys.c.time, _passkeys.c.name)
        with self._engine.begin() as connection:
            rows = connection.execute(query).all()
        return [Enrolled(row.name, Passkey(row.credential, row.public_key), row.time) for row in rows]

    def passkey(self, credential_id: bytes) -> tuple[Passkey, int] | None:
        """A passkey that was enrolled, by its id, and its last counter."""
        query = sql.select(_passkeys).where(_passkeys.c.credential == credential_id)
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (Passkey(row.credential, row.public_key), row.counter)

    def count(self, credential_id: bytes, counter: int) -> None:
        """Keep a passkey's counter, which never goes back; raises `WrongPasskey` if another use was faster."""
        older = (_passkeys.c.credential == credential_id) & (_passkeys.c.counter < counter)
        with self._engine.begin() as connection:
            if counter and connection.execute(sql.update(_passkeys).where(older).values(counter=counter)).rowcount != 1:
                raise WrongPasskey("the passkey's counter did not grow: there may be a copy of it")

    def forget(self, name: str) -> int:
        """Delete the passkeys of a name that the present set does not have, and its invitations; how many passkeys."""
        present = self.present()
        kept = {passkey for officer in present.officers for passkey in officer.passkeys} if present else set()
        gone = [one for one in self.enrolled() if one.name == name and one.passkey not in kept]
        with self._engine.begin() as connection:
            connection.execute(sql.delete(_invitations).where(_invitations.c.name == name))
            for one in gone:
                connection.execute(sql.delete(_passkeys).where(_passkeys.c.credential == one.passkey.credential_id))
        return len(gone)

    def sets(self) -> list[KeptSet]:
        """Every set that was in force, the present one last."""
        with self._engine.begin() as connection:
            rows = connection.execute(sql.select(_sets).order_by(_sets.c.version)).all()
        key = public_key(self._identity)
        return [
            KeptSet(verify_statement(OfficerSet, row.statement, key), row.statement, row.time, row.by_custodians)
            for row in rows
        ]

    def present(self) -> OfficerSet | None:
        """The set of officers that is in force, if there is one."""
        newest = sql.select(_sets.c.statement).order_by(_sets.c.version.desc()).limit(1)
        with self._engine.begin() as connection:
            statement = connection.scalar(newest)
        return None if statement is None else verify_statement(OfficerSet, statement, public_key(self._identity))

    def next_set(
        self, origin: str, officers: Mapping[str, Collection[Passkey]], needed: Mapping[Action, int]
    ) -> OfficerSet:
        """The set that would follow the present one; raises `BadSet` for one that cannot be.

        A threshold that is not `needed` is 2, or 1 where there is one officer.
        """
        present = self.present()
        usual = min(2, len(officers))
        try:
            made = OfficerSet(
                self._domain.number,
                self._role,
                present.version + 1 if present else 1,
                set_digest(present) if present else NOTHING,
                origin,
                tuple(Officer(name, tuple(passkeys)) for name, passkeys in sorted(officers.items())),
                tuple(Threshold(action, needed.get(action, usual)) for action in ACTIONS[self._role]),
            )
            size = len(made.to_bytes())
        except Malformed as error:
            raise BadSet(f"this can be no set of officers: {error}") from None
        if size > MAX_PAYLOAD:
            raise BadSet("there are too many passkeys for one set of officers")
        return made

    def changed(
        self, origin: str, add: Collection[str], remove: Collection[str], needed: Mapping[Action, int]
    ) -> OfficerSet:
        """The present set with those of a name that enrolled a passkey and without others; raises `BadSet`.

        Who is added again gets all passkeys that are enrolled under the name. Thresholds stay unless they are `needed`.
        """
        present, enrolled = self.present(), self.passkeys_by_name()
        officers: dict[str, Collection[Passkey]] = (
            {one.name: one.passkeys for one in present.officers} if present else {}
        )
        if unknown := [name for name in remove if name not in officers]:
            raise BadSet(f"the set has no officer of this name: {', '.join(unknown)}")
        if missing := [name for name in add if name not in enrolled]:
            raise BadSet(f"nobody of this name has enrolled a passkey: {', '.join(missing)}")
        officers = {name: keys for name, keys in officers.items() if name not in remove}
        before = {one.action: one.approvals for one in present.thresholds} if present else {}
        return self.next_set(origin, officers | {name: enrolled[name] for name in add}, before | dict(needed))

    def passkeys_by_name(self) -> dict[str, list[Passkey]]:
        """The passkeys that were enrolled under each name."""
        found: dict[str, list[Passkey]] = {}
        for one in self.enrolled():
            found.setdefault(one.name, []).append(one.passkey)
        return found

    def install(self, officers: OfficerSet, *, by_custodians: bool) -> None:
        """Put a set into force, durably; raises `BadSet` if it does not follow the present one."""
        statement = sign_statement(officers, self._identity)
        row = {"version": officers.version, "statement": statement, "time": self._clock()}
        with exclusive(self._engine, "officers") as connection:
            newest = sql.select(_sets.c.statement).order_by(_sets.c.version.desc()).limit(1)
            known = connection.scalar(newest)
            present = known and verify_statement(OfficerSet, known, public_key(self._identity))
            if officers.replaces != (set_digest(present) if present else NOTHING):
                raise BadSet("another set of officers is in force by now; propose the change again")
            connection.execute(sql.insert(_sets).values(**row, by_custodians=by_custodians))

    def _invited(self, connection: sql.Connection, secret: bytes) -> str:
        mine = (_invitations.c.digest == sha256(secret).digest()) & (_invitations.c.expires >= self._clock())
        name: str | None = connection.scalar(sql.select(_invitations.c.name).where(mine))
        if name is None:
            raise UnknownInvitation
        return name
