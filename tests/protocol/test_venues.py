"""A10: who may have a venue's key changed, and that an agreement is good for one record alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocol.primitives.errors import ConflictingStatements, InvalidSignature, Malformed, WrongDomain
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement
from protocol.warrants import Venue, VenueApplication, is_agreed, sign_application, verify_application
from tests.support.domain import Parties


@pytest.fixture
def next_key() -> SigningKey:
    return SigningKey.generate()


@pytest.fixture
def changed(parties: Parties, next_key: SigningKey) -> Venue:
    return replace(parties.venue, key=public_key(next_key))


def test_an_application_is_signed_with_the_key_that_it_names(
    parties: Parties, next_key: SigningKey, changed: Venue
) -> None:
    good = sign_application(parties.venue, parties.venue_key)
    assert verify_application(parties.domain, good) == VenueApplication(parties.venue)
    for key, record in ((next_key, parties.venue), (parties.venue_key, changed)):
        with pytest.raises(InvalidSignature):
            verify_application(parties.domain, sign_application(record, key))
    foreign = sign_application(replace(parties.venue, domain=1), parties.venue_key)
    with pytest.raises(WrongDomain):
        verify_application(parties.domain, foreign)
    with pytest.raises(Malformed):
        verify_application(parties.domain, good[:-1])


def test_a_change_is_agreed_if_the_known_key_signed_it(parties: Parties, next_key: SigningKey, changed: Venue) -> None:
    for previous in (parties.venue_key, None):
        application = verify_application(parties.domain, sign_application(changed, next_key, previous))
        assert application.venue == changed
        assert is_agreed(application, parties.venue) is (previous is not None)


def test_a_false_agreement_is_refused(parties: Parties, next_key: SigningKey, changed: Venue) -> None:
    known, stranger = parties.venue, SigningKey.generate()
    other = replace(changed, name="다른 클럽")
    nested = VenueApplication(changed, sign_application(changed, parties.venue_key))
    for previous, error in {
        sign_application(changed, stranger): InvalidSignature,
        sign_application(changed, next_key): InvalidSignature,
        sign_statement(changed, parties.venue_key): InvalidSignature,
        sign_application(other, parties.venue_key): ConflictingStatements,
        sign_statement(nested, parties.venue_key): ConflictingStatements,
        bytes(80): Malformed,
    }.items():
        signed = sign_statement(VenueApplication(changed, previous), next_key)
        with pytest.raises(error):
            is_agreed(verify_application(parties.domain, signed), known)


def test_an_agreement_is_no_application(parties: Parties, next_key: SigningKey, changed: Venue) -> None:
    """Whoever sees the agreement of the key before cannot hand it in as the venue's own wish."""
    agreed = verify_application(parties.domain, sign_application(changed, next_key, parties.venue_key)).previous
    assert agreed is not None
    with pytest.raises(InvalidSignature):
        verify_application(parties.domain, agreed)
