"""Vectors of §4.3: the links in the QR codes of posters."""

from __future__ import annotations

from dataclasses import replace

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import flip
from conformance.vectors.world import AUTHORITY, DOMAIN, JOINT_VENUE, STRANGER, VENUE, both_sign
from protocol.epochs import Domain
from protocol.primitives.errors import InvalidSignature, MalformedEncoding, MalformedText, WrongDomain
from protocol.primitives.signatures import public_key
from protocol.primitives.statements import JointStatement, sign_statement

URL = VENUE.url.rstrip("/")
ID = VENUE.venue_id.hex()


def poster_links() -> VectorFile:
    """`read_poster`."""
    file = VectorFile(
        "poster-link",
        "The link of a venue's poster, and the record that its host answers",
        "§4.3",
        {
            "check.domain": "a Domain message",
            "check.link": "the text of the QR code",
            "check.record": "what the host answers: the encoding of a JointStatement",
            "result.record": "the Venue",
        },
    )
    honest = JOINT_VENUE.to_bytes()
    far, port = replace(VENUE, url="https://door.example/부산"), replace(VENUE, url="https://door.example:8443")
    for name, venue in [("ordinary", VENUE), ("a path that is not ASCII", far), ("a port", port)]:
        link = f"{venue.url.rstrip('/')}/v/{ID}"
        file.accept(
            name,
            check={"domain": DOMAIN, "link": link, "record": both_sign(venue).to_bytes()},
            result={"record": venue},
        )
    for change, link in [
        ("no host", f"https:///v/{ID}"),
        ("another scheme", f"ftp://door.example/v/{ID}"),
        ("a scheme that runs", f"javascript://door.example/v/{ID}"),
        ("no TLS", f"http://door.example/v/{ID}"),
        ("a user", f"https://user@door.example/v/{ID}"),
        ("a query", f"{URL}/v/{ID}?x=1"),
        ("a query before", f"https://door.example?x=1/v/{ID}"),
        ("a fragment", f"{URL}/v/{ID}#x"),
        ("a space", f"{URL}/v/{ID} "),
        ("a backslash", f"https://door.example\\x/v/{ID}"),
        ("capital letters", f"{URL}/v/{ID.upper()}"),
        ("a digit too few", f"{URL}/v/{ID[:-1]}"),
        ("a digit too many", f"{URL}/v/{ID}0"),
        ("a slash behind", f"{URL}/v/{ID}/"),
        ("another path", f"{URL}/w/{ID}"),
        ("the id alone", f"/v/{ID}"),
        ("another host than the record's", f"https://other.example/v/{ID}"),
        ("another port than the record's", f"https://door.example:8443/v/{ID}"),
        ("another path than the record's", f"https://door.example/x/v/{ID}"),
        ("another id than the record's", f"{URL}/v/{'00' * 16}"),
    ]:
        file.reject("ordinary", change, MalformedText, link=link)
    by_one = JointStatement(JOINT_VENUE.authority, sign_statement(VENUE, AUTHORITY))
    for change, error, record in [
        ("no record", MalformedEncoding, b""),
        ("a byte too few", MalformedEncoding, honest[:-1]),
        ("a byte too many", MalformedEncoding, honest + bytes(1)),
        ("no statements", MalformedEncoding, VENUE.to_bytes()),
        ("a signature altered", InvalidSignature, flip(honest, -1)),
        ("signed by the authority alone", InvalidSignature, by_one.to_bytes()),
        ("a venue of another domain", WrongDomain, both_sign(replace(VENUE, domain=VENUE.domain + 1)).to_bytes()),
        ("a venue without a URL", MalformedText, both_sign(replace(VENUE, url="")).to_bytes()),
    ]:
        file.reject("ordinary", change, error, record=record)
    strangers = Domain(DOMAIN.number, DOMAIN.operator_key, public_key(STRANGER), DOMAIN.utc_offset, DOMAIN.allowance)
    file.reject("ordinary", "a domain with another authority", InvalidSignature, domain=strangers)
    return file
