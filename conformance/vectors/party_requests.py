"""Vectors of §4.4: requests between the parties' servers."""

from __future__ import annotations

from dataclasses import replace

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws
from conformance.vectors.world import AUTHORITY, DOMAIN, JOINT_WARRANT, NOW, STRANGER, VENUE
from protocol.epochs import Role
from protocol.http_messages import ReleaseRequest
from protocol.party_requests import REQUEST_TOLERANCE, PartyRequest, sign_request
from protocol.primitives.errors import InvalidSignature, MalformedEncoding, ReplayedRequest, WrongDomain, WrongParty
from protocol.primitives.statements import sign_statement, statement_payload


def party_request() -> VectorFile:
    """`sign_request` and `verify_request`."""
    file = VectorFile(
        "party-request",
        "A party's signed request to another's server, on the example of a warrant shown to a venue",
        "§4.4",
        {
            "make.seed": "the sender's identity key, an Ed25519 seed",
            "make.time": "the sender's clock, Unix time in seconds",
            "make.body": "the encoded message that the path takes",
            "check.domain": "a Domain message",
            "check.sender": "1 operator, 2 authority",
            "check.recipient": "for whom it is, a text",
            "check.path": "for which path, a text",
            "check.now": "the receiver's clock, Unix time in seconds",
            "check.statement": "the signed request",
            "intermediate.payload": "the PartyRequest message that is signed",
            "result.id": "16 bytes that count once",
            "result.body": "the body",
        },
    )
    recipient, path, body = VENUE.venue_id.hex(), "/v1/releases", ReleaseRequest(JOINT_WARRANT).to_bytes()
    for name, now in {
        "ordinary": NOW,
        "as old as it may be": NOW + REQUEST_TOLERANCE,
        "as early as it may be": NOW - REQUEST_TOLERANCE,
    }.items():
        draws = Draws("party request")
        statement = sign_request(DOMAIN, Role.AUTHORITY, recipient, path, NOW, body, AUTHORITY, draws)
        payload = PartyRequest(DOMAIN.number, Role.AUTHORITY, recipient, path, NOW, draws.drawn[0], body)
        assert payload.to_bytes() == statement_payload(statement)
        file.accept(
            name,
            make={"seed": bytes(AUTHORITY), "time": NOW, "body": body, "random": draws.drawn},
            check={
                "domain": DOMAIN,
                "sender": Role.AUTHORITY,
                "recipient": recipient,
                "path": path,
                "now": now,
                "statement": statement,
            },
            intermediate={"payload": payload},
            result={"id": draws.drawn[0], "body": body},
        )
    file.reject("ordinary", "too old", ReplayedRequest, now=NOW + REQUEST_TOLERANCE + 1)
    file.reject("ordinary", "too early", ReplayedRequest, now=NOW - REQUEST_TOLERANCE - 1)
    file.reject("ordinary", "at another recipient", WrongParty, recipient="operator")
    file.reject("ordinary", "at another path", WrongParty, path="/v1/venues")
    file.reject("ordinary", "expected of the operator", InvalidSignature, sender=1)
    file.reject("ordinary", "in another domain", WrongDomain, domain=replace(DOMAIN, number=8))
    file.reject("ordinary", "signed by another key", InvalidSignature, statement=sign_statement(payload, STRANGER))
    file.reject(
        "ordinary",
        "naming the operator as sender",
        WrongParty,
        statement=sign_statement(replace(payload, sender=Role.OPERATOR), AUTHORITY),
    )
    file.reject("ordinary", "no statement", MalformedEncoding, statement=payload)
    return file
