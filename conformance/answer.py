"""A server's answer, and what a check may demand of it. Spec: §5.1."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeVar

from conformance.errors import Failed
from protocol.primitives.encoding import Message
from protocol.primitives.errors import Malformed
from service.media_types import CBOR, PROBLEM_TYPE

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer to one request; `server` is its name, `request` the method and the path."""

    server: str
    request: str
    status: int
    media_type: str
    cache_control: str
    request_id: str
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON, None if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def problem(self) -> str | None:
        """The name at the end of a problem document's `type`."""
        document = self.document
        kind = document.get("type") if isinstance(document, dict) else None
        return kind.removeprefix(PROBLEM_TYPE) if isinstance(kind, str) and kind.startswith(PROBLEM_TYPE) else None

    def __str__(self) -> str:
        what = self.problem or f"{len(self.body)} bytes of {self.media_type or 'no type'}"
        return f"{self.request}: {self.status}, {what}"

    def is_problem(self, status: int, *names: str) -> bool:
        """Whether the answer is a problem of this status and one of these names."""
        return self.status == status and self.problem in names

    def expect(self, status: int) -> bytes:
        """The body of an answer with this status."""
        if self.status != status:
            raise Failed(f"{self}; expected {status}")
        return self.body

    def expect_problem(self, status: int, name: str) -> None:
        """Demand a problem of this status and name."""
        if not self.is_problem(status, name):
            raise Failed(f"{self}; expected {status}, {name}")

    def expect_message(self, kind: type[M]) -> M:
        """The message of this kind in an answer with status 200."""
        body = self.expect(200)
        if self.media_type != CBOR:
            raise Failed(f"{self}; expected {CBOR}")
        try:
            return kind.from_bytes(body)
        except Malformed as error:
            raise Failed(f"{self}; no {kind.__name__}: {error}") from None
