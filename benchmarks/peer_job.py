"""One job in four constructions: a visitor's contact is encrypted so that two parties are needed, and both open it.

`python -m benchmarks.peer_job ROUNDS` prints JSON. It runs in an environment of its own, and imports of this project
`protocol` alone.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from Crypto.Protocol.SecretSharing import Shamir
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt, crypto_aead_xchacha20poly1305_ietf_encrypt
from nacl.public import PrivateKey, SealedBox
from nacl.utils import random as random_bytes
from umbral import SecretKey, Signer, decrypt_reencrypted, encrypt, generate_kfrags, reencrypt

from benchmarks.session import make_session
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.handles import IdentityRecord, open_entry
from protocol.opening import create_shares, open_release, verify_party_shares
from protocol.passes import (
    AllowanceRequest,
    IssueBatch,
    OwnedPass,
    accept_answers,
    issue_batch,
    request_allowance,
    verify_allowance,
)

RECORD_BYTES = 64
RECORD = "+821012345678 홍길동".encode().ljust(RECORD_BYTES)


class Construction(NamedTuple):
    """A way to do the job.

    `before` is what everybody does before, for `visits` visits, `encrypt` what the phone does at the door for one,
    `open` what both parties do for `visits` of them, and gives what was encrypted. `code_bytes` pass the door,
    `stored_bytes` are kept elsewhere for it.
    """

    before: Callable[[], object]
    encrypt: Callable[[], object]
    open: Callable[[], object]
    expected: object
    visits: int
    code_bytes: int
    stored_bytes: int


def splitpass() -> Construction:
    """A check-in of a pass that was issued before, and shares with their proofs, made and verified; the record."""
    session = make_session()
    parties, passes = session.parties, _endless([one for visitor in session.visitors for one in visitor.passes])
    domain, key, release = parties.domain, parties.epoch_key, session.release
    keys = {parties.epoch: key}

    def opened() -> list[IdentityRecord]:
        shares = {}
        for role, identity in ((Role.OPERATOR, parties.operator), (Role.AUTHORITY, parties.authority)):
            secrets = {parties.epoch: (key, parties.secrets[role])}
            statement = create_shares(domain, role, release, secrets, identity)
            shares[role] = verify_party_shares(domain, role, release, keys, statement)
        handles = (U for _, U in open_release(release, shares[Role.OPERATOR], shares[Role.AUTHORITY]) if U is not None)
        return sorted((open_entry(key, U, session.entries[bytes(U)]) for U in handles), key=lambda record: record.phone)

    def before() -> None:
        for visitor in session.visitors:
            pending, request = request_allowance(key, visitor.h)
            requests = verify_allowance(key, visitor.handle, AllowanceRequest.from_bytes(request.to_bytes()))
            pass_key = parties.secrets[Role.AUTHORITY].pass_signing_key
            accept_answers(key, pending, issue_batch(key, pass_key, IssueBatch(parties.epoch, tuple(requests))))

    return Construction(
        before,
        lambda: sign_check_in(key, next(passes), session.now, Direction.ENTRY).to_bytes(),
        opened,
        sorted((visitor.record for visitor in session.visitors for _ in visitor.passes), key=lambda one: one.phone),
        len(session.check_ins),
        max(len(message.to_bytes()) for message in session.check_ins),
        len(session.visitors[0].entry.to_bytes()),
    )


def nested_boxes() -> Construction:
    """A sealed box to one party inside a sealed box to the other, as luca's two layers."""
    inner, outer = PrivateKey.generate(), PrivateKey.generate()
    to_inner, to_outer = SealedBox(inner.public_key), SealedBox(outer.public_key)
    by_inner, by_outer = SealedBox(inner), SealedBox(outer)
    sealed = to_outer.encrypt(to_inner.encrypt(RECORD))
    return Construction(
        _nothing,
        lambda: to_outer.encrypt(to_inner.encrypt(RECORD)),
        lambda: by_inner.decrypt(by_outer.decrypt(sealed)),
        RECORD,
        1,
        len(sealed),
        0,
    )


def shamir() -> Construction:
    """A fresh key in two shares of PyCryptodome's, each sealed to one party; the record under that key."""
    secrets = PrivateKey.generate(), PrivateKey.generate()
    boxes = [SealedBox(secret.public_key) for secret in secrets]
    openers = [SealedBox(secret) for secret in secrets]

    def seal() -> tuple[bytes, list[bytes]]:
        key, nonce = random_bytes(16), random_bytes(24)
        shares = [box.encrypt(share) for box, (_, share) in zip(boxes, Shamir.split(2, 2, key), strict=True)]
        return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(RECORD, None, nonce, key + key), shares

    sealed, kept = seal()

    def opened() -> bytes:
        shares = [
            (place, opener.decrypt(share)) for place, (opener, share) in enumerate(zip(openers, kept, strict=True), 1)
        ]
        key = Shamir.combine(shares)
        return crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[24:], None, sealed[:24], key + key)

    return Construction(_nothing, seal, opened, RECORD, 1, len(sealed) + sum(map(len, kept)), 0)


def umbral() -> Construction:
    """Proxy re-encryption of pyUmbral, two of two: each party holds a fragment that the visitor makes for the visit."""
    investigator, signer = SecretKey.random(), Signer(SecretKey.random())

    def seal() -> tuple[Any, Any, bytes, list[Any]]:
        visit = SecretKey.random()
        capsule, ciphertext = encrypt(visit.public_key(), RECORD)
        fragments = generate_kfrags(
            delegating_sk=visit, receiving_pk=investigator.public_key(), signer=signer, threshold=2, shares=2
        )
        return visit, capsule, ciphertext, list(fragments)

    visit, capsule, ciphertext, fragments = seal()

    def opened() -> Any:
        return decrypt_reencrypted(
            receiving_sk=investigator,
            delegating_pk=visit.public_key(),
            capsule=capsule,
            verified_cfrags=[reencrypt(capsule, fragment) for fragment in fragments],
            ciphertext=ciphertext,
        )

    stored = sum(len(bytes(fragment)) for fragment in fragments)
    return Construction(_nothing, seal, opened, RECORD, 1, len(bytes(capsule)) + len(ciphertext), stored)


CONSTRUCTIONS = {
    "SplitPass": splitpass,
    "nested sealed boxes": nested_boxes,
    "Shamir shares": shamir,
    "pyUmbral, 2 of 2": umbral,
}


def _nothing() -> None:
    """The phone needs nobody before it is at the door."""


def _endless(passes: list[OwnedPass]) -> Iterator[OwnedPass]:
    while True:
        yield from passes


def _seconds(call: Callable[[], object], rounds: int) -> Iterator[float]:
    for _ in range(rounds):
        begin = time.thread_time()
        call()
        yield time.thread_time() - begin


def main(rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds of processor (medians) and bytes a visit, by construction; every opening is compared."""
    made = {name: make() for name, make in CONSTRUCTIONS.items()}
    for name, one in made.items():
        if one.open() != one.expected:
            raise SystemExit(f"{name} did not open to what was encrypted")
    return {
        name: {
            "before_microseconds": 1e6 * statistics.median(_seconds(one.before, rounds)) / one.visits,
            "encrypt_microseconds": 1e6 * statistics.median(_seconds(one.encrypt, 20 * rounds)),
            "open_microseconds": 1e6 * statistics.median(_seconds(one.open, rounds)) / one.visits,
            "code_bytes": one.code_bytes,
            "stored_bytes": one.stored_bytes,
        }
        for name, one in made.items()
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]))))
