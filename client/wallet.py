"""The wallet file: sealed under a passphrase, whole or unchanged, and one command at a time. Spec: §6.1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from filelock import FileLock, Timeout
from nacl.exceptions import CryptoError

from client.errors import WalletError
from client.wallet_contents import Wallet
from protocol.primitives.encoding import MAX_MESSAGE_BYTES, Message, Size
from protocol.primitives.errors import Malformed
from service.files import discard_unfinished, private_directory, write_private
from service.passphrase import Passphrase

LOCK_SECONDS = 30
SEALED_BYTES = 40
"""Nonce and tag of what is sealed."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SealedWallet(Message):
    """The file. `sealed` is nonce, ciphertext and tag (XChaCha20-Poly1305) with the header as associated data."""

    header: Passphrase
    sealed: Annotated[bytes, Size(SEALED_BYTES, MAX_MESSAGE_BYTES)]


class WalletFile:
    """A wallet on disk. Open one with `open` or `create`: the key is derived from the passphrase once."""

    def __init__(self, path: Path, header: Passphrase, passphrase: bytes) -> None:
        self._path, self._header = path, header
        self._lock = FileLock(path.with_suffix(".lock"), timeout=LOCK_SECONDS, mode=0o600)
        self._box = header.cipher(passphrase)

    @classmethod
    def open(cls, path: Path, passphrase: bytes) -> WalletFile:
        """Open an existing wallet; raises `WalletError` and leaves the file alone if that fails."""
        wallet = cls(path, _read_file(path).header, passphrase)
        wallet.read()
        return wallet

    @classmethod
    def create(cls, path: Path, passphrase: bytes, operations: int, memory: int) -> WalletFile:
        """Make a new, empty wallet; raises `WalletError` if there is one already."""
        private_directory(path.parent)
        wallet = cls(path, Passphrase.new(operations, memory), passphrase)
        with wallet.locked():
            if path.exists():
                raise WalletError(
                    f"{path} exists already; a wallet is never overwritten / 지갑이 이미 있어 덮어쓰지 않습니다"
                )
            wallet._write(Wallet(None, (), (), (), ()))
        return wallet

    def read(self) -> Wallet:
        """What the wallet holds now; raises `WalletError`."""
        file = _read_file(self._path)
        if file.header != self._header:
            raise WalletError(f"{self._path} was replaced by another wallet / 지갑이 다른 것으로 바뀌었습니다")
        try:
            return Wallet.from_bytes(self._box.decrypt(file.sealed, self._header.to_bytes()))
        except CryptoError:
            raise WalletError(
                f"the passphrase is wrong, or {self._path} is damaged / 암호가 틀렸거나 지갑이 손상되었습니다"
            ) from None
        except Malformed:
            raise WalletError(
                f"{self._path} was written by another version of this program / 다른 버전의 프로그램이 쓴 지갑입니다"
            ) from None

    def update(self, change: Callable[[Wallet], tuple[Wallet, T]]) -> T:
        """Replace what the wallet holds by what `change` makes of it, and return what else it says.

        Nobody else changes the wallet meanwhile; the new contents, within their limits, are durable when this returns.
        If `change` raises, the wallet stays as it was.
        """
        with self.locked():
            contents, result = change(self.read())
            self._write(contents.within_limits())
        return result

    def seal(self, contents: bytes, purpose: bytes) -> bytes:
        """Encrypt something else that belongs to this wallet; `purpose` is needed to open it."""
        return bytes(self._box.encrypt(contents, self._header.to_bytes() + purpose))

    def unseal(self, sealed: bytes, purpose: bytes) -> bytes:
        """What was sealed; raises `CryptoError` if it is damaged, or of another wallet or purpose."""
        if len(sealed) < SEALED_BYTES:
            raise CryptoError("there is less than nonce and tag")
        return self._box.decrypt(sealed, self._header.to_bytes() + purpose)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else changes the wallet, or what belongs to it, within this context; raises `WalletError`."""
        try:
            self._lock.acquire()
        except Timeout:
            raise WalletError(
                f"another command has been using {self._path} for {LOCK_SECONDS} seconds / "
                f"다른 명령이 {LOCK_SECONDS}초째 지갑을 쓰고 있습니다"
            ) from None
        try:
            yield
        finally:
            self._lock.release()

    def _write(self, contents: Wallet) -> None:
        discard_unfinished(self._path)  # it holds what was deleted since
        sealed = bytes(self._box.encrypt(contents.to_bytes(), self._header.to_bytes()))
        write_private(self._path, SealedWallet(self._header, sealed).to_bytes())


def _read_file(path: Path) -> SealedWallet:
    try:
        return SealedWallet.from_bytes(path.read_bytes())
    except FileNotFoundError:
        raise WalletError(
            "there is no wallet yet; run enrol first / 아직 지갑이 없습니다. 먼저 enrol을 실행해 주세요"
        ) from None
    except Malformed:
        raise WalletError(
            f"{path} is damaged or no wallet; it was left as it is / 손상되었거나 지갑이 아닙니다. 그대로 두었습니다"
        ) from None
