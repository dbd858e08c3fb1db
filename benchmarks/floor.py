"""The libsodium primitives that operations are made of, called directly, on inputs of realistic sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

from nacl import bindings as sodium
from nacl.utils import random as random_bytes

SAMPLES = 256
"""How many different inputs a primitive has: the time of a verification depends on its input.

With few of them a processor learns the way through each. A server meets none twice.
"""
SIGNED_BYTES = 200
"""Pass and label statements have 121 and 216 bytes."""
RELEASE_BYTES = 22_000
"""A release of a hundred check-ins."""
ASSOCIATED_BYTES = 128
ANSWER_PLAINTEXT_BYTES = 96
RECORD_PLAINTEXT_BYTES = 512
ENTRY_BYTES = 232
"""The authority's statement of an epoch in its log."""

Counts = Counter[str]
"""How often an operation needs each primitive, by its name in `PRIMITIVES`."""
Call = Callable[[], object]


def _scalar() -> bytes:
    return sodium.crypto_core_ed25519_scalar_reduce(random_bytes(64))


def _point() -> bytes:
    return sodium.crypto_scalarmult_ed25519_base_noclamp(_scalar())


def _sign() -> Call:
    _, secret = sodium.crypto_sign_keypair()
    return partial(sodium.crypto_sign, random_bytes(SIGNED_BYTES), secret)


def _verify(size: int = SIGNED_BYTES) -> Call:
    public, secret = sodium.crypto_sign_keypair()
    return partial(sodium.crypto_sign_open, sodium.crypto_sign(random_bytes(size), secret), public)


def _encrypt(size: int) -> Call:
    arguments = random_bytes(size), random_bytes(ASSOCIATED_BYTES), random_bytes(24), random_bytes(32)
    return partial(sodium.crypto_aead_xchacha20poly1305_ietf_encrypt, *arguments)


def _decrypt(size: int) -> Call:
    plaintext, associated, nonce, key = random_bytes(size), random_bytes(ASSOCIATED_BYTES), bytes(24), random_bytes(32)
    ciphertext = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, associated, nonce, key)
    return partial(sodium.crypto_aead_xchacha20poly1305_ietf_decrypt, ciphertext, associated, nonce, key)


_MAKERS: dict[str, Callable[[], Call]] = {
    "scalarmult": lambda: partial(sodium.crypto_scalarmult_ed25519_noclamp, _scalar(), _point()),
    "base": lambda: partial(sodium.crypto_scalarmult_ed25519_base_noclamp, _scalar()),
    "add": lambda: partial(sodium.crypto_core_ed25519_add, _point(), _point()),
    "subtract": lambda: partial(sodium.crypto_core_ed25519_sub, _point(), _point()),
    "valid_point": lambda: partial(sodium.crypto_core_ed25519_is_valid_point, _point()),
    "scalar_multiply": lambda: partial(sodium.crypto_core_ed25519_scalar_mul, _scalar(), _scalar()),
    "scalar_add": lambda: partial(sodium.crypto_core_ed25519_scalar_add, _scalar(), _scalar()),
    "scalar_reduce": lambda: partial(sodium.crypto_core_ed25519_scalar_reduce, random_bytes(64)),
    "hash": lambda: partial(sodium.crypto_hash_sha512, random_bytes(SIGNED_BYTES)),
    "sha256_leaf": lambda: partial(sodium.crypto_hash_sha256, random_bytes(1 + ENTRY_BYTES)),
    "sha256_node": lambda: partial(sodium.crypto_hash_sha256, random_bytes(65)),
    "random": lambda: partial(sodium.randombytes, 64),
    "key_pair": lambda: partial(sodium.crypto_sign_seed_keypair, random_bytes(32)),
    "sign": _sign,
    "verify": _verify,
    "hash_release": lambda: partial(sodium.crypto_hash_sha512, random_bytes(RELEASE_BYTES)),
    "verify_release": lambda: _verify(RELEASE_BYTES),
    "encrypt_answer": lambda: _encrypt(ANSWER_PLAINTEXT_BYTES),
    "decrypt_answer": lambda: _decrypt(ANSWER_PLAINTEXT_BYTES),
    "encrypt_record": lambda: _encrypt(RECORD_PLAINTEXT_BYTES),
    "decrypt_record": lambda: _decrypt(RECORD_PLAINTEXT_BYTES),
}

PRIMITIVES: dict[str, list[Call]] = {name: [make() for _ in range(SAMPLES)] for name, make in _MAKERS.items()}
"""Every primitive, ready to call, on `SAMPLES` different inputs."""


def floor_of(counts: Counts) -> Call:
    """One call that does all the primitives of `counts` and nothing else."""
    calls = [PRIMITIVES[name][i % SAMPLES] for name, count in counts.items() for i in range(count)]

    def floor() -> None:
        for call in calls:
            call()

    return floor
