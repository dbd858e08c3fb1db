"""Vectors of §3.8 and §4.3: check-ins and the text of their QR codes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from base45 import b45encode

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, flip, pinned, pinned_scalar
from conformance.vectors.world import (
    EPOCH,
    EPOCH_KEY,
    NUMBER,
    OTHER_EPOCH_KEY,
    PASS_KEY,
    PASSES,
    SCANNED,
    SETTING,
    SHOWN,
    STRANGER,
    TIME,
    VENUE,
)
from protocol.check_ins import CheckInMessage, Direction, label_signing_input, sign_check_in
from protocol.epochs import MAX_STAY
from protocol.passes import OwnedPass, Pass, pass_signing_input
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import InvalidSignature, MalformedEncoding, MalformedText, WrongDomain, WrongEpoch
from protocol.primitives.group import B, Point
from protocol.primitives.hashing import frame
from protocol.qr_text import to_qr_text

MIDNIGHT = EPOCH_KEY.domain.epoch_begins(EPOCH + 1)


def _forged(pass_key_is: str) -> OwnedPass:
    """A pass for a handle of the forger's choice, signed by a key of its own."""
    r, h = pinned_scalar("forged r"), pinned_scalar("forged h")
    u, v = bytes(r * B), bytes(h * B + r * EPOCH_KEY.X)
    key = {"stranger": STRANGER, "authority": PASS_KEY}[pass_key_is]
    return OwnedPass(Pass(u, v, key.sign(pass_signing_input(EPOCH_KEY, u, v)).signature), r)


def check_in() -> VectorFile:
    """`sign_check_in` and `verify_check_in`."""
    file = VectorFile(
        "check-in",
        "Check-ins: shown or scanned, entry or exit",
        "§3.8",
        {
            "make.public_pass": "u, v and the authority's signature, 128 bytes",
            "make.r": "the pass's signing key, a scalar",
            "make.time": "Unix time in seconds, not yet rounded down to a multiple of 15",
            "make.direction": "1 entry, 2 exit",
            "make.venue": "the venue's 16 bytes, or null when shown",
            "check.message": "a CheckInMessage",
            "intermediate.pass_statement": "what the authority signed",
            "intermediate.label_statement": "what the pass signs",
            "intermediate.label_signature": "its signature, last 64 bytes of the message",
            "result.epoch": "the epoch it belongs to",
            "result.u": "the pass's one-time public key",
            "result.v": "the encrypted handle",
        },
        SETTING,
    )
    owned = PASSES[0]
    public = bytes(owned.public)
    for name, time, direction, venue in [
        ("shown entry", TIME, Direction.ENTRY, None),
        ("shown exit", TIME + 3600, Direction.EXIT, None),
        ("scanned entry", TIME, Direction.ENTRY, VENUE.venue_id),
        ("scanned exit", TIME + 3600, Direction.EXIT, VENUE.venue_id),
        ("entry at the epoch's last label", MIDNIGHT - 1, Direction.ENTRY, None),
        ("exit after midnight", MIDNIGHT + 7200, Direction.EXIT, None),
    ]:
        draws = Draws(f"check-in, {name}")
        message = sign_check_in(EPOCH_KEY, owned, time, direction, venue, draws)
        label_time = time - time % 15
        signing_input = frame(
            "check-in",
            EPOCH_KEY.context,
            label_time.to_bytes(4, "big"),
            bytes([direction]),
            venue or b"",
            public,
        )
        assert signing_input == label_signing_input(EPOCH_KEY, label_time, direction, venue, public)
        file.accept(
            name,
            make={
                "public_pass": public,
                "r": owned.r,
                "time": time,
                "direction": direction,
                "venue": venue,
                "random": draws.drawn,
            },
            check={"message": message},
            intermediate={
                "pass_statement": frame("pass", EPOCH_KEY.context, owned.public.u, owned.public.v),
                "label_statement": signing_input,
                "label_signature": message.label_signature,
            },
            result={"epoch": EPOCH, "u": message.u, "v": message.v},
        )
    shown = sign_check_in(EPOCH_KEY, owned, TIME, Direction.ENTRY, None, Draws("check-in, shown entry"))
    scanned = sign_check_in(EPOCH_KEY, owned, TIME, Direction.ENTRY, VENUE.venue_id, Draws("check-in, scanned entry"))
    signed = shown.signed_pass

    def reject_shown(change: str, error: type[InvalidSignature | WrongDomain | WrongEpoch], **fields: Any) -> None:
        file.reject("shown entry", change, error, message=replace(shown, **fields))

    reject_shown("another domain", WrongDomain, domain=NUMBER + 1)
    reject_shown("another time", InvalidSignature, time=shown.time + 15)
    reject_shown("an exit instead", InvalidSignature, direction=Direction.EXIT)
    reject_shown("moved to a venue", InvalidSignature, venue_id=VENUE.venue_id)
    reject_shown("another u", InvalidSignature, signed_pass=flip(signed, 0))
    reject_shown("another v", InvalidSignature, signed_pass=flip(signed, 32))
    reject_shown("another pass signature", InvalidSignature, signed_pass=flip(signed, 64))
    reject_shown("another label signature", InvalidSignature, signed_pass=flip(signed, 128))
    moved = bytes(Point(shown.u) + B) + bytes(Point(shown.v) + EPOCH_KEY.X)
    reject_shown("re-randomised", InvalidSignature, signed_pass=moved + signed[64:])
    reject_shown(
        "the v of another pass",
        InvalidSignature,
        signed_pass=shown.u + PASSES[1].public.v + signed[64:],
    )
    reject_shown("the label signature of another label", InvalidSignature, signed_pass=scanned.signed_pass)
    reject_shown("u of small order", InvalidSignature, signed_pass=bytes(32) + signed[32:])
    file.reject(
        "scanned entry", "another venue", InvalidSignature, message=replace(scanned, venue_id=pinned("venue 2", 16))
    )
    file.reject("scanned entry", "shown instead", InvalidSignature, message=replace(scanned, venue_id=None))

    def reject_signed(change: str, error: type[InvalidSignature | WrongEpoch], message: CheckInMessage) -> None:
        file.reject("shown entry", change, error, message=message)

    reject_signed(
        "a pass that its owner signed itself",
        InvalidSignature,
        sign_check_in(EPOCH_KEY, _forged("stranger"), TIME, Direction.ENTRY, None, Draws("forged")),
    )
    reject_signed(
        "signed for the next epoch",
        InvalidSignature,
        replace(sign_check_in(OTHER_EPOCH_KEY, owned, TIME, Direction.ENTRY, None, Draws("tomorrow")), time=shown.time),
    )
    for change, time, direction in [
        ("an entry at midnight", MIDNIGHT, Direction.ENTRY),
        ("an entry on the day before", MIDNIGHT - 86_400 - 15, Direction.ENTRY),
        ("an exit more than twelve hours after midnight", MIDNIGHT + MAX_STAY, Direction.EXIT),
    ]:
        late = sign_check_in(EPOCH_KEY, owned, time, direction, None, Draws(f"late, {change}"))
        reject_signed(change, WrongEpoch, late)
    fields = [shown.domain, shown.time + 1, 1, None, signed]
    file.reject("shown entry", "a time between two steps", MalformedEncoding, message=encode_item(fields))
    return file


def _text(encoding: bytes) -> str:
    text: bytes = b45encode(encoding)
    return "SP1:" + text.decode("ascii")


def _digits(value: int, count: int) -> str:
    """A number in base 45, lowest digit first."""
    return "".join("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"[value // 45**i % 45] for i in range(count))


def qr_text() -> VectorFile:
    """`to_qr_text` and `from_qr_text`."""
    file = VectorFile(
        "qr-text",
        "The text in a QR code: SP1: and the base45 of a check-in that is shown",
        "§4.3",
        {"check.text": "what a reader reads", "result.message": "the CheckInMessage; it gives the same text again"},
    )
    longest = CheckInMessage(255, 2**32 - 16, Direction.EXIT, None, bytes([255] * 192))
    shortest = CheckInMessage(0, 0, Direction.ENTRY, None, bytes(192))
    for name, message in {"ordinary": SHOWN, "longest": longest, "shortest": shortest}.items():
        file.accept(name, check={"text": to_qr_text(message)}, result={"message": message})
    text, encoding = to_qr_text(SHOWN), SHOWN.to_bytes()
    assert len(encoding) % 2 == 1
    for change, wrong in {
        "no prefix": text[4:],
        "a lower-case prefix": "sp1:" + text[4:],
        "another version": "SP2:" + text[4:],
        "a space in front": " " + text,
        "a space behind": text + " ",
        "a line break behind": text + "\n",
        "lower case": "SP1:" + text[4:].lower(),
        "one character short": text[:-1],
        "a character outside the alphabet": text[:-1] + "!",
        "a character outside ASCII": text[:-1] + "𠮷",
        "two bytes plus 65536": text[:7] + _digits(int.from_bytes(encoding[2:4], "big") + 65_536, 3) + text[10:],
        "the last byte plus 256": text[:-2] + _digits(encoding[-1] + 256, 2),
        "more than 204 bytes": _text(encoding + bytes(12)),
        "a check-in that names a venue": _text(SCANNED.to_bytes()),
        "empty": "",
    }.items():
        file.reject("ordinary", change, MalformedText, text=wrong)
    file.reject("ordinary", "only the prefix", MalformedEncoding, text="SP1:")
    file.reject("ordinary", "a check-in cut short", MalformedEncoding, text=_text(encoding[:-2]))
    file.reject("ordinary", "a byte behind the check-in", MalformedEncoding, text=_text(encoding + b"\0"))
    return file
