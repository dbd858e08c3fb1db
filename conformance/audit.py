"""What must hold of every answer that was given during a run. Spec: §5.1."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from conformance.answer import Answer
from conformance.check import Checks
from conformance.errors import Failed
from conformance.tester import PARTIES, Server, Tester
from service.caching import FOR_A_MINUTE, FOR_EVER, FOR_HOURS, REVALIDATED
from service.media_types import CBOR, PROBLEM, PROBLEM_TYPE

checks = Checks()

SENT_ID = "conformance"
_CACHING = {
    r"GET /v1/epochs/\d+": FOR_HOURS,
    r"GET /v1/epochs/\d+/inclusion": FOR_A_MINUTE,
    r"GET /v1/(disclosures|notices|log/checkpoint)": REVALIDATED,
    r"GET /v1/(disclosures|notices)/\d+": FOR_EVER,
    r"GET /v1/log/tile/.*": FOR_EVER,
}
"""What §5.2 says of caches, by request."""


def _demand(tester: Tester, server: Server, holds: Callable[[Answer], bool]) -> None:
    wrong = [answer for answer in tester.answers if answer.server == server and not holds(answer)]
    if wrong:
        raise Failed(f"{len(wrong)} answers, the first to {wrong[0]}")


@checks.add_at(Server, "5.1/problem-documents")
async def problem_documents(tester: Tester, server: Server) -> None:
    """Every error is an `application/problem+json` document with `type`, `title`, `status` and `detail`."""
    _demand(tester, server, lambda answer: answer.status < 400 or _is_problem_document(answer))


@checks.add_at(Server, "5.1/internal-errors")
async def internal_errors(tester: Tester, server: Server) -> None:
    """No request makes the server fail: none is answered with a status from 500 on, other than 502 and 503."""
    _demand(tester, server, lambda answer: answer.status < 500 or answer.status in (502, 503))


@checks.add_at(Server, "5.1/request-id")
async def request_id(tester: Tester, server: Server) -> None:
    """Every answer has an `X-Request-Id` that the server drew, another each time and none that it was sent."""
    await tester.send(server, "GET", "/healthz", headers={"X-Request-Id": SENT_ID})
    seen = Counter(answer.request_id for answer in tester.answers if answer.server == server)
    _demand(tester, server, lambda answer: answer.request_id not in ("", SENT_ID) and seen[answer.request_id] == 1)


@checks.add_at(Server, "5.1/no-store")
async def no_store(tester: Tester, server: Server) -> None:
    """Answers that carry a message have `Cache-Control: no-store`, unless §5.2 says more. So have refusals."""

    def holds(answer: Answer) -> bool:
        is_message = answer.status == 200 and answer.media_type == CBOR and _caching_of(answer) is None
        return "no-store" in answer.cache_control or not (is_message or answer.media_type == PROBLEM)

    _demand(tester, server, holds)


@checks.add_at(PARTIES, "5.2/caching")
async def caching(tester: Tester, server: Server) -> None:
    """Caches may keep what never changes, an epoch's statement for hours, and ask each time whether a newest is one."""
    _demand(tester, server, lambda answer: answer.status != 200 or _caching_of(answer) in {None, answer.cache_control})


@checks.add_at(Server, "5.1/media-type")
async def media_type(tester: Tester, server: Server) -> None:
    """Messages and statements are answered as `application/cbor`."""
    _demand(tester, server, lambda answer: answer.status != 200 or answer.media_type == CBOR or _is_no_message(answer))


def _caching_of(answer: Answer) -> str | None:
    """The `Cache-Control` that the specification demands of a party's answer that everyone gets alike."""
    if answer.server not in PARTIES:
        return None
    return next((value for request, value in _CACHING.items() if re.fullmatch(request, answer.request)), None)


def _is_no_message(answer: Answer) -> bool:
    return answer.request in ("GET /healthz", "GET /readyz") or any(
        part in answer.request for part in ("/poster.", "/v1/log/")
    )


def _is_problem_document(answer: Answer) -> bool:
    document = answer.document
    if answer.media_type != PROBLEM or not isinstance(document, dict):
        return False
    texts = [document.get(name) for name in ("type", "title", "detail")]
    return (
        all(isinstance(text, str) for text in texts)
        and str(document["type"]).startswith(PROBLEM_TYPE)
        and document.get("status") == answer.status
    )
