"""A venue's poster: a link whose fragment is the venue's record, signed by both parties. Spec: §4.3."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlsplit

from protocol.epochs import Domain
from protocol.primitives.errors import MalformedText
from protocol.primitives.statements import JointStatement
from protocol.warrants import Venue, verify_venue
from service.urls import is_protected, unprotected


def read_poster(domain: Domain, link: str) -> Venue:
    """The venue whose record a poster's link carries; sends nothing.

    Only the signed record counts: the rest of the link may say anything. Raises `MalformedText` if the link or the
    record's URL is not one of the web, and what `verify_venue` raises.
    """
    try:
        fragment = urlsplit(link).fragment
        encoding = base64.b64decode(fragment + "=" * (-len(fragment) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        encoding = b""
    if not (is_web_url(link) and encoding):  # step 1
        raise MalformedText("not the link of a venue's poster / 시설 포스터의 링크가 아닙니다")
    venue = verify_venue(domain, JointStatement.from_bytes(encoding)).record  # step 2
    if not is_web_url(venue.url):  # step 3
        raise MalformedText(
            "this venue takes no check-ins by link; show it a code / "
            "링크로 등록할 수 없는 시설입니다. QR 코드를 보여 주세요"
        )
    if not is_protected(venue.url):
        raise MalformedText(
            f"{unprotected(venue.url)}; show the venue a code / 안전하지 않은 주소입니다. QR 코드를 보여 주세요"
        )
    return venue


def is_web_url(url: str) -> bool:
    """Whether a URL is http or https and names a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
