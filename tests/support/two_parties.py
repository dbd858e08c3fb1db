"""Two parties in memory: their real registers, ledgers and records of openings, without a network between them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sql

from escrow import judgements, ledger, openings
from escrow.authority import directory, opened_visits, released_parts, warrants
from escrow.authority.directory import Directory
from escrow.authority.found_visits import FoundVisits
from escrow.authority.investigation import Investigation
from escrow.authority.reading import OpeningResult
from escrow.authority.warrants import Warrants
from escrow.judgements import Judgements
from escrow.ledger import ReleaseLedger
from escrow.openings import Openings
from protocol.disclosures import DisclosedOpening, Disclosure
from protocol.epochs import EpochKey, Role
from protocol.opening import VerifiedShares
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.releases import VerifiedRelease
from protocol.transparency.log_entries import DisclosurePublished, EntryBody, EpochErased, SharesReleased
from protocol.warrants import Venue
from tests.support.domain import OpenEpoch, Parties


class NotedLedger(ReleaseLedger):
    """A ledger that says what it has recorded."""

    noted: Callable[[VerifiedRelease], None] = staticmethod(lambda _: None)

    def record(self, release: VerifiedRelease, now: int, given: VerifiedShares | None = None) -> VerifiedRelease:
        recorded = super().record(release, now, given)
        self.noted(recorded)
        return recorded


@dataclass
class Moment:
    """The time, on nobody's clock."""

    now: int


class PartyInMemory:
    """What `escrow` needs of a party: `received` are commitments by venue, `records` the records approved last."""

    def __init__(self, role: Role, parties: Parties, epochs: dict[int, OpenEpoch], moment: Moment) -> None:
        self.role, self.domain, self.identity = role, parties.domain, parties.keys[role]
        self.skew, self._moment, self._epochs = 0, moment, epochs
        options = {"poolclass": sql.StaticPool, "connect_args": {"check_same_thread": False}}
        engine = sql.create_engine("sqlite://", **options)
        for module in (directory, judgements, ledger, openings, opened_visits, released_parts, warrants):
            module.metadata.create_all(engine)
        self._engine = engine
        self.judgements, self.releases, self.openings = Judgements(engine), NotedLedger(engine), Openings(engine)
        self.warrants, self.directory = Warrants(engine), Directory(engine)
        self.received: dict[bytes, dict[int, bytes]] = {}
        self.records: dict[bytes, Venue] = {}
        self.erased: set[int] = set()
        self.entries: list[tuple[int, EntryBody]] = []
        self.commitments = SimpleNamespace(of=lambda venue_id: dict(self.received[venue_id]))
        self.venues = SimpleNamespace(counts=lambda record: self.records[record.venue_id] == record)
        self.log = SimpleNamespace(append=self._append)
        self.peer = SimpleNamespace(witnessed=self._witnessed)
        self.epochs = SimpleNamespace(
            cache=SimpleNamespace(fetch=self._fetch),
            vault=SimpleNamespace(is_erased=lambda epoch: epoch in self.erased),
            secret=lambda epoch: self._epochs[epoch].secrets[role],
        )
        self.sharing = asyncio.Lock()
        self.interrupted = False
        """Whether the program ends when the next entry is in the log."""

    def clock(self) -> int:
        return self._moment.now + self.skew

    def erase(self, epoch: int) -> None:
        """As the party does, with its record of what was released."""
        if epoch not in self.erased:
            self.erased.add(epoch)
            self.releases.forget_epochs([epoch])
            self._append(EpochErased(epoch), self.clock())

    def disclosures(self) -> dict[int, Disclosure]:
        """What the party discloses at the end, of all that it has on record, by the index of the disclosure's entry."""
        with self._engine.begin() as connection:
            kept = {
                entry: DisclosedOpening(index, record)
                for record, entry in self.openings.due(connection, 2**32)
                for index, (_, contents) in enumerate(self.entries)
                if contents == entry
            }
        disclosure = Disclosure(self.domain.number, self.role, 0, self.clock(), tuple(kept.values()))
        self._append(DisclosurePublished(0, bytes(32)), self.clock())
        return {len(self.entries) - 1: disclosure}

    def demand_approved(self, _warrant: object) -> None:
        """There are no officers with passkeys here."""

    @property
    def released(self) -> list[SharesReleased]:
        """What its log says of shares."""
        return [contents for _, contents in self.entries if isinstance(contents, SharesReleased)]

    async def _fetch(self, _session: object, epoch: int) -> EpochKey | None:
        opened = self._epochs.get(epoch)
        return None if opened is None else opened.key

    def _append(self, contents: EntryBody, time: int) -> int:
        if contents not in [known for _, known in self.entries]:
            self.entries.append((time, contents))
        return len(self.entries)

    async def _witnessed(self, _session: object, _entry: object) -> None:
        if self.interrupted:
            self.interrupted = False
            raise InterruptedError


class Officer(Investigation):
    """The authority's officer, who reads no contacts here."""

    def __init__(self, authority: PartyInMemory, operator: PartyInMemory) -> None:
        party: Any = authority
        session: Any = None
        super().__init__(party, session)
        self._own, self._other = authority, operator

    async def _venue(self, venue_id: bytes) -> JointStatement:
        own, other = (sign_statement(party.records[venue_id], party.identity) for party in (self._own, self._other))
        return JointStatement(own, other)

    async def read(self, _warrant_id: bytes, _found: FoundVisits | None = None) -> OpeningResult:
        return OpeningResult(0, 0, Counter(), 0, 0, 0, complete=False, found=FoundVisits())
