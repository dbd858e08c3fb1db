"""The authority as one object: a party with a directory and its warrants. Spec: §5.4."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from escrow.authority import case_register, directory, opened_visits, released_parts, warrants
from escrow.authority.case_register import CaseRegister
from escrow.authority.directory import Directory
from escrow.authority.migrations import STEPS
from escrow.authority.opened_visits import OpenedVisits
from escrow.authority.settings import AuthoritySettings
from escrow.authority.warrants import Warrants
from escrow.desk.records import Action, of_warrant
from escrow.party import Party
from protocol.epochs import Role
from service.clock import Clock, unix_time
from service.settings import load_settings

if TYPE_CHECKING:
    from asyncio import Lock

    from escrow.publications import PublishedLists
    from protocol.warrants import Warrant


class Authority(Party):
    """The authority, from its home directory."""

    settings: AuthoritySettings

    def __init__(self, home: Path, clock: Clock = unix_time) -> None:
        settings = load_settings(AuthoritySettings, home / "settings.toml")
        kept = directory, warrants, case_register, released_parts, opened_visits
        super().__init__(Role.AUTHORITY, home, settings, STEPS, *(one.metadata for one in kept), clock=clock)
        self.directory = Directory(self.engine)
        self.warrants = Warrants(self.engine, clock)
        self.opened = OpenedVisits(self.engine)
        self.cases = CaseRegister(self.engine)

    @property
    def label(self) -> str:
        """The domain as officers tell it from others: its number, and the operator's host."""
        host = urlsplit(self.domain_settings.url(Role.OPERATOR)).hostname
        return f"{self.domain.number} {host}"

    @cached_property
    def sharing(self) -> Lock:
        """Held from before the operator is asked for shares until their passes are on record here, too (§3.10).

        Of two warrants with the same pass the second is then asked for when both parties know of the first.
        """
        from asyncio import Lock

        return Lock()

    @cached_property
    def notices(self) -> PublishedLists:
        """The notices that it published."""
        from escrow.publications import PublishedLists
        from protocol.notices import notice_digest
        from protocol.transparency.log_entries import NoticePublished

        return PublishedLists(self.engine, "notices", NoticePublished, notice_digest, self.published)

    def sign_drawn(self, warrant: Warrant) -> bytes:
        """The signature over a new warrant, or nothing if officers have to approve it first."""
        from protocol.primitives.statements import sign_statement

        return b"" if self.approvals.needed(Action.WARRANT) else sign_statement(warrant, self.identity)

    def demand_approved(self, warrant: Warrant) -> None:
        """Raise `NotApproved` unless enough officers have approved a warrant, and what follows from it."""
        self.approvals.demand(of_warrant(warrant))

    def make_room(self, epochs: Iterable[int]) -> None:
        """Have the database ready for the directory of these epochs."""
        self.directory.make_room(epochs)

    def forget_epochs(self, epochs: Collection[int]) -> None:
        """Delete also the directory of erased epochs, and what was opened of windows that ended in them."""
        super().forget_epochs(epochs)
        self.directory.forget_epochs(epochs)
        self.warrants.forget_ended(lambda ends: self.domain.epoch_at(ends - 1) in epochs)

    def forget_old(self, now: int) -> None:
        """Delete also what was opened of windows whose last day is past its retention, had it an epoch or not."""
        super().forget_old(now)
        self.warrants.forget_ended(lambda ends: self.epochs.erase_by(self.domain.epoch_at(ends - 1)) <= now)
