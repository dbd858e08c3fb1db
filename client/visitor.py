"""A visitor: a wallet, a domain and a clock. Every use of the wallet drops what has expired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar

from client.errors import NoPassLeft, VisitorError
from client.settings import ClientSettings
from client.wallet import WalletFile
from client.wallet_contents import Account, StoredPass, Wallet
from protocol.epochs import EpochKey
from service.clock import Clock, unix_time
from service.epoch_cache import EpochCache
from service.log_client import KnownLogs
from service.settings import load_domain, load_settings

T = TypeVar("T")


class Visitor:
    """What is in a visitor's home directory: `domain.toml`, `settings.toml`, the wallet, and epoch statements.

    Raises `ConfigurationError` for the settings, and `WalletError` unless the passphrase opens the wallet. With
    `create`, a missing wallet is made.
    """

    def __init__(self, home: Path, passphrase: bytes, clock: Clock = unix_time, *, create: bool = False) -> None:
        self.home = home
        self.settings = load_settings(ClientSettings, home / "settings.toml")
        self.servers = load_domain(home)
        self.domain = self.servers.domain
        self.clock = clock
        path = home / "wallet"
        if create and not path.exists():
            limits = self.settings.passphrase_operations, self.settings.passphrase_memory
            self._file = WalletFile.create(path, passphrase, *limits)
        else:
            self._file = WalletFile.open(path, passphrase)
        self.epochs = EpochCache(home / "epochs", self.servers)
        self.logs = KnownLogs(home / "epochs", self.servers)

    def change(self, change: Callable[[Wallet], tuple[Wallet, T]]) -> T:
        """Change the wallet as `WalletFile.update` does."""
        now = self.clock()
        return self._file.update(
            lambda wallet: change(
                wallet.without_expired(self.domain, now, self.settings.retention_days, self.settings.memory_days)
            )
        )

    def wallet(self) -> Wallet:
        """What the wallet holds."""
        return self.change(lambda wallet: (wallet, wallet))

    def account(self) -> Account:
        """The visitor's account; raises `VisitorError` before enrolment."""
        account = self.wallet().account
        if account is None:
            raise VisitorError("no phone number has been verified yet; run enrol first")
        return account

    def take_passes(self, wallet: Wallet, epoch: int, count: int) -> tuple[list[StoredPass], Wallet]:
        """`count` unused passes of an epoch, and the wallet without them; raises `NoPassLeft` if there are fewer."""
        day = wallet.day(epoch)
        left = len(day.passes) if day else 0
        if day is None or left < count:
            missing = f"{count} passes are needed and {left} left" if left else "there is no pass left"
            raise NoPassLeft(f"{missing} for {self.day_name(epoch)}; passes are fetched ahead, by fetch")
        return list(day.passes[:count]), wallet.with_day(replace(day, passes=day.passes[count:]))

    def epoch_key(self, epoch: int) -> EpochKey:
        """The key of an epoch for which passes were fetched, without a network."""
        key = self.epochs.key(epoch)
        if key is None:
            raise VisitorError(f"the keys for {self.day_name(epoch)} are missing; run fetch")
        return key

    def local_time(self, moment: int) -> str:
        """A Unix time as the domain's clocks show it."""
        zone = timezone(timedelta(seconds=self.domain.utc_offset))
        return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M")

    def day_name(self, epoch: int) -> str:
        """The date of an epoch."""
        return (date(1970, 1, 1) + timedelta(days=epoch)).isoformat()
