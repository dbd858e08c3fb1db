"""Requests between the parties' servers: a signed statement with a time and an id. Spec: §4.4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from protocol.epochs import Domain, Role
from protocol.primitives.encoding import MAX_MESSAGE_BYTES, Bytes16, Message, Size, Uint8, Uint32
from protocol.primitives.errors import ReplayedRequest, WrongDomain, WrongParty
from protocol.primitives.group import RandomBytes, secure_random
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, verify_statement

REQUEST_TOLERANCE = 120
"""How many seconds a request's time may be from the receiver's clock."""


@dataclass(frozen=True, slots=True)
class PartyRequest(Message):
    """One party's request to another. `recipient` and `path` say for whom and for what it is good.

    `recipient` is `operator`, `authority`, or a venue's id in hexadecimal; `time` is Unix time in seconds; `id` is
    random and counts once; `body` is the encoded message that the path takes.
    """

    TAG: ClassVar[str] = "party-request"

    domain: Uint8
    sender: Role
    recipient: Annotated[str, Size(1, 64)]
    path: Annotated[str, Size(1, 128)]
    time: Uint32
    id: Bytes16
    body: Annotated[bytes, Size(0, MAX_MESSAGE_BYTES)]


def sign_request(
    domain: Domain,
    sender: Role,
    recipient: str,
    path: str,
    time: int,
    body: bytes,
    identity: SigningKey,
    random_bytes: RandomBytes = secure_random,
) -> bytes:
    """Sign a request to another party's server.

    Args:
        domain: The domain, as it is pinned.
        sender: The party that asks.
        recipient: The server's role, or a venue's id.
        path: The URL's path.
        time: Unix time in seconds.
        body: The encoded message that the path takes.
        identity: The sender's identity key.
        random_bytes: Asked for 16 bytes for the id.

    Returns:
        The signed request.
    """
    request = PartyRequest(domain.number, sender, recipient, path, time, random_bytes(16), body)
    return sign_statement(request, identity)


def verify_request(domain: Domain, sender: Role, recipient: str, path: str, now: int, statement: bytes) -> PartyRequest:
    """Check a request to this server.

    That the id is new is the receiver's to know: it remembers ids for twice the tolerance.

    Args:
        domain: The domain, as it is pinned.
        sender: The party that should have signed it.
        recipient: The receiver's role, or a venue's id.
        path: The URL's path.
        now: Unix time in seconds.
        statement: The signed request.

    Returns:
        The request.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        WrongDomain: It is of another domain.
        WrongParty: It is of another sender, or for another recipient or path.
        ReplayedRequest: Its time is more than `REQUEST_TOLERANCE` from now.
    """
    request = verify_statement(PartyRequest, statement, domain.identity_key(sender))  # step 1
    if request.domain != domain.number:  # step 2
        raise WrongDomain("the request is of another domain", request.domain)
    if (request.sender, request.recipient, request.path) != (sender, recipient, path):  # step 3
        raise WrongParty("the request is of or for another party or path")
    if abs(now - request.time) > REQUEST_TOLERANCE:  # step 4
        raise ReplayedRequest("the request's time is not now; check both clocks")
    return request  # step 5 is the receiver's, who knows what it has seen
