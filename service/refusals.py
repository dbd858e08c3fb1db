"""What a server refuses, by name. Spec: §5.1.

Whoever refuses says why by a class; which status that is over HTTP, the table here alone says.
"""

from __future__ import annotations

from typing import ClassVar

STATUSES = {
    "unauthenticated": 401,
    "not-found": 404,
    "method-not-allowed": 405,
    "slow-request": 408,
    "request-entity-too-large": 413,
    "unsupported-media-type": 415,
    "internal-error": 500,
    "peer-failed": 502,
    "storage-failed": 503,
    "not-ready": 503,
    "code-not-sent": 503,
    "peer-unreachable": 503,
    "not-published": 404,
    "unknown-epoch": 404,
    "epoch-erased": 410,
    "no-checkpoint": 404,
    "unknown-log": 404,
    "unsigned-checkpoint": 403,
    "venue-exists": 409,
    "venue-changed": 409,
    "unknown-venue": 404,
    "venue-pending": 404,
    "invalid-phone": 422,
    "invalid-name": 422,
    "too-many-requests": 429,
    "too-many-codes": 429,
    "too-many-attempts": 429,
    "code-expired": 403,
    "wrong-code": 403,
    "verification-expired": 403,
    "epoch-not-open": 422,
    "handle-exists": 409,
    "no-handle": 409,
    "allowance-used": 429,
    "try-later": 503,
    "warrant-exists": 409,
    "unknown-warrant": 404,
    "warrant-pending": 409,
    "warrant-refused": 403,
    "warrant-withdrawn": 403,
    "warrant-opened": 409,
    "warrant-exhausted": 403,
    "notice-exists": 409,
    "not-registered": 404,
    "no-scan-mode": 404,
    "window-too-large": 422,
    "window-too-old": 410,
    "venue-key-lost": 503,
    "pairing-used": 409,
    "pairing-expired": 403,
}
"""The table of problems in §5.1: the HTTP status of each name."""


class Refusal(Exception):
    """Something that a party does not do. The text is advice for a person.

    Attributes:
        name: What a program goes by: a name of §5.1, or one that officers alone meet, on their command line.
        retry_after: After how many seconds the caller may try again, if that is known.
    """

    name: ClassVar[str]
    retry_after: int | None = None


class Unauthenticated(Refusal):
    """No token, or one that is not known."""

    name = "unauthenticated"


class NotFound(Refusal):
    """There is nothing at this path."""

    name = "not-found"


class UnsupportedMediaType(Refusal):
    """The body is of another media type, or compressed."""

    name = "unsupported-media-type"


class TooLarge(Refusal):
    """The body is longer than `max_bytes`."""

    name = "request-entity-too-large"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"send at most {max_bytes} bytes")
        self.max_bytes = max_bytes


class SlowRequest(Refusal):
    """The body did not arrive within so many seconds."""

    name = "slow-request"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the body did not arrive within {seconds} seconds")
        self.seconds = seconds


class TooManyRequests(Refusal):
    """A client asked too often; it may again after `retry_after` seconds."""

    name = "too-many-requests"

    def __init__(self, what: str, retry_after: int) -> None:
        super().__init__(f"{what}; try again in {retry_after} s")
        self.retry_after = retry_after


class NotReady(Refusal):
    """The server cannot do its work; the text names what is missing."""

    name = "not-ready"


class TryLater(Refusal):
    """Not now."""

    name = "try-later"

    def __init__(self, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
