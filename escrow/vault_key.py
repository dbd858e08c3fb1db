"""The key over a party's epoch secrets, and where it comes from. Spec: §6.1."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import click
from nacl.exceptions import CryptoError
from nacl.secret import Aead

from escrow.environment import VAULT_KEY_VARIABLE
from protocol.primitives.encoding import Message, Size
from protocol.primitives.errors import Malformed
from service.errors import ConfigurationError
from service.files import read_private, write_private
from service.keys import load_secret, store_secret
from service.passphrase import Passphrase

if TYPE_CHECKING:
    from escrow.settings import EscrowSettings

VAULT_KEY_BYTES = 32


class WrongKey(Exception):
    """What was sealed is damaged, or was sealed under another key or for another epoch."""


class KeyEncryption(Protocol):
    """All that the vault asks of a key. A hardware module that never shows its key can stand behind it."""

    def seal(self, epoch: int, secret: bytes) -> bytes:
        """Encrypt the secret of an epoch."""

    def open(self, epoch: int, sealed: bytes) -> bytes:
        """The secret that was sealed for this epoch; raises `WrongKey`."""


class VaultKey:
    """A key of 32 bytes in this process: XChaCha20-Poly1305 with the epoch as associated data."""

    def __init__(self, key: bytes) -> None:
        self._cipher = Aead(key)

    def seal(self, epoch: int, secret: bytes) -> bytes:
        """Nonce, ciphertext and tag: 40 bytes more than the secret."""
        return bytes(self._cipher.encrypt(secret, _associated_data(epoch)))

    def open(self, epoch: int, sealed: bytes) -> bytes:
        """The secret that was sealed for this epoch; raises `WrongKey`."""
        try:
            return self._cipher.decrypt(sealed, _associated_data(epoch))
        except (CryptoError, ValueError):  # ValueError: shorter than a nonce
            raise WrongKey from None


@dataclass(frozen=True, slots=True)
class SealedVaultKey(Message):
    """`vault.sealed`: the vault key under a passphrase."""

    header: Passphrase
    sealed: Annotated[bytes, Size(VAULT_KEY_BYTES + 40, VAULT_KEY_BYTES + 40)]


def has_vault_key(home: Path, settings: EscrowSettings) -> bool:
    """Whether there is a vault key where the settings say."""
    if settings.vault_key == "environment":
        return VAULT_KEY_VARIABLE in os.environ
    return (home / ("vault.sealed" if settings.vault_key == "passphrase" else "vault.key")).exists()


def store_vault_key(home: Path, settings: EscrowSettings, key: bytes) -> None:
    """Put a vault key (32 bytes) where the settings say and none is yet. May ask for a passphrase.

    Raises `ConfigurationError` if it would have to go into the environment.
    """
    if settings.vault_key == "environment":
        raise ConfigurationError(f"the vault key has to go into the variable {VAULT_KEY_VARIABLE}, see --help")
    if settings.vault_key == "file":
        store_secret(home / "vault.key", key)
    else:
        _seal(home / "vault.sealed", key, _passphrase(home, settings, is_new=True))


def load_vault_key(home: Path, settings: EscrowSettings) -> bytes:
    """The 32 bytes of the vault key; raises `ConfigurationError`. May ask for the passphrase."""
    if settings.vault_key == "environment":
        return _from_environment()
    if settings.vault_key == "passphrase":
        return _unseal(home / "vault.sealed", _passphrase(home, settings, is_new=False))
    return load_secret(home / "vault.key")


def _seal(path: Path, key: bytes, passphrase: bytes) -> None:
    header = Passphrase.new()
    write_private(path, SealedVaultKey(header, bytes(header.cipher(passphrase).encrypt(key))).to_bytes())


def _unseal(path: Path, passphrase: bytes) -> bytes:
    try:
        file = SealedVaultKey.from_bytes(path.read_bytes())
        return file.header.cipher(passphrase).decrypt(file.sealed)
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing; run init first") from None
    except (CryptoError, Malformed):
        raise ConfigurationError(f"the passphrase is wrong, or {path} is damaged") from None


def _passphrase(home: Path, settings: EscrowSettings, *, is_new: bool) -> bytes:
    if settings.vault_passphrase_file is not None:
        passphrase = read_private(home / settings.vault_passphrase_file).removesuffix(b"\n")
    else:
        answer: str = click.prompt("Vault passphrase", hide_input=True, confirmation_prompt=is_new, err=True)
        passphrase = answer.encode()
    if not passphrase:
        raise ConfigurationError("an empty passphrase protects nothing; choose another")
    return passphrase


def _from_environment() -> bytes:
    try:
        key = bytes.fromhex(os.environ.get(VAULT_KEY_VARIABLE, ""))
    except ValueError:
        key = b""
    if len(key) != VAULT_KEY_BYTES:
        raise ConfigurationError(
            f"the variable {VAULT_KEY_VARIABLE} must hold {2 * VAULT_KEY_BYTES} hexadecimal digits"
        )
    return key


def _associated_data(epoch: int) -> bytes:
    return b"SplitPass/v1/vault" + epoch.to_bytes(4, "big")
