"""Epochs: the keys that are shown are those on record, and what is to be erased is erased. Spec: §6.7."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from escrow.audit.audit import Audit
from escrow.audit.findings import Fault, Finding
from escrow.audit.log_follower import FollowedLog, LogRecord
from escrow.settings import MAX_RETENTION_DAYS
from protocol.epochs import EPOCH_SECONDS, Domain, EpochStatement, Role, verify_epoch_statement
from protocol.primitives.errors import SplitPassError
from protocol.primitives.statements import statement_payload
from protocol.transparency.log_entries import EpochErased, EpochPublished
from protocol.transparency.logs import Inclusion, verify_logged_epoch
from service.http_client import call
from service.problems import Problem, Unreachable

ERASING_SECONDS = 3600
"""How long an erasure may take: parties look every 600 s what is due."""
AHEAD = 31
"""How many days after today a party might publish, in secret."""


class EpochCheck:
    """The check of one party's epochs."""

    def __init__(self, audit: Audit, role: Role, followed: FollowedLog) -> None:
        self._audit, self._role, self._followed = audit, role, followed
        self._published: dict[int, dict[bytes, bytes]] = {}
        self._erase_by: dict[int, int] = {}
        self._erased: dict[int, tuple[int, bool]] = {}
        self._false: list[Finding] = []
        for record in followed.records:
            if isinstance(record.contents, EpochPublished):
                self._note_published(record, record.contents)
            elif isinstance(record.contents, EpochErased):
                self._erased.setdefault(record.contents.epoch, (record.time, record.is_new))

    async def findings(self) -> AsyncIterator[Finding]:
        """Everything that is wrong with the party's epochs."""
        for finding in (*self._false, *self._on_record()):
            yield finding
        async for finding in self._shown():
            yield finding
        for finding in self._shown_to_visitors():
            yield finding

    async def _shown(self) -> AsyncIterator[Finding]:
        """What the server shows everyone."""
        today = self._audit.domain.epoch_at(self._audit.now)
        new = {epoch for epoch, (_, is_new) in self._erased.items() if is_new}
        asked = sorted({*self._published, *range(today - 1, today + AHEAD)} - (self._erased.keys() - new))
        for done, epoch in enumerate(asked):
            self._audit.tell(f"epochs of the {self._role.name.lower()}", done, len(asked))
            try:
                statement = await call(self._audit.session, "GET", f"{self._audit.urls[self._role]}/v1/epochs/{epoch}")
            except Problem as problem:
                if problem.name == "epoch-erased" and epoch not in self._erased:
                    detail = f"it says that epoch {epoch} is erased, and its log does not"
                    yield self._finding(Fault.ERASURE_DENIED, epoch, detail)
                continue
            except Unreachable as error:
                yield Finding(self._role, Fault.UNREACHABLE, str(error))
                return
            if epoch in self._erased:
                detail = f"its log says that epoch {epoch} is erased, and it does not"
                yield self._finding(Fault.ERASURE_DENIED, epoch, detail)
            elif not self._is_logged(epoch, statement):
                async for finding in self._unlogged(epoch, statement):
                    yield finding

    def _note_published(self, record: LogRecord, contents: EpochPublished) -> None:
        try:
            epoch = _epoch_of(contents.statement)
            verify_epoch_statement(self._audit.domain, self._role, epoch, contents.statement)
        except SplitPassError as error:
            detail = f"entry {record.index} has no statement of an epoch: {error}"
            self._false.append(Finding(self._role, Fault.FALSE_ENTRY, detail, about={"entry": record.index}))
        else:
            payload = statement_payload(contents.statement)
            self._published.setdefault(epoch, {}).setdefault(payload, contents.statement)
            self._erase_by[epoch] = min(contents.erase_by, self._erase_by.get(epoch, contents.erase_by))

    def _on_record(self) -> Iterator[Finding]:
        """What the log alone shows."""
        for epoch, statements in self._published.items():
            others = list(statements.values())[1:]
            if others:
                yield self._finding(Fault.TWO_KEYS, epoch, f"its log has two statements of epoch {epoch}", others[0])
            erased, is_new = self._erased.get(epoch, (self._audit.now, True))
            late = erased - self._erase_by[epoch]
            if is_new and late > ERASING_SECONDS:
                still = "" if epoch in self._erased else ", and still has it"
                detail = f"it kept epoch {epoch} for {late // 3600} hours too long{still}"
                yield self._finding(Fault.KEPT_TOO_LONG, epoch, detail)
        days = promised_days(self._audit.domain, self._followed)
        too_long = sorted(epoch for epoch in days if days[epoch] > MAX_RETENTION_DAYS)
        if too_long:
            which = f"epoch {too_long[0]}" + (f" and {len(too_long) - 1} others" if too_long[1:] else "")
            longest = max(days[epoch] for epoch in too_long)
            detail = f"it promises to keep {which} for up to {longest} days, and {MAX_RETENTION_DAYS} are allowed"
            yield self._finding(Fault.PROMISED_TOO_LONG, too_long[0], detail)

    def _shown_to_visitors(self) -> Iterator[Finding]:
        for path, statement in self._audit.kept_evidence.statements(self._role):
            try:
                epoch = _epoch_of(statement)
                verify_epoch_statement(self._audit.domain, self._role, epoch, statement)
            except SplitPassError:
                continue  # the party never signed it
            if not self._is_logged(epoch, statement):
                detail = f"it showed somebody a key of epoch {epoch} that is not in its log: {path}"
                yield self._finding(Fault.UNLOGGED_KEY, epoch, detail, statement)

    async def _unlogged(self, epoch: int, statement: bytes) -> AsyncIterator[Finding]:
        """What is wrong with a statement that the party shows, and its log does not have."""
        try:
            verify_epoch_statement(self._audit.domain, self._role, epoch, statement)
        except SplitPassError as error:
            detail = f"it shows no statement of epoch {epoch}, but something else: {error}"
            yield self._finding(Fault.UNREACHABLE, epoch, detail)
            return
        if epoch not in self._published and await self._may_be_logged(epoch, statement):
            return
        detail = f"it shows a key of epoch {epoch} that is not in its log"
        if epoch not in self._published and self._has_begun(epoch):
            detail += ", nor proven to be by a newer cosigned checkpoint; and the epoch has begun"
        yield self._finding(Fault.UNLOGGED_KEY, epoch, detail, statement)

    async def _may_be_logged(self, epoch: int, statement: bytes) -> bool:
        """Whether a key that the log does not have is proven to be in it since, or waits for that and is not in use."""
        url = f"{self._audit.urls[self._role]}/v1/epochs/{epoch}/inclusion"
        try:
            proof = Inclusion.from_bytes(await call(self._audit.session, "GET", url))
            later = verify_logged_epoch(self._audit.domain, self._role, statement, proof)
        except Problem as problem:  # its witness may be away
            return problem.status in {502, 503} and not self._has_begun(epoch)
        except (SplitPassError, Unreachable):
            return False
        return await self._audit.continues(self._role, proof.checkpoint, later, f"its proof for epoch {epoch}")

    def _has_begun(self, epoch: int) -> bool:
        return self._audit.domain.epoch_begins(epoch) <= self._audit.now

    def _is_logged(self, epoch: int, statement: bytes) -> bool:
        try:
            return statement_payload(statement) in self._published.get(epoch, {})
        except SplitPassError:
            return False

    def _finding(self, fault: Fault, epoch: int, detail: str, statement: bytes = b"") -> Finding:
        return Finding(self._role, fault, detail, statement, {"epoch": epoch})


async def check_epochs(audit: Audit) -> AsyncIterator[Finding]:
    """Both parties' epochs, as far as their logs could be followed."""
    for role, followed in audit.logs.items():
        async for finding in EpochCheck(audit, role, followed).findings():
            yield finding


def promised_days(domain: Domain, followed: FollowedLog) -> dict[int, int]:
    """For how many days after its end a party promises to keep each epoch that it has not erased."""
    contents = [record.contents for record in followed.records]
    erased = {said.epoch for said in contents if isinstance(said, EpochErased)}
    days: dict[int, int] = {}
    for said in contents:
        if isinstance(said, EpochPublished):
            try:
                epoch = _epoch_of(said.statement)
            except SplitPassError:
                continue  # a false entry
            kept = -((domain.epoch_begins(epoch + 1) - said.erase_by) // EPOCH_SECONDS)
            days[epoch] = max(kept, days.get(epoch, kept))
    return {epoch: kept for epoch, kept in days.items() if epoch not in erased}


def _epoch_of(statement: bytes) -> int:
    return EpochStatement.from_bytes(statement_payload(statement)).epoch
