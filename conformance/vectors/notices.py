"""Vectors of §3.12 and §3.13: notices and disclosures."""

from __future__ import annotations

from dataclasses import replace

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, pinned
from conformance.vectors.releases import VERIFIED_RELEASE
from conformance.vectors.warrants import sign_item
from conformance.vectors.world import (
    AUTHORITY,
    DOMAIN,
    IDENTITY,
    NOW,
    NUMBER,
    OPERATOR,
    PASSES,
    SCANNED,
    SHOWN,
    WARRANT,
)
from protocol.disclosures import DisclosedOpening, record_opening, sign_disclosure
from protocol.epochs import Role
from protocol.notices import VISIT_DIGEST_BYTES, sign_notice, verify_notice
from protocol.primitives.encoding import decode_item, encode_item
from protocol.primitives.errors import (
    InvalidSignature,
    MalformedEncoding,
    SplitPassError,
    WrongDomain,
    WrongNumber,
    WrongParty,
)
from protocol.primitives.signatures import SigningKey

_OTHER_U = pinned("a pass that was used elsewhere")


def notice() -> VectorFile:
    """`sign_notice`, `verify_notice` and `Notice.concerns`."""
    file = VectorFile(
        "notice",
        "A notice: which passes it is for, hidden among random digests",
        "§3.12",
        {
            "make.seed": "the authority's identity key, an Ed25519 seed",
            "make.number": "the notice's number",
            "make.time": "Unix time in seconds",
            "make.advice": "what those concerned should do",
            "make.noticed": "the passes that the notice is for, each a `u`",
            "check.domain": "a Domain message",
            "check.number": "the number that was asked for, or null",
            "check.statement": "the signed notice",
            "check.passes": "a visitor's passes, each a `u`",
            "result.advice": "the advice",
            "result.concerned": "those of `passes` that the notice is for",
        },
    )
    mine, advice = [owned.public.u for owned in PASSES], "가까운 보건소에서 검사를 받으십시오."
    for name, number, noticed, said in (
        ("ordinary", 5, [mine[0], _OTHER_U, mine[1]], advice),
        ("empty", 0, [], ""),
    ):
        draws = Draws(f"notice {name}")
        statement = sign_notice(DOMAIN, number, NOW, said, noticed, AUTHORITY, draws)
        file.accept(
            name,
            make={
                "seed": bytes(AUTHORITY),
                "number": number,
                "time": NOW,
                "advice": said,
                "noticed": noticed,
                "random": draws.drawn,
            },
            check={
                "domain": DOMAIN,
                "number": number if noticed else None,
                "statement": statement,
                "passes": mine,
            },
            result={"advice": said, "concerned": [u for u in mine if u in noticed]},
        )
    signed = sign_notice(DOMAIN, 5, NOW, advice, [mine[0], _OTHER_U, mine[1]], AUTHORITY, Draws("notice ordinary"))
    encoding = bytes(verify_notice(DOMAIN, signed).digests)
    digests = [encoding[start : start + VISIT_DIGEST_BYTES] for start in range(0, len(encoding), VISIT_DIGEST_BYTES)]
    fields: list[object] = [NUMBER, 5, NOW, advice]
    for change, wrong in {
        "two digests in the wrong order": [digests[1], digests[0], *digests[2:]],
        "one digest twice": [digests[0], *digests[:-1]],
        "1023 digests": digests[:-1],
        "1025 digests": [*digests, b"\xff" * VISIT_DIGEST_BYTES],
        "a digest of 11 bytes": [*digests[:-1], b"\xff" * (VISIT_DIGEST_BYTES + 1)],
    }.items():
        statement = sign_item("notice", [*fields, b"".join(wrong)], AUTHORITY)
        file.reject("ordinary", change, MalformedEncoding, statement=statement)
    too_long = sign_item("notice", [*fields[:3], "가" * 333 + "ab", encoding], AUTHORITY)
    file.reject("ordinary", "advice of 1001 bytes", MalformedEncoding, statement=too_long)
    file.reject("ordinary", "asked for under another number", WrongNumber, number=4)
    file.reject("ordinary", "in another domain", WrongDomain, domain=replace(DOMAIN, number=8))
    by_operator = sign_item("notice", [*fields, encoding], OPERATOR)
    file.reject("ordinary", "signed by the operator", InvalidSignature, statement=by_operator)
    return file


_DRAWS = Draws("opening record")
RECORD = record_opening(WARRANT, VERIFIED_RELEASE.digest, [SHOWN.u, SCANNED.u], _DRAWS)


def opening_record() -> VectorFile:
    """`record_opening`, `OpeningRecord.commitment` and `OpeningRecord.names`."""
    file = VectorFile(
        "opening-record",
        "What a party commits to before it gives shares",
        "§3.13",
        {
            "make.warrant": "the Warrant message",
            "make.release": "the release digest",
            "make.opened": "the passes that shares are given for, each a `u`",
            "check.record": "an OpeningRecord message",
            "check.passes": "a visitor's passes, each a `u`",
            "result.commitment": "the 32 bytes that are put on record",
            "result.named": "those of `passes` that were opened",
        },
    )
    mine = [owned.public.u for owned in PASSES]
    opened = [SHOWN.u, SCANNED.u]
    file.accept(
        "ordinary",
        make={
            "warrant": WARRANT,
            "release": VERIFIED_RELEASE.digest,
            "opened": [*opened, SHOWN.u],
            "random": _DRAWS.drawn,
        },
        check={"record": RECORD, "passes": mine},
        result={"commitment": RECORD.commitment, "named": [u for u in mine if u in opened]},
    )
    fields: list[object] = [
        RECORD.warrant_id,
        RECORD.legal_reference,
        RECORD.release,
        list(RECORD.digests),
        RECORD.salt,
    ]
    for change, digests in {
        "digests in the wrong order": list(RECORD.digests[::-1]),
        "one digest twice": [RECORD.digests[0]] * 2,
        "no digest": [],
        "a digest of 9 bytes": [RECORD.digests[0][:9], RECORD.digests[1]],
    }.items():
        wrong = encode_item([*fields[:3], digests, fields[4]])
        file.reject("ordinary", change, MalformedEncoding, record=wrong)
    file.reject("ordinary", "no legal reference", MalformedEncoding, record=encode_item([fields[0], "", *fields[2:]]))
    return file


def disclosure() -> VectorFile:
    """`sign_disclosure` and `verify_disclosure`."""
    file = VectorFile(
        "disclosure",
        "What a party publishes of its openings when the embargo is over",
        "§3.13",
        {
            "make.seed": "the party's identity key, an Ed25519 seed",
            "make.number": "the disclosure's number",
            "make.time": "Unix time in seconds",
            "make.openings": "the openings, each a DisclosedOpening message",
            "check.domain": "a Domain message",
            "check.role": "1 operator, 2 authority",
            "check.number": "the number that was asked for, or null",
            "check.statement": "the signed disclosure",
            "result.openings": "the openings, each a DisclosedOpening message",
        },
    )
    opening = DisclosedOpening(300, RECORD)
    for name, role, number, openings in (
        ("ordinary", Role.OPERATOR, 5, (opening,)),
        ("the authority's, empty", Role.AUTHORITY, 0, ()),
    ):
        file.accept(
            name,
            make={"seed": bytes(IDENTITY[role]), "number": number, "time": NOW, "openings": openings},
            check={
                "domain": DOMAIN,
                "role": role,
                "number": number if openings else None,
                "statement": sign_disclosure(DOMAIN, role, number, NOW, openings, IDENTITY[role]),
            },
            result={"openings": openings},
        )

    def reject(change: str, error: type[SplitPassError], domain: int, role: Role, key: SigningKey) -> None:
        statement = sign_disclosure(replace(DOMAIN, number=domain), role, 5, NOW, (opening,), key)
        file.reject("ordinary", change, error, statement=statement)

    reject("signed by the authority", InvalidSignature, NUMBER, Role.OPERATOR, AUTHORITY)
    reject("naming the authority", WrongParty, NUMBER, Role.AUTHORITY, OPERATOR)
    reject("another domain", WrongDomain, NUMBER + 1, Role.OPERATOR, OPERATOR)
    file.reject("ordinary", "asked for under another number", WrongNumber, number=6)
    file.reject("ordinary", "expected of the authority", InvalidSignature, role=Role.AUTHORITY)
    many = sign_item("disclosure", [NUMBER, 1, 5, NOW, [decode_item(opening.to_bytes())] * 17], OPERATOR)
    file.reject("ordinary", "17 openings", MalformedEncoding, statement=many)
    return file
