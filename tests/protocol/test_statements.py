"""Statements are COSE_Sign1 to an independent library, and exactly one form of it to the protocol."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cbor2
import pytest
from pycose.keys.curves import Ed25519
from pycose.keys.okp import OKPKey
from pycose.messages.sign1message import Sign1Message

from protocol.commitments import VenueCommitment
from protocol.epochs import EpochStatement, Role
from protocol.handles import DirectoryReceipt, IdentityRecord
from protocol.opening import Shares
from protocol.party_requests import PartyRequest
from protocol.primitives.encoding import Message, encode_item
from protocol.primitives.errors import ConflictingStatements, InvalidSignature, MalformedEncoding
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import (
    PROTECTED,
    TAG_18,
    JointStatement,
    sign_statement,
    statement_payload,
    verify_joint_statement,
    verify_statement,
)
from protocol.releases import Release
from protocol.warrants import Venue, VenueApplication, Warrant
from tests.protocol.mutations import lax_encodings
from tests.support.visit import messages_of, recorded_visit

KINDS: dict[type[Message], str] = {
    EpochStatement: "epoch-statement",
    IdentityRecord: "identity-record",
    DirectoryReceipt: "directory-receipt",
    PartyRequest: "party-request",
    Venue: "venue",
    VenueApplication: "venue-application",
    Warrant: "warrant",
    Release: "release",
    VenueCommitment: "venue-commitment",
    Shares: "shares",
}
SIGNED = {type(message): message for message in messages_of(recorded_visit()) if type(message) in KINDS}
KEY = SigningKey.generate()
PUBLIC = public_key(KEY)

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@every_kind
def test_an_independent_library_verifies_a_statement(kind: type[Message]) -> None:
    statement = sign_statement(SIGNED[kind], KEY)
    cose: Any = Sign1Message.from_cose_obj(cbor2.loads(statement[1:]), True)
    cose.key = OKPKey(crv=Ed25519, x=bytes(PUBLIC))
    cose.external_aad = b"SplitPass/v1/" + KINDS[kind].encode()
    assert cbor2.loads(statement).tag == 18
    assert cose.verify_signature()
    assert cose.payload == SIGNED[kind].to_bytes() == statement_payload(statement)
    for other in (
        b"",
        *(b"SplitPass/v1/" + name.encode() for other_kind, name in KINDS.items() if other_kind is not kind),
    ):
        cose.external_aad = other
        assert not cose.verify_signature()


@every_kind
def test_a_statement_verifies_as_its_own_kind_alone(kind: type[Message]) -> None:
    statement = sign_statement(SIGNED[kind], KEY)
    assert verify_statement(kind, statement, PUBLIC) == SIGNED[kind]
    for other in KINDS:
        if other is not kind:
            with pytest.raises(InvalidSignature):
                verify_statement(other, statement, PUBLIC)
    with pytest.raises(InvalidSignature):
        verify_statement(kind, statement, public_key(SigningKey.generate()))


@every_kind
def test_a_signature_does_not_excuse_a_lax_payload(kind: type[Message]) -> None:
    def signed(payload: bytes) -> bytes:
        to_be_signed = encode_item(["Signature1", PROTECTED, b"SplitPass/v1/" + KINDS[kind].encode(), payload])
        return TAG_18 + encode_item([PROTECTED, {}, payload, KEY.sign(to_be_signed).signature])

    payload = SIGNED[kind].to_bytes()
    assert verify_statement(kind, signed(payload), PUBLIC) == SIGNED[kind]
    for lax in lax_encodings(cbor2.loads(payload)):
        with pytest.raises(MalformedEncoding):
            verify_statement(kind, signed(lax), PUBLIC)


def test_headers_are_fixed_also_where_the_signature_covers_them() -> None:
    payload = SIGNED[Venue].to_bytes()
    for protected, unprotected in (
        (b"", {}),
        (bytes.fromhex("a0"), {}),
        (bytes.fromhex("a10126"), {}),  # another algorithm
        (bytes.fromhex("a1013a00000007"), {}),  # EdDSA, encoded longer
        (PROTECTED, {4: b"key"}),
        (PROTECTED, []),
        (PROTECTED, None),
    ):
        to_be_signed = encode_item(["Signature1", protected, b"SplitPass/v1/venue", payload])
        statement = TAG_18 + encode_item([protected, unprotected, payload, KEY.sign(to_be_signed).signature])
        with pytest.raises(MalformedEncoding):
            verify_statement(Venue, statement, PUBLIC)


@pytest.mark.parametrize("size", [0, 63, 65, 128])
def test_a_signature_has_one_length(size: int) -> None:
    statement = TAG_18 + encode_item([PROTECTED, {}, SIGNED[Venue].to_bytes(), bytes(size)])
    with pytest.raises(MalformedEncoding):
        verify_statement(Venue, statement, PUBLIC)


def test_other_structures_are_no_statements() -> None:
    statement = sign_statement(SIGNED[Venue], KEY)
    parts = cbor2.loads(statement[1:])
    others: list[Any] = [0, {}, parts[:3], [*parts, 0], [*parts[:2], None, parts[3]]]
    for other in (
        b"",
        statement[1:],
        b"\xd1" + statement[1:],
        b"\xd8\x12" + statement[1:],
        TAG_18 + statement,
        *(TAG_18 + encode_item(item) for item in others),
    ):
        with pytest.raises(MalformedEncoding):
            statement_payload(other)


def test_a_joint_statement_needs_both_parties_and_one_message() -> None:
    parties, warrant = recorded_visit().parties, recorded_visit().valid_warrant.record
    authority, operator = parties.domain.authority_key, parties.domain.operator_key
    joint = parties.both_sign(warrant)
    assert verify_joint_statement(Warrant, joint, authority, operator) == warrant
    edited = sign_statement(replace(warrant, ends=warrant.ends + 1), parties.keys[Role.AUTHORITY])
    for signatures, error in (
        (JointStatement(joint.operator, joint.authority), InvalidSignature),
        (JointStatement(joint.authority, joint.authority), InvalidSignature),
        (JointStatement(joint.operator, joint.operator), InvalidSignature),
        (JointStatement(edited, joint.operator), ConflictingStatements),
    ):
        with pytest.raises(error):
            verify_joint_statement(Warrant, signatures, authority, operator)


@pytest.mark.parametrize("size", [0, 100, 200, 255, 256, 40_000, 65_400, 65_600, 200_000])
def test_a_statement_may_be_of_any_length(size: int) -> None:
    """CBOR writes the length of a payload in one to five bytes; each form is read."""
    key = SigningKey.generate()
    request = PartyRequest(1, Role.OPERATOR, "authority", "/v1/passes", 0, bytes(16), bytes(size))
    statement = sign_statement(request, key)
    assert verify_statement(PartyRequest, statement, public_key(key)) == request
    with pytest.raises(MalformedEncoding):
        verify_statement(PartyRequest, statement[:7] + b"\x5b" + bytes(8) + statement[8:], public_key(key))
