"""The authority as one object: a party with a directory and a casebook. Spec: §5.4."""

from __future__ import annotations

from pathlib import Path

from escrow.authority import casebook, directory
from escrow.authority.casebook import Casebook
from escrow.authority.directory import Directory
from escrow.authority.migrations import STEPS
from escrow.authority.settings import AuthoritySettings
from escrow.party import Party
from protocol.epochs import Role
from service.clock import Clock, unix_time
from service.settings import load_settings


class Authority(Party):
    """The authority, from its home directory."""

    settings: AuthoritySettings

    def __init__(self, home: Path, clock: Clock = unix_time) -> None:
        settings = load_settings(AuthoritySettings, home / "settings.toml")
        super().__init__(Role.AUTHORITY, home, settings, STEPS, directory.metadata, casebook.metadata, clock=clock)
        self.directory = Directory(self.engine)
        self.cases = Casebook(self.engine)

    def forget_epoch(self, epoch: int) -> None:
        """Delete also an erased epoch's directory, and what was opened of windows that ended in it."""
        super().forget_epoch(epoch)
        self.directory.forget_epoch(epoch)
        self.cases.forget_ended(self.domain.epoch_begins(epoch), self.domain.epoch_begins(epoch + 1))
