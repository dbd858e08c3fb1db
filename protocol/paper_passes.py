"""Paper passes: a pass and a key that may sign for it, printed, for one day, one door and one visit. Spec: §3.8, §4.3.

The key on the paper is not the pass's own: with `r` everybody who reads the paper would have the handle,
`U = v - r * X`. The client signs a delegation to a fresh key with `r`, and forgets both. Whoever copies the paper can
use the pass, and learns nothing of the handle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from protocol.epochs import EpochKey
from protocol.passes import PASS_BYTES, OwnedPass, pass_signing_input
from protocol.primitives.encoding import Message, Size, Uint8, Uint32
from protocol.primitives.errors import IdentityElement, InvalidSignature, WrongDomain, WrongEpoch
from protocol.primitives.group import B, Point, RandomBytes, Scalar, secure_random
from protocol.primitives.hashing import frame
from protocol.primitives.signatures import SIGNATURE_BYTES, sign_with_scalar, verify
from protocol.qr_text import decode_text, encode_text

PAPER_PREFIX = "SPP1:"
MAX_PAPER_BYTES = 238
"""The largest paper pass: its text fits a version 11 QR code at error correction M."""


@dataclass(frozen=True, slots=True)
class PaperPass(Message):
    """A pass (`u || v || signature`, 128 bytes) of an epoch, and the key `k` that may sign for it.

    `delegation` (64 bytes) is the pass's signature over `K = k * B`.
    """

    domain: Uint8
    epoch: Uint32
    public_pass: Annotated[bytes, Size(PASS_BYTES, PASS_BYTES)]
    k: Scalar
    delegation: Annotated[bytes, Size(SIGNATURE_BYTES, SIGNATURE_BYTES)]

    @property
    def u(self) -> bytes:
        """The one-time public key, 32 bytes."""
        return self.public_pass[:32]

    def __repr__(self) -> str:
        return "PaperPass(hidden)"


@dataclass(frozen=True, slots=True)
class DelegatedPass:
    """A pass (128 bytes) with a key `k` that may sign for it, `K = k * B`; made by `verify_paper` alone."""

    public_pass: bytes
    k: Scalar
    K: Point
    delegation: bytes


def print_pass(epoch_key: EpochKey, owned: OwnedPass, random_bytes: RandomBytes = secure_random) -> str:
    """Make the text for the paper, without the pass's own key.

    Whoever prints it forgets the pass and the text.

    Args:
        epoch_key: The verified keys of the epoch.
        owned: The pass and its signing key.
        random_bytes: Asked for 64 bytes for `k`, then for 32 for the delegation.

    Returns:
        At most 362 characters of the QR alphanumeric alphabet.
    """
    public, k = bytes(owned.public), Scalar.random(random_bytes)  # step 1
    delegated = delegation_signing_input(epoch_key, public, k * B)
    delegation = sign_with_scalar(owned.r, owned.public.u, delegated, random_bytes)  # step 2
    paper = PaperPass(epoch_key.domain.number, epoch_key.epoch, public, k, delegation)
    return encode_text(PAPER_PREFIX, paper.to_bytes())  # step 3


def from_paper_text(text: str) -> PaperPass:
    """Decode a printed code.

    Args:
        text: What the code says.

    Returns:
        The pass, unverified.

    Raises:
        MalformedText: It is no text of a paper pass.
        MalformedEncoding: It is no message of one.
        MalformedScalar: Its key is no scalar.
    """
    return PaperPass.from_bytes(decode_text(PAPER_PREFIX, text, MAX_PAPER_BYTES))


def verify_paper(epoch_key: EpochKey, paper: PaperPass) -> DelegatedPass:
    """Check a paper pass that a reader may sign with for whoever holds it.

    Args:
        epoch_key: The verified keys of the epoch.
        paper: The decoded paper pass.

    Returns:
        The pass and the key.

    Raises:
        WrongDomain: It is of another domain.
        WrongEpoch: It is of another day.
        InvalidSignature: The authority did not issue the pass, or the pass did not delegate to the paper's key.
    """
    if paper.domain != epoch_key.domain.number:  # step 1
        raise WrongDomain("the paper is of another domain", paper.domain)
    if paper.epoch != epoch_key.epoch:  # step 2
        raise WrongEpoch("the paper is of another day", paper.epoch)
    try:
        K = paper.k * B
    except IdentityElement:
        raise InvalidSignature("the paper's key is zero") from None
    verify_delegation(epoch_key, paper.public_pass, K, paper.delegation)
    return DelegatedPass(paper.public_pass, paper.k, K, paper.delegation)


def verify_delegation(epoch_key: EpochKey, public_pass: bytes, K: Point, delegation: bytes) -> None:
    """Check that the authority issued a pass, and that the pass delegated to a key.

    Args:
        epoch_key: The verified keys of the epoch.
        public_pass: `u || v || pass signature`, 128 bytes.
        K: The paper's public key.
        delegation: The pass's signature over `K`, 64 bytes.

    Raises:
        InvalidSignature: One of the two signatures does not hold.
    """
    u, v, signature = public_pass[:32], public_pass[32:64], public_pass[64:]
    if not verify(bytes(epoch_key.pass_key), pass_signing_input(epoch_key, u, v), signature):  # step 3
        raise InvalidSignature("the authority did not issue this pass in this epoch")
    if not verify(u, delegation_signing_input(epoch_key, public_pass, K), delegation):  # step 4
        raise InvalidSignature("the pass did not delegate to this key")


def delegation_signing_input(epoch_key: EpochKey, public_pass: bytes, K: Point) -> bytes:
    """What a pass signs for a paper: tag, epoch context, pass (128 bytes), `K` (32).

    Args:
        epoch_key: The verified keys of the epoch.
        public_pass: `u || v || pass signature`, 128 bytes.
        K: The paper's public key.

    Returns:
        The signing input.
    """
    return frame("paper-pass", epoch_key.context, public_pass, bytes(K))
