"""aiohttp servers: CBOR bodies, problem documents, limits. Spec: §5.1."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, nullcontext
from email.utils import formatdate
from typing import TypeVar

from aiohttp import web

from protocol.primitives.encoding import Message
from protocol.primitives.errors import Malformed, ReplayedRequest, SplitPassError
from service.clock import Clock, unix_time
from service.cross_origin import let_pages_use, share
from service.errors import ConfigurationError
from service.media_types import CBOR, PROBLEM, PROBLEM_TYPE
from service.monitoring import observe, whereabouts
from service.problems import Problem, Unreachable
from service.readiness import Readiness
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
from service.serving import REQUESTS, Requests, Stopping
from service.storage import is_storage_trouble

HTTP_PROBLEMS = {404: "not-found", 405: "method-not-allowed", 413: "request-entity-too-large"}
BODY_SECONDS = 30
SMALL_BODY_BYTES = 256 * 1024
SHORT_BODY_BYTES = 4 * 1024
"""Of one short message: decoding 256 KiB of empty arrays takes a third of a second, and anybody can send them."""
LARGE_BODIES = 4
"""So many longer bodies a server reads at a time: anybody can send one, because it is read before it is verified."""

_LARGE_BODIES = web.AppKey("large_bodies", asyncio.Semaphore)
_IS_HELD_BACK = web.RequestKey("is_held_back", bool)
"""Whether the client waits until it is asked for the body."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
M = TypeVar("M", bound=Message)
logger = logging.getLogger("splitpass")


def problem_name(kind: type[SplitPassError]) -> str:
    """The stable name of a protocol error: `InvalidProof` is `invalid-proof`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def create_app(
    routes: list[web.RouteDef],
    clock: Clock = unix_time,
    missing: Callable[[], list[str]] = list,
    open_routes: Collection[web.RouteDef] = (),
) -> web.Application:
    """An application with the routes, `/healthz`, `/readyz`, and a problem document for everything that goes wrong.

    Pages of any origin may use the `open_routes`, and no others.
    `/healthz` tells the time of the `clock` by which the server works, `/readyz` in words what is `missing` for it to
    work. That is looked for in a thread.
    """
    readiness = Readiness(missing)

    async def healthy(_request: web.Request) -> web.Response:
        headers = {"Date": formatdate(clock(), usegmt=True), "Cache-Control": "no-store"}
        return web.json_response({"status": "ok"}, headers=headers)

    async def ready(_request: web.Request) -> web.Response:
        await readiness.demand()
        return web.json_response({"status": "ready"}, headers={"Cache-Control": "no-store"})

    requests = Requests()
    app = web.Application(middlewares=[observe, share, _problems, requests.answer])
    app[REQUESTS], app[_LARGE_BODIES] = requests, asyncio.Semaphore(LARGE_BODIES)
    app.on_shutdown.append(requests.finish)
    app.add_routes([*routes, web.get("/healthz", healthy), web.get("/readyz", ready)])
    let_pages_use(app, open_routes)
    return app


async def read_body(request: web.Request, max_bytes: int = SMALL_BODY_BYTES) -> bytes:
    """The CBOR body of a request, within the size and time limits. Nothing is inflated."""
    if request.headers.get("Content-Type") != CBOR and request.content_type != CBOR:  # which takes longer
        raise UnsupportedMediaType(f"send the body as {CBOR}")
    return await read_any_body(request, max_bytes)


async def read_any_body(request: web.Request, max_bytes: int = SMALL_BODY_BYTES) -> bytes:
    """The body of a request, of any media type; otherwise as `read_body`."""
    if "Content-Encoding" in request.headers:
        raise UnsupportedMediaType("send the body uncompressed")
    try:
        if request.content.is_eof():  # all of it came with the headers, as a short body does
            body = request.content.read_nowait()
            if len(body) > max_bytes:
                raise TooLarge(max_bytes)
            return body
        async with _place_for(request, max_bytes), asyncio.timeout(BODY_SECONDS):
            ask_for_body(request)
            return await _read_limited(request, max_bytes)
    except (TimeoutError, ConnectionError, web.RequestPayloadError):
        raise SlowRequest(BODY_SECONDS) from None


async def asked_for_later(request: web.Request) -> None:
    """The `expect_handler` of a route that asks for a body when it reads it: what it refuses before is not sent."""
    if request.headers["Expect"].lower() != "100-continue":
        raise web.HTTPExpectationFailed(text="the only expectation is 100-continue")
    request[_IS_HELD_BACK] = True


def ask_for_body(request: web.Request) -> None:
    """Have a client that waits for it send the body; `read_body` does so by itself."""
    if request.get(_IS_HELD_BACK) and request.transport is not None:
        request[_IS_HELD_BACK] = False
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _read_limited(request: web.Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge(max_bytes)
    return bytes(body)


def _place_for(request: web.Request, max_bytes: int) -> AbstractAsyncContextManager[None]:
    """One of the places for bodies that may be large; raises `TryLater` if all are taken."""
    if max_bytes <= SMALL_BODY_BYTES or (request.content_length or max_bytes) <= SMALL_BODY_BYTES:
        return nullcontext()
    places = request.app[_LARGE_BODIES]
    if places.locked():
        raise TryLater("the server is reading as many long bodies as it may; try again", BODY_SECONDS)
    return places


async def read_message(request: web.Request, kind: type[M], max_bytes: int = SHORT_BODY_BYTES) -> M:
    """The message in a request's body. More than a short one is read of those alone whose token was looked up."""
    return kind.from_bytes(await read_body(request, max_bytes))


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


def path_domain(request: web.Request) -> int:
    """A domain's number in the path; raises `NotFound`."""
    value = request.match_info["domain"]
    if not re.fullmatch("0|[1-9][0-9]{0,2}", value):
        raise NotFound("there is no such domain")
    return int(value)


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except Refusal as refusal:
        response = problem_response(STATUSES[refusal.name], refusal.name, str(refusal), refusal.retry_after)
    except Problem as problem:  # of the server that this one had to ask
        response = problem_response(problem.status, problem.name, problem.detail)
    except SplitPassError as error:
        status = 400 if isinstance(error, Malformed) else 409 if isinstance(error, ReplayedRequest) else 422
        response = problem_response(status, problem_name(type(error)), str(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        name = HTTP_PROBLEMS.get(error.status, "refused")
        response = problem_response(error.status, name, error.reason)
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
    if request.app[REQUESTS].stopping or request.get(_IS_HELD_BACK):
        response.force_close()
    return response


def _own_response(name: str, detail: str) -> web.Response:
    """A problem document for what befell the server itself."""
    return problem_response(STATUSES[name], name, detail)


def problem_response(status: int, name: str, detail: str, retry_after: int | None = None) -> web.Response:
    """A problem document; the caller may try again after so many seconds."""
    document = {"type": PROBLEM_TYPE + name, "title": name.replace("-", " "), "status": status, "detail": detail}
    headers = {"Cache-Control": "no-store"}  # what is missing or erased now may be there later, or the other way round
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return web.json_response(document, status=status, content_type=PROBLEM, headers=headers)
