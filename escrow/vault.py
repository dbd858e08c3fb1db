"""Epoch secrets on disk: one encrypted file per epoch, and a tombstone for each that was erased. Spec: §6.3.

Secrets never enter a database, whose write-ahead log and free pages would keep them.
"""

from __future__ import annotations

import os
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from protocol.epochs import EpochSecret
from service.files import private_directory, sync_directory, write_private
from service.settings import ConfigurationError


class ErasedEpoch(Exception):
    """The epoch's secret was destroyed and cannot come back."""


class Vault:
    """The secrets of a party's epochs under a 32-byte key-encryption key."""

    def __init__(self, directory: Path, key: bytes) -> None:
        self._directory = private_directory(directory)
        self._cipher = Aead(key)

    def put(self, secret: EpochSecret) -> None:
        """Store a secret durably; raises `ErasedEpoch` for an epoch that was erased."""
        if self.is_erased(secret.epoch):
            raise ErasedEpoch(f"epoch {secret.epoch} was erased")
        sealed = self._cipher.encrypt(secret.to_bytes(), _associated_data(secret.epoch))
        write_private(self._secret_path(secret.epoch), bytes(sealed))

    def get(self, epoch: int) -> EpochSecret | None:
        """The secret of an epoch, None if there never was one; raises `ErasedEpoch` or `ConfigurationError`."""
        if self.is_erased(epoch):
            raise ErasedEpoch(f"epoch {epoch} was erased")
        try:
            sealed = self._secret_path(epoch).read_bytes()
        except FileNotFoundError:
            return None
        try:
            return EpochSecret.from_bytes(self._cipher.decrypt(sealed, _associated_data(epoch)))
        except CryptoError:
            raise ConfigurationError(f"{self._secret_path(epoch)} is damaged or under another vault key") from None

    def erase(self, epoch: int) -> None:
        """Destroy the secret of an epoch for good. Does nothing more when repeated."""
        write_private(self._tombstone(epoch), b"")  # first, so that a crash leaves the epoch erased
        path = self._secret_path(epoch)
        if path.exists():
            with path.open("r+b") as file:
                file.write(bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_directory(self._directory)

    def is_erased(self, epoch: int) -> bool:
        """Whether the epoch's secret was destroyed."""
        return self._tombstone(epoch).exists()

    def epochs(self) -> list[int]:
        """The epochs whose secrets are here, in order."""
        return sorted(int(path.stem) for path in self._directory.glob("*.secret"))

    def erased_epochs(self) -> list[int]:
        """The epochs whose secrets were destroyed, in order."""
        return sorted(int(path.stem) for path in self._directory.glob("*.erased"))

    def _secret_path(self, epoch: int) -> Path:
        return self._directory / f"{epoch}.secret"

    def _tombstone(self, epoch: int) -> Path:
        return self._directory / f"{epoch}.erased"


def _associated_data(epoch: int) -> bytes:
    return b"SplitPass/v1/vault" + epoch.to_bytes(4, "big")
