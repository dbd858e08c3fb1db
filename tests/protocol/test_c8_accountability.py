"""C8: what a party gave shares for is on record before they leave, and visitors find out whether they are among it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.disclosures import (
    MAX_OPENINGS,
    DisclosedOpening,
    Disclosure,
    OpeningRecord,
    opened_visit,
    record_opening,
    sign_disclosure,
    verify_disclosure,
)
from protocol.epochs import Role
from protocol.notices import VISIT_DIGEST_BYTES, list_digest
from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from protocol.primitives.errors import InvalidSignature, MalformedEncoding, WrongDomain, WrongNumber, WrongParty
from protocol.primitives.hashing import digest32
from protocol.primitives.statements import sign_statement
from protocol.releases import release_digest
from protocol.transparency.log_entries import commit_to_warrant
from protocol.transparency.logs import log_id, log_origin
from protocol.warrants import MAX_RELEASE
from tests.support.domain import NOW, Parties

RELEASE = bytes(range(32))
us = st.binary(min_size=32, max_size=32)
passes = st.lists(us, min_size=1, max_size=20, unique=True)


def record(parties: Parties, those: list[bytes]) -> OpeningRecord:
    return record_opening(parties.warrant(NOW - 900, NOW + 900).record, RELEASE, those)


@given(those=passes, other=us)
def test_c8_a_record_names_those_passes_and_no_others(parties: Parties, those: list[bytes], other: bytes) -> None:
    opened = record(parties, those)
    assert all(map(opened.names, those))
    assert opened.names(other) is (other in those)
    assert OpeningRecord.from_bytes(opened.to_bytes()) == opened


@given(those=passes)
def test_c8_a_record_shows_no_order_and_counts_a_pass_once(parties: Parties, those: list[bytes]) -> None:
    digests = record(parties, [*those, *those]).digests
    assert len(digests) == len(those)
    assert all(digest < following for digest, following in pairwise(digests))


@given(warrant_id=st.binary(min_size=16, max_size=16), other=st.binary(min_size=16, max_size=16), u=us)
def test_c8_a_pass_has_another_digest_under_each_warrant(warrant_id: bytes, other: bytes, u: bytes) -> None:
    assert (opened_visit(warrant_id, u) == opened_visit(other, u)) is (warrant_id == other)
    assert len(opened_visit(warrant_id, u)) == VISIT_DIGEST_BYTES >= 10


def test_c8_a_commitment_hides_the_record_and_binds_all_of_it(parties: Parties) -> None:
    opened = record(parties, [bytes(32), bytes(31) + b"\1"])
    others = [
        replace(opened, warrant_id=bytes(16)),
        replace(opened, legal_reference="제1조"),
        replace(opened, release=bytes(32)),
        replace(opened, digests=opened.digests[:1]),
        replace(opened, salt=bytes(32)),
    ]
    commitments = {opening.commitment for opening in (opened, *others)}
    assert len(commitments) == 6
    assert {len(commitment) for commitment in commitments} == {32}
    warrant = parties.warrant(NOW, NOW + 1).record
    assert len({record_opening(warrant, RELEASE, [bytes(32)]).commitment for _ in range(10)}) == 10


@pytest.mark.parametrize("wrong", [lambda digests: digests[::-1], lambda digests: (digests[0],) * 2, lambda _: ()])
def test_c8_digests_that_are_not_ascending_are_refused(parties: Parties, wrong: object) -> None:
    assert callable(wrong)
    opened = record(parties, [bytes(32), bytes(31) + b"\1"])
    with pytest.raises(MalformedEncoding):
        replace(opened, digests=wrong(opened.digests)).to_bytes()


def test_c8_the_longest_disclosure_fits_into_a_message(parties: Parties) -> None:
    longest = OpeningRecord(
        bytes(16),
        "x" * 256,
        RELEASE,
        tuple(number.to_bytes(VISIT_DIGEST_BYTES, "big") for number in range(MAX_RELEASE)),
        bytes(32),
    )
    assert MAX_OPENINGS * (len(DisclosedOpening(2**32 - 1, longest).to_bytes()) + 1) < MAX_MESSAGE_BYTES - 200


@pytest.mark.parametrize("role", Role)
def test_c8_a_disclosure_is_one_partys_of_one_domain_and_number(parties: Parties, role: Role) -> None:
    domain, other = parties.domain, next(another for another in Role if another is not role)
    openings = (DisclosedOpening(7, record(parties, [bytes(32)])),)
    statement = sign_disclosure(domain, role, 3, NOW, openings, parties.keys[role])
    expected = Disclosure(domain.number, role, 3, NOW, openings)
    assert verify_disclosure(domain, role, statement, 3) == verify_disclosure(domain, role, statement) == expected
    with pytest.raises(InvalidSignature):
        verify_disclosure(domain, other, statement, 3)
    with pytest.raises(WrongDomain):
        verify_disclosure(replace(domain, number=domain.number ^ 1), role, statement, 3)
    for number in (0, 2, 4):
        with pytest.raises(WrongNumber):
            verify_disclosure(domain, role, statement, number)
    with pytest.raises(WrongParty):
        verify_disclosure(domain, role, sign_disclosure(domain, other, 3, NOW, openings, parties.keys[role]), 3)


def test_c8_what_stands_on_record_is_the_digest_that_the_specification_writes(parties: Parties) -> None:
    """Another auditor computes it: of a list's payload, of a warrant with its salt, of a whole release."""
    salt, message, key = bytes(range(32)), parties.venue, parties.keys[Role.OPERATOR]
    statement = sign_statement(message, key)
    assert list_digest(statement) == digest32("published-list", message.to_bytes())
    assert commit_to_warrant(message.to_bytes(), salt) == digest32("logged-warrant", salt, message.to_bytes())
    assert release_digest(statement) == digest32("release", statement)


def test_each_log_has_an_id_of_its_own(parties: Parties) -> None:
    for role in Role:
        assert log_id(parties.domain, role) == sha256(log_origin(parties.domain, role).encode()).hexdigest()
    assert log_id(parties.domain, Role.OPERATOR) != log_id(parties.domain, Role.AUTHORITY)
