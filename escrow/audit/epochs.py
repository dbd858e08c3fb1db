"""Epochs: the keys that are shown are those on record, and what is to be erased is erased. Spec: §6.7."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from escrow.audit.audit import Audit
from escrow.audit.findings import Fault, Finding
from escrow.audit.follow import FollowedLog
from protocol.entries import EpochErased, EpochPublished
from protocol.epochs import EpochStatement, Role, verify_epoch_statement
from protocol.errors import SplitPassError
from protocol.logs import Inclusion, verify_logged_epoch
from protocol.statements import statement_payload
from service.http import Problem, Unreachable, call

ERASING_SECONDS = 3600
"""How long an erasure may take: parties look every 600 s what is due."""
AHEAD = 31
"""How many days after today a party might publish, in secret."""


class EpochCheck:
    """The check of one party's epochs."""

    def __init__(self, audit: Audit, role: Role, followed: FollowedLog) -> None:
        self._audit, self._role = audit, role
        self._published: dict[int, list[tuple[bytes, int]]] = {}
        self._erased: dict[int, tuple[int, bool]] = {}
        self._false: list[Finding] = []
        for record in followed.records:
            if isinstance(record.contents, EpochPublished):
                self._note_published(record.index, record.contents)
            elif isinstance(record.contents, EpochErased):
                self._erased.setdefault(record.contents.epoch, (record.time, record.is_new))

    async def findings(self) -> AsyncIterator[Finding]:
        """Everything that is wrong with the party's epochs."""
        for finding in (*self._false, *self._on_record(), *self._shown_to_visitors()):
            yield finding
        today = self._audit.domain.epoch_at(self._audit.now)
        new = {epoch for epoch, (_, is_new) in self._erased.items() if is_new}
        asked = {*self._published, *range(today - 1, today + AHEAD)} - (self._erased.keys() - new)
        for epoch in sorted(asked):
            try:
                statement = await call(self._audit.session, "GET", f"{self._audit.urls[self._role]}/v1/epochs/{epoch}")
            except Problem as problem:
                if problem.name == "epoch-erased" and epoch not in self._erased:
                    yield self._finding(
                        Fault.ERASURE_DENIED, f"it says that epoch {epoch} is erased, and its log does not"
                    )
                continue
            except Unreachable as error:
                yield self._finding(Fault.UNREACHABLE, str(error))
                return
            if epoch in self._erased:
                yield self._finding(Fault.ERASURE_DENIED, f"its log says that epoch {epoch} is erased, and it does not")
            elif not self._is_logged(epoch, statement) and not await self._may_be_logged(epoch, statement):
                yield self._finding(Fault.UNLOGGED_KEY, f"it shows a key of epoch {epoch} that is not in its log")

    def _note_published(self, index: int, contents: EpochPublished) -> None:
        try:
            epoch = EpochStatement.from_bytes(statement_payload(contents.statement)).epoch
            verify_epoch_statement(self._audit.domain, self._role, epoch, contents.statement)
        except SplitPassError as error:
            self._false.append(self._finding(Fault.FALSE_ENTRY, f"entry {index} has no statement of an epoch: {error}"))
        else:
            payload = statement_payload(contents.statement)
            self._published.setdefault(epoch, []).append((payload, contents.erase_by))

    def _on_record(self) -> Iterator[Finding]:
        """What the log alone shows."""
        for epoch, statements in self._published.items():
            if len({payload for payload, _ in statements}) > 1:
                yield self._finding(Fault.TWO_KEYS, f"its log has two statements of epoch {epoch}")
            erase_by = min(promised for _, promised in statements)
            erased, is_new = self._erased.get(epoch, (self._audit.now, True))
            if is_new and erased > erase_by + ERASING_SECONDS:
                hours = (erased - erase_by) // 3600
                still = "" if epoch in self._erased else ", and still has it"
                yield self._finding(Fault.KEPT_TOO_LONG, f"it kept epoch {epoch} for {hours} hours too long{still}")

    def _shown_to_visitors(self) -> Iterator[Finding]:
        for path, epoch, statement in self._audit.seen.statements(self._role):
            try:
                verify_epoch_statement(self._audit.domain, self._role, epoch, statement)
            except SplitPassError:
                continue  # the party never signed it
            if not self._is_logged(epoch, statement):
                detail = f"it showed somebody a key of epoch {epoch} that is not in its log; {path} is evidence"
                yield self._finding(Fault.UNLOGGED_KEY, detail)

    async def _may_be_logged(self, epoch: int, statement: bytes) -> bool:
        """Whether a key that the log does not have yet is proven to be there, or waits to be cosigned."""
        url = f"{self._audit.urls[self._role]}/v1/epochs/{epoch}/inclusion"
        try:
            proof = Inclusion.from_bytes(await call(self._audit.session, "GET", url))
            verify_logged_epoch(self._audit.domain, self._role, statement, proof)
        except Problem as problem:
            return epoch not in self._published and problem.status in {502, 503}
        except (SplitPassError, Unreachable):
            return False
        return epoch not in self._published

    def _is_logged(self, epoch: int, statement: bytes) -> bool:
        try:
            payload = statement_payload(statement)
        except SplitPassError:
            return False
        return payload in {logged for logged, _ in self._published.get(epoch, [])}

    def _finding(self, fault: Fault, detail: str) -> Finding:
        return Finding(self._role, fault, detail)


async def check_epochs(audit: Audit) -> AsyncIterator[Finding]:
    """Both parties' epochs, as far as their logs could be followed."""
    for role, followed in audit.logs.items():
        async for finding in EpochCheck(audit, role, followed).findings():
            yield finding
