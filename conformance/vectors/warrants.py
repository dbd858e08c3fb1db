"""Vectors of §3.9: venues and warrants."""

from __future__ import annotations

from dataclasses import replace

from conformance.vectors.files import VectorFile
from conformance.vectors.world import (
    AUTHORITY,
    DOMAIN,
    JOINT_VENUE,
    JOINT_WARRANT,
    NOW,
    NUMBER,
    OPERATOR,
    STRANGER,
    VENUE,
    WARRANT,
    both_sign,
)
from protocol.epochs import MAX_STAY
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import (
    ConflictingStatements,
    InvalidSignature,
    MalformedEncoding,
    MalformedPoint,
    OutOfScope,
    WrongDomain,
)
from protocol.primitives.hashing import tag
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import PROTECTED, JointStatement, sign_statement
from protocol.warrants import (
    MAX_EMBARGO,
    MAX_WARRANT_DAYS,
    Purpose,
    Warrant,
    verify_venue,
    verify_warrant,
)

VALID_WARRANT = verify_warrant(DOMAIN, JOINT_WARRANT, NOW)
REGISTERED_VENUE = verify_venue(DOMAIN, JOINT_VENUE)

_JOINT_MAKE = {
    "make.authority_seed": "the authority's identity key, an Ed25519 seed",
    "make.operator_seed": "the operator's identity key, an Ed25519 seed",
    "make.record": "the message that both sign",
    "check.domain": "a Domain message",
    "check.joint": "a JointStatement message: the authority's signed statement, then the operator's",
}
_SEEDS = {"authority_seed": bytes(AUTHORITY), "operator_seed": bytes(OPERATOR)}


def sign_item(kind: str, item: list[object], key: SigningKey) -> bytes:
    """A well-signed statement whose payload may be no message."""
    payload = encode_item(item)
    signature = key.sign(encode_item(["Signature1", PROTECTED, tag(kind), payload])).signature
    return b"\xd2" + encode_item([PROTECTED, {}, payload, signature])


def _both_sign_item(kind: str, item: list[object]) -> JointStatement:
    return JointStatement(sign_item(kind, item, AUTHORITY), sign_item(kind, item, OPERATOR))


def venue() -> VectorFile:
    """`verify_venue`."""
    file = VectorFile(
        "venue",
        "A venue's record, which counts once both parties have signed it",
        "§3.9",
        {**_JOINT_MAKE, "result.record": "the Venue message"},
    )
    for name, record in {
        "ordinary": VENUE,
        "no server": replace(VENUE, url=""),
        "the longest name": replace(VENUE, name="가" * 42 + "ab"),
        "a name that begins with U+FEFF": replace(VENUE, name="\ufeffbar"),
    }.items():
        file.accept(
            name,
            make={"record": record, **_SEEDS},
            check={"domain": DOMAIN, "joint": both_sign(record)},
            result={"record": record},
        )
    renamed = both_sign(replace(VENUE, name="another name"))
    file.reject(
        "ordinary",
        "signed with different names",
        ConflictingStatements,
        joint=replace(JOINT_VENUE, operator=renamed.operator),
    )
    file.reject(
        "ordinary",
        "signed by the authority twice",
        InvalidSignature,
        joint=replace(JOINT_VENUE, operator=JOINT_VENUE.authority),
    )
    file.reject(
        "ordinary",
        "signed by nobody instead of the authority",
        InvalidSignature,
        joint=replace(JOINT_VENUE, authority=sign_statement(VENUE, STRANGER)),
    )
    file.reject(
        "ordinary",
        "signatures exchanged",
        InvalidSignature,
        joint=JointStatement(JOINT_VENUE.operator, JOINT_VENUE.authority),
    )
    file.reject("ordinary", "another domain", WrongDomain, joint=both_sign(replace(VENUE, domain=NUMBER + 1)))
    fields: list[object] = [NUMBER, VENUE.venue_id, VENUE.name, VENUE.url, bytes(VENUE.key)]
    file.reject(
        "ordinary",
        "a name of 129 bytes and 43 characters",
        MalformedEncoding,
        joint=_both_sign_item("venue", [*fields[:2], "가" * 43, *fields[3:]]),
    )
    file.reject(
        "ordinary", "no name", MalformedEncoding, joint=_both_sign_item("venue", [*fields[:2], "", *fields[3:]])
    )
    file.reject(
        "ordinary", "a key of order 4", MalformedPoint, joint=_both_sign_item("venue", [*fields[:4], bytes(32)])
    )
    file.reject("ordinary", "cut short", MalformedEncoding, joint=JOINT_VENUE.to_bytes()[:-1])
    return file


def warrant() -> VectorFile:
    """`verify_warrant`."""
    file = VectorFile(
        "warrant",
        "A warrant to open the check-ins of one venue in one window, valid once both parties have signed it",
        "§3.9",
        {**_JOINT_MAKE, "check.now": "Unix time in seconds", "result.record": "the Warrant message"},
    )
    first = WARRANT.issued - REQUEST_TOLERANCE
    first_epoch = DOMAIN.epoch_at(WARRANT.begins - MAX_STAY)
    longest = replace(WARRANT, ends=DOMAIN.epoch_begins(first_epoch + MAX_WARRANT_DAYS + 1))
    for name, record, now in (
        ("ordinary", WARRANT, NOW),
        ("in its last second", WARRANT, WARRANT.expires),
        ("on a clock that is behind", WARRANT, first),
        ("for a notice", replace(WARRANT, purpose=Purpose.NOTICE, advice="검사를 받으십시오."), NOW),
        ("without an embargo", replace(WARRANT, discloses=WARRANT.issued), NOW),
        ("with the longest embargo", replace(WARRANT, discloses=WARRANT.issued + MAX_EMBARGO), NOW),
        ("with the longest window", longest, NOW),
    ):
        file.accept(
            name,
            make={"record": record, **_SEEDS},
            check={"domain": DOMAIN, "joint": both_sign(record), "now": now},
            result={"record": record},
        )
    file.reject("ordinary", "not issued yet", OutOfScope, now=first - 1)
    file.reject("ordinary", "expired", OutOfScope, now=WARRANT.expires + 1)
    longer = both_sign(replace(WARRANT, ends=WARRANT.ends + 1))
    file.reject(
        "ordinary",
        "the operator signed a longer window",
        ConflictingStatements,
        joint=replace(JOINT_WARRANT, operator=longer.operator),
    )
    file.reject(
        "ordinary",
        "signed by the authority twice",
        InvalidSignature,
        joint=replace(JOINT_WARRANT, operator=JOINT_WARRANT.authority),
    )
    file.reject("ordinary", "the venue's statements instead", InvalidSignature, joint=JOINT_VENUE)
    file.reject("ordinary", "another domain", WrongDomain, joint=both_sign(replace(WARRANT, domain=NUMBER + 1)))
    file.reject("ordinary", "in another domain of the same parties", WrongDomain, domain=replace(DOMAIN, number=8))
    file.reject(
        "with the longest window",
        "a second longer",
        OutOfScope,
        joint=both_sign(replace(longest, ends=longest.ends + 1)),
    )
    file.reject(
        "with the longest window",
        "a beginning that an entry of the day before may belong to",
        OutOfScope,
        joint=both_sign(replace(longest, begins=DOMAIN.epoch_begins(first_epoch) + MAX_STAY - 1)),
    )
    fields: list[object] = [getattr(WARRANT, name) for name in Warrant.__annotations__ if name != "TAG"]
    file.reject(
        "ordinary",
        "a window that ends as it begins",
        OutOfScope,
        joint=_both_sign_item("warrant", [*fields[:5], WARRANT.begins, *fields[6:]]),
    )
    file.reject(
        "ordinary", "no records", MalformedEncoding, joint=_both_sign_item("warrant", [*fields[:8], 0, *fields[9:]])
    )
    file.reject(
        "ordinary",
        "1000001 records",
        MalformedEncoding,
        joint=_both_sign_item("warrant", [*fields[:8], 1_000_001, *fields[9:]]),
    )
    file.reject(
        "ordinary",
        "a third purpose",
        MalformedEncoding,
        joint=_both_sign_item("warrant", [*fields[:3], 3, *fields[4:]]),
    )
    file.reject(
        "ordinary",
        "an assumed stay of more than twelve hours",
        MalformedEncoding,
        joint=_both_sign_item("warrant", [*fields[:6], MAX_STAY + 1, *fields[7:]]),
    )
    before = WARRANT.issued - 1
    file.reject(
        "ordinary",
        "expired before it was issued",
        OutOfScope,
        joint=_both_sign_item("warrant", [*fields[:10], before, *fields[11:]]),
        now=before,
    )
    file.reject(
        "ordinary",
        "disclosing before it was issued",
        OutOfScope,
        joint=_both_sign_item("warrant", [*fields[:11], before, *fields[12:]]),
    )
    file.reject(
        "ordinary",
        "an embargo of more than 90 days",
        OutOfScope,
        joint=_both_sign_item("warrant", [*fields[:11], WARRANT.issued + MAX_EMBARGO + 1, *fields[12:]]),
    )
    for change, error, purpose, advice in (
        ("advice, and nobody is warned", OutOfScope, Purpose.OPENING, "검사를 받으십시오."),
        ("a notice without advice", OutOfScope, Purpose.NOTICE, ""),
        ("advice of 1001 bytes", MalformedEncoding, Purpose.NOTICE, "가" * 333 + "ab"),
    ):
        wrong = _both_sign_item("warrant", [*fields[:3], purpose, *fields[4:12], advice])
        file.reject("ordinary", change, error, joint=wrong)
    return file
