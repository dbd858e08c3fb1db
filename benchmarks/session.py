"""All parties in one process, through one whole epoch: the real values that the operations are measured on."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass

from conformance.vectors.venue_log import VenueLog
from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.epochs import Domain, EpochKey, EpochSecret, Role, create_epoch, verify_epoch
from protocol.handles import (
    DirectoryEntry,
    Handle,
    HandleRegistration,
    IdentityRecord,
    register_handle,
    seal_record,
    verify_registration,
)
from protocol.opening import VerifiedShares, create_shares, verify_party_shares
from protocol.passes import (
    AllowanceRequest,
    IssueBatch,
    OwnedPass,
    PendingPass,
    accept_answers,
    issue_batch,
    request_allowance,
    verify_allowance,
)
from protocol.primitives.group import Scalar
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.releases import VerifiedRelease, verify_release
from protocol.warrants import (
    Purpose,
    RegisteredVenue,
    ValidWarrant,
    Venue,
    Warrant,
    verify_venue,
    verify_warrant,
)

ALLOWANCE = 10
VISITORS = 10
ACCOUNT = bytes(16)


@dataclass(frozen=True)
class Parties:
    """The domain, both parties' keys and secrets, and an epoch that both have published."""

    domain: Domain
    operator: SigningKey
    authority: SigningKey
    epoch: int
    secrets: dict[Role, EpochSecret]
    statements: dict[Role, bytes]
    epoch_key: EpochKey


@dataclass(frozen=True)
class Visitor:
    """One visitor's handle and passes, and everything that was sent for them."""

    h: Scalar
    handle: Handle
    registration: bytes
    record: IdentityRecord
    entry: DirectoryEntry
    pending: list[PendingPass]
    request: bytes
    issued: list[bytes]
    answers: bytes
    passes: list[OwnedPass]


@dataclass(frozen=True)
class Session:
    """An epoch in which every visitor used every pass at one venue, which released all of it for a warrant."""

    parties: Parties
    visitors: list[Visitor]
    now: int
    check_ins: list[CheckInMessage]
    warrant: ValidWarrant
    venue: RegisteredVenue
    log: VenueLog
    signed_release: bytes
    release: VerifiedRelease
    signed_shares: dict[Role, bytes]
    shares: dict[Role, VerifiedShares]
    entries: dict[bytes, DirectoryEntry]


@functools.cache
def make_session() -> Session:
    """Run the whole protocol once in this process, `VISITORS` times `ALLOWANCE` check-ins."""
    now = int(time.time())
    parties = _make_parties(now)
    domain, epoch, epoch_key = parties.domain, parties.epoch, parties.epoch_key
    visitors = [_make_visitor(parties, number) for number in range(VISITORS)]
    check_ins = [
        sign_check_in(epoch_key, owned, now, Direction.ENTRY) for visitor in visitors for owned in visitor.passes
    ]

    venue_key = SigningKey.generate()
    record = Venue(domain.number, bytes(16), "Club", "", public_key(venue_key))
    venue = verify_venue(domain, _sign_jointly(parties, record))
    order = Warrant(
        domain.number,
        bytes(16),
        bytes(16),
        Purpose.OPENING,
        now - 900,
        now + 900,
        0,
        "Act 1",
        len(check_ins),
        now,
        now + 900,
        now + 900,
    )
    warrant = verify_warrant(domain, _sign_jointly(parties, order), now)
    log = VenueLog(record, venue_key)
    log.add_all({epoch: [message.to_bytes() for message in check_ins]})
    log.commit(now)
    signed_release = log.release(warrant)
    release = verify_release(warrant, venue, {epoch: epoch_key}, log.commitments, signed_release)

    identities = {Role.OPERATOR: parties.operator, Role.AUTHORITY: parties.authority}
    signed_shares = {
        role: create_shares(domain, role, release, {epoch: (epoch_key, parties.secrets[role])}, identities[role])
        for role in Role
    }
    shares = {
        role: verify_party_shares(domain, role, release, {epoch: epoch_key}, signed_shares[role]) for role in Role
    }
    entries = {bytes(visitor.handle): visitor.entry for visitor in visitors}
    return Session(
        parties, visitors, now, check_ins, warrant, venue, log, signed_release, release, signed_shares, shares, entries
    )


def _make_parties(now: int) -> Parties:
    operator, authority = SigningKey.generate(), SigningKey.generate()
    domain = Domain(1, public_key(operator), public_key(authority), 32_400, ALLOWANCE)
    epoch = domain.epoch_at(now)
    operator_secret, operator_statement = create_epoch(domain, Role.OPERATOR, epoch, operator)
    authority_secret, authority_statement = create_epoch(domain, Role.AUTHORITY, epoch, authority)
    return Parties(
        domain,
        operator,
        authority,
        epoch,
        {Role.OPERATOR: operator_secret, Role.AUTHORITY: authority_secret},
        {Role.OPERATOR: operator_statement, Role.AUTHORITY: authority_statement},
        verify_epoch(domain, epoch, operator_statement, authority_statement),
    )


def _make_visitor(parties: Parties, number: int) -> Visitor:
    epoch_key = parties.epoch_key
    h, registration = register_handle(epoch_key, ACCOUNT)
    handle = verify_registration(epoch_key, ACCOUNT, HandleRegistration.from_bytes(registration.to_bytes()))
    record = IdentityRecord(parties.domain.number, parties.epoch, handle, f"+8210{number:08}", "홍길동", 20_000)
    _, entry = seal_record(epoch_key, record, parties.operator)
    pending, request = request_allowance(epoch_key, h)
    issued = verify_allowance(epoch_key, handle, AllowanceRequest.from_bytes(request.to_bytes()))
    pass_key = parties.secrets[Role.AUTHORITY].pass_signing_key
    answers = issue_batch(epoch_key, pass_key, IssueBatch(parties.epoch, tuple(issued)))
    passes = accept_answers(epoch_key, pending, answers)
    return Visitor(
        h,
        handle,
        registration.to_bytes(),
        record,
        entry,
        pending,
        request.to_bytes(),
        issued,
        answers.to_bytes(),
        passes,
    )


def _sign_jointly(parties: Parties, message: Venue | Warrant) -> JointStatement:
    return JointStatement(sign_statement(message, parties.authority), sign_statement(message, parties.operator))
