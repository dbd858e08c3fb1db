"""The table of costs counts what one run of each operation really computes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import nacl.bindings
import nacl.signing
import pytest

from conformance.vectors.joint_notices import publish_notice
from conformance.vectors.venue_log import VenueLog
from protocol import assisted_check_ins, handles, passes
from protocol.assisted_check_ins import AssertedRecord, AssistedCheckIn, open_assisted, seal_assisted, verify_assisted
from protocol.check_ins import CheckInMessage, Direction, sign_check_in, verify_check_in
from protocol.commitments import sign_commitment, verify_commitment
from protocol.epochs import Role, create_epoch, verify_epoch
from protocol.handles import (
    HandleGrant,
    HandleRegistration,
    open_entry,
    register_handle,
    seal_record,
    sign_receipt,
    verify_grant,
    verify_registration,
)
from protocol.notices import list_passes, sign_notice, verify_notice
from protocol.opening import create_shares, open_release, verify_party_shares
from protocol.paper_check_ins import PaperCheckInMessage, sign_paper_check_in, verify_paper_check_in
from protocol.paper_passes import from_paper_text, print_pass, verify_paper
from protocol.passes import AllowanceRequest, accept_answers, request_allowance, verify_allowance
from protocol.primitives import signatures
from tests.spec.text import table
from tests.support.domain import NOW, TODAY, Released, enrol, found_domain, open_epoch

Operations = dict[tuple[str, str], Callable[[], object]]

COUNTED = [
    ("B", nacl.bindings, "crypto_scalarmult_ed25519_base_noclamp"),
    ("P", nacl.bindings, "crypto_scalarmult_ed25519_noclamp"),
    ("D", nacl.bindings, "crypto_core_ed25519_is_valid_point"),
    ("V", signatures, "crypto_sign_open"),
    ("S", nacl.signing.SigningKey, "sign"),
    *[
        ("A", module, f"crypto_aead_xchacha20poly1305_ietf_{direction}")
        for module in (assisted_check_ins, handles, passes)
        for direction in ("encrypt", "decrypt")
    ],
]


@pytest.mark.parametrize("n", [1, 4])
def test_costs(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    operations = prepared(n)
    counts: Counter[str] = Counter()
    for letter, owner, name in COUNTED:
        monkeypatch.setattr(owner, name, counting(counts, letter, getattr(owner, name)))
    measured = {}
    for key, operation in operations.items():
        counts.clear()
        operation()
        measured[key] = {letter: counts[letter] for letter, _, _ in COUNTED}
    listed = {
        (row["operation"], row["by"]): {letter: value(row[letter], n) for letter, _, _ in COUNTED}
        for row in table("costs")
    }
    assert listed == measured


def counting(counts: Counter[str], letter: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*arguments: Any, **named: Any) -> Any:
        counts[letter] += 1
        return function(*arguments, **named)

    return counted


def value(formula: str, n: int) -> int:
    """A sum of numbers and multiples of n, such as `5n + 3`."""
    return sum(int(term.removesuffix("n") or 1) * (n if term.endswith("n") else 1) for term in formula.split(" + "))


def prepared(n: int) -> Operations:
    """Each operation of the table, ready to be run, for `n` passes."""
    parties = found_domain(allowance=n)
    domain, keys = parties.domain, parties.keys
    today = open_epoch(parties, TODAY)
    key, visitor = today.key, enrol(parties, today, "홍길동", "+821012345678")
    account, handle, grant, record = visitor.account_id, visitor.handle, visitor.grant, visitor.record
    registration, allowance = visitor.registration.to_bytes(), visitor.request.to_bytes()
    requests = [bytes(request) for request in visitor.request.requests]
    check_ins = [sign_check_in(key, one, NOW, Direction.ENTRY).to_bytes() for one in visitor.passes]
    asserted, place = AssertedRecord(record.name, record.phone), parties.venue.venue_id
    sealed = seal_assisted(key, asserted, NOW, place)
    verified_entry = verify_assisted(key, sealed)
    paper = print_pass(key, visitor.passes[0])
    delegated = verify_paper(key, from_paper_text(paper))
    printed = sign_paper_check_in(key, delegated, NOW, Direction.ENTRY, place).to_bytes()
    D_operator, D_authority = (today.secrets[role].share * sealed.u for role in Role)
    S = D_operator + D_authority
    warrant = parties.warrant(NOW - 15, NOW + 15)
    log = VenueLog(parties.venue, parties.venue_key)
    log.add_all({TODAY: check_ins})
    commitment = log.commit(NOW)
    release = Released(log.release(warrant), log.commitments)
    verified = parties.verify(warrant, {TODAY: key}, release)

    def shares(role: Role) -> bytes:
        return create_shares(domain, role, verified, {TODAY: (key, today.secrets[role])}, keys[role])

    statements = {role: shares(role) for role in Role}
    both = {role: verify_party_shares(domain, role, verified, {TODAY: key}, statements[role]) for role in Role}
    operator, authority = Role.OPERATOR, Role.AUTHORITY
    notice, digests = publish_notice(domain, keys, 0, NOW, "", []), list_passes(0, [], bytes(32))
    return {
        ("publish an epoch", "operator"): lambda: create_epoch(domain, operator, TODAY, keys[operator]),
        ("publish an epoch", "authority"): lambda: create_epoch(domain, authority, TODAY, keys[authority]),
        ("verify an epoch", "anyone"): lambda: verify_epoch(
            domain, TODAY, today.statements[operator], today.statements[authority]
        ),
        ("register a handle", "client"): lambda: register_handle(key, account),
        ("verify a registration", "operator"): lambda: verify_registration(
            key, account, HandleRegistration.from_bytes(registration)
        ),
        ("seal a record", "operator"): lambda: seal_record(key, record, keys[operator]),
        ("sign a receipt", "authority"): lambda: sign_receipt(key, grant.entry, keys[authority]),
        ("verify a grant", "client"): lambda: verify_grant(key, handle, HandleGrant.from_bytes(grant.to_bytes())),
        ("request n passes", "client"): lambda: request_allowance(key, visitor.h),
        ("verify an allowance of n", "operator"): lambda: verify_allowance(
            key, handle, AllowanceRequest.from_bytes(allowance)
        ),
        ("issue n passes", "authority"): lambda: today.issue(requests),
        ("accept n passes", "client"): lambda: accept_answers(key, visitor.pending, visitor.answers),
        ("sign a check-in", "client"): lambda: sign_check_in(key, visitor.passes[0], NOW, Direction.ENTRY),
        ("verify a check-in", "door"): lambda: verify_check_in(key, CheckInMessage.from_bytes(check_ins[0])),
        ("print a paper pass", "client"): lambda: print_pass(key, visitor.passes[0]),
        ("verify a paper pass", "door"): lambda: verify_paper(key, from_paper_text(paper)),
        ("sign a paper check-in", "door"): lambda: sign_paper_check_in(key, delegated, NOW, Direction.ENTRY, place),
        ("verify a paper check-in", "door"): lambda: verify_paper_check_in(
            key, PaperCheckInMessage.from_bytes(printed)
        ),
        ("seal an assisted check-in", "door"): lambda: seal_assisted(key, asserted, NOW, place),
        ("verify an assisted check-in", "each party"): lambda: verify_assisted(
            key, AssistedCheckIn.from_bytes(sealed.to_bytes())
        ),
        ("open an assisted check-in", "authority"): lambda: open_assisted(key, verified_entry, S),
        ("sign a commitment", "venue"): lambda: sign_commitment(
            parties.venue, parties.venue_key, NOW, log.kept[0].tree
        ),
        ("verify a commitment", "each party"): lambda: verify_commitment(parties.venue, commitment, NOW),
        ("sign a release", "venue"): lambda: log.release(warrant),
        ("verify a release of n", "each party"): lambda: parties.verify(warrant, {TODAY: key}, release),
        ("create n shares", "each party"): lambda: shares(operator),
        ("verify n shares", "authority"): lambda: verify_party_shares(
            domain, operator, verified, {TODAY: key}, statements[operator]
        ),
        ("combine n shares", "authority"): lambda: list(open_release(verified, both[operator], both[authority])),
        ("open an entry", "authority"): lambda: open_entry(key, handle, grant.entry),
        ("sign a notice", "each party"): lambda: sign_notice(domain, 0, NOW, "", digests, keys[authority]),
        ("verify a notice", "client"): lambda: verify_notice(domain, notice, 0),
    }
