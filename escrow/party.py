"""What an operator and an authority both are: an identity, epochs, a log, a database, a peer. Spec: §6."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sql

from escrow import commitments, journal, judgements, ledger, openings, publications, venues
from escrow.commitments import CommitmentRegister
from escrow.desk import register
from escrow.desk.approvals import Approvals
from escrow.desk.errors import BadSet
from escrow.desk.records import OfficerSet, of_erasure, of_officers
from escrow.desk.register import OfficerRegister
from escrow.journal import Journal
from escrow.judgements import Judgements
from escrow.ledger import ReleaseLedger
from escrow.openings import Openings
from escrow.settings import EscrowSettings
from escrow.venues import VenueRegister
from protocol.epochs import EPOCH_SECONDS, Domain, Role
from protocol.primitives.signatures import SigningKey, public_key
from service import inbox
from service.clock import DAY, Clock
from service.confirmed_time import ConfirmedTime
from service.errors import ConfigurationError
from service.inbox import Inbox
from service.keys import load_signing_key
from service.migration import Step
from service.settings import load_domain
from service.storage import open_database, sqlite_url, truncate_log

if TYPE_CHECKING:
    from escrow.disclosures import Disclosures
    from escrow.epochs import Epochs
    from escrow.log.log import TransparencyLog
    from escrow.log.witness import Witness
    from escrow.peer import Peer
    from escrow.published import PublishedFiles
    from escrow.vault import Vault

APPLICATION_DAYS = 30
"""For so long after it came the last time a venue's application is kept that no officer decides on."""
COMMITMENT_DAYS = 40
"""For so much longer than shares commitments are kept: a window of 31 days and the stay before it."""


class Party:
    """One escrow party, from its home directory.

    `home` holds `domain.toml`, `identity.key`, the vault and its key, the epoch statements, the log, and what this
    party has witnessed of the other's. Raises `ConfigurationError` when something there is missing or wrong. What an
    officer who looks at a list does not need is made when somebody asks for it.
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
        self.domain_settings = load_domain(home)
        self.domain = self.domain_settings.domain
        self.identity = load_signing_key(home / "identity.key")
        _check_pinned(self.domain, role, self.identity, home)  # before anything is written for another domain
        url = settings.database or sqlite_url(home / f"{role.name.lower()}.db")
        shared = (
            inbox.metadata,
            venues.metadata,
            commitments.metadata,
            journal.metadata,
            judgements.metadata,
            ledger.metadata,
            openings.metadata,
            publications.metadata,
            register.metadata,
        )
        self.engine = open_database(url, steps, *shared, *tables)
        self.officers = OfficerRegister(self.engine, self.domain, role, self.identity, clock)
        self.approvals = Approvals(self.engine, self.officers, self.domain, settings.desk_url, clock)
        self.venues = VenueRegister(self.engine, self.domain, self.approvals, clock)
        self.commitments = CommitmentRegister(self.engine, self.venues, settings.commitments_per_hour)
        self.journal = Journal(self.engine, clock)
        self.judgements = Judgements(self.engine)
        self.releases = ReleaseLedger(self.engine)
        self.openings = Openings(self.engine)

    @cached_property
    def log(self) -> TransparencyLog:
        """The party's own log."""
        from escrow.log.log import TransparencyLog

        return TransparencyLog(self.home / "log", self.domain, self.role, self.identity)

    @cached_property
    def witness(self) -> Witness:
        """The party as the witness of the other party's log."""
        from escrow.log.witness import Witness
        from protocol.transparency.logs import other_party

        return Witness(self.home / "witness", self.domain, other_party(self.role), self.identity)

    @cached_property
    def published(self) -> PublishedFiles:
        """What the party has published, as files."""
        from escrow.published import PublishedFiles

        return PublishedFiles(self.home / "published")

    @cached_property
    def epochs(self) -> Epochs:
        """The party's epochs, from their publication to their erasure."""
        from escrow.epochs import Epochs
        from service.epoch_cache import EpochCache

        return Epochs(
            self.domain,
            self.role,
            self.home,
            self.settings,
            self.identity,
            self._open_vault,
            EpochCache(self.home / "epochs", self.domain_settings, self.role),
            self.published,
            self.log,
            self.clock,
            self._forget_for_good,
        )

    @cached_property
    def disclosures(self) -> Disclosures:
        """What the party discloses."""
        from escrow.disclosures import Disclosures

        return Disclosures(
            self.engine, self.domain, self.role, self.identity, self.openings, self.log, self.clock, self.published
        )

    @cached_property
    def peer(self) -> Peer:
        """The other party."""
        from escrow.peer import Peer

        own_inbox = Inbox(self.engine, self.domain, self.role.name.lower())
        return Peer(self.domain_settings, self.role, self.identity, self.log, own_inbox, self.clock)

    def erase_early(self, epoch: int) -> None:
        """Erase an epoch by an officer's decision; raises `NotApproved` before its retention is over."""
        if epoch not in self.epochs.due(self.clock()):
            self.approvals.demand(of_erasure(epoch))
        self.epochs.erase(epoch)
        self.approvals.close(of_erasure(epoch))

    def change_officers(self, officers: OfficerSet) -> None:
        """Put another set of officers into force that the present one has approved.

        Raises `NotApproved`, and `BadSet` without a present one, or when this does not follow it.
        """
        if self.officers.present() is None:
            raise BadSet("there is no set of officers yet: officers establish makes the first one, with custodians")
        self.approvals.demand(of_officers(officers))
        self.officers.install(officers, by_custodians=False)
        self.approvals.close(of_officers(officers))

    def publish_lists(self) -> None:
        """Publish every list that is due."""
        self.disclosures.publish()

    def forget_old(self, now: int) -> None:
        """Delete what the party stores for a time that is over at Unix time `now`, apart from epochs."""
        inbox.forget_old(self.engine, now)
        self.judgements.forget_ended(lambda ends: self.epochs.erase_by(self.domain.epoch_at(ends - 1)) <= now)
        self.venues.forget_old(now - APPLICATION_DAYS * DAY)
        self.commitments.delete_before(now - (self.settings.retention_days + COMMITMENT_DAYS) * EPOCH_SECONDS)

    def make_room(self, epochs: Iterable[int]) -> None:
        """Have the database ready for what the party stores of these epochs."""

    def forget_epochs(self, epochs: Collection[int]) -> None:
        """Delete what the party stores of erased epochs beside the vault."""
        self.releases.forget_epochs(epochs)

    def _forget_for_good(self, epochs: Collection[int]) -> None:
        self.forget_epochs(epochs)
        truncate_log(self.engine)

    def _open_vault(self) -> Vault:
        from escrow.vault import Vault
        from escrow.vault_key import VaultKey, load_vault_key

        key = bytes(self.domain.identity_key(self.role)).hex()
        owner = f"{self.role.name.lower()} of domain {self.domain.number} with the key {key}"
        copies = (self.home / copy for copy in self.settings.vault_copies)
        return Vault(self.home / "vault", owner, lambda: VaultKey(load_vault_key(self.home, self.settings)), copies)


def _check_pinned(domain: Domain, role: Role, identity: SigningKey, home: Path) -> None:
    own = public_key(identity)
    if own == domain.identity_key(role):
        return
    from protocol.transparency.logs import other_party

    domain_file, key_file, name = home / "domain.toml", home / "identity.key", role.name.lower()
    if own == domain.identity_key(other_party(role)):
        raise ConfigurationError(
            f"{key_file} has the {other_party(role).name.lower()}'s key of {domain_file}: "
            f"name the {name}'s home, or make a domain.toml whose keys are not swapped"
        )
    raise ConfigurationError(
        f"{domain_file} is of another domain: its {name} does not have the key of {key_file}, "
        f"{bytes(own).hex()}; put the domain.toml with this key there"
    )
