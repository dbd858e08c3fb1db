"""A venue's poster: a link to the venue, whose server has the record that both parties signed. Spec: §4.3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protocol.epochs import Domain
from protocol.primitives.errors import MalformedText
from protocol.primitives.statements import JointStatement
from protocol.warrants import Venue, verify_venue
from service.http_client import call
from service.urls import is_protected, unprotected

if TYPE_CHECKING:
    from aiohttp import ClientSession

MAX_ANSWER_BYTES = 4096
"""How much of a venue's answer is read: it may be a stranger's."""
_LINK = re.compile(r"(https?://[^\s/?#@\\]+(?:/[^\s?#@\\]+)*)/v/([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class PosterLink:
    """What a link says, before anybody was asked: the base URL of the venue's server, and the venue's id (16 bytes)."""

    url: str
    venue_id: bytes


def read_link(link: str) -> PosterLink:
    """Read the text of a poster's QR code; sends nothing. Raises `MalformedText` if it is no link to a venue."""
    found = _LINK.fullmatch(link)
    if found is None or not is_web_url(found[1]):
        raise MalformedText("not the link of a venue's poster / 시설 포스터의 링크가 아닙니다")
    if not is_protected(found[1]):
        raise MalformedText(
            f"{unprotected(found[1])}; show the venue a code / 안전하지 않은 주소입니다. QR 코드를 보여 주세요"
        )
    return PosterLink(found[1], bytes.fromhex(found[2]))


def read_poster(domain: Domain, link: str, record: bytes) -> Venue:
    """The venue that a poster leads to, given what its server answered.

    Args:
        domain: The visitor's domain.
        link: The text of the QR code.
        record: The encoding of the `JointStatement` that the server gave.

    Raises:
        MalformedText: It is no link to a venue (step 1), or the record is of another link (step 4).
        MalformedEncoding, InvalidSignature, WrongDomain, ConflictingStatements: as `verify_venue`.
    """
    read = read_link(link)  # step 1
    venue = verify_venue(domain, JointStatement.from_bytes(record)).record  # step 3
    if (venue.url.rstrip("/"), venue.venue_id) != (read.url, read.venue_id):  # step 4
        raise MalformedText("this link leads to another venue / 다른 시설로 연결되는 링크입니다")
    return venue


async def fetch_poster(session: ClientSession, domain: Domain, link: str) -> Venue:
    """Ask the host of a poster's link, and nobody else, for the venue; raises as `read_poster` and `call`."""
    read = read_link(link)
    path = f"{read.url}/v1/venues/{read.venue_id.hex()}/{domain.number}"
    return read_poster(domain, link, await call(session, "GET", path, max_bytes=MAX_ANSWER_BYTES))  # step 2


def is_web_url(url: str) -> bool:
    """Whether a URL is http or https and names a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
