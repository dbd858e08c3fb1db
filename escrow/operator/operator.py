"""The operator as one object: a party with accounts, warrants and a sender. Spec: §5.3."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from escrow.errors import ErasedEpoch, PeerFailed
from escrow.ledger import ReleaseLedger
from escrow.operator import accounts, signed_notices, warrants
from escrow.operator.accounts import Accounts
from escrow.operator.code_sender import load_sender
from escrow.operator.errors import EpochNotOpen
from escrow.operator.migrations import STEPS
from escrow.operator.settings import OperatorSettings
from escrow.operator.signed_notices import SignedNotices
from escrow.operator.warrants import Warrants, demand_standing
from escrow.party import Party
from protocol.epochs import EPOCH_SECONDS, EpochKey, Role
from service.clock import Clock, unix_time
from service.problems import Declined, NotConnected, Problem
from service.settings import load_settings

if TYPE_CHECKING:
    from aiohttp import ClientSession

AUTHORITY_FAILED = "the authority could not do its part; try again later"
"""What a visitor is told of most that goes wrong there."""

logger = logging.getLogger("splitpass")


class Operator(Party):
    """The operator, from its home directory."""

    settings: OperatorSettings

    def __init__(self, home: Path, clock: Clock = unix_time) -> None:
        settings = load_settings(OperatorSettings, home / "settings.toml")
        tables = accounts.metadata, warrants.metadata, signed_notices.metadata
        super().__init__(Role.OPERATOR, home, settings, STEPS, *tables, clock=clock)
        self.accounts = Accounts(self.engine, settings, self.identity)
        self.sender = load_sender(settings.sender, home)
        self.releases = ReleaseLedger(self.engine, demand_standing)

    @cached_property
    def warrants(self) -> Warrants:
        """The warrants that the authority proposed."""
        return Warrants(self.engine, self.domain, lambda: self.log, self.clock, self.approvals)

    @cached_property
    def notices(self) -> SignedNotices:
        """The notices that it signed."""
        return SignedNotices(self.engine, self.domain, self.identity, self.log, self.clock, demand_standing)

    async def open_epoch(self, session: ClientSession, epoch: int) -> EpochKey:
        """The joint key of an epoch that is used now; raises `EpochNotOpen`, `ErasedEpoch` or `UnknownEpoch`."""
        today = self.epochs.today
        if not today <= epoch <= today + self.settings.publish_ahead_days:
            raise EpochNotOpen(epoch)
        if self.epochs.vault.is_erased(epoch):
            raise ErasedEpoch(epoch)
        return await self.epochs.key(session, epoch)

    async def ask_authority(self, session: ClientSession, path: str, body: bytes, *, ask_first: bool = False) -> bytes:
        """The authority's answer; of its problems a visitor is told only those that concern the epoch.

        Raises:
            Problem: The authority has erased the epoch, or does not know it.
            PeerFailed: It refused for another reason.
            Unreachable: It does not answer. `NotConnected` if nothing of the body was sent, as when it refused before.
        """
        try:
            return await self.peer.ask(session, path, body, ask_first=ask_first)
        except Declined as declined:
            raise NotConnected(f"the authority takes no {path}: {declined.status} {declined.name}") from None
        except Problem as problem:
            if problem.name in {"epoch-erased", "unknown-epoch"}:
                raise
            logger.warning("the authority answered %d %s to %s", problem.status, problem.name, path)
            raise PeerFailed(AUTHORITY_FAILED) from None

    def forget_old(self, now: int) -> None:
        """Delete also accounts whose numbers were not verified again, verifications that are over, and old lists."""
        super().forget_old(now)
        self.accounts.forget_old(now)
        self.notices.forget_before(now - self.settings.retention_days * EPOCH_SECONDS)

    def make_room(self, epochs: Iterable[int]) -> None:
        """Have the database ready for handles of these epochs."""
        self.accounts.make_room(epochs)

    def forget_epochs(self, epochs: Collection[int]) -> None:
        """Delete also the handles registered for erased epochs."""
        super().forget_epochs(epochs)
        self.accounts.forget_epochs(epochs)
