"""Signed statements: COSE_Sign1 with EdDSA, fixed headers and a domain tag as external data. Spec: §3.4.

A statement is the tagged COSE_Sign1 structure `18([h'a10127', {}, payload, signature])`. What it is about is in the
external data `SplitPass/v1/<tag>`, so that a signature for one kind of statement is worth nothing for another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeVar

from protocol.primitives.encoding import MAX_MESSAGE_BYTES, Message, Size, encode_item
from protocol.primitives.errors import ConflictingStatements, InvalidSignature, MalformedEncoding
from protocol.primitives.group import Point
from protocol.primitives.hashing import tag
from protocol.primitives.signatures import SIGNATURE_BYTES, SigningKey, verify

PROTECTED = bytes.fromhex("a10127")
"""The protected header {1: -8}: algorithm EdDSA."""
TAG_18 = b"\xd2"

Statement = Annotated[bytes, Size(80, MAX_MESSAGE_BYTES)]
"""A signed statement inside another message."""

M = TypeVar("M", bound=Message)


def sign_statement(message: Message, key: SigningKey) -> bytes:
    """Sign a message as a statement.

    Args:
        message: The message; its class names its `TAG`.
        key: The signing key.

    Returns:
        The signed statement.

    Raises:
        MalformedEncoding: A field is not of its declared type and size.
    """
    payload = message.to_bytes()
    signature = key.sign(_signing_input(message.TAG, payload)).signature
    return TAG_18 + encode_item([PROTECTED, {}, payload, signature])


def verify_statement(kind: type[M], statement: bytes, key: Point) -> M:
    """Check a statement and decode its message.

    Args:
        kind: The message's class, which names its `TAG`.
        statement: The signed statement.
        key: Whose signature it should have.

    Returns:
        The message.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
    """
    return kind.from_bytes(verify_payload(kind, statement, key))  # step 4


def verify_payload(kind: type[Message], statement: bytes, key: Point) -> bytes:
    """Check a statement without decoding its message: what is wrong with that is the signer's fault.

    Args:
        kind: The message's class, which names its `TAG`.
        statement: The signed statement.
        key: Whose signature it should have.

    Returns:
        The payload.

    Raises:
        MalformedEncoding: The bytes are no statement.
        InvalidSignature: The signature does not hold.
    """
    payload, signature = _split(statement)
    if not verify(bytes(key), _signing_input(kind.TAG, payload), signature):  # step 3
        raise InvalidSignature(f"the signature of a {kind.TAG} statement does not hold")
    return payload


def statement_payload(statement: bytes) -> bytes:
    """The encoded message inside a statement, unverified.

    Args:
        statement: The signed statement.

    Returns:
        The payload.

    Raises:
        MalformedEncoding: The bytes are no statement.
    """
    return _split(statement)[0]


@dataclass(frozen=True, slots=True)
class JointStatement(Message):
    """One message that both parties of a domain signed. Spec: §3.4."""

    authority: Statement
    operator: Statement


def verify_joint_statement(kind: type[M], joint: JointStatement, authority: Point, operator: Point) -> M:
    """Check that both keys signed one message as statements of a kind.

    Args:
        kind: The message's class, which names its `TAG`.
        joint: The two statements.
        authority: The authority's identity key.
        operator: The operator's.

    Returns:
        The message.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        ConflictingStatements: The two parties did not sign the same message.
    """
    message = verify_statement(kind, joint.authority, authority)  # step 1
    if verify_statement(kind, joint.operator, operator) != message:  # steps 2, 3
        raise ConflictingStatements(f"the parties signed two {kind.TAG} statements", joint.authority, joint.operator)
    return message


def _split(statement: bytes) -> tuple[bytes, bytes]:
    if statement[:1] != TAG_18:  # step 1
        raise MalformedEncoding("not a tagged COSE_Sign1 structure")
    # Step 2, by hand: nothing that is not signed yet may make a decoder build millions of items.
    argument_bytes = {24: 1, 25: 2, 26: 4}.get(int.from_bytes(statement[7:8], "big") & 31, 0)
    payload, signature = statement[8 + argument_bytes : -2 - SIGNATURE_BYTES], statement[-SIGNATURE_BYTES:]
    if TAG_18 + encode_item([PROTECTED, {}, payload, signature]) != statement:
        raise MalformedEncoding("not a COSE_Sign1 structure with the fixed headers")
    return payload, signature


def _signing_input(name: str, payload: bytes) -> bytes:
    return encode_item(["Signature1", PROTECTED, tag(name), payload])
