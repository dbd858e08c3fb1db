"""Notices and disclosures: everyone is given those on record, all of them, and in time. Spec: §6.7."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

from escrow.audit.audit import Audit
from escrow.audit.disclosures import check_openings, compare_disclosures
from escrow.audit.findings import Fault, Finding
from escrow.audit.log_follower import FollowedLog, LogRecord
from protocol.disclosures import Disclosure, verify_disclosure
from protocol.epochs import Role
from protocol.notices import MAX_LIST_AGE, Notice, list_digest, verify_notice
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import SplitPassError
from protocol.transparency.log_entries import DisclosurePublished, NoticePublished
from protocol.transparency.logs import COSIGNING_SECONDS
from service.cli import local_time
from service.http_client import call
from service.problems import Problem, Unreachable

Lists = dict[int, Notice | Disclosure]
"""A party's lists by the indices of their log entries."""


class ListCheck:
    """The check of one party's lists of one kind. `lists` are those that were fetched and are on record."""

    def __init__(self, audit: Audit, role: Role, kind: str, followed: FollowedLog) -> None:
        self._audit, self._role, self._kind = audit, role, kind
        self._records = [record for record in followed.records if isinstance(record.contents, _CONTENTS[kind])]
        self._digests = {number: digest for _, number, digest in reversed(list(self._published()))}
        self._verify = _verifier(audit, role, kind)
        self.lists: Lists = {}

    async def findings(self) -> AsyncIterator[Finding]:
        """Everything that is wrong with the lists."""
        for finding in self._on_record():
            yield finding
        try:
            async for finding in self._given():
                yield finding
        except Unreachable as error:
            yield self._finding(Fault.UNREACHABLE, str(error))
        for finding in self._shown_to_visitors():
            yield finding

    def _published(self) -> Iterator[tuple[LogRecord, int, bytes]]:
        for record in self._records:
            if isinstance(record.contents, NoticePublished | DisclosurePublished):
                yield record, record.contents.number, record.contents.digest

    def _on_record(self) -> Iterator[Finding]:
        """What the log alone shows: one list for each number, without gaps."""
        expected = 0
        for number in sorted(self._digests):
            if number > expected:
                last = "" if number == expected + 1 else f", and all up to {number - 1},"
                detail = f"number {expected} of its {self._kind}{last} is not on record"
                yield self._finding(Fault.MISSING_LIST, detail)
            expected = number + 1
        for _, number, digest in self._published():
            if digest != self._digests[number]:
                yield self._finding(Fault.FALSE_LIST, f"its log has two {self._kind} of number {number}")

    def _shown_to_visitors(self) -> Iterator[Finding]:
        for path, statement in self._audit.kept_evidence.lists(self._role, self._kind):
            try:
                number = self._verify(statement, None).number
            except SplitPassError:
                continue  # the party never signed it
            if not self._is_logged(statement):
                detail = f"it gave somebody number {number} of its {self._kind} as it is not in its log: {path}"
                yield self._finding(Fault.UNLOGGED_LIST, detail, statement)

    async def _given(self) -> AsyncIterator[Finding]:
        """What the server gives to everyone."""
        statement = await self._fetch("")
        newest = self._read(statement, None)
        last = max(self._digests, default=0)
        if statement is None or newest is None or not self._is_fresh(newest.time):
            yield self._finding(Fault.STALE_LISTS, f"its newest of the {self._kind} is not of the last two days")
        elif newest.number < last:
            detail = f"it gives number {newest.number} of its {self._kind} as the newest, and has {last} on record"
            yield self._finding(Fault.MISSING_LIST, detail)
        elif not self._is_logged(statement):
            detail = f"its newest of the {self._kind} is not in its log"
            yield self._finding(Fault.UNLOGGED_LIST, detail, statement)
        latest = 0
        for done, (record, number, digest) in enumerate(self._published()):
            earliest, latest = latest, record.time  # it was made when the one before it was on record
            self._audit.tell(f"{self._kind} of the {self._role.name.lower()}", done, len(self._records))
            if not record.is_new and self._kind == "notices":
                continue  # an earlier audit has seen it; a disclosure is compared with the other party's again
            statement = self._kept(number, digest) or await self._fetch(f"/{number}")
            published = self._read(statement, number)
            if statement is None:
                yield self._finding(Fault.MISSING_LIST, f"it does not give number {number} of its {self._kind}")
            elif not self._has_digest(statement, digest):
                signed = b"" if published is None else statement
                detail = f"number {number} of its {self._kind} is not as in its log"
                yield self._finding(Fault.UNLOGGED_LIST, detail, signed)
            elif published is None:
                yield self._finding(Fault.FALSE_LIST, f"number {number} of its {self._kind} does not hold")
            else:
                in_time = earliest - REQUEST_TOLERANCE <= published.time <= latest + REQUEST_TOLERANCE
                if record.is_new and not in_time:
                    when = local_time(published.time, self._audit.domain.utc_offset)
                    detail = f"number {number} of its {self._kind} is dated {when}, which it cannot be of"
                    yield self._finding(Fault.FALSE_LIST, detail)
                self.lists[record.index] = published
                self._keep(number, statement)

    def _kept(self, number: int, digest: bytes) -> bytes | None:
        """A disclosure that was fetched before, which need not be fetched again to be compared."""
        statement = self._audit.state.disclosure(self._role, number) if self._kind == "disclosures" else None
        return statement if statement is not None and self._has_digest(statement, digest) else None

    def _keep(self, number: int, statement: bytes) -> None:
        if self._kind == "disclosures" and self._audit.state.disclosure(self._role, number) != statement:
            self._audit.state.keep_disclosure(self._role, number, statement)

    def _is_fresh(self, time: int) -> bool:
        return -REQUEST_TOLERANCE <= self._audit.now - time <= MAX_LIST_AGE

    async def _fetch(self, path: str) -> bytes | None:
        try:
            url = f"{self._audit.urls[self._role]}/v1/{self._kind}{path}"
            return await call(self._audit.session, "GET", url)
        except Problem:
            return None

    def _read(self, statement: bytes | None, number: int | None) -> Notice | Disclosure | None:
        try:
            return None if statement is None else self._verify(statement, number)
        except SplitPassError:
            return None

    def _is_logged(self, statement: bytes) -> bool:
        """Whether a verified list is on record, or so new that its entry may not be cosigned yet."""
        published = self._verify(statement, None)
        if published.number > max(self._digests, default=-1):
            return -REQUEST_TOLERANCE <= self._audit.now - published.time < COSIGNING_SECONDS
        return self._has_digest(statement, self._digests.get(published.number))

    def _has_digest(self, statement: bytes, digest: bytes | None) -> bool:
        try:
            return list_digest(statement) == digest
        except SplitPassError:
            return False

    def _finding(self, fault: Fault, detail: str, statement: bytes = b"") -> Finding:
        return Finding(self._role, fault, detail, statement)


_CONTENTS = {"notices": NoticePublished, "disclosures": DisclosurePublished}


def _verifier(audit: Audit, role: Role, kind: str) -> Callable[[bytes, int | None], Notice | Disclosure]:
    return partial(verify_notice, audit.domain) if kind == "notices" else partial(verify_disclosure, audit.domain, role)


async def check_lists(audit: Audit) -> AsyncIterator[Finding]:
    """The authority's notices and both parties' disclosures, as far as their logs could be followed."""
    disclosures: dict[Role, dict[int, Disclosure]] = {}
    for role, followed in audit.logs.items():
        for kind in ("notices", "disclosures") if role is Role.AUTHORITY else ("disclosures",):
            check = ListCheck(audit, role, kind, followed)
            async for finding in check.findings():
                yield finding
            if kind == "disclosures":
                disclosures[role] = {
                    index: published for index, published in check.lists.items() if isinstance(published, Disclosure)
                }
        for finding in check_openings(audit, role, followed, disclosures[role]):
            yield finding
    for finding in compare_disclosures(audit, disclosures):
        yield finding
