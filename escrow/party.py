"""What an operator and an authority both are: an identity, a vault, epochs, a database, a peer. Spec: §6."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import islice
from pathlib import Path

import sqlalchemy as sql
from aiohttp import ClientSession
from filelock import FileLock

from escrow import commitments, ledger, openings, publications, venues
from escrow.commitments import CommitmentRegister
from escrow.errors import ErasedEpoch, PeerFailed, UnknownEpoch
from escrow.ledger import ReleaseLedger
from escrow.log.cosigning import have_cosigned
from escrow.log.log import TransparencyLog
from escrow.log.witness import Witness
from escrow.openings import Openings
from escrow.publications import PublishedLists
from escrow.settings import EscrowSettings
from escrow.vault import Vault
from escrow.vault_key import VaultKey, load_vault_key
from escrow.venues import VenueRegister
from protocol.disclosures import MAX_OPENINGS, DisclosedOpening, sign_disclosure
from protocol.epochs import EPOCH_SECONDS, EpochKey, EpochSecret, Role, create_epoch
from protocol.party_requests import sign_request
from protocol.primitives.errors import SplitPassError
from protocol.transparency.log_entries import DisclosurePublished, EntryBody, EpochErased, EpochPublished, LogEntry
from protocol.transparency.logs import Inclusion, other_party, verify_logged_entry
from service import inbox
from service.clock import Clock
from service.confirmed_time import ConfirmedTime
from service.epoch_cache import EpochCache
from service.errors import ConfigurationError
from service.http_client import call
from service.inbox import Inbox
from service.keys import load_signing_key
from service.migration import Step
from service.settings import load_domain
from service.storage import open_database, sqlite_url, truncate_log

NEVER_OPENED = "its check-ins can never be opened again"
"""What it means that an epoch was erased."""
COMMITMENT_DAYS = 40
"""For so much longer than shares commitments are kept: a window of 31 days and the stay before it."""


class Party:
    """One escrow party, from its home directory.

    `home` holds `domain.toml`, `identity.key`, the vault and its key, the epoch statements, the log, and what this
    party has witnessed of the other's. Raises `ConfigurationError` when something there is missing or wrong.
    """

    def __init__(
        self,
        role: Role,
        home: Path,
        settings: EscrowSettings,
        steps: Sequence[Step],
        *tables: sql.MetaData,
        clock: Clock,
    ) -> None:
        self.role, self.home, self.settings, self.clock = role, home, settings, clock
        self.passed = ConfirmedTime(home / "passed.time", clock)
        self.peer_role = other_party(role)
        self.domain_settings = load_domain(home)
        self.domain = self.domain_settings.domain
        self.identity = load_signing_key(home / "identity.key")
        self.epochs = EpochCache(home / "epochs", self.domain_settings, role)
        url = settings.database or sqlite_url(home / f"{role.name.lower()}.db")
        shared = (
            inbox.metadata,
            venues.metadata,
            commitments.metadata,
            ledger.metadata,
            openings.metadata,
            publications.metadata,
        )
        self.engine = open_database(url, steps, *shared, *tables)
        self.log = TransparencyLog(home / "log", self.domain, role, self.identity)
        self.witness = Witness(home / "witness", self.domain, self.peer_role, self.identity)
        self.inbox = Inbox(self.engine, self.domain, role.name.lower())
        self.venues = VenueRegister(self.engine, self.domain)
        self.commitments = CommitmentRegister(self.engine, self.venues, settings.commitments_per_hour)
        self.releases = ReleaseLedger(self.engine)
        self.openings = Openings(self.engine)
        self.disclosures = PublishedLists(self.engine, "disclosures", DisclosurePublished)

    @cached_property
    def vault(self) -> Vault:
        """The party's epoch secrets."""
        key = bytes(self.domain.identity_key(self.role)).hex()
        owner = f"{self.role.name.lower()} of domain {self.domain.number} with the key {key}"
        copies = (self.home / copy for copy in self.settings.vault_copies)
        return Vault(self.home / "vault", owner, lambda: VaultKey(load_vault_key(self.home, self.settings)), copies)

    @property
    def today(self) -> int:
        """The current epoch."""
        return self.domain.epoch_at(self.clock())

    def publish(self, epoch: int) -> None:
        """Make this party's secret and statement of an epoch, once; nothing happens if it is published or erased.

        It is published when every copy of the vault has its secret and it is on record in the log. Raises
        `ConfigurationError` if another statement is on record, whose secret is lost: a second one would be cheating.
        """
        with FileLock(self.home / "publish.lock"):
            if self.vault.is_erased(epoch) or self.epochs.statement(self.role, epoch) is not None:
                return
            statement = self.vault.statement(epoch)  # there if this was interrupted, or the vault restored
            on_record = self.log.published_epoch(epoch)
            if on_record is not None and on_record.statement != statement:
                raise ConfigurationError(
                    "the secret of the statement that is on record is not in the vault; restore the vault"
                )
            if statement is None:
                secret, statement = create_epoch(self.domain, self.role, epoch, self.identity)
                self.vault.put(secret, statement)  # durable before anyone can use the key
            if not self.vault.mirror().behind:
                if on_record is None:
                    self.log.append(EpochPublished(statement, self.erase_by(epoch)), self.clock())
                self.epochs.keep(self.role, epoch, statement)

    def publish_ahead(self) -> list[str]:
        """Publish today's epoch and those of the days ahead. Returns what hinders some, in words; the others go on."""
        faults = []
        for epoch in range(self.today, self.today + self.settings.publish_ahead_days + 1):
            try:
                self.publish(epoch)
            except (OSError, ConfigurationError) as error:
                faults.append(f"epoch {epoch} is not published: {error}")
        return faults

    @property
    def has_epochs(self) -> bool:
        """Whether any epoch was ever made, also if the vault is lost."""
        return bool(self.vault.epochs() or self.vault.erased_epochs() or self.log.pending())

    def erase_by(self, epoch: int) -> int:
        """The Unix time at which the retention of an epoch is over, by today's settings."""
        return self.domain.epoch_begins(epoch + 1) + self.settings.retention_days * EPOCH_SECONDS

    def due_epochs(self, now: int) -> list[int]:
        """The epochs to erase, in order.

        Their end lies at least the retention period back; the log says that they are erased by now (also those whose
        secrets are lost), or were erased, which a restored vault may not know; or their erasure was interrupted.
        """
        due = {epoch for epoch in self.vault.epochs() if self.erase_by(epoch) <= now}
        with suppress(OSError, SplitPassError, ConfigurationError):  # a damaged log must keep no share alive
            due |= self.log.overdue(now) | self.log.erased_epochs().difference(self.vault.erased_epochs())
        return sorted(due.union(self.vault.unfinished_erasures()))

    def secret(self, epoch: int) -> EpochSecret:
        """This party's secret of an epoch; raises `ErasedEpoch` or `UnknownEpoch`."""
        try:
            secret = self.vault.get(epoch)
        except ErasedEpoch:
            raise ErasedEpoch(epoch, NEVER_OPENED) from None
        if secret is None:
            raise UnknownEpoch(epoch)
        return secret

    def erase(self, epoch: int) -> None:
        """Destroy the share of an epoch and everything of it that this party stores. It cannot be undone."""
        self.vault.erase(epoch)  # steps 1, 2, 3
        self.forget_epochs({epoch})  # step 4
        truncate_log(self.engine)
        self.log.append(EpochErased(epoch), self.clock())  # step 5
        self.vault.finish_erasure(epoch)

    def forget_old(self, now: int) -> None:
        """Delete what the party stores for a time that is over, apart from epochs."""
        inbox.forget_old(self.engine, now)
        self.commitments.delete_before(now - (self.settings.retention_days + COMMITMENT_DAYS) * EPOCH_SECONDS)

    def forget_epochs(self, epochs: Collection[int]) -> None:
        """Delete what the party stores of erased epochs beside the vault."""
        self.releases.forget_epochs(epochs)

    def publish_lists(self) -> None:
        """Disclose the openings whose embargo is over; at least once a day, if only an empty list."""
        while self.disclosures.publish(self.log, self.clock(), self._sign_disclosure):
            pass

    def is_of_today(self, time: int | None) -> bool:
        """Whether a Unix time lies in the current epoch."""
        return time is not None and self.domain.epoch_at(time) == self.today

    def _sign_disclosure(self, connection: sql.Connection, number: int, last: int | None) -> bytes | None:
        due = ((self.log.index_of(entry), record) for record, entry in self.openings.due(connection, self.clock()))
        on_record = (DisclosedOpening(index, record) for index, record in due if index is not None)
        openings = tuple(islice(on_record, MAX_OPENINGS))
        if not openings and self.is_of_today(last):
            return None
        self.openings.mark_disclosed(connection, openings, number)
        return sign_disclosure(self.domain, self.role, number, self.clock(), openings, self.identity)

    async def epoch_key(self, session: ClientSession, epoch: int) -> EpochKey:
        """The joint key of an epoch; raises `UnknownEpoch` unless both parties have published it."""
        key = await self.epochs.fetch(session, epoch)
        if key is None:
            raise UnknownEpoch(epoch)
        return key

    async def have_log_cosigned(self, session: ClientSession) -> None:
        """Have the other party cosign the newest checkpoint of the log, and publish it; raises as `have_cosigned`."""
        await have_cosigned(self.log, session, self.domain_settings.url(self.peer_role), self.clock)

    async def witnessed(self, session: ClientSession, contents: EntryBody) -> Inclusion:
        """The verified proof that what was appended to the log is under a checkpoint that the other party has cosigned.

        Raises `ConfigurationError` if something else is in its place, or it is in none.
        """
        index = await asyncio.to_thread(self.log.index_of, contents)
        inclusion = None if index is None else await asyncio.to_thread(self.log.inclusion, index)
        if index is not None and inclusion is None:
            await self.have_log_cosigned(session)
            inclusion = await asyncio.to_thread(self.log.inclusion, index)
            if inclusion is None:
                raise PeerFailed("the other party did not cosign the log; try again later")
        if inclusion is None or LogEntry.from_bytes(inclusion.entry).contents != contents:
            raise ConfigurationError("the log does not say what was put on record: restore its newest copy")
        verify_logged_entry(self.domain, self.role, inclusion)
        return inclusion

    async def ask_peer(self, session: ClientSession, path: str, body: bytes) -> bytes:
        """Send a signed request to the other party and return its answer."""
        return await self.ask(
            session, self.domain_settings.url(self.peer_role), self.peer_role.name.lower(), path, body
        )

    async def ask(self, session: ClientSession, url: str, recipient: str, path: str, body: bytes) -> bytes:
        """Send a signed request to any server and return its answer; raises `Problem` or `Unreachable`."""
        statement = sign_request(self.domain, self.role, recipient, path, self.clock(), body, self.identity)
        return await call(session, "POST", url + path, statement)

    def receive(self, path: str, statement: bytes) -> bytes:
        """The body of a request from the other party; raises when it is not authentic, not for us, or not new."""
        return self.inbox.receive(self.peer_role, path, self.clock(), statement)
