"""What a user would pick instead of SplitPass, where there is something that does the same job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.public import PrivateKey, SealedBox

from benchmarks.session import Session
from protocol.check_ins import label_signing_input
from protocol.passes import PASS_BYTES, pass_signing_input


@dataclass(frozen=True)
class Peer:
    """A name, and a call that does the peer's work for as many items as the operation beside it."""

    name: str
    run: Callable[[], object]


def two_verifications(session: Session) -> Peer:
    """The two signatures of every check-in, verified with `cryptography` (OpenSSL)."""
    epoch_key = session.parties.epoch_key
    authority = Ed25519PublicKey.from_public_bytes(bytes(epoch_key.pass_key))
    signed = [
        (
            message,
            pass_signing_input(epoch_key, message.u, message.v),
            label_signing_input(epoch_key, message.time, message.direction, None, message.signed_pass[:PASS_BYTES]),
        )
        for message in session.check_ins
    ]

    def run() -> None:
        for message, of_pass, of_label in signed:
            authority.verify(message.pass_signature, of_pass)
            Ed25519PublicKey.from_public_bytes(message.u).verify(message.label_signature, of_label)

    return Peer("2 verifications, cryptography", run)


def sealing_to_one_key(session: Session, items: int) -> Peer:
    """`items` identity records, each encrypted to one key whose holder reads everything."""
    box, record = SealedBox(PrivateKey.generate().public_key), session.visitors[0].record.to_bytes()
    return Peer("sealed box to one key", lambda: [box.encrypt(record) for _ in range(items)])


def opening_with_one_key(session: Session, items: int) -> Peer:
    """`items` identity records, each decrypted by the holder of the one key."""
    box = SealedBox(PrivateKey.generate())
    sealed = [box.encrypt(session.visitors[0].record.to_bytes()) for _ in range(items)]
    return Peer("sealed box, one key", lambda: [box.decrypt(ciphertext) for ciphertext in sealed])
