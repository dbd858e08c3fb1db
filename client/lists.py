"""The lists that everyone fetches: notices and disclosures. Spec: §3.12.

What is asked for depends on what was fetched before and on nothing else, so that it tells nothing about the visitor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Generic, TypeVar

from aiohttp import ClientSession

from protocol.disclosures import Disclosure
from protocol.epochs import EPOCH_SECONDS, Role, check_same_statement
from protocol.errors import ConflictingStatements
from protocol.notices import MAX_LIST_AGE, Notice
from protocol.requests import REQUEST_TOLERANCE
from service.files import private_directory, write_private
from service.http import Problem, call

L = TypeVar("L", Notice, Disclosure)


class Fault(Enum):
    """What is wrong with a party's lists."""

    STALE = "stale"
    MISSING = "missing"
    WITHDRAWN = "withdrawn"
    CONFLICTING = "conflicting"


@dataclass(frozen=True)
class Fetched(Generic[L]):
    """Lists that were fetched, newest first. `newest` is the statement of the first if nothing was wrong with them."""

    lists: list[L]
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

    async def fetch(self, session: ClientSession, now: int) -> Fetched[L]:
        """The lists that are new; raises `Unreachable`, `Problem`, or the `SplitPassError` that a list deserves."""
        url, known = f"{self.server}/v1/{self.kind}", self.known()
        statement = await _get(session, url)
        if statement is None:
            return Fetched([], fault=Fault.MISSING)
        newest, last = self.verify(statement, None), -1 if known is None else self.verify(known, None).number
        if newest.number < last:
            return Fetched([], fault=Fault.WITHDRAWN)
        if known is not None and newest.number == last and not self._is_same(known, statement):
            return Fetched([newest], fault=Fault.CONFLICTING)
        lists, oldest = [newest], now - self.oldest_days * EPOCH_SECONDS
        for number in range(newest.number - 1, last, -1):
            if known is None and lists[-1].time < oldest:
                break
            older = await _get(session, f"{url}/{number}")
            if older is None:
                return Fetched(lists, fault=Fault.MISSING)
            lists.append(self.verify(older, number))
        return Fetched(lists, statement)

    def keep(self, newest: bytes) -> None:
        """Ask only for newer ones the next time. Keep what was found in the others before."""
        write_private(private_directory(self.directory) / self._name, newest)

    def known(self) -> bytes | None:
        """The newest list that was fetched together with all before it."""
        try:
            return (self.directory / self._name).read_bytes()
        except FileNotFoundError:
            return None

    def faults(self, now: int) -> set[Fault]:
        """What is wrong with what was fetched, as seen at Unix time `now`."""
        known = self.known()
        is_fresh = known is not None and now - MAX_LIST_AGE <= self.verify(known, None).time <= now + REQUEST_TOLERANCE
        found = {Fault.STALE: not is_fresh, Fault.CONFLICTING: self.evidence.exists()}
        return {fault for fault, is_there in found.items() if is_there}

    @property
    def evidence(self) -> Path:
        """Where a second list with the number of the one that is known is kept."""
        return self.directory / f"{self._name}.conflict"

    @property
    def _name(self) -> str:
        return f"{self.kind}.{self.role.name.lower()}"

    def _is_same(self, known: bytes, received: bytes) -> bool:
        try:
            check_same_statement(known, received)
        except ConflictingStatements:
            write_private(self.evidence, received)
            return False
        return True


async def _get(session: ClientSession, url: str) -> bytes | None:
    try:
        return await call(session, "GET", url)
    except Problem as problem:
        if problem.status == 404:
            return None
        raise
