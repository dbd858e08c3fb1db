"""Vectors of §3.12 and §3.13: notices and disclosures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.vectors.files import VectorFile
from conformance.vectors.joint_notices import answer_notice, publish_notice
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
from protocol.notices import VISIT_DIGEST_BYTES, NoticeAnswer, PaddedDigests, list_passes, sign_notice
from protocol.primitives.encoding import decode_item, encode_item
from protocol.primitives.errors import (
    ConflictingStatements,
    InvalidNotice,
    InvalidSignature,
    MalformedEncoding,
    ReplayedRequest,
    SplitPassError,
    WrongDomain,
    WrongNumber,
    WrongParty,
)
from protocol.primitives.hashing import digest32
from protocol.primitives.signatures import SigningKey

_OTHER_U = pinned("a pass that was used elsewhere")
_SEED = pinned("the seed of the padding")
_ADVICE = "가까운 보건소에서 검사를 받으십시오."


def notice() -> VectorFile:
    """`list_passes`, `verify_notice` and `VerifiedNotice.concerns`."""
    file = VectorFile(
        "notice",
        "A notice of both parties: which passes it is for, hidden among digests that belong to nobody",
        "§3.12",
        {
            "make.operator_seed": "the operator's identity key, an Ed25519 seed",
            "make.authority_seed": "the authority's identity key, an Ed25519 seed",
            "make.number": "the notice's number",
            "make.time": "Unix time in seconds",
            "make.advice": "what those concerned should do",
            "make.noticed": "the passes that the notice is for, each a `u`",
            "make.padding_seed": "what the padding is made of",
            "check.domain": "a Domain message",
            "check.number": "the number that was asked for, or null",
            "check.notice": "a PublishedNotice message",
            "check.passes": "a visitor's passes, each a `u`",
            "result.advice": "the advice",
            "result.concerned": "those of `passes` that the notice is for",
        },
    )
    mine = [owned.public.u for owned in PASSES]
    noticed = [mine[0], _OTHER_U, mine[1]]
    for name, number, those, said in (("ordinary", 5, noticed, _ADVICE), ("empty", 0, [], "")):
        file.accept(
            name,
            make={
                "operator_seed": bytes(OPERATOR),
                "authority_seed": bytes(AUTHORITY),
                "number": number,
                "time": NOW,
                "advice": said,
                "noticed": those,
                "padding_seed": _SEED,
            },
            check={
                "domain": DOMAIN,
                "number": number if those else None,
                "notice": publish_notice(DOMAIN, IDENTITY, number, NOW, said, those, _SEED),
                "passes": mine,
            },
            result={"advice": said, "concerned": [u for u in mine if u in those]},
        )
    digests = list_passes(5, noticed, _SEED)
    fields: list[object] = [NUMBER, 5, NOW, _ADVICE, digests.digest]
    by = {role: sign_item("notice", fields, key) for role, key in IDENTITY.items()}

    def reject(
        change: str,
        error: type[SplitPassError],
        encoding: bytes = bytes(digests),
        *,
        authority: bytes = by[Role.AUTHORITY],
        operator: bytes = by[Role.OPERATOR],
    ) -> None:
        file.reject("ordinary", change, error, notice=encode_item([[authority, operator], encoding]))

    parts = _parts(digests)
    for change, wrong in {
        "two digests in the wrong order": [parts[1], parts[0], *parts[2:]],
        "one digest twice": [parts[0], *parts[:-1]],
        "1023 digests": parts[:-1],
        "1025 digests": [*parts, b"\xff" * VISIT_DIGEST_BYTES],
        "a digest of 11 bytes": [*parts[:-1], b"\xff" * (VISIT_DIGEST_BYTES + 1)],
    }.items():
        encoding = b"".join(wrong)
        of_these = [*fields[:4], digest32("notice-digests", encoding)]
        signed = {role: sign_item("notice", of_these, key) for role, key in IDENTITY.items()}
        reject(change, MalformedEncoding, encoding, authority=signed[Role.AUTHORITY], operator=signed[Role.OPERATOR])
    too_long = sign_item("notice", [*fields[:3], "가" * 333 + "ab", fields[4]], AUTHORITY)
    reject("advice of 1001 bytes", MalformedEncoding, authority=too_long)
    file.reject("ordinary", "asked for under another number", WrongNumber, number=4)
    file.reject("ordinary", "in another domain", WrongDomain, domain=replace(DOMAIN, number=8))
    reject("signed by the operator alone", InvalidSignature, authority=by[Role.OPERATOR])
    reject("signed by the authority alone", InvalidSignature, operator=by[Role.AUTHORITY])
    for change, item in {
        "another number from the operator": [NUMBER, 6, *fields[2:]],
        "another time from the operator": [*fields[:2], NOW + 1, *fields[3:]],
        "another advice from the operator": [*fields[:3], "집에 계십시오.", fields[4]],
        "another list from the operator": [*fields[:4], list_passes(5, mine, _SEED).digest],
    }.items():
        reject(change, ConflictingStatements, operator=sign_item("notice", item, OPERATOR))
    for change, changed in {
        "another list than both signed": list_passes(5, mine, _SEED),
        "the list with another padding": list_passes(5, noticed, pinned("another seed")),
    }.items():
        reject(change, InvalidNotice, bytes(changed))
    return file


def notice_answer() -> VectorFile:
    """`verify_notice_answer`."""
    file = VectorFile(
        "notice-answer",
        "What the operator answers to the authority's request for a notice",
        "§3.12",
        {
            "make.seed": "the operator's identity key, an Ed25519 seed",
            "make.number": "the notice's number",
            "make.time": "Unix time in seconds",
            "make.advice": "what those concerned should do",
            "make.noticed": "the passes that the notice is for, each a `u`",
            "make.releases": "the digests of the releases",
            "make.padding_seed": "what the padding is made of",
            "check.domain": "a Domain message",
            "check.number": "the number that was asked for",
            "check.advice": "the advice of the warrants",
            "check.passes": "the passes of all verified visits, each a `u`",
            "check.earliest": "Unix time in seconds: that of the notice before",
            "check.now": "Unix time in seconds",
            "check.answer": "a NoticeAnswer message",
            "result.noticed": "those of `passes` that the notice is for, ascending",
        },
    )
    mine = sorted(owned.public.u for owned in PASSES)
    releases = (pinned("release", 32),)
    for name, number, passes, noticed, said, digests in (
        ("ordinary", 5, mine, mine, _ADVICE, releases),
        ("without a pass that the operator does not admit", 5, mine, mine[1:], _ADVICE, releases),
        ("empty", 0, [], [], "", ()),
    ):
        file.accept(
            name,
            make={
                "seed": bytes(OPERATOR),
                "number": number,
                "time": NOW,
                "advice": said,
                "noticed": noticed,
                "releases": list(digests),
                "padding_seed": _SEED,
            },
            check={
                "domain": DOMAIN,
                "number": number,
                "advice": said,
                "passes": passes,
                "earliest": NOW,
                "now": NOW - 120,
                "answer": answer_notice(DOMAIN, OPERATOR, number, NOW, said, noticed, digests, _SEED),
            },
            result={"noticed": noticed},
        )

    def answer(number: int = 5, time: int = NOW, advice: str = _ADVICE, **changed: Any) -> NoticeAnswer:
        made = answer_notice(
            changed.pop("domain", DOMAIN),
            changed.pop("key", OPERATOR),
            number,
            time,
            advice,
            changed.pop("noticed", mine),
            releases,
            _SEED,
        )
        return replace(made, **changed)

    for change, error, changed in (
        ("signed by the authority", InvalidSignature, answer(key=AUTHORITY)),
        ("another domain", WrongDomain, answer(domain=replace(DOMAIN, number=8))),
        ("another number", WrongNumber, answer(6)),
        ("before the notice before", ReplayedRequest, answer(time=NOW - 1)),
        ("too far in the future", ReplayedRequest, answer(time=NOW + 1)),
        ("another list than the signed one", InvalidNotice, answer(digests=list_passes(5, mine[1:], _SEED))),
        ("another advice", InvalidNotice, answer(advice="집에 계십시오.")),
        ("no advice", InvalidNotice, answer(advice="")),
        ("a pass that was not released", InvalidNotice, answer(noticed=[*mine, _OTHER_U])),
        ("another seed", InvalidNotice, answer(seed=pinned("another seed"))),
    ):
        file.reject("ordinary", change, error, answer=changed)
    padded = list_passes(0, [_OTHER_U], _SEED)
    alone = replace(
        answer(0, advice="", noticed=[]),
        notice=sign_notice(DOMAIN, 0, NOW, "", padded, OPERATOR),
        digests=padded,
        releases=(),
    )
    file.reject("empty", "a pass in the place of padding", InvalidNotice, answer=alone)
    return file


def _parts(digests: PaddedDigests) -> list[bytes]:
    encoding = bytes(digests)
    return [encoding[start : start + VISIT_DIGEST_BYTES] for start in range(0, len(encoding), VISIT_DIGEST_BYTES)]


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
