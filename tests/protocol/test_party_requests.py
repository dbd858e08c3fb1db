"""Requests between parties are good once, for one recipient and path, and now. Attack A30."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.epochs import Role
from protocol.party_requests import REQUEST_TOLERANCE, PartyRequest, sign_request, verify_request
from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from protocol.primitives.errors import InvalidSignature, MalformedEncoding, ReplayedRequest, WrongDomain, WrongParty
from protocol.primitives.statements import sign_statement
from tests.support.domain import NOW, Parties, found_domain

PATH = "/v1/batches"


def signed(parties: Parties, body: bytes = b"") -> bytes:
    return sign_request(parties.domain, Role.OPERATOR, "authority", PATH, NOW, body, parties.keys[Role.OPERATOR])


@given(body=st.binary(max_size=200), skew=st.integers(-REQUEST_TOLERANCE, REQUEST_TOLERANCE))
def test_a_request_is_good_within_the_tolerance(parties: Parties, body: bytes, skew: int) -> None:
    request = verify_request(parties.domain, Role.OPERATOR, "authority", PATH, NOW + skew, signed(parties, body))
    assert (request.body, request.time) == (body, NOW)


@given(beyond=st.integers(1, 10**6), sign=st.sampled_from([-1, 1]))
def test_a_request_from_another_time_is_refused(parties: Parties, beyond: int, sign: int) -> None:
    now = NOW + sign * (REQUEST_TOLERANCE + beyond)
    with pytest.raises(ReplayedRequest):
        verify_request(parties.domain, Role.OPERATOR, "authority", PATH, now, signed(parties))


def test_a_request_is_for_its_sender_recipient_path_and_domain(parties: Parties) -> None:
    request, domain = signed(parties), parties.domain
    for sender, recipient, path, error in (
        (Role.AUTHORITY, "authority", PATH, InvalidSignature),
        (Role.OPERATOR, "operator", PATH, WrongParty),
        (Role.OPERATOR, "authority", "/v1/shares", WrongParty),
    ):
        with pytest.raises(error):
            verify_request(domain, sender, recipient, path, NOW, request)
    elsewhere = found_domain(number=1, same_keys=parties).domain
    with pytest.raises(WrongDomain):
        verify_request(elsewhere, Role.OPERATOR, "authority", PATH, NOW, request)
    in_anothers_name = PartyRequest(domain.number, Role.AUTHORITY, "authority", PATH, NOW, bytes(16), b"")
    with pytest.raises(WrongParty):
        verify_request(
            domain,
            Role.OPERATOR,
            "authority",
            PATH,
            NOW,
            sign_statement(in_anothers_name, parties.keys[Role.OPERATOR]),
        )


def test_two_requests_have_two_ids(parties: Parties) -> None:
    ids = {
        verify_request(parties.domain, Role.OPERATOR, "authority", PATH, NOW, signed(parties)).id for _ in range(100)
    }
    assert len(ids) == 100


def test_a_body_has_a_largest_size(parties: Parties) -> None:
    with pytest.raises(MalformedEncoding):
        signed(parties, bytes(MAX_MESSAGE_BYTES + 1))
