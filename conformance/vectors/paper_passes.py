"""Vectors of §3.8 and §4.3: paper passes, and what a door signs for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from base45 import b45encode

from conformance.vectors.check_ins import MIDNIGHT
from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, flip, pinned, pinned_scalar, plus_order
from conformance.vectors.world import (
    EPOCH,
    EPOCH_KEY,
    NUMBER,
    OTHER_EPOCH_KEY,
    PASSES,
    SETTING,
    SHOWN,
    TIME,
    VENUE,
)
from protocol.check_ins import Direction
from protocol.epochs import MAX_STAY, EpochKey
from protocol.paper_check_ins import PaperCheckInMessage, sign_paper_check_in
from protocol.paper_passes import MAX_PAPER_BYTES, DelegatedPass, PaperPass, from_paper_text, print_pass
from protocol.passes import OwnedPass
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import (
    InvalidSignature,
    MalformedEncoding,
    MalformedPoint,
    MalformedScalar,
    MalformedText,
    SplitPassError,
    WrongDomain,
    WrongEpoch,
)
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.hashing import frame
from protocol.primitives.signatures import sign_with_scalar
from protocol.qr_text import to_qr_text

OWNED = PASSES[2]
PUBLIC = bytes(OWNED.public)
OTHER_K = pinned_scalar("another k")


def _paper(name: str = "paper", owned: OwnedPass = OWNED, epoch_key: EpochKey = EPOCH_KEY) -> PaperPass:
    return from_paper_text(print_pass(epoch_key, owned, Draws(name)))


PAPER = _paper()


def _text(**changed: Any) -> str:
    """The text of the paper with fields changed that need not be of their type any more."""
    fields = {name: getattr(PAPER, name) for name in ("domain", "epoch", "public_pass", "k", "delegation")}
    values = (fields | changed).values()
    return _encoded(encode_item([bytes(value) if isinstance(value, Scalar) else value for value in values]))


def _encoded(data: bytes) -> str:
    text: bytes = b45encode(data)
    return "SPP1:" + text.decode("ascii")


def _delegation(r: Scalar, u: bytes, K: Point, *, name: str = "paper-pass", public: bytes = PUBLIC) -> bytes:
    """A signature over `K`, by any key and under any name."""
    return sign_with_scalar(r, u, frame(name, EPOCH_KEY.context, public, bytes(K)), Draws("delegation"))


def paper_pass() -> VectorFile:
    """`print_pass`, `from_paper_text` and `verify_paper`."""
    file = VectorFile(
        "paper-pass",
        "Paper passes: SPP1: and the base45 of a pass, a key, and the pass's delegation to the key",
        "§3.8",
        {
            "make.public_pass": "u, v and the authority's signature, 128 bytes",
            "make.r": "the pass's signing key, a scalar",
            "check.text": "what a reader reads",
            "intermediate.k": "the first draw modulo L",
            "intermediate.K": "k * B",
            "intermediate.statement": "what r signs",
            "result.paper": "the PaperPass",
        },
        SETTING,
    )
    draws = Draws("paper")
    text = print_pass(EPOCH_KEY, OWNED, draws)
    K = PAPER.k * B
    assert PAPER.k == Scalar.reduce(draws.drawn[0])
    file.accept(
        "ordinary",
        make={"public_pass": PUBLIC, "r": OWNED.r, "random": draws.drawn},
        check={"text": text},
        intermediate={
            "k": PAPER.k,
            "K": K,
            "statement": frame("paper-pass", EPOCH_KEY.context, PUBLIC, bytes(K)),
        },
        result={"paper": PAPER},
    )
    for change, wrong in {
        "no prefix": text[5:],
        "a lower-case prefix": "spp1:" + text[5:],
        "the prefix of a check-in": "SP1:" + text[5:],
        "the text of a check-in": to_qr_text(SHOWN),
        "a space behind": text + " ",
        "lower case": "SPP1:" + text[5:].lower(),
        "more than 238 bytes": _encoded(bytes(MAX_PAPER_BYTES + 2)),
        "empty": "",
    }.items():
        file.reject("ordinary", change, MalformedText, text=wrong)
    with_r = encode_item([NUMBER, EPOCH, PUBLIC, bytes(OWNED.r)])
    for change, wrong in {
        "only the prefix": "SPP1:",
        "a pass cut short": _text(public_pass=PUBLIC[:-1]),
        "a delegation cut short": _text(delegation=PAPER.delegation[:-1]),
        "r itself and no delegation": _encoded(with_r),
        "a check-in behind the prefix": _encoded(SHOWN.to_bytes()),
    }.items():
        file.reject("ordinary", change, MalformedEncoding, text=wrong)
    file.reject("ordinary", "k not below L", MalformedScalar, text=_text(k=plus_order(bytes(PAPER.k))))
    file.reject("ordinary", "another domain", WrongDomain, text=_text(domain=NUMBER + 1))
    file.reject("ordinary", "another day", WrongEpoch, text=_text(epoch=EPOCH + 1))
    u = OWNED.public.u
    for change, wrong in {
        "another k": _text(k=OTHER_K),
        "k is zero": _text(k=bytes(32)),
        "the k of another paper of this pass": _text(k=_paper("another paper").k),
        "r for k": _text(k=OWNED.r),
        "another delegation": _text(delegation=flip(PAPER.delegation, 0)),
        "the delegation of another pass": _text(delegation=_paper("paper", PASSES[1]).delegation),
        "a delegation signed by k itself": _text(delegation=_delegation(PAPER.k, bytes(K), K)),
        "a delegation signed with another r": _text(delegation=_delegation(PASSES[1].r, u, K)),
        "a delegation under another name": _text(delegation=_delegation(OWNED.r, u, K, name="check-in")),
        "a delegation for another pass": _text(delegation=_delegation(OWNED.r, u, K, public=bytes(PASSES[1].public))),
        "a delegation of the next epoch": _text(delegation=_paper("paper", OWNED, OTHER_EPOCH_KEY).delegation),
        "the signature over a label for the delegation": _text(
            public_pass=bytes(PASSES[0].public), delegation=SHOWN.label_signature
        ),
        "another u": _text(public_pass=flip(PUBLIC, 0)),
        "another v": _text(public_pass=flip(PUBLIC, 32)),
        "another pass signature": _text(public_pass=flip(PUBLIC, 64)),
        "another pass signature, delegated": _text(
            public_pass=flip(PUBLIC, 64), delegation=_delegation(OWNED.r, u, K, public=flip(PUBLIC, 64))
        ),
    }.items():
        file.reject("ordinary", change, InvalidSignature, text=wrong)
    return file


def _delegated(paper: PaperPass, **changed: Any) -> DelegatedPass:
    return replace(DelegatedPass(paper.public_pass, paper.k, paper.k * B, paper.delegation), **changed)


def paper_check_in() -> VectorFile:
    """`sign_paper_check_in` and `verify_paper_check_in`."""
    file = VectorFile(
        "paper-check-in",
        "Paper check-ins: what a door signs with a paper's key for its own venue",
        "§3.8",
        {
            "make.paper": "a PaperPass",
            "make.time": "Unix time in seconds, not yet rounded down to a multiple of 15",
            "make.direction": "1 entry, 2 exit",
            "make.venue": "the venue's 16 bytes",
            "check.message": "a PaperCheckInMessage",
            "intermediate.K": "k * B",
            "intermediate.delegation_statement": "what the pass signed",
            "intermediate.label": "what k signs",
            "result.epoch": "the epoch it belongs to",
            "result.u": "the pass's one-time public key",
            "result.v": "the encrypted handle",
        },
        SETTING,
    )
    K = PAPER.k * B
    for name, time, direction in [
        ("entry", TIME, Direction.ENTRY),
        ("exit", TIME + 3600, Direction.EXIT),
        ("entry at the epoch's last label", MIDNIGHT - 1, Direction.ENTRY),
        ("exit after midnight", MIDNIGHT + 7200, Direction.EXIT),
    ]:
        draws = Draws(f"paper check-in, {name}")
        message = sign_paper_check_in(EPOCH_KEY, _delegated(PAPER), time, direction, VENUE.venue_id, draws)
        label = (message.time.to_bytes(4, "big"), bytes([direction]), VENUE.venue_id, PUBLIC, bytes(K))
        file.accept(
            name,
            make={
                "paper": PAPER,
                "time": time,
                "direction": direction,
                "venue": VENUE.venue_id,
                "random": draws.drawn,
            },
            check={"message": message},
            intermediate={
                "K": K,
                "delegation_statement": frame("paper-pass", EPOCH_KEY.context, PUBLIC, bytes(K)),
                "label": frame("paper-check-in", EPOCH_KEY.context, *label),
            },
            result={"epoch": EPOCH, "u": message.u, "v": message.v},
        )
    _reject_paper_check_ins(file)
    return file


def _reject_paper_check_ins(file: VectorFile) -> None:
    def signed(
        name: str, time: int = TIME, direction: Direction = Direction.ENTRY, **other: Any
    ) -> PaperCheckInMessage:
        """The entry made anew with another key, epoch or delegation."""
        epoch_key = other.pop("epoch_key", EPOCH_KEY)
        delegated = _delegated(PAPER, **other)
        return sign_paper_check_in(epoch_key, delegated, time, direction, VENUE.venue_id, Draws(name))

    def reject(change: str, error: type[SplitPassError], message: PaperCheckInMessage | bytes) -> None:
        file.reject("entry", change, error, message=message)

    good = signed("paper check-in, entry")
    by_pass = sign_with_scalar(
        OWNED.r, good.u, frame("paper-check-in", EPOCH_KEY.context, *_label(good)), Draws("by the pass")
    )
    other: dict[str, Any] = {"k": OTHER_K, "K": OTHER_K * B}
    moved = bytes(Point(good.u) + B) + bytes(Point(good.v) + EPOCH_KEY.X)
    reject("another domain", WrongDomain, replace(good, domain=NUMBER + 1))
    for change, wrong in {
        "another time": replace(good, time=good.time + 15),
        "an exit instead": replace(good, direction=Direction.EXIT),
        "another venue": replace(good, venue_id=pinned("venue 2", 16)),
        "another u": replace(good, public_pass=flip(PUBLIC, 0)),
        "another v": replace(good, public_pass=flip(PUBLIC, 32)),
        "re-randomised": replace(good, public_pass=moved + PUBLIC[64:]),
        "another pass signature": replace(good, public_pass=flip(PUBLIC, 64)),
        "another pass": replace(good, public_pass=bytes(PASSES[1].public)),
        "another delegation": replace(good, delegation=flip(good.delegation, 0)),
        "the delegation of another paper of this pass": replace(good, delegation=_paper("another paper").delegation),
        "the delegation of another pass": replace(good, delegation=_paper("paper", PASSES[1]).delegation),
        "a key that the pass did not delegate to": signed("undelegated", **other),
        "a key that delegated to itself": signed(
            "self", **other, delegation=_delegation(OTHER_K, bytes(OTHER_K * B), OTHER_K * B)
        ),
        "the key of another paper of this pass": replace(good, paper_key=_paper("another paper").k * B),
        "signed with another key than K": signed("another key", k=OTHER_K),
        "signed by the pass itself": replace(good, label_signature=by_pass),
        "another label signature": replace(good, label_signature=flip(good.label_signature, 0)),
        "the label signature of another label": replace(
            good, label_signature=signed("later", TIME + 15).label_signature
        ),
        "signed for the next epoch": signed("tomorrow", epoch_key=OTHER_EPOCH_KEY),
        "the delegation of the next epoch": signed(
            "tomorrow's", delegation=_paper("paper", OWNED, OTHER_EPOCH_KEY).delegation
        ),
    }.items():
        reject(change, InvalidSignature, wrong)
    for change, time, direction in [
        ("an entry at midnight", MIDNIGHT, Direction.ENTRY),
        ("an entry on the day before", MIDNIGHT - 86_400 - 15, Direction.ENTRY),
        ("an exit more than twelve hours after midnight", MIDNIGHT + MAX_STAY, Direction.EXIT),
    ]:
        reject(change, WrongEpoch, signed(f"late, {change}", time, direction))
    fields = [NUMBER, good.time, 1, good.venue_id, PUBLIC, bytes(good.paper_key), good.delegation, good.label_signature]
    for change, position, value in [
        ("a time between two steps", 1, good.time + 1),
        ("no venue", 3, None),
        ("a pass cut short", 4, PUBLIC[:-1]),
    ]:
        reject(change, MalformedEncoding, encode_item([*fields[:position], value, *fields[position + 1 :]]))
    reject("K of small order", MalformedPoint, encode_item([*fields[:5], bytes(32), *fields[6:]]))


def _label(message: PaperCheckInMessage) -> tuple[bytes, ...]:
    time, direction = message.time.to_bytes(4, "big"), bytes([message.direction])
    return time, direction, message.venue_id, message.public_pass, bytes(message.paper_key)
