"""Signing a notice for the authority: for visits that the operator verified, and for no other. Spec: §3.12."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import ClientSession

from escrow.operator.operator import Operator
from escrow.operator.signed_notices import WarnedPart
from escrow.shares import judge_request
from protocol.http_messages import NoticeRequest
from protocol.notices import NoticeAnswer
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.errors import OutOfScope, ReplayedRequest
from protocol.warrants import Purpose, ValidWarrant, verify_warrant


async def give_notice(operator: Operator, session: ClientSession, request: NoticeRequest) -> NoticeAnswer:
    """The operator's signature under a notice: what it signed under this number before, or a new one.

    Raises what `judge_request` raises, `WrongNumber` for a number that is not new, `ReplayedRequest` for another time
    than now, `NoticeExists` for a second notice for nobody in a day or under a warrant, `WarrantWithdrawn`, and
    `OutOfScope` for a warrant of another purpose or warrants that do not go together.
    """
    given = await asyncio.to_thread(operator.notices.answer, request.number)  # step 1
    if given is not None:
        return given
    now = operator.clock()
    if abs(request.time - now) > REQUEST_TOLERANCE:  # step 2
        raise ReplayedRequest("the notice is not of the present")
    warrants = [verify_warrant(operator.domain, shown.warrant, now) for shown in request.releases]  # step 3
    advice, ids = _advice(warrants), [warrant.record.warrant_id for warrant in warrants]
    await asyncio.to_thread(operator.notices.refuse_known, request.number, request.time, ids)
    releases: list[WarnedPart] = []
    passes: set[bytes] = set()
    for shown in request.releases:
        release = await judge_request(operator, session, shown, now)  # step 6
        releases.append(WarnedPart(release.warrant.warrant_id, release.digest, release.part_begins, release.part_ends))
        passes.update(u for visits in release.visits.values() for u in visits)
    return await asyncio.to_thread(operator.notices.sign, request.number, request.time, advice, releases, passes)


def _advice(warrants: Sequence[ValidWarrant]) -> str:
    """The one advice of all these warrants; an empty one without any."""
    records = [warrant.record for warrant in warrants]
    for record in records:
        if record.purpose is not Purpose.NOTICE:
            raise OutOfScope("nobody is warned under a warrant of this purpose", record.warrant_id)
    ids, advices = dict.fromkeys(record.warrant_id for record in records), {record.advice for record in records}
    if len(ids) < len(records) or len(advices) > 1:
        raise OutOfScope("one notice has one advice, and each release its own warrant", records[0].warrant_id)
    return next(iter(advices), "")
