"""A key that a passphrase opens: Argon2id, and what it was told. Spec: §6.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import Aead
from nacl.utils import random as secure_random

from protocol.primitives.encoding import Bytes16, Message, Range
from service.errors import ConfigurationError

MAX_OPERATIONS = 16
MAX_MEMORY = 2**30


@dataclass(frozen=True, slots=True)
class Passphrase(Message):
    """How a key is derived from a passphrase: Argon2id's salt, passes over the memory, and the memory in bytes."""

    salt: Bytes16
    operations: Annotated[int, Range(argon2id.OPSLIMIT_MIN, MAX_OPERATIONS)]
    memory: Annotated[int, Range(argon2id.MEMLIMIT_MIN, MAX_MEMORY)]

    @classmethod
    def new(cls, operations: int = argon2id.OPSLIMIT_MODERATE, memory: int = argon2id.MEMLIMIT_MODERATE) -> Self:
        """These limits with a fresh salt."""
        return cls(secure_random(argon2id.SALTBYTES), operations, memory)

    def cipher(self, passphrase: bytes) -> Aead:
        """The cipher (XChaCha20-Poly1305) under the key; raises `ConfigurationError` if there is too little memory."""
        try:
            return Aead(argon2id.kdf(Aead.KEY_SIZE, passphrase, self.salt, self.operations, self.memory))
        except CryptoError:
            raise ConfigurationError(
                f"the passphrase needs {self.memory // 2**20} MiB of free memory / 암호를 확인할 메모리가 부족합니다"
            ) from None
