"""The operator as one object: a party with accounts, warrants and a sender. Spec: §5.3."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from escrow.operator import accounts, warrants
from escrow.operator.accounts import Account, Accounts
from escrow.operator.code_sender import load_sender
from escrow.operator.migrations import STEPS
from escrow.operator.settings import OperatorSettings
from escrow.operator.warrants import Warrants
from escrow.party import Party
from protocol.epochs import EpochKey, Role
from protocol.handles import Handle, IdentityRecord
from service.clock import Clock, unix_time
from service.settings import load_settings


class Operator(Party):
    """The operator, from its home directory."""

    settings: OperatorSettings

    def __init__(self, home: Path, clock: Clock = unix_time) -> None:
        settings = load_settings(OperatorSettings, home / "settings.toml")
        super().__init__(Role.OPERATOR, home, settings, STEPS, accounts.metadata, warrants.metadata, clock=clock)
        self.accounts = Accounts(self.engine, settings, self.identity)
        self.warrants = Warrants(self.engine, self.domain, self.log, clock)
        self.sender = load_sender(settings.sender, home)

    def identity_record(self, epoch_key: EpochKey, account: Account, handle: Handle) -> IdentityRecord:
        """What the operator says of an account's handle."""
        verified_on = account.verified_at // 86_400
        return IdentityRecord(self.domain.number, epoch_key.epoch, handle, account.phone, account.name, verified_on)

    def forget_old(self, now: int) -> None:
        """Delete also accounts whose numbers were not verified again, and verifications that are over."""
        super().forget_old(now)
        self.accounts.forget_old(now)

    def forget_epochs(self, epochs: Collection[int]) -> None:
        """Delete also the handles registered for erased epochs."""
        super().forget_epochs(epochs)
        self.accounts.forget_epochs(epochs)
