"""Notices and disclosures: everyone is given those on record, all of them, and in time. Spec: §6.7."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

from escrow.audit.audit import Audit
from escrow.audit.disclosures import check_openings, compare_disclosures
from escrow.audit.findings import About, Fault, Finding
from escrow.audit.log_follower import FollowedLog, LogRecord
from protocol.disclosures import Disclosure, verify_disclosure
from protocol.epochs import Role
from protocol.notices import MAX_LIST_AGE, VerifiedNotice, list_digest, notice_digest, verify_notice
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import SplitPassError
from protocol.transparency.log_entries import DisclosurePublished, NoticePublished
from protocol.transparency.logs import COSIGNING_SECONDS
from service.cli import local_time
from service.http_client import call
from service.problems import Problem, Unreachable

Lists = dict[int, VerifiedNotice | Disclosure]
"""A party's lists by the indices of their log entries."""


def about_list(kind: str, number: int | None = None) -> About:
    """The list that a fault is about, or all of a kind."""
    return {"list": kind} | ({} if number is None else {"number": number})


class ListsOnRecord:
    """What a party's log says of its lists of one kind."""

    def __init__(self, role: Role, kind: str, followed: FollowedLog) -> None:
        self.role, self.kind = role, kind
        self.records = [record for record in followed.records if isinstance(record.contents, _CONTENTS[kind])]
        self.digests = {number: digest for _, number, digest in reversed(list(self.published()))}

    def published(self) -> Iterator[tuple[LogRecord, int, bytes]]:
        """Each entry, with the number and digest that it tells of."""
        for record in self.records:
            if isinstance(record.contents, NoticePublished | DisclosurePublished):
                yield record, record.contents.number, record.contents.digest

    def contradictions(self) -> Iterator[Finding]:
        """Numbers that stand for two lists."""
        for _, number, digest in self.published():
            if digest != self.digests[number]:
                detail = f"its log has two {self.kind} of number {number}"
                yield Finding(self.role, Fault.FALSE_LIST, detail, about=about_list(self.kind, number))


class ListCheck:
    """The check of one party's lists of one kind. `lists` are those that were fetched and are on record.

    Notices are the authority's to give and signed by both parties, so that they are looked for in both logs.
    """

    def __init__(self, audit: Audit, role: Role, kind: str) -> None:
        self._audit, self._role, self._kind = audit, role, kind
        self._own = ListsOnRecord(role, kind, audit.logs[role])
        self._all = [self._own]
        if kind == "notices" and Role.OPERATOR in audit.logs:
            self._all.append(ListsOnRecord(Role.OPERATOR, kind, audit.logs[Role.OPERATOR]))
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
            yield Finding(self._role, Fault.UNREACHABLE, str(error))
        for finding in self._shown_to_visitors():
            yield finding

    def _on_record(self) -> Iterator[Finding]:
        """What the logs alone show: one list for each number, without gaps."""
        expected = 0
        for number in sorted(self._own.digests):
            if number > expected:
                last = "" if number == expected + 1 else f", and all up to {number - 1},"
                detail = f"number {expected} of its {self._kind}{last} is not on record"
                yield self._finding(Fault.MISSING_LIST, expected, detail)
            expected = number + 1
        for on_record in self._all:
            yield from on_record.contradictions()

    def _shown_to_visitors(self) -> Iterator[Finding]:
        kept = (shown for one in self._all for shown in self._audit.kept_evidence.lists(one.role, self._kind))
        for path, statement in kept:
            try:
                number = self._verify(statement, None).number
            except SplitPassError:
                continue  # it was never signed
            detail = f"somebody was given number {number} of the {self._kind} as it is not in its log: {path}"
            yield from self._unlogged(statement, detail)

    async def _given(self) -> AsyncIterator[Finding]:
        """What the server gives to everyone."""
        statement = await self._fetch("")
        newest = self._read(statement, None)
        last = max(self._own.digests, default=0)
        if statement is None or newest is None or not self._is_fresh(newest.time):
            for finding in self._late():
                yield finding
        elif newest.number < last:
            detail = f"it gives number {newest.number} of its {self._kind} as the newest, and has {last} on record"
            yield self._finding(Fault.MISSING_LIST, last, detail)
        else:
            for finding in self._unlogged(statement, f"the newest of the {self._kind} is not in its log"):
                yield finding
        latest = 0
        for done, (record, number, digest) in enumerate(self._own.published()):
            earliest, latest = latest, record.time  # it was made when the one before it was on record
            self._audit.tell(f"{self._kind} of the {self._role.name.lower()}", done, len(self._own.records))
            if not record.is_new and self._kind == "notices":
                continue  # an earlier audit has seen it; a disclosure is compared with the other party's again
            statement = self._kept(number, digest) or await self._fetch(f"/{number}")
            in_time = range(earliest - REQUEST_TOLERANCE, latest + REQUEST_TOLERANCE + 1)
            for finding in self._on_its_place(record, number, digest, statement, in_time):
                yield finding

    def _on_its_place(
        self, record: LogRecord, number: int, digest: bytes, statement: bytes | None, in_time: range
    ) -> Iterator[Finding]:
        """What is wrong with what the server gives as the list of a number."""
        published = self._read(statement, number)
        if statement is None:
            yield self._finding(Fault.MISSING_LIST, number, f"it does not give number {number} of its {self._kind}")
        elif not self._has_digest(statement, digest):
            detail = f"number {number} of its {self._kind} is not as in its log"
            if published is None:
                yield self._finding(Fault.UNLOGGED_LIST, number, detail)
            else:
                yield from self._unlogged(statement, detail)
        elif published is None:
            yield self._finding(Fault.FALSE_LIST, number, f"number {number} of its {self._kind} does not hold")
        else:
            if record.is_new and published.time not in in_time:
                when = local_time(published.time, self._audit.domain.utc_offset)
                detail = f"number {number} of its {self._kind} is dated {when}, which it cannot be of"
                yield self._finding(Fault.FALSE_LIST, number, detail)
            self.lists[record.index] = published
            self._keep(number, statement)
            yield from self._unlogged(statement, f"number {number} of the {self._kind} is not in its log")

    def _late(self) -> Iterator[Finding]:
        """Whose fault it may be that the newest list is too old: of notices, if the other has not signed one either."""
        others = [one for one in self._all if one is not self._own]
        has_signed = any(self._is_fresh(record.time) for one in others for record in one.records[-1:])
        detail = f"its newest of the {self._kind} is not of the last two days"
        if self._kind != "notices" or has_signed:
            yield self._finding(Fault.STALE_LISTS, None, detail)
            return
        yield self._finding(Fault.STALE_LISTS, None, f"{detail}; or the operator did not sign one")
        either = "it has signed no notice in the last two days; or the authority did not ask for one"
        yield Finding(Role.OPERATOR, Fault.STALE_LISTS, either, about=about_list(self._kind))

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

    def _read(self, statement: bytes | None, number: int | None) -> VerifiedNotice | Disclosure | None:
        try:
            return None if statement is None else self._verify(statement, number)
        except SplitPassError:
            return None

    def _unlogged(self, statement: bytes, detail: str) -> Iterator[Finding]:
        """Whoever signed a verified list and has it not on record, unless it is so new that it may not be cosigned."""
        published = self._verify(statement, None)
        is_new = -REQUEST_TOLERANCE <= self._audit.now - published.time < COSIGNING_SECONDS
        for one in self._all:
            if published.number > max(one.digests, default=-1) and is_new:
                continue
            if not self._has_digest(statement, one.digests.get(published.number)):
                about = about_list(self._kind, published.number)
                yield Finding(one.role, Fault.UNLOGGED_LIST, detail, statement, about)

    def _has_digest(self, statement: bytes, digest: bytes | None) -> bool:
        try:
            return _DIGESTS[self._kind](statement) == digest
        except SplitPassError:
            return False

    def _finding(self, fault: Fault, number: int | None, detail: str, statement: bytes = b"") -> Finding:
        return Finding(self._role, fault, detail, statement, about_list(self._kind, number))


_CONTENTS = {"notices": NoticePublished, "disclosures": DisclosurePublished}
_DIGESTS = {"notices": notice_digest, "disclosures": list_digest}


def _verifier(audit: Audit, role: Role, kind: str) -> Callable[[bytes, int | None], VerifiedNotice | Disclosure]:
    return partial(verify_notice, audit.domain) if kind == "notices" else partial(verify_disclosure, audit.domain, role)


async def check_lists(audit: Audit) -> AsyncIterator[Finding]:
    """Notices and both parties' disclosures, as far as their logs could be followed."""
    disclosures: dict[Role, dict[int, Disclosure]] = {}
    for role, followed in audit.logs.items():
        for kind in ("notices", "disclosures") if role is Role.AUTHORITY else ("disclosures",):
            check = ListCheck(audit, role, kind)
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
