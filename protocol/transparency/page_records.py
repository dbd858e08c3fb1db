"""What the operator's log says of the visitors' page: every file, with the headers under which browsers run it.

Spec: §3.11, Pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from protocol.primitives.encoding import Bytes32, Message, Size, Uint32
from protocol.primitives.hashing import digest32

COVERED_HEADERS = (
    "clear-site-data",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "link",
    "permissions-policy",
    "referrer-policy",
    "refresh",
    "service-worker-allowed",
    "set-cookie",
    "x-content-type-options",
)
"""The headers that decide what a browser does with a file."""
MAX_FILES = 256


@dataclass(frozen=True, slots=True)
class PageFile(Message):
    """A file of the page by its name below the page's address: SHA-256 of its content, and its `headers_digest`."""

    name: Annotated[str, Size(1, 128)]
    content: Bytes32
    headers: Bytes32


@dataclass(frozen=True, slots=True)
class PageRecord(Message):
    """All files of the page of a number, in the order of their names; none if there is no page any more."""

    number: Uint32
    files: Annotated[tuple[PageFile, ...], Size(0, MAX_FILES)]

    @property
    def digest(self) -> bytes:
        """What its log entry says of it: 32 bytes."""
        return digest32("page-record", self.to_bytes())


def describe_file(name: str, content: bytes, headers: Iterable[tuple[str, str]]) -> PageFile:
    """What a record says of a file.

    Args:
        name: Its name below the page's address.
        content: Its bytes, not compressed.
        headers: The names and values of the answer's headers, in their order.
    """
    return PageFile(name, sha256(content).digest(), headers_digest(headers))


def headers_digest(headers: Iterable[tuple[str, str]]) -> bytes:
    """The 32 bytes that stand for the covered headers of an answer, whatever others it has."""
    lines = sorted((name.lower(), value) for name, value in headers)
    covered = [f"{name}: {value}\n" for name, value in lines if name in COVERED_HEADERS]
    return sha256("".join(covered).encode()).digest()
