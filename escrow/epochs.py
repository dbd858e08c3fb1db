"""A party's epochs: made and published ahead, and erased when their retention is over. Spec: §3.5, §6.2, §6.3."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from escrow.errors import ErasedEpoch, UnknownEpoch
from escrow.log.log import TransparencyLog
from escrow.published import EPOCHS, PublishedFiles
from escrow.settings import EscrowSettings
from escrow.vault import Vault
from protocol.epochs import EPOCH_SECONDS, Domain, EpochKey, EpochSecret, Role, create_epoch
from protocol.primitives.errors import SplitPassError
from protocol.primitives.signatures import SigningKey
from protocol.transparency.log_entries import EpochErased, EpochPublished
from service.clock import Clock
from service.epoch_cache import EpochCache
from service.errors import ConfigurationError

if TYPE_CHECKING:
    from aiohttp import ClientSession

NEVER_OPENED = "its check-ins can never be opened again"
"""What it means for others that an epoch was erased."""


class Epochs:
    """The epochs of the party `role` of a domain, whose home directory is `home`.

    Their secrets are in the vault, which `open_vault` opens when it is first needed; the statements of both parties are
    in the `cache`, and its own ones also `published` as files. `forget` deletes what the party stores of erased epochs
    elsewhere.
    """

    def __init__(
        self,
        domain: Domain,
        role: Role,
        home: Path,
        settings: EscrowSettings,
        identity: SigningKey,
        open_vault: Callable[[], Vault],
        cache: EpochCache,
        published: PublishedFiles,
        log: TransparencyLog,
        clock: Clock,
        forget: Callable[[Collection[int]], None],
    ) -> None:
        self._domain, self._role, self._home, self.settings, self._identity = domain, role, home, settings, identity
        self._open_vault, self.cache, self._log, self._clock, self._forget = open_vault, cache, log, clock, forget
        self._published = published

    @cached_property
    def vault(self) -> Vault:
        """The epochs' secrets."""
        return self._open_vault()

    @property
    def today(self) -> int:
        """The current epoch."""
        return self._domain.epoch_at(self._clock())

    @property
    def ahead(self) -> range:
        """The current epoch and those that are published ahead."""
        return range(self.today, self.today + self.settings.publish_ahead_days + 1)

    @property
    def exist(self) -> bool:
        """Whether any epoch was ever made, also if the vault is lost."""
        return bool(self.vault.epochs() or self.vault.erased_epochs() or self._log.has_epochs())

    def publish(self, epoch: int) -> None:
        """Make this party's secret and statement of an epoch, once; nothing happens if it is published or erased.

        It is published when every copy of the vault has its secret and it is on record in the log.

        Raises:
            ConfigurationError: Another statement is on record, whose secret is lost: a second one would be cheating.
        """
        with FileLock(self._home / "publish.lock"):
            if self.vault.is_erased(epoch):
                return
            known = self.cache.statement(self._role, epoch)
            if known is not None:
                self._published.write(EPOCHS, epoch, known)  # an older program has written no files
                return
            statement = self.vault.statement(epoch)  # there if this was interrupted, or the vault restored
            on_record = self._log.published_epoch(epoch)
            if on_record is not None and on_record.statement != statement:
                raise ConfigurationError(
                    "the secret of the statement that is on record is not in the vault; restore the vault"
                )
            if statement is None:
                secret, statement = create_epoch(self._domain, self._role, epoch, self._identity)
                self.vault.put(secret, statement)  # durable before anyone can use the key
            if not self.vault.mirror().behind:
                if on_record is None:
                    self._log.append(EpochPublished(statement, self.erase_by(epoch)), self._clock())
                self._published.write(EPOCHS, epoch, statement)
                self.cache.keep(self._role, epoch, statement)

    def publish_ahead(self) -> list[str]:
        """Publish today's epoch and those of the days ahead. Returns what hinders some, in words; the others go on."""
        faults = []
        for epoch in self.ahead:
            try:
                self.publish(epoch)
            except (OSError, ConfigurationError) as error:
                faults.append(f"epoch {epoch} is not published: {error}")
        return faults

    def erase_by(self, epoch: int) -> int:
        """The Unix time at which the retention of an epoch is over, by today's settings."""
        return self._domain.epoch_begins(epoch + 1) + self.settings.retention_days * EPOCH_SECONDS

    def due(self, now: int) -> list[int]:
        """The epochs to erase at Unix time `now`, in order.

        Their end lies at least the retention period back; the log says that they are erased by now (also those whose
        secrets are lost), or were erased, which a restored vault may not know; or their erasure was interrupted.
        """
        due = {epoch for epoch in self.vault.epochs() if self.erase_by(epoch) <= now}
        with suppress(OSError, SplitPassError, ConfigurationError):  # a damaged log must keep no share alive
            due |= self._log.overdue(now) | self._log.erased_epochs().difference(self.vault.erased_epochs())
        return sorted(due.union(self.vault.unfinished_erasures()))

    def erase(self, epoch: int) -> None:
        """Destroy the share of an epoch and everything of it that this party stores. It cannot be undone."""
        self.vault.erase(epoch)  # steps 1, 2, 3
        self._forget({epoch})  # step 4
        self._log.append(EpochErased(epoch), self._clock())  # step 5
        self.vault.finish_erasure(epoch)

    def statement(self, epoch: int) -> bytes:
        """This party's published statement; raises `UnknownEpoch`, or `ErasedEpoch` once everybody can see that."""
        if self._is_seen_erased(epoch):
            raise ErasedEpoch(epoch, NEVER_OPENED)
        statement = self._published.read(EPOCHS, epoch) or self.cache.statement(self._role, epoch)
        if statement is None:
            raise UnknownEpoch(epoch)
        return statement

    def withdraw_statements(self) -> None:
        """Give nobody the statements of epochs any more of which everybody can see that they are erased."""
        for epoch in self._published.numbers(EPOCHS):
            if self._is_seen_erased(epoch):
                self._published.remove(EPOCHS, epoch)

    def _is_seen_erased(self, epoch: int) -> bool:
        return self.vault.is_erased(epoch) and self._log.shows_erased(epoch)

    def secret(self, epoch: int) -> EpochSecret:
        """This party's secret of an epoch; raises `ErasedEpoch` or `UnknownEpoch`."""
        try:
            secret = self.vault.get(epoch)
        except ErasedEpoch:
            raise ErasedEpoch(epoch, NEVER_OPENED) from None
        if secret is None:
            raise UnknownEpoch(epoch)
        return secret

    async def key(self, session: ClientSession, epoch: int) -> EpochKey:
        """The joint key of an epoch; raises `UnknownEpoch` unless both parties have published it."""
        key = await self.cache.fetch(session, epoch)
        if key is None:
            raise UnknownEpoch(epoch)
        return key
