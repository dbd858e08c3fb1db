"""The notices that everyone fetches. Spec: §3.12, §5.4."""

from __future__ import annotations

from conformance.check import Checks
from conformance.errors import Failed
from conformance.tester import Server, Tester
from protocol.notices import MAX_LIST_AGE, VerifiedNotice, verify_notice
from protocol.party_requests import REQUEST_TOLERANCE

checks = Checks()


async def _notice(tester: Tester, path: str, number: int | None) -> VerifiedNotice:
    return verify_notice(tester.domain, (await tester.get(Server.AUTHORITY, path)).expect(200), number)


@checks.add("3.12/joint", f"5.1/answers/{Server.AUTHORITY}", "--domain")
async def joint(tester: Tester) -> None:
    """The newest notice is signed by both parties, over the list that comes with it, and not older than two days."""
    notice = await _notice(tester, "/v1/notices", None)
    if not -REQUEST_TOLERANCE <= tester.clock() - notice.time <= MAX_LIST_AGE:
        raise Failed(f"notice {notice.number} is not of the last two days")


@checks.add("3.12/numbered", "3.12/joint")
async def numbered(tester: Tester) -> None:
    """The newest notice is the one of its number, and there is one of each number before it."""
    newest = await _notice(tester, "/v1/notices", None)
    if await _notice(tester, f"/v1/notices/{newest.number}", newest.number) != newest:
        raise Failed(f"there are two notices of number {newest.number}")
    for number in {0, max(0, newest.number - 1)}:
        await _notice(tester, f"/v1/notices/{number}", number)
