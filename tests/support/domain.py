"""The domain that most tests play in, and visitors with passes in it."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_bytes

from conformance.parties import (
    NOW,
    TODAY,
    UTC_OFFSET,
    OpenEpoch,
    Parties,
    Released,
    found_domain,
    open_epoch,
    opening_warrant,
)
from protocol.epochs import Role
from protocol.handles import (
    Handle,
    HandleGrant,
    HandleRegistration,
    IdentityRecord,
    register_handle,
    seal_record,
    sign_receipt,
    verify_registration,
)
from protocol.passes import (
    AllowanceRequest,
    OwnedPass,
    PassAnswers,
    PendingPass,
    accept_answers,
    request_allowance,
    verify_allowance,
)
from protocol.primitives.group import Scalar

__all__ = [
    "NOW",
    "TODAY",
    "UTC_OFFSET",
    "OpenEpoch",
    "Parties",
    "Released",
    "Visitor",
    "enrol",
    "found_domain",
    "open_epoch",
    "opening_warrant",
]


@dataclass(frozen=True)
class Visitor:
    """A visitor with an account, a handle in the directory and an allowance of passes."""

    account_id: bytes
    h: Scalar
    handle: Handle
    registration: HandleRegistration
    record: IdentityRecord
    grant: HandleGrant
    pending: list[PendingPass]
    request: AllowanceRequest
    answers: PassAnswers
    passes: list[OwnedPass]


def enrol(parties: Parties, epoch: OpenEpoch, name: str, phone: str) -> Visitor:
    """Everything that a visitor does with both parties before it can check in."""
    key, account = epoch.key, token_bytes(16)
    h, registration = register_handle(key, account)
    handle = verify_registration(key, account, registration)
    record = IdentityRecord(parties.domain.number, key.epoch, handle, phone, name, verified_on=key.epoch)
    signed, entry = seal_record(key, record, parties.keys[Role.OPERATOR])
    grant = HandleGrant(signed, entry, sign_receipt(key, entry, parties.keys[Role.AUTHORITY]))
    pending, request = request_allowance(key, h)
    answers = epoch.issue(verify_allowance(key, handle, request))
    passes = accept_answers(key, pending, answers)
    return Visitor(account, h, handle, registration, record, grant, pending, request, answers, passes)
