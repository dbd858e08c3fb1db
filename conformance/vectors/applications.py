"""Vectors of §3.9: what a venue applies to both parties with, for its first key or another one."""

from __future__ import annotations

from dataclasses import replace

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import pinned
from conformance.vectors.warrants import sign_item
from conformance.vectors.world import DOMAIN, NUMBER, STRANGER, VENUE, VENUE_KEY
from protocol.primitives.encoding import decode_item
from protocol.primitives.errors import ConflictingStatements, InvalidSignature, MalformedEncoding, WrongDomain
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement
from protocol.warrants import VenueApplication, sign_application

NEW_KEY = SigningKey(pinned("venue's new key"))
CHANGED = replace(VENUE, key=public_key(NEW_KEY))


def venue_application() -> VectorFile:
    """`verify_application` and `is_agreed`."""
    file = VectorFile(
        "venue-application",
        "A venue's application, for a first record or for another key, as a party takes it that knows a record or none",
        "§3.9",
        {
            "check.domain": "a Domain message",
            "check.known": "the record that the party knows of this id, a Venue message, or null",
            "check.application": "the signed application",
            "result.venue": "the Venue message",
            "result.agreed": "1 if the key that is known signed the change, else 0",
        },
    )
    first, lost = sign_application(VENUE, VENUE_KEY), sign_application(CHANGED, NEW_KEY)
    change = sign_application(CHANGED, NEW_KEY, VENUE_KEY)
    for name, known, application, agreed in [
        ("the first", None, first, 0),
        ("a change that the key before has signed", VENUE, change, 1),
        ("a change after the key was lost", VENUE, lost, 0),
        ("a change where no record is known", None, change, 0),
    ]:
        file.accept(
            name,
            check={"domain": DOMAIN, "known": known, "application": application},
            result={"venue": VENUE if application == first else CHANGED, "agreed": agreed},
        )

    def with_previous(previous: bytes) -> bytes:
        return sign_statement(VenueApplication(CHANGED, previous), NEW_KEY)

    base = "a change that the key before has signed"
    renamed = sign_statement(VenueApplication(replace(CHANGED, name="another name")), VENUE_KEY)
    chained = sign_statement(VenueApplication(CHANGED, first), VENUE_KEY)
    for what, error, application in [
        ("signed with the old key", InvalidSignature, sign_application(CHANGED, VENUE_KEY, VENUE_KEY)),
        ("agreed to by a stranger", InvalidSignature, sign_application(CHANGED, NEW_KEY, STRANGER)),
        ("agreed to with the new key", InvalidSignature, sign_application(CHANGED, NEW_KEY, NEW_KEY)),
        ("the old key's first application instead of its consent", ConflictingStatements, with_previous(first)),
        ("the old key's consent to another name", ConflictingStatements, with_previous(renamed)),
        ("the old key's consent with an application in it", ConflictingStatements, with_previous(chained)),
        ("the venue's record as its consent", InvalidSignature, with_previous(sign_statement(CHANGED, VENUE_KEY))),
        ("noise as its consent", MalformedEncoding, with_previous(bytes(80))),
    ]:
        file.reject(base, what, error, application=application)
    foreign = sign_application(replace(VENUE, domain=NUMBER + 1), VENUE_KEY)
    file.reject("the first", "of another domain", WrongDomain, application=foreign)
    file.reject("the first", "signed by a stranger", InvalidSignature, application=sign_application(VENUE, STRANGER))
    venue = decode_item(VENUE.to_bytes())
    short = sign_item("venue-application", [venue, bytes(79)], VENUE_KEY)
    file.reject("the first", "a consent of 79 bytes", MalformedEncoding, application=short)
    alone = sign_item("venue-application", [venue], VENUE_KEY)
    file.reject("the first", "without a second field", MalformedEncoding, application=alone)
    return file
