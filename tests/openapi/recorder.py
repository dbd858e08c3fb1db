"""What real servers are asked and answer, as they send it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from aiohttp import web
from multidict import CIMultiDict
from openapi_schema_validator import OAS31Validator
from pycddl import Schema

import escrow.authority.server
import escrow.operator.server
import escrow.server
import service.http
import venue.server
from protocol.party_requests import PartyRequest
from protocol.primitives.statements import JointStatement, statement_payload
from tests.openapi.documents import CBOR, PROBLEM, PROBLEM_TYPE, Operation, operations
from tests.spec.test_messages import PYCDDL


@dataclass(frozen=True)
class Exchange:
    """One request to a server and its answer. `asked` is the body of a request that was granted, else empty."""

    server: str
    method: str
    path: str
    asked: bytes
    status: int
    kind: str
    headers: CIMultiDict[str]
    answered: bytes

    @property
    def outcome(self) -> tuple[int, str]:
        """The status with the problem's name or the body's media type, or nothing for no body."""
        if self.kind == PROBLEM:
            return self.status, json.loads(self.answered)["type"].removeprefix(PROBLEM_TYPE)
        return self.status, self.kind if self.answered else ""

    @property
    def operation(self) -> Operation | None:
        """What the server's document calls this, if it does."""
        found = [one for one in operations(self.server) if one.matches(self.method, self.path)]
        return found[0] if found else None


ASKED = web.RequestKey("asked", bytes)
READERS = (service.http, escrow.server, escrow.operator.server, escrow.authority.server, venue.server)


@contextmanager
def keeping_bodies() -> Iterator[None]:
    """Has the servers keep the body that they read with its request."""
    read_body = service.http.read_body

    async def read(request: web.Request, *limit: int) -> bytes:
        body = request[ASKED] = await read_body(request, *limit)
        return body

    with ExitStack() as patches:
        for module in READERS:
            patches.enter_context(patch.object(module, "read_body", read))
        yield


class Recorder:
    """Records every exchange of the applications that it listens to."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def listen(self, server: str, app: web.Application) -> web.Application:
        async def record(request: web.Request, response: web.StreamResponse) -> None:
            assert isinstance(response, web.Response)
            asked = request.get(ASKED, b"") if response.status < 300 else b""
            answered = response.body if isinstance(response.body, bytes) else b""
            self.exchanges.append(
                Exchange(
                    server,
                    request.method,
                    request.path,
                    asked,
                    response.status,
                    response.content_type,
                    CIMultiDict(response.headers),
                    answered,
                )
            )

        app.on_response_prepare.append(record)
        return app


def check_answer(exchange: Exchange, response: dict[str, Any]) -> None:
    """Raise unless an answer's headers and body are as a document describes them."""
    for name, header in response.get("headers", {}).items():
        if name in exchange.headers or header.get("required"):
            OAS31Validator(header["schema"]).validate(exchange.headers.get(name))
    if not response.get("content"):
        assert exchange.answered == b""
        return
    media_type = response["content"][exchange.kind]
    if exchange.kind == CBOR:
        check_body(exchange.answered, media_type["x-cddl"])
    elif "schema" in media_type:
        OAS31Validator(media_type["schema"]).validate(json.loads(exchange.answered))


def check_body(body: bytes, rules: list[str]) -> None:
    """Raise unless a body fits the first rule, and what is inside it the others."""
    rule, *inner = rules
    _schema(rule).validate_cbor(body)
    if rule == "sign1" and inner:
        check_body(statement_payload(body), inner)
    elif rule == "PartyRequest" and inner:
        check_body(PartyRequest.from_bytes(body).body, inner)
    elif rule == "JointStatement" and inner:
        joint = JointStatement.from_bytes(body)
        check_body(joint.authority, inner)
        check_body(joint.operator, inner)
    else:
        assert not inner, f"nothing is inside {rule}"


def rules_defined() -> set[str]:
    """The names of the rules in messages.cddl."""
    return set(re.findall(r"^([\w-]+) =", PYCDDL, re.MULTILINE))


@functools.cache
def _schema(rule: str) -> Schema:
    return Schema(f"root = {rule}\n{PYCDDL}")
