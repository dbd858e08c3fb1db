"""Vectors of §3.8 and §4.3: paper passes."""

from __future__ import annotations

from base45 import b45encode

from lab.vectors.files import VectorFile
from lab.vectors.pinned import flip, pinned_scalar, plus_order
from lab.vectors.world import EPOCH, EPOCH_KEY, NUMBER, PASSES, SETTING, SHOWN
from protocol.encoding import encode_item
from protocol.errors import (
    InvalidSignature,
    MalformedEncoding,
    MalformedScalar,
    MalformedText,
    WrongDomain,
    WrongEpoch,
)
from protocol.papers import from_paper_text, print_pass
from protocol.qrtext import to_qr_text


def _text(domain: int = NUMBER, epoch: int = EPOCH, public: bytes = bytes(PASSES[2].public), r: bytes = b"") -> str:
    return _encoded(encode_item([domain, epoch, public, r or bytes(PASSES[2].r)]))


def _encoded(data: bytes) -> str:
    text: bytes = b45encode(data)
    return "SPP1:" + text.decode("ascii")


def paper_pass() -> VectorFile:
    """`print_pass`, `from_paper_text` and `verify_paper`."""
    file = VectorFile(
        "paper-pass",
        "Paper passes: SPP1: and the base45 of a pass with its key",
        "§3.8",
        {
            "make.public_pass": "u, v and the authority's signature, 128 bytes",
            "make.r": "the pass's signing key, a scalar",
            "check.text": "what a reader reads",
            "result.paper": "the PaperPass; its key is the pass's",
        },
        SETTING,
    )
    owned = PASSES[2]
    text = print_pass(EPOCH_KEY, owned)
    file.accept(
        "ordinary",
        make={"public_pass": bytes(owned.public), "r": owned.r},
        check={"text": text},
        result={"paper": from_paper_text(text)},
    )
    too_long = _encoded(bytes(174))
    for change, wrong in {
        "no prefix": text[5:],
        "a lower-case prefix": "spp1:" + text[5:],
        "the prefix of a check-in": "SP1:" + text[5:],
        "the text of a check-in": to_qr_text(SHOWN),
        "a space behind": text + " ",
        "lower case": "SPP1:" + text[5:].lower(),
        "more than 172 bytes": too_long,
        "empty": "",
    }.items():
        file.reject("ordinary", change, MalformedText, text=wrong)
    public = bytes(owned.public)
    file.reject("ordinary", "only the prefix", MalformedEncoding, text="SPP1:")
    file.reject("ordinary", "a pass cut short", MalformedEncoding, text=_text(public=public[:-1]))
    file.reject("ordinary", "a check-in behind the prefix", MalformedEncoding, text=_encoded(SHOWN.to_bytes()[:172]))
    file.reject("ordinary", "r not below L", MalformedScalar, text=_text(r=plus_order(bytes(owned.r))))
    file.reject("ordinary", "another domain", WrongDomain, text=_text(domain=NUMBER + 1))
    file.reject("ordinary", "another day", WrongEpoch, text=_text(epoch=EPOCH + 1))
    for change, wrong in {
        "another r": _text(r=bytes(pinned_scalar("another r"))),
        "r is zero": _text(r=bytes(32)),
        "r of another pass": _text(r=bytes(PASSES[1].r)),
        "another u": _text(public=flip(public, 0)),
        "another v": _text(public=flip(public, 32)),
        "another pass signature": _text(public=flip(public, 64)),
    }.items():
        file.reject("ordinary", change, InvalidSignature, text=wrong)
    return file
