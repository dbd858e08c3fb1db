"""A visitor: a wallet, a domain and a clock. Every use of a wallet that can be written drops what has expired."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar

from client.errors import NoPassLeft, VisitorError
from client.findings import Findings, FindingsFile, Found
from client.settings import ClientSettings
from client.wallet import WalletFile
from client.wallet_contents import Account, StoredPass, Wallet
from protocol.epochs import EpochKey
from service.clock import Clock, unix_time
from service.epoch_cache import EpochCache
from service.log_client import KnownLogs
from service.settings import load_domain, load_settings

FINDINGS = "findings"

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
        """Change the wallet as `WalletFile.update` does. What was found about passes that expired goes as well."""
        now, expired = self.clock(), set[bytes]()

        def change_the_rest(wallet: Wallet) -> tuple[Wallet, T]:
            rest = self._without_expired(wallet, now)
            expired.update(wallet.used.keys() - rest.used.keys())
            return change(rest)

        result = self._file.update(change_the_rest)
        if expired:
            for name in self._findings_names():
                self.keep_found(name, ())
        return result

    def findings_file(self, name: str) -> FindingsFile:
        """Where that is kept which was found in the lists of a source, by the source's name."""
        return FindingsFile(self.home / FINDINGS / name, self._file)

    def findings(self) -> Findings:
        """What was found about the passes that the wallet knows, in the lists of all sources."""
        used = self.wallet().used
        found = (self.findings_file(name).read() for name in self._findings_names())
        return sum((one.about(used) for one in found if one is not None), Findings())

    def keep_found(self, name: str, found: Iterable[Found]) -> None:
        """Keep more that was found in the lists of a source, durably."""
        file = self.findings_file(name)
        with self._file.locked():
            known = file.read() or Findings()
            file.write(known.about(self._file.read().used).with_more(found))

    def _findings_names(self) -> list[str]:
        return sorted(path.name for path in (self.home / FINDINGS).glob("[a-z]*"))

    def wallet(self) -> Wallet:
        """What the wallet holds. What has expired is deleted, unless the home takes no writes."""
        if not os.access(self.home, os.W_OK):
            return self._without_expired(self._file.read(), self.clock())
        return self.change(lambda wallet: (wallet, wallet))

    def _without_expired(self, wallet: Wallet, now: int) -> Wallet:
        return wallet.without_expired(self.domain, now, self.settings.retention_days, self.settings.memory_days)

    def account(self) -> Account:
        """The visitor's account; raises `VisitorError` before enrolment."""
        account = self.wallet().account
        if account is None:
            raise VisitorError(
                "no phone number has been verified yet; run enrol first / "
                "확인된 전화번호가 없습니다. 먼저 enrol을 실행해 주세요"
            )
        return account

    def take_passes(self, wallet: Wallet, epoch: int, count: int) -> tuple[list[StoredPass], Wallet]:
        """`count` unused passes of an epoch, and the wallet without them; raises `NoPassLeft` if there are fewer."""
        day = wallet.day(epoch)
        left = len(day.passes) if day else 0
        if day is None or left < count:
            raise NoPassLeft(
                _missing(self.day_name(epoch), count, left, came=day is not None and day.issued is not None)
            )
        return list(day.passes[:count]), wallet.with_day(replace(day, passes=day.passes[count:]))

    def epoch_key(self, epoch: int) -> EpochKey:
        """The key of an epoch for which passes were fetched, without a network."""
        key = self.epochs.key(epoch)
        if key is None:
            name = self.day_name(epoch)
            raise VisitorError(
                f"the keys for {name} are missing; run fetch / {name}의 키가 없습니다. fetch를 실행해 주세요"
            )
        return key

    def local_time(self, moment: int) -> str:
        """A Unix time as the domain's clocks show it."""
        zone = timezone(timedelta(seconds=self.domain.utc_offset))
        return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M")

    def day_name(self, epoch: int) -> str:
        """The date of an epoch."""
        return (date(1970, 1, 1) + timedelta(days=epoch)).isoformat()


def _missing(day: str, count: int, left: int, *, came: bool) -> str:
    """Why there are no `count` passes for a day."""
    if not came:
        return (
            f"no passes for {day} have come yet; fetch gets them, and status says when / "
            f"{day} 출입증을 아직 받지 못했습니다. fetch로 받으며, 요청 시각은 status에서 볼 수 있습니다"
        )
    if not left:
        return f"there is no pass left for {day} / {day} 출입증이 남아 있지 않습니다"
    return (
        f"{count} passes are needed and {left} left for {day} / {day} 출입증이 {count}장 필요한데 {left}장 남았습니다"
    )
