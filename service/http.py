"""aiohttp servers and requests: CBOR bodies, problem documents, limits. Spec: §5.1."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from email.utils import formatdate
from typing import TypeVar

from aiohttp import ClientConnectorError, ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, web

from protocol.primitives.encoding import MAX_MESSAGE_BYTES, Message
from protocol.primitives.errors import Malformed, ReplayedRequest, SplitPassError
from service.clock import Clock, unix_time
from service.monitoring import observe, whereabouts
from service.problems import NotConnected, Problem, Unreachable
from service.refusals import (
    STATUSES,
    NotFound,
    Refusal,
    SlowRequest,
    TooLarge,
    TryLater,
    Unauthenticated,
    UnsupportedMediaType,
)
from service.serving import REQUESTS, Requests, Stopping, finish_or_refuse
from service.settings import ConfigurationError, is_protected, unprotected
from service.storage import is_storage_trouble

CBOR = "application/cbor"
PROBLEM = "application/problem+json"
PROBLEM_TYPE = "urn:splitpass:problem:"
HTTP_PROBLEMS = {404: "not-found", 405: "method-not-allowed", 413: "request-entity-too-large"}
BODY_SECONDS = 30
SMALL_BODY_BYTES = 256 * 1024
LARGE_BODIES = 4
"""So many longer bodies a server reads at a time: anybody can send one, because it is read before it is verified."""

_LARGE_BODIES = web.AppKey("large_bodies", asyncio.Semaphore)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
M = TypeVar("M", bound=Message)
logger = logging.getLogger("splitpass")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered to a request."""

    status: int
    reason: str
    content_type: str
    body: bytes


def problem_name(error: SplitPassError) -> str:
    """The stable name of a protocol error: `InvalidProof` is `invalid-proof`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def create_app(routes: list[web.RouteDef], clock: Clock = unix_time) -> web.Application:
    """An application with the routes, `/healthz`, and a problem document for everything that goes wrong.

    `/healthz` tells the time of the `clock` by which the server works.
    """

    async def healthy(_request: web.Request) -> web.Response:
        headers = {"Date": formatdate(clock(), usegmt=True), "Cache-Control": "no-store"}
        return web.json_response({"status": "ok"}, headers=headers)

    app = web.Application(middlewares=[observe, _problems, finish_or_refuse])
    app[REQUESTS], app[_LARGE_BODIES] = Requests(), asyncio.Semaphore(LARGE_BODIES)
    app.on_shutdown.append(app[REQUESTS].finish)
    app.add_routes([*routes, web.get("/healthz", healthy)])
    return app


async def read_body(request: web.Request, max_bytes: int = SMALL_BODY_BYTES) -> bytes:
    """The CBOR body of a request, within the size and time limits. Nothing is inflated."""
    if request.content_type != CBOR:
        raise UnsupportedMediaType(f"send the body as {CBOR}")
    return await read_any_body(request, max_bytes)


async def read_any_body(request: web.Request, max_bytes: int = SMALL_BODY_BYTES) -> bytes:
    """The body of a request, of any media type; otherwise as `read_body`."""
    if "Content-Encoding" in request.headers:
        raise UnsupportedMediaType("send the body uncompressed")
    try:
        async with _place_for(request, max_bytes), asyncio.timeout(BODY_SECONDS):
            body = bytearray()
            async for chunk in request.content.iter_chunked(64 * 1024):
                body += chunk
                if len(body) > max_bytes:
                    raise TooLarge(max_bytes)
            return bytes(body)
    except (TimeoutError, ConnectionError, web.RequestPayloadError):
        raise SlowRequest(BODY_SECONDS) from None


def _place_for(request: web.Request, max_bytes: int) -> AbstractAsyncContextManager[None]:
    """One of the places for bodies that may be large; raises `TryLater` if all are taken."""
    if max_bytes <= SMALL_BODY_BYTES or (request.content_length or max_bytes) <= SMALL_BODY_BYTES:
        return nullcontext()
    places = request.app[_LARGE_BODIES]
    if places.locked():
        raise TryLater("the server is reading as many long bodies as it may; try again", BODY_SECONDS)
    return places


async def read_message(request: web.Request, kind: type[M]) -> M:
    """The message in a request's body."""
    return kind.from_bytes(await read_body(request))


def cbor_response(body: Message | bytes, status: int = 200) -> web.Response:
    """A response with a message or an encoded statement."""
    encoded = body if isinstance(body, bytes) else body.to_bytes()
    return web.Response(body=encoded, status=status, content_type=CBOR, headers={"Cache-Control": "no-store"})


def bearer_token(request: web.Request) -> bytes:
    """The 32-byte token of an `Authorization: Bearer` header, in hexadecimal; raises `Unauthenticated` without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not re.fullmatch("[0-9a-f]{64}", token):
        raise Unauthenticated("send the session's token as Authorization: Bearer")
    return bytes.fromhex(token)


def path_bytes(request: web.Request, name: str, size: int) -> bytes:
    """A part of the path that stands for `size` bytes in hexadecimal; raises `NotFound`."""
    value = request.match_info[name]
    if not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value):
        raise NotFound(f"there is no such {name}")
    return bytes.fromhex(value)


async def call(
    session: ClientSession, method: str, url: str, body: Message | bytes = b"", token: bytes | None = None
) -> bytes:
    """Send a request and return the body of the answer.

    `body` goes as CBOR. Raises `Problem` with what the server said, or `Unreachable`.
    """
    encoded = body if isinstance(body, bytes) else body.to_bytes()
    headers = {"Content-Type": CBOR} if method != "GET" else {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token.hex()}"
    answer = await exchange(session, method, url, encoded, headers)
    if answer.status >= 300:
        raise _received_problem(answer)
    return answer.body


async def exchange(
    session: ClientSession, method: str, url: str, body: bytes, headers: dict[str, str], seconds: float | None = None
) -> Answer:
    """Send a request and return the answer, whatever its status; raises `Unreachable`, also for a URL without TLS.

    It may take `seconds`, or as long as the session allows.

    No redirect is followed: nobody is sent elsewhere with what was meant for this server.
    """
    if not is_protected(url):
        raise Unreachable(unprotected(url))
    try:
        timeout = session.timeout if seconds is None else ClientTimeout(total=seconds)
        async with session.request(
            method, url, data=body or None, headers=headers, allow_redirects=False, timeout=timeout
        ) as response:
            received = await _read_limited(response)
    except (ClientError, TimeoutError, OSError) as error:
        kind = NotConnected if isinstance(error, ClientConnectorError) else Unreachable
        raise kind(f"{url} does not answer ({type(error).__name__})") from None
    return Answer(response.status, response.reason or "", response.content_type, received)


def new_session(seconds: float = 60) -> ClientSession:
    """A client session whose requests take at most `seconds`, and which tells and keeps nothing that marks a client."""
    return ClientSession(
        timeout=ClientTimeout(total=seconds), cookie_jar=DummyCookieJar(), headers={"User-Agent": "SplitPass"}
    )


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except Refusal as refusal:
        response = _problem_response(STATUSES[refusal.name], refusal.name, str(refusal), refusal.retry_after)
    except Problem as problem:  # of the server that this one had to ask
        response = _problem_response(problem.status, problem.name, problem.detail)
    except SplitPassError as error:
        status = 400 if isinstance(error, Malformed) else 409 if isinstance(error, ReplayedRequest) else 422
        response = _problem_response(status, problem_name(error), str(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        name = HTTP_PROBLEMS.get(error.status, "refused")
        response = _problem_response(error.status, name, error.reason)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
    except Stopping:
        response = _own_response("try-later", "the server is being stopped; try again in a moment")
    except Unreachable as error:
        logger.warning("%s", error)
        response = _own_response("peer-unreachable", "another party does not answer; try again later")
    except Exception as error:  # noqa: BLE001  told by its whereabouts alone: its text may quote a visitor
        if is_storage_trouble(error) or isinstance(error, ConfigurationError):  # a missing or damaged file
            # In a line, because it may go on for long and the log may share the disk.
            logger.error("storage failed: %s", getattr(error, "orig", error))  # noqa: TRY400
            response = _own_response("storage-failed", "the server cannot use its disk or database")
        else:
            logger.error("a request failed", extra={"reason": whereabouts(error)})  # noqa: TRY400
            response = _own_response("internal-error", "the server failed; its log tells why")
    if request.app[REQUESTS].stopping:
        response.force_close()
    return response


def _own_response(name: str, detail: str) -> web.Response:
    """A problem document for what befell the server itself."""
    return _problem_response(STATUSES[name], name, detail)


def _problem_response(status: int, name: str, detail: str, retry_after: int | None = None) -> web.Response:
    document = {"type": PROBLEM_TYPE + name, "title": name.replace("-", " "), "status": status, "detail": detail}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return web.json_response(document, status=status, content_type=PROBLEM, headers=headers)


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


async def _read_limited(response: ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > MAX_MESSAGE_BYTES:
            raise Unreachable(f"the answer is longer than {MAX_MESSAGE_BYTES} bytes")
    return bytes(body)
