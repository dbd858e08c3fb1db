"""Epoch secrets on disk: one sealed file per epoch, and a tombstone for each that was erased. Spec: §6.3.

Secrets never enter a database, whose write-ahead log and free pages would keep them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from filelock import FileLock

from escrow.errors import ErasedEpoch
from escrow.vault_key import KeyEncryption, WrongKey
from protocol.epochs import EpochSecret
from protocol.primitives.encoding import Message
from protocol.primitives.statements import Statement
from service.errors import ConfigurationError
from service.files import private_directory, sync_directory, write_private

OWNER = "owner"
"""The file that says whose vault a directory is."""


@dataclass(frozen=True, slots=True)
class KeptEpoch(Message):
    """What a file of the vault seals: an epoch's secret, and the one statement that may ever publish it."""

    secret: EpochSecret
    statement: Statement


@dataclass(frozen=True, slots=True)
class VaultFaults:
    """What a vault could not do, in words: files that it could not erase, and copies that lack something."""

    unerased: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Both."""
        return self.unerased + self.behind


class Vault:
    """The secrets of a party's epochs in a directory and its copies.

    `owner` is one line that says whose vault this is; the file of this name tells it in the directory and each copy.
    `find_key` is called when a secret is first sealed or opened; erasing needs no key. The copies are existing
    directories on other machines' disks, which `mirror` fills and empties. Raises `ConfigurationError` if the
    directory is another vault's.
    """

    def __init__(
        self, directory: Path, owner: str, find_key: Callable[[], KeyEncryption], copies: Iterable[Path] = ()
    ) -> None:
        self._directory, self._owner = private_directory(directory), owner.encode() + b"\n"
        self._find_key = find_key
        self._key: KeyEncryption | None = None
        self._copies = tuple(copies)
        self._lock = FileLock(directory.with_suffix(".lock"), mode=0o600)
        if not (directory / OWNER).exists():
            write_private(directory / OWNER, self._owner)
        self._check_owner(directory)

    def unlock(self) -> None:
        """Find the key now; raises `ConfigurationError` if it is missing or opens nothing that is here."""
        self._unlocked_key()

    def _unlocked_key(self) -> KeyEncryption:
        if self._key is None:
            key, epochs = self._find_key(), self.epochs()
            if epochs and not any(_opens(key, epoch, self._secret_path(epoch)) for epoch in reversed(epochs)):
                raise ConfigurationError(f"the vault key opens nothing in {self._directory}: it is another vault's")
            self._key = key
        return self._key

    def put(self, secret: EpochSecret, statement: bytes) -> None:
        """Store a new epoch durably; raises `ErasedEpoch` if it was erased, `FileExistsError` if it is here."""
        sealed = self._unlocked_key().seal(secret.epoch, KeptEpoch(secret, statement).to_bytes())
        with self._lock:
            if self.is_erased(secret.epoch):
                raise ErasedEpoch(secret.epoch)
            path = self._secret_path(secret.epoch)
            if path.exists():
                raise FileExistsError(f"{path} exists already; a secret is never overwritten")
            write_private(path, sealed)

    def get(self, epoch: int) -> EpochSecret | None:
        """The secret of an epoch, None if there never was one; raises `ErasedEpoch` or `ConfigurationError`."""
        kept = self._kept(epoch)
        return None if kept is None else kept.secret

    def statement(self, epoch: int) -> bytes | None:
        """The statement that belongs to the secret; otherwise as `get`."""
        kept = self._kept(epoch)
        return None if kept is None else kept.statement

    def erase(self, epoch: int) -> None:
        """Destroy the secret of an epoch for good, here and in every copy in reach; may be repeated.

        A copy out of reach is left to a later `mirror`. The erasure is unfinished until `finish_erasure`.
        """
        with self._lock:
            _erase(self._directory, epoch)
        self.mirror()

    def finish_erasure(self, epoch: int) -> None:
        """Note that the party has also deleted everything else that it stored of an erased epoch."""
        write_private(_tombstone(self._directory, epoch), b"finished\n")

    def unfinished_erasures(self) -> list[int]:
        """The erased epochs of which the party may still store something, in order."""
        return [epoch for epoch in self.erased_epochs() if not _tombstone(self._directory, epoch).stat().st_size]

    def mirror(self) -> VaultFaults:
        """Bring the copies to what is here: every erasure, then every secret. What hinders one hinders no other."""
        behind = []
        with self._lock:
            unerased = _repeat_erasures(self._directory, self.erased_epochs())
            for copy in self._copies:
                try:
                    unerased += self._bring_up_to_date(copy)
                except (OSError, ConfigurationError) as error:
                    behind.append(f"the vault's copy {copy} is not up to date: {error}")
        return VaultFaults(tuple(unerased), tuple(behind))

    def is_erased(self, epoch: int) -> bool:
        """Whether the epoch's secret was destroyed."""
        return _tombstone(self._directory, epoch).exists()

    def epochs(self) -> list[int]:
        """The epochs whose secrets are here, in order."""
        return sorted(_epochs(self._directory, "secret") - _epochs(self._directory, "erased"))

    def erased_epochs(self) -> list[int]:
        """The epochs whose secrets were destroyed, in order."""
        return sorted(_epochs(self._directory, "erased"))

    def _kept(self, epoch: int) -> KeptEpoch | None:
        if self.is_erased(epoch):
            raise ErasedEpoch(epoch)
        path = self._secret_path(epoch)
        try:
            return KeptEpoch.from_bytes(self._unlocked_key().open(epoch, path.read_bytes()))
        except (FileNotFoundError, WrongKey) as error:
            if self.is_erased(epoch):  # by another process, meanwhile
                raise ErasedEpoch(epoch) from None
            if isinstance(error, FileNotFoundError):
                return None
            raise ConfigurationError(f"{path} is damaged or under another vault key") from None

    def _check_owner(self, directory: Path) -> None:
        told = (directory / OWNER).read_bytes()
        if told != self._owner:
            raise ConfigurationError(f"{directory} is the vault of the {told.decode(errors='replace').strip()}")

    def _bring_up_to_date(self, copy: Path) -> list[str]:
        if not (copy / OWNER).exists():
            if _epochs(copy, "secret") or _epochs(copy, "erased"):
                raise ConfigurationError(f"it does not say whose it is; if it is, put {self._directory / OWNER} there")
            write_private(copy / OWNER, self._owner)
        self._check_owner(copy)
        forgotten = _epochs(copy, "erased") - _epochs(self._directory, "erased")
        for epoch in forgotten:
            write_private(_tombstone(self._directory, epoch), b"")  # the vault was restored from before this erasure
        unerased = _repeat_erasures(self._directory, forgotten) + _repeat_erasures(copy, self.erased_epochs())
        here = {epoch: self._secret_path(epoch).read_bytes() for epoch in self.epochs()}
        for epoch in _epochs(copy, "secret") - _epochs(copy, "erased"):
            if here.pop(epoch, None) != (copy / f"{epoch}.secret").read_bytes():
                raise ConfigurationError(
                    f"its secret of epoch {epoch} is not in the vault; restore it, or name another"
                )
        for epoch, sealed in here.items():
            write_private(copy / f"{epoch}.secret", sealed)
        return unerased

    def _secret_path(self, epoch: int) -> Path:
        return self._directory / f"{epoch}.secret"


@lru_cache(1000)  # to make a path takes longer than to look for the file
def _tombstone(directory: Path, epoch: int) -> Path:
    return directory / f"{epoch}.erased"


def _epochs(directory: Path, suffix: str) -> set[int]:
    return {int(path.stem) for path in directory.glob(f"*.{suffix}") if path.stem.isdecimal()}


def _repeat_erasures(directory: Path, epochs: Iterable[int]) -> list[str]:
    """Erase those of the epochs that are left in a directory, or not told as erased. Returns what failed, in words."""
    left, told, faults = _epochs(directory, "secret"), _epochs(directory, "erased"), []
    for epoch in epochs:
        if epoch in left or epoch not in told:
            try:
                _erase(directory, epoch)
            except OSError as error:
                faults.append(f"epoch {epoch} could not be erased in {directory}: {error}")
    return faults


def _opens(key: KeyEncryption, epoch: int, path: Path) -> bool:
    try:
        key.open(epoch, path.read_bytes())
    except (WrongKey, FileNotFoundError):  # the latter if another process erases it
        return False
    return True


def _erase(directory: Path, epoch: int) -> None:
    write_private(_tombstone(directory, epoch), b"")  # first, so that a crash leaves the epoch erased
    unfinished = directory.glob(f".{epoch}.secret.*")  # what a crash left of a write
    for path in (directory / f"{epoch}.secret", *unfinished):
        if path.exists():
            with path.open("r+b") as file:
                file.write(bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
    sync_directory(directory)
