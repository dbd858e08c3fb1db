"""Requests to other servers: CBOR bodies, problems, limits. Spec: §5.1.

aiohttp is loaded when something is sent: most commands of a program send nothing.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.primitives.encoding import MAX_MESSAGE_BYTES, Message
from service.media_types import CBOR, PROBLEM, PROBLEM_TYPE
from service.problems import Declined, NotConnected, Problem, Unreachable
from service.urls import is_protected, unprotected

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession, TraceConfig


ASKING_SECONDS = 10
"""How long a server may take to say whether it wants a body."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered to a request."""

    status: int
    reason: str
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    was_unread: bool = False
    """Whether it came before the request's body was sent."""


async def call(
    session: ClientSession,
    method: str,
    url: str,
    body: Message | bytes = b"",
    token: bytes | None = None,
    *,
    ask_first: bool = False,
    max_bytes: int = MAX_MESSAGE_BYTES,
) -> bytes:
    """Send a request and return the body of the answer, which has at most `max_bytes`.

    `body` goes as CBOR. Raises `Problem` with what the server said, or `Unreachable`; with `ask_first` `Declined` or
    `NotConnected` if nothing of the body was sent.
    """
    encoded = body if isinstance(body, bytes) else body.to_bytes()
    headers = {"Content-Type": CBOR} if method != "GET" else {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token.hex()}"
    answer = await exchange(session, method, url, encoded, headers, ask_first=ask_first, max_bytes=max_bytes)
    if answer.status >= 300:
        problem = _received_problem(answer)
        raise Declined(problem.status, problem.name, str(problem)) if answer.was_unread else problem
    return answer.body


async def exchange(
    session: ClientSession,
    method: str,
    url: str,
    body: bytes,
    headers: dict[str, str],
    seconds: float | None = None,
    *,
    ask_first: bool = False,
    max_bytes: int = MAX_MESSAGE_BYTES,
) -> Answer:
    """Send a request and return the answer, whatever its status; raises `Unreachable`, also for a URL without TLS.

    It may have `max_bytes`, and take `seconds`, or as long as the session allows. With `ask_first` the server is not
    sent the body, nor told its length, before it says that it takes it (`Expect: 100-continue`, RFC 9110, 10.1.1).

    No redirect is followed: nobody is sent elsewhere with what was meant for this server.
    """
    if not is_protected(url):
        raise Unreachable(unprotected(url))
    import asyncio

    from aiohttp import ClientConnectorError, ClientError, ClientTimeout

    was_sent = not ask_first

    async def when_asked() -> AsyncIterator[bytes]:
        nonlocal was_sent
        was_sent = True
        asking.reschedule(None)
        yield body

    try:
        timeout = session.timeout if seconds is None else ClientTimeout(total=seconds)
        async with (
            asyncio.timeout(ASKING_SECONDS if ask_first else None) as asking,
            session.request(
                method,
                url,
                data=when_asked() if ask_first else body or None,
                headers=headers,
                allow_redirects=False,
                timeout=timeout,
                expect100=ask_first,
            ) as response,
        ):
            received = await _read_limited(response, max_bytes)
    except (ClientError, TimeoutError, OSError) as error:
        kind = NotConnected if isinstance(error, ClientConnectorError) or not was_sent else Unreachable
        raise kind(f"{url} does not answer ({type(error).__name__})") from None
    answered = tuple(response.headers.items())
    return Answer(response.status, response.reason or "", response.content_type, received, answered, not was_sent)


def new_session(seconds: float = 60, *traces: TraceConfig) -> ClientSession:
    """A client session whose requests take at most `seconds`, and which tells and keeps nothing that marks a client.

    It reports its requests to `traces`.
    """
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

    return ClientSession(
        timeout=ClientTimeout(total=seconds),
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": "SplitPass"},
        trace_configs=list(traces),
    )


def _received_problem(answer: Answer) -> Problem:
    """What a server's error response says; anything but a problem document is reported by its status alone."""
    try:
        document = json.loads(answer.body)
        name, detail = document["type"].removeprefix(PROBLEM_TYPE), document["detail"]
        if answer.content_type == PROBLEM and isinstance(name, str) and isinstance(detail, str):
            return Problem(answer.status, name, detail)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return Problem(answer.status, "unknown", f"the server answered {answer.status} {answer.reason}")


async def _read_limited(response: ClientResponse, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > max_bytes:
            raise Unreachable(f"the answer is longer than {max_bytes} bytes")
    return bytes(body)
