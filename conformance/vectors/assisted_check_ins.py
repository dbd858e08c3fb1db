"""Vectors of §3.8: assisted check-ins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt, sodium_pad

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, flip, pinned
from conformance.vectors.world import EPOCH, EPOCH_KEY, NUMBER, OTHER_EPOCH_KEY, SECRETS, SETTING, SHOWN, TIME, VENUE
from protocol.assisted_check_ins import ASSERTED_RECORD_BYTES, AssertedRecord, AssistedCheckIn, seal_assisted
from protocol.epochs import Role
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import (
    InvalidEntry,
    InvalidSignature,
    MalformedEncoding,
    MalformedPoint,
    WrongDomain,
    WrongEpoch,
)
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.hashing import digest32, frame
from protocol.primitives.signatures import sign_with_scalar

RECORD = AssertedRecord("홍길동", "+821012345678")
LONGEST = AssertedRecord("가" * 42 + "aa", "+" + "9" * 15)


def _label_parts(message: AssistedCheckIn) -> tuple[bytes, bytes, bytes, bytes]:
    return EPOCH_KEY.context, message.time.to_bytes(4, "big"), message.venue_id, bytes(message.u)


def _signed(r: Scalar, message: AssistedCheckIn, **changed: Any) -> AssistedCheckIn:
    """The check-in with other fields, signed anew by its own key: what only its maker can do."""
    message = replace(message, **changed)
    signing_input = frame("assisted-check-in", *_label_parts(message), message.sealed)
    return replace(message, signature=sign_with_scalar(r, bytes(message.u), signing_input, Draws("signed anew")))


def assisted_check_in() -> VectorFile:
    """`seal_assisted`, `verify_assisted` and `open_assisted`."""
    file = VectorFile(
        "assisted-check-in",
        "Assisted check-ins: sealed at the door, opened with both parties' shares",
        "§3.8",
        {
            "make.record": "an AssertedRecord",
            "make.time": "Unix time in seconds, not yet rounded down to a multiple of 15",
            "make.venue": "the venue's 16 bytes",
            "check.message": "an AssistedCheckIn",
            "check.operator_share": "the operator's x times u",
            "check.authority_share": "the authority's x times u",
            "intermediate.r": "the first draw modulo L",
            "intermediate.S": "r * X",
            "intermediate.label": "the associated data",
            "intermediate.key": "what the record is sealed under",
            "intermediate.padded": "the record and its padding",
            "intermediate.statement": "what r signs",
            "result.epoch": "the epoch that it belongs to",
            "result.record": "the AssertedRecord that it opens to",
        },
        SETTING,
    )
    for name, record in {"ordinary": RECORD, "longest": LONGEST}.items():
        draws = Draws(f"assisted check-in, {name}")
        message = seal_assisted(EPOCH_KEY, record, TIME, VENUE.venue_id, draws)
        r = Scalar.reduce(draws.drawn[0])
        S = r * EPOCH_KEY.X
        file.accept(
            name,
            make={"record": record, "time": TIME, "venue": VENUE.venue_id, "random": draws.drawn},
            check={
                "message": message,
                "operator_share": SECRETS[Role.OPERATOR].share * message.u,
                "authority_share": SECRETS[Role.AUTHORITY].share * message.u,
            },
            intermediate={
                "r": r,
                "S": S,
                "label": frame("assisted-label", *_label_parts(message)),
                "key": digest32("assisted-key", EPOCH_KEY.context, bytes(message.u), bytes(S)),
                "padded": sodium_pad(record.to_bytes(), ASSERTED_RECORD_BYTES),
                "statement": frame("assisted-check-in", *_label_parts(message), message.sealed),
            },
            result={"epoch": EPOCH, "record": record},
        )
    draws = Draws("assisted check-in, ordinary")
    good = seal_assisted(EPOCH_KEY, RECORD, TIME, VENUE.venue_id, draws)
    r = Scalar.reduce(draws.drawn[0])
    operator_share = SECRETS[Role.OPERATOR].share * good.u
    file.reject("ordinary", "another domain", WrongDomain, message=replace(good, domain=NUMBER + 1))
    file.reject("ordinary", "another day", WrongEpoch, message=replace(good, time=good.time + 86_400))
    for change, wrong in {
        "another time": replace(good, time=good.time + 15),
        "moved to another venue": replace(good, venue_id=pinned("venue 2", 16)),
        "another u": replace(good, u=good.u + B),
        "the u of a pass": replace(good, u=Point(SHOWN.u)),
        "another sealed record": replace(good, sealed=flip(good.sealed, 0)),
        "another tag of the sealed record": replace(good, sealed=flip(good.sealed, -1)),
        "another signature": replace(good, signature=flip(good.signature, 0)),
        "the signature of a pass over a label": replace(good, signature=SHOWN.label_signature),
    }.items():
        file.reject("ordinary", change, InvalidSignature, message=wrong)
    of_tomorrow = seal_assisted(OTHER_EPOCH_KEY, RECORD, TIME, VENUE.venue_id, Draws("assisted, sealed for tomorrow"))
    file.reject("ordinary", "sealed for the next epoch", InvalidSignature, message=of_tomorrow)
    pass_share = SECRETS[Role.OPERATOR].share * Point(SHOWN.u)
    file.reject("ordinary", "one party's share alone", InvalidEntry, authority_share=operator_share)
    file.reject("ordinary", "the share of another check-in", InvalidEntry, operator_share=pass_share)
    for change, moved in {
        "moved by its maker to another time": _signed(r, good, time=good.time + 15),
        "moved by its maker to another venue": _signed(r, good, venue_id=pinned("venue 2", 16)),
    }.items():
        file.reject("ordinary", change, InvalidEntry, message=moved)
    for change, padded in {
        "nothing sealed that is a record": sodium_pad(encode_item(["홍길동"]), ASSERTED_RECORD_BYTES),
        "no padding": bytes(ASSERTED_RECORD_BYTES),
    }.items():
        label = frame("assisted-label", *_label_parts(good))
        key = digest32("assisted-key", EPOCH_KEY.context, bytes(good.u), bytes(r * EPOCH_KEY.X))
        sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(padded, label, bytes(24), key)
        file.reject("ordinary", change, InvalidEntry, message=_signed(r, good, sealed=sealed))
    fields = [good.domain, good.time + 1, good.venue_id, bytes(good.u), good.sealed, good.signature]
    file.reject("ordinary", "a time between two steps", MalformedEncoding, message=encode_item(fields))
    fields = [good.domain, good.time, good.venue_id, bytes(32), good.sealed, good.signature]
    file.reject("ordinary", "u of small order", MalformedPoint, message=encode_item(fields))
    return file
