"""What an error carries for programs, and that its text shows none of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from nacl.signing import SigningKey

from conformance.vectors.joint_notices import publish_notice
from protocol.assisted_check_ins import AssertedRecord, seal_assisted, verify_assisted
from protocol.check_ins import Direction, sign_check_in, verify_check_in
from protocol.commitments import sign_commitment, verify_commitment
from protocol.disclosures import sign_disclosure, verify_disclosure
from protocol.epochs import EPOCH_SECONDS, Role, verify_epoch_statement
from protocol.handles import register_handle, verify_registration
from protocol.notices import verify_notice
from protocol.paper_check_ins import sign_paper_check_in, verify_paper_check_in
from protocol.paper_passes import from_paper_text, print_pass, verify_paper
from protocol.party_requests import sign_request, verify_request
from protocol.passes import IssueBatch, issue_batch, request_allowance, verify_allowance
from protocol.primitives.errors import (
    ConflictingStatements,
    OutOfScope,
    Rejected,
    WrongDomain,
    WrongEpoch,
    WrongNumber,
)
from protocol.primitives.signatures import public_key
from protocol.primitives.statements import sign_statement
from protocol.transparency.merkle import CompactRange
from protocol.warrants import VenueApplication, is_agreed, verify_application, verify_venue, verify_warrant
from tests.support.domain import NOW, TODAY, OpenEpoch, Parties, Visitor

VENUE = bytes(16)


def caught(kind: type[Rejected], call: Callable[[], object]) -> Rejected:
    """The error that a call raises; its text is a sentence."""
    with pytest.raises(kind) as raised:
        call()
    assert type(raised.value) is kind
    assert " " in str(raised.value)
    return raised.value


def test_another_domain_is_named(parties: Parties, today: OpenEpoch, visitor: Visitor) -> None:
    """Each message below is of the domain that the parties have; the one that looks at it is another."""
    domain, key, operator = parties.domain, today.key, parties.keys[Role.OPERATOR]
    other = replace(domain, number=domain.number ^ 1)
    other_key = replace(key, domain=other)
    check_in = sign_check_in(key, visitor.passes[0], NOW, Direction.ENTRY)
    paper = from_paper_text(print_pass(key, visitor.passes[0]))
    on_paper = sign_paper_check_in(key, verify_paper(key, paper), NOW, Direction.ENTRY, VENUE)
    assisted = seal_assisted(key, AssertedRecord("홍길동", "+821012345678"), NOW, VENUE)
    _, commitment = sign_commitment(parties.venue, parties.venue_key, NOW, CompactRange())
    notice = publish_notice(domain, parties.keys, 3, NOW, "", [])
    disclosure = sign_disclosure(domain, Role.OPERATOR, 3, NOW, (), operator)
    request = sign_request(domain, Role.OPERATOR, "authority", "/v1/passes", NOW, b"", operator)
    for call in (
        lambda: verify_check_in(other_key, check_in),
        lambda: verify_paper(other_key, paper),
        lambda: verify_paper_check_in(other_key, on_paper),
        lambda: verify_assisted(other_key, assisted),
        lambda: verify_commitment(replace(parties.venue, domain=other.number), commitment, NOW),
        lambda: verify_notice(other, notice),
        lambda: verify_disclosure(other, Role.OPERATOR, disclosure),
        lambda: verify_request(other, Role.OPERATOR, "authority", "/v1/passes", NOW, request),
        lambda: verify_epoch_statement(other, Role.OPERATOR, TODAY, today.statements[Role.OPERATOR]),
        lambda: verify_venue(other, parties.both_sign(parties.venue)),
    ):
        error = caught(WrongDomain, call)
        assert isinstance(error, WrongDomain)
        assert error.domain == domain.number


def test_another_epoch_is_named(parties: Parties, today: OpenEpoch, tomorrow: OpenEpoch, visitor: Visitor) -> None:
    """Each message below is of today; the one that looks at it is of tomorrow. A late label is of its time."""
    check_in = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY)
    paper = from_paper_text(print_pass(today.key, visitor.passes[0]))
    on_paper = sign_paper_check_in(today.key, verify_paper(today.key, paper), NOW, Direction.ENTRY, VENUE)
    assisted = seal_assisted(today.key, AssertedRecord("홍길동", "+821012345678"), NOW, VENUE)
    account_id = bytes(16)
    h, registration = register_handle(today.key, account_id)
    _, allowance = request_allowance(today.key, h)
    handle = verify_registration(today.key, account_id, registration)
    batch = IssueBatch(TODAY, tuple(verify_allowance(today.key, handle, allowance)))
    pass_key = tomorrow.secrets[Role.AUTHORITY].pass_signing_key
    statement = today.statements[Role.OPERATOR]
    for call, epoch in (
        (lambda: verify_check_in(tomorrow.key, check_in), TODAY),
        (lambda: verify_check_in(today.key, replace(check_in, time=NOW + EPOCH_SECONDS)), TODAY + 1),
        (lambda: verify_paper(tomorrow.key, paper), TODAY),
        (lambda: verify_paper_check_in(tomorrow.key, on_paper), TODAY),
        (lambda: verify_assisted(tomorrow.key, assisted), TODAY),
        (lambda: verify_registration(tomorrow.key, account_id, registration), TODAY),
        (lambda: verify_allowance(tomorrow.key, handle, allowance), TODAY),
        (lambda: issue_batch(tomorrow.key, pass_key, batch), TODAY),
        (lambda: verify_epoch_statement(parties.domain, Role.OPERATOR, TODAY + 1, statement), TODAY),
    ):
        error = caught(WrongEpoch, call)
        assert isinstance(error, WrongEpoch)
        assert error.epoch == epoch


def test_another_number_is_named(parties: Parties) -> None:
    notice = publish_notice(parties.domain, parties.keys, 3, NOW, "", [])
    disclosure = sign_disclosure(parties.domain, Role.OPERATOR, 3, NOW, (), parties.keys[Role.OPERATOR])
    for call in (
        lambda: verify_notice(parties.domain, notice, 2),
        lambda: verify_disclosure(parties.domain, Role.OPERATOR, disclosure, 2),
    ):
        error = caught(WrongNumber, call)
        assert isinstance(error, WrongNumber)
        assert error.number == 3


def test_the_warrant_is_named_that_does_not_cover_it(parties: Parties) -> None:
    warrant, other = parties.warrant(NOW - 60, NOW + 60), parties.warrant(NOW - 60, NOW + 60)
    elsewhere = verify_venue(parties.domain, parties.both_sign(replace(parties.venue, venue_id=bytes(16))))
    release = parties.release(warrant, {})
    record, joint = warrant.record, parties.both_sign(warrant.record)
    for call, warrant_id in (
        (lambda: parties.verify(other, {}, release), other.record.warrant_id),
        (lambda: replace(parties, venue=elsewhere.record).verify(warrant, {}, release), record.warrant_id),
        (lambda: verify_warrant(parties.domain, joint, record.expires + 1), record.warrant_id),
        (lambda: verify_warrant(parties.domain, joint, 0), record.warrant_id),
        (lambda: replace(record, ends=record.begins), record.warrant_id),
        (lambda: replace(record, expires=record.issued - 1), record.warrant_id),
        (lambda: replace(record, discloses=2**32 - 1), record.warrant_id),
    ):
        error = caught(OutOfScope, call)
        assert isinstance(error, OutOfScope)
        assert error.warrant_id == warrant_id


def test_both_sides_of_a_false_agreement_are_there(parties: Parties) -> None:
    key = SigningKey.generate()
    changed = replace(parties.venue, key=public_key(key))
    agreed = VenueApplication(replace(changed, name="another name"))
    previous = sign_statement(agreed, parties.venue_key)
    application = verify_application(parties.domain, sign_statement(VenueApplication(changed, previous), key))
    error = caught(ConflictingStatements, lambda: is_agreed(application, parties.venue))
    assert isinstance(error, ConflictingStatements)
    assert (error.first, error.second) == (previous, VenueApplication(changed).to_bytes())
    assert "another name" not in str(error)
