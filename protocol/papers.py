"""Paper passes: a pass with its key, printed, for one day, one door and one visit. Spec: §3.8, §4.3.

Paper cannot sign, so the door's reader does it with the key that the paper shows, and forgets the key. Whoever copies
the paper has the pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from protocol.encoding import Message, Size, Uint8, Uint32
from protocol.epochs import EpochKey
from protocol.errors import IdentityElement, InvalidSignature, WrongDomain, WrongEpoch
from protocol.group import B, Scalar
from protocol.passes import PASS_BYTES, OwnedPass, Pass, pass_statement
from protocol.qrtext import decode_text, encode_text
from protocol.signatures import verify

PAPER_PREFIX = "SPP1:"
MAX_PAPER_BYTES = 172
"""The largest paper pass: its text fits a version 10 QR code at error correction M."""


@dataclass(frozen=True, slots=True)
class PaperPass(Message):
    """A pass (`u || v || signature`, 128 bytes) of an epoch, and its signing key `r`."""

    domain: Uint8
    epoch: Uint32
    public_pass: Annotated[bytes, Size(PASS_BYTES, PASS_BYTES)]
    r: Scalar

    @property
    def u(self) -> bytes:
        """The one-time public key, 32 bytes."""
        return self.public_pass[:32]

    def __repr__(self) -> str:
        return "PaperPass(hidden)"


def print_pass(epoch_key: EpochKey, owned: OwnedPass) -> str:
    """The text for the paper: at most 263 characters of the QR alphanumeric alphabet. It holds the secret `r`."""
    paper = PaperPass(epoch_key.domain.number, epoch_key.epoch, bytes(owned.public), owned.r)
    return encode_text(PAPER_PREFIX, paper.to_bytes())


def from_paper_text(text: str) -> PaperPass:
    """The pass in a printed code's text; raises `MalformedText`, `MalformedEncoding` or `MalformedScalar`."""
    return PaperPass.from_bytes(decode_text(PAPER_PREFIX, text, MAX_PAPER_BYTES))


def verify_paper(epoch_key: EpochKey, paper: PaperPass) -> OwnedPass:
    """The pass that a reader may sign with for whoever holds the paper.

    Raises `WrongDomain`, `WrongEpoch`, or `InvalidSignature` if the authority did not issue the pass or `r` is not its
    key.
    """
    if paper.domain != epoch_key.domain.number:  # step 1
        raise WrongDomain("the paper is of another domain")
    if paper.epoch != epoch_key.epoch:  # step 2
        raise WrongEpoch("the paper is of another day")
    public = Pass(paper.public_pass[:32], paper.public_pass[32:64], paper.public_pass[64:])
    if not verify(bytes(epoch_key.pass_key), pass_statement(epoch_key, public.u, public.v), public.signature):  # step 3
        raise InvalidSignature("the authority did not issue this pass in this epoch")
    if not _is_key(paper.r, public.u):  # step 4
        raise InvalidSignature("the paper has another key than the pass")
    return OwnedPass(public, paper.r)


def _is_key(r: Scalar, u: bytes) -> bool:
    try:
        return bytes(r * B) == u
    except IdentityElement:
        return False
