"""Epoch statements kept on disk, so that a phone and a door work without a network. Spec: §5.2."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from protocol.epochs import EpochKey, Role, check_same_statement, verify_epoch, verify_epoch_statement
from protocol.primitives.errors import ConflictingStatements, SplitPassError
from service.files import private_directory, write_private
from service.http_client import call
from service.problems import Problem, Unreachable

if TYPE_CHECKING:
    from asyncio import Task

    from aiohttp import ClientSession

    from service.settings import DomainSettings


class EpochCache:
    """The epoch statements of one domain, one file for each party and epoch.

    A statement is verified before it is kept. A second, different one for the same epoch is kept beside the
    first as evidence and raises `ConflictingStatements`. A file that is damaged is as good as none: the statement is
    fetched again. A party names its `own` role, and is not asked by itself.
    """

    def __init__(self, directory: Path, settings: DomainSettings, own: Role | None = None) -> None:
        self.directory = directory
        self.settings = settings
        self.domain = settings.domain
        self._own = own
        self._verified: dict[int, EpochKey] = {}
        self._conflicts: dict[int, list[str]] = {}
        self._sound: dict[Path, bytes] = {}
        self._asking: dict[int, Task[EpochKey | None]] = {}

    def statement(self, role: Role, epoch: int) -> bytes | None:
        """A party's statement of an epoch, if it is known."""
        path = self._path(role, epoch)
        try:
            statement = path.read_bytes()
        except FileNotFoundError:
            return None
        if self._sound.get(path) != statement:
            try:
                verify_epoch_statement(self.domain, role, epoch, statement)
            except SplitPassError:
                return None
            self._sound[path] = statement
        return statement

    def keep(self, role: Role, epoch: int, statement: bytes) -> None:
        """Verify and store a statement; raises what `verify_epoch_statement` and `check_same_statement` raise."""
        verify_epoch_statement(self.domain, role, epoch, statement)
        with FileLock(private_directory(self.directory) / "lock", mode=0o600):  # or one of two would be lost
            known = self.statement(role, epoch)
            if known is None:
                write_private(self._path(role, epoch), statement)
                return
            try:
                check_same_statement(known, statement)
            except ConflictingStatements:
                write_private(self._conflict_path(role, epoch), statement)
                self._verified.pop(epoch, None)
                raise

    def key(self, epoch: int) -> EpochKey | None:
        """The joint key of an epoch, if both statements are known and neither party signed another one."""
        if epoch not in self._conflicts:
            self._conflicts[epoch] = [str(self._conflict_path(role, epoch)) for role in Role]
        if any(os.access(path, os.F_OK) for path in self._conflicts[epoch]):  # a door asks at every code: this is quick
            return None
        if epoch not in self._verified:
            operator, authority = (self.statement(role, epoch) for role in (Role.OPERATOR, Role.AUTHORITY))
            if operator is None or authority is None:
                return None
            self._verified[epoch] = verify_epoch(self.domain, epoch, operator, authority)
        return self._verified[epoch]

    async def fetch(self, session: ClientSession, epoch: int) -> EpochKey | None:
        """The joint key of an epoch, asking both parties for what is not known; None if one does not publish it.

        They are asked once for all who need it at this moment: the first visitors of a day come together.
        """
        known = self.key(epoch)
        if known is not None:
            return known
        import asyncio

        asking = self._asking.get(epoch)
        if asking is None:
            asking = self._asking[epoch] = asyncio.create_task(self._ask(session, epoch))
            asking.add_done_callback(partial(self._asked, epoch))
        return await asyncio.shield(asking)  # whoever leaves must not disturb the others

    def _asked(self, epoch: int, asking: Task[EpochKey | None]) -> None:
        """Forget a task that is done. What it raised is nobody's trouble if all who waited have left."""
        del self._asking[epoch]
        if not asking.cancelled():
            asking.exception()

    async def _ask(self, session: ClientSession, epoch: int) -> EpochKey | None:
        for role in Role:
            if self.statement(role, epoch) is None:
                if role is self._own:
                    return None
                try:
                    url = f"{self.settings.files(role)}/v1/epochs/{epoch}"
                    self.keep(role, epoch, await call(session, "GET", url))
                except Problem as problem:
                    if problem.status in {404, 410}:
                        return None
                    raise
        return self.key(epoch)

    async def refresh(self, session: ClientSession, first: int, last: int) -> list[int]:
        """Fetch the epochs `first` to `last`; returns those that are known afterwards, also when nobody answers."""
        known = []
        for epoch in range(first, last + 1):
            try:
                key = await self.fetch(session, epoch)
            except Unreachable:
                key = self.key(epoch)
            if key is not None:
                known.append(epoch)
        return known

    def _conflict_path(self, role: Role, epoch: int) -> Path:
        return self.directory / f"{epoch}.{role.name.lower()}.conflict"

    def _path(self, role: Role, epoch: int) -> Path:
        return self.directory / f"{epoch}.{role.name.lower()}"
