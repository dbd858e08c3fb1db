"""The lists that everyone fetches: notices and disclosures. Spec: §3.12.

What is asked for depends on what was fetched before and on nothing else, so that it tells nothing about the visitor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from protocol.disclosures import Disclosure
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.notices import MAX_LIST_AGE, VerifiedNotice
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import SplitPassError
from service.files import private_directory, write_private
from service.http_client import call
from service.problems import Problem

if TYPE_CHECKING:
    from aiohttp import ClientSession

MAX_LISTS = 1000
"""How many lists of one source a client follows at a time: whoever signs more of them could keep it busy for ever."""

L = TypeVar("L", VerifiedNotice, Disclosure)


class Fault(Enum):
    """What is wrong with a party's lists."""

    STALE = "stale"
    MISSING = "missing"
    TOO_MANY = "too many"
    WITHDRAWN = "withdrawn"
    CONFLICTING = "conflicting"
    LOST = "lost"


@dataclass(frozen=True)
class FollowResult:
    """What came of following the lists: the statement of the newest, or what is wrong with them."""

    newest: bytes | None = None
    fault: Fault | None = None


@dataclass(frozen=True)
class ListSource(Generic[L]):
    """One kind of list of one party: where it is, how it is verified, and where the newest that was fetched is kept.

    `oldest_days`: how many days back the first fetch goes.
    """

    role: Role
    kind: str
    server: str
    directory: Path
    verify: Callable[[bytes, int | None], L]
    oldest_days: int

    async def follow(self, session: ClientSession, now: int, look: Callable[[L], None]) -> FollowResult:
        """Fetch the lists that are new, newest first, and `look` into each as it comes. None is kept in memory.

        Raises `Unreachable`, `Problem`, or the `SplitPassError` that a list deserves.
        """
        url, known = f"{self.server}/v1/{self.kind}", self.known()
        statement = await _get(session, url)  # step 1, and again for those between
        if statement is None:
            return FollowResult(fault=Fault.MISSING)
        # Step 2, and again for those between.
        newest, before = self.verify(statement, None), None if known is None else self.verify(known, None)
        last = -1 if before is None else before.number
        if newest.number < last:
            self._write(self._withdrawn, statement)
            return FollowResult(fault=Fault.WITHDRAWN)
        look(newest)  # step 3
        if newest.number == last and newest != before:
            self._write(self.evidence, statement)
            return FollowResult(fault=Fault.CONFLICTING)
        received, oldest = newest, now - self.oldest_days * EPOCH_SECONDS
        for count, number in enumerate(range(newest.number - 1, last, -1), start=1):
            if known is None and received.time < oldest:
                break
            if count == MAX_LISTS:
                return FollowResult(fault=Fault.TOO_MANY)
            older = await _get(session, f"{url}/{number}")
            if older is None:
                return FollowResult(fault=Fault.MISSING)
            received = self.verify(older, number)
            look(received)
        return FollowResult(statement)

    def keep(self, newest: bytes) -> None:
        """Ask only for newer ones the next time. Keep what was found in the others before."""
        self._write(self.directory / self.name, newest)
        self._withdrawn.unlink(missing_ok=True)

    def start_over(self) -> None:
        """Ask for all of them the next time, as at the first: what was found in those that were read is lost."""
        (self.directory / self.name).unlink(missing_ok=True)

    def known(self) -> bytes | None:
        """The newest list that was fetched together with all before it; None as well if its file is damaged."""
        try:
            known = (self.directory / self.name).read_bytes()
            self.verify(known, None)
        except (FileNotFoundError, SplitPassError):
            return None
        return known

    def faults(self, now: int) -> set[Fault]:
        """What is wrong with what was fetched, as seen at Unix time `now`."""
        known = self.known()  # step 4
        is_fresh = known is not None and now - MAX_LIST_AGE <= self.verify(known, None).time <= now + REQUEST_TOLERANCE
        found = {
            Fault.STALE: not is_fresh,
            Fault.WITHDRAWN: self._withdrawn.exists(),
            Fault.CONFLICTING: self.evidence.exists(),
        }
        return {fault for fault, is_there in found.items() if is_there}

    @property
    def evidence(self) -> Path:
        """Where a second list with the number of the one that is known is kept."""
        return self.directory / f"{self.name}.conflict"

    @property
    def _withdrawn(self) -> Path:
        """Where the newest list is kept if it is older than the one that is known, until a newer one comes."""
        return self.directory / f"{self.name}.withdrawn"

    @property
    def name(self) -> str:
        """The name of the source, which its files have."""
        return f"{self.kind}.{self.role.name.lower()}"

    def _write(self, path: Path, statement: bytes) -> None:
        private_directory(self.directory)
        write_private(path, statement)


async def _get(session: ClientSession, url: str) -> bytes | None:
    try:
        return await call(session, "GET", url)
    except Problem as problem:
        if problem.status == 404:
            return None
        raise
