"""The notices that warn people who were somewhere: the operator makes each list, and both sign it. Spec: §3.12."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from escrow.authority.authority import Authority
from escrow.authority.errors import NoRelease
from escrow.authority.investigation import Investigation
from escrow.authority.released_parts import ReleasedPart
from escrow.desk.records import of_notice
from escrow.errors import PeerFailed
from escrow.publications import PublishedList
from protocol.http_messages import NoticeRequest
from protocol.notices import (
    MAX_NOTICE_RELEASES,
    Notice,
    NoticeAnswer,
    PublishedNotice,
    list_digest,
    verify_notice,
    verify_notice_answer,
)
from protocol.primitives.statements import JointStatement, sign_statement, statement_payload
from protocol.releases import MAX_RELEASE_BYTES
from protocol.transparency.log_entries import NoticePublished

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from protocol.http_messages import SharesRequest
    from protocol.releases import VerifiedRelease

OTHERS = "the operator answers with other notices than it is asked for; try again, and call it if that goes on"

Released = dict[bytes, tuple["SharesRequest", "VerifiedRelease"]]
"""What the notice is asked for with, by the release digest."""
BATCH_BYTES = MAX_RELEASE_BYTES
"""How long the releases of one request may be together: the rest of a message is left to warrants and commitments."""


MAX_OTHERS = 100
"""How many other notices than the wanted one are taken from the operator at a time: an interruption leaves few."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """For how many passes a notice is, and how many more the operator did not admit."""

    passes: int
    left_out: int


class NoticePublisher:
    """Has the operator sign notices, signs them as well, and publishes them.

    Under a number that the operator has signed before it gives what it signed then. So what an interruption has left is
    published first.
    """

    def __init__(self, authority: Authority, session: ClientSession) -> None:
        self._authority, self._session = authority, session
        self._investigation = Investigation(authority, session)

    async def publish(self, warrant_ids: Sequence[bytes]) -> Noticed:
        """Warn everyone who is in the releases of these warrants (16-byte ids): in one notice, if they fit.

        The parts of one warrant are warned one after the other. One that had its notice has no other.

        Raises `NotApproved`, `NoRelease`, what `Investigation.released` and `verify_notice_answer` raise, `Problem` if
        the operator refuses, and `PeerFailed` if it goes on with other notices.
        """
        subject = of_notice([self._authority.warrants.standing(one).record for one in warrant_ids])
        self._authority.approvals.demand(subject)
        published = Noticed(0, 0)
        for batch in _batches([self._pending(one) for one in warrant_ids]):
            noticed = await self._publish_batch(batch)
            published = Noticed(published.passes + noticed.passes, published.left_out + noticed.left_out)
        self._authority.approvals.close(subject)
        return published

    async def _publish_batch(self, batch: Sequence[ReleasedPart]) -> Noticed:
        released = {part.digest: await self._investigation.released(part.warrant_id, part) for part in batch}
        for _ in range(MAX_OTHERS + 1):
            digests, noticed = await self._publish_next(released)
            if set(digests) == released.keys():
                return noticed
        raise PeerFailed(OTHERS)

    def _pending(self, warrant_id: bytes) -> list[ReleasedPart]:
        """The parts of a warrant that had no notice, or all if none is left: then the operator says so."""
        parts = self._authority.warrants.get(warrant_id).parts
        if not parts:
            raise NoRelease(warrant_id)
        return [part for part in parts if part.notice is None] or list(parts)

    async def publish_daily(self) -> None:
        """Publish a notice for nobody unless there is one of today; raises as `publish`."""
        for _ in range(MAX_OTHERS + 1):
            if self._is_due():
                await self._publish_next({})
        if self._is_due():
            raise PeerFailed(OTHERS)
        await asyncio.to_thread(self._authority.notices.put_on_record, self._authority.log, self._authority.clock())

    def _is_due(self) -> bool:
        newest, day = self._authority.notices.newest(), self._authority.domain.epoch_at
        return newest is None or day(newest.time) < day(self._authority.clock())

    async def _publish_next(self, released: Released) -> tuple[tuple[bytes, ...], Noticed]:
        """Publish the notice of the next number, whatever it is: for which releases, and for how many passes."""
        last = await asyncio.to_thread(self._authority.notices.newest)
        number, now = 0 if last is None else last.number + 1, self._authority.clock()
        request = NoticeRequest(number, now, tuple(shown for shown, _ in released.values()))
        answer = NoticeAnswer.from_bytes(
            await self._authority.peer.ask(self._session, "/v1/notices", request.to_bytes())
        )
        entry = NoticePublished(number, list_digest(answer.notice))
        if await asyncio.to_thread(self._authority.log.index_of, entry) is None:
            noticed = await self._verify(number, 0 if last is None else last.time, now, answer, released)
        else:
            noticed = Noticed(0, 0)  # this very notice was published before the database was restored
        notice = Notice.from_bytes(statement_payload(answer.notice))
        joint = JointStatement(sign_statement(notice, self._authority.identity), answer.notice)
        published = PublishedNotice(joint, answer.digests).to_bytes()
        verify_notice(self._authority.domain, published, number)
        await asyncio.to_thread(self._authority.notices.add, PublishedList(number, notice.time, published))
        await asyncio.to_thread(self._authority.notices.put_on_record, self._authority.log, now)
        for digest in answer.releases:
            await asyncio.to_thread(self._authority.warrants.parts.store_notice, digest, number)
        return answer.releases, noticed

    async def _verify(self, number: int, earliest: int, now: int, answer: NoticeAnswer, released: Released) -> Noticed:
        passes: set[bytes] = set()
        advice = ""
        for digest in answer.releases:
            if digest not in released:  # an interruption has left it, and the warrant may have expired since
                released = {**released, digest: await self._investigation.released_then(digest)}
            release = released[digest][1]
            advice = release.warrant.advice
            passes.update(u for visits in release.visits.values() for u in visits)
        domain = self._authority.domain
        noticed = await asyncio.to_thread(verify_notice_answer, domain, number, advice, passes, earliest, now, answer)
        return Noticed(len(noticed), len(passes) - len(noticed))


def _batches(pending: Sequence[list[ReleasedPart]]) -> list[list[ReleasedPart]]:
    """Of each warrant one part at a time, in their order, as many as fit into one request."""
    batches: list[list[ReleasedPart]] = []
    for together in zip_longest(*pending):
        batch: list[ReleasedPart] = []
        for part in together:
            if part is None:
                continue
            if batch and (len(batch) == MAX_NOTICE_RELEASES or sum(one.size for one in [*batch, part]) > BATCH_BYTES):
                batches.append(batch)
                batch = []
            batch.append(part)
        batches.append(batch)
    return batches
