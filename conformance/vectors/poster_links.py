"""Vectors of §4.3: the links in the QR codes of posters."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import replace

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import flip
from conformance.vectors.world import AUTHORITY, DOMAIN, JOINT_VENUE, STRANGER, VENUE, both_sign
from protocol.epochs import Domain
from protocol.primitives.errors import InvalidSignature, MalformedEncoding, MalformedText, WrongDomain
from protocol.primitives.signatures import public_key
from protocol.primitives.statements import JointStatement, sign_statement


def _link(joint: JointStatement, before: str = VENUE.url) -> str:
    return f"{before}#{_fragment(joint.to_bytes())}"


def _fragment(encoding: bytes) -> str:
    return urlsafe_b64encode(encoding).rstrip(b"=").decode()


def poster_links() -> VectorFile:
    """`read_poster`."""
    file = VectorFile(
        "poster-link",
        "The link of a venue's poster, whose fragment is the venue's record",
        "§4.3",
        {
            "check.domain": "a Domain message",
            "check.link": "the text of the QR code",
            "result.record": "the Venue, from the fragment alone",
        },
    )
    elsewhere = replace(VENUE, url="https://door.example/부산")
    for name, venue, link in [
        ("ordinary", VENUE, _link(JOINT_VENUE)),
        ("the rest of the link says another host", VENUE, _link(JOINT_VENUE, "https://other.example/v?x=1")),
        ("a link without TLS to a venue with it", VENUE, _link(JOINT_VENUE, "http://door.example/")),
        ("a path that is not ASCII", elsewhere, _link(both_sign(elsewhere), elsewhere.url)),
    ]:
        file.accept(name, check={"domain": DOMAIN, "link": link}, result={"record": venue})
    fragment = _fragment(JOINT_VENUE.to_bytes())
    by_one = JointStatement(JOINT_VENUE.authority, sign_statement(VENUE, AUTHORITY))
    for change, error, link in [
        ("no fragment", MalformedText, VENUE.url),
        ("an empty fragment", MalformedText, f"{VENUE.url}#"),
        ("no host", MalformedText, f"https:///#{fragment}"),
        ("another scheme", MalformedText, f"javascript://door.example/#{fragment}"),
        ("the fragment alone", MalformedText, f"#{fragment}"),
        ("a fragment that is no base64url", MalformedText, f"{VENUE.url}#{fragment}!"),
        ("a byte too few", MalformedEncoding, f"{VENUE.url}#{_fragment(JOINT_VENUE.to_bytes()[:-1])}"),
        ("a byte too many", MalformedEncoding, f"{VENUE.url}#{_fragment(JOINT_VENUE.to_bytes() + bytes(1))}"),
        ("no statements", MalformedEncoding, f"{VENUE.url}#{_fragment(VENUE.to_bytes())}"),
        ("a signature altered", InvalidSignature, f"{VENUE.url}#{_fragment(flip(JOINT_VENUE.to_bytes(), -1))}"),
        ("signed by the authority alone", InvalidSignature, _link(by_one)),
        ("a venue of another domain", WrongDomain, _link(both_sign(replace(VENUE, domain=VENUE.domain + 1)))),
        ("a venue without a URL", MalformedText, _link(both_sign(replace(VENUE, url="")))),
        ("a venue whose URL is no link", MalformedText, _link(both_sign(replace(VENUE, url="door.example")))),
    ]:
        file.reject("ordinary", change, error, link=link)
    strangers = Domain(DOMAIN.number, DOMAIN.operator_key, public_key(STRANGER), DOMAIN.utc_offset, DOMAIN.allowance)
    file.reject("ordinary", "a domain with another authority", InvalidSignature, domain=strangers)
    return file
