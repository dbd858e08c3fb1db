"""Requests that are wrong around their bodies: method, path, headers, codings, framing."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from service.media_types import CBOR
from tests.fuzz.mutation import mutate
from tests.fuzz.wire import WireRequest

_UNMET = "Expect: nonsense"
_METHODS = ("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "TRACE", "FOO")
_MEDIA = (
    "",
    "text/plain",
    "application/json",
    "application/cbor; charset=utf-7",
    "APPLICATION/CBOR",
    "/",
    ";",
    "a" * 999,
)
_AUTHORIZATION = ("Bearer", "Bearer zz", "Basic YTpi", "Bearer " + "00" * 32, "bearer " + "00" * 32, "Bearer \xff", " ")
_EXTRA = (
    "Accept: */*;q=9", "Cookie: a=b; ;=;", "Range: bytes=0-1,5-", "If-Match: *", "X-Forwarded-For: ::1",
    "Origin: null", "Connection: close", "Upgrade: h2c", "Accept-Encoding: gzip, br", "If-Modified-Since: never",
    "Forwarded: for=\xff", "Expect: 100-continue", _UNMET, "Content-Language: \xe2\x80\xae",
)  # fmt: skip
_PATHS = (
    "/",
    "//",
    "/v1",
    "/v1/../v1/venues",
    "/%2e%2e/%00",
    "/\xff",
    "*",
    "/v1/epochs/",
    "/healthz/",
    "/readyz/",
    "/?" + "a" * 4000,
    "/%",
)
_HOSTS = ("127.0.0.1", "localhost:1", "", "evil.example", "[::1]", "\xff")


LONGEST_TARGET = 8000
"""The HTTP library refuses a longer first line itself."""


@dataclass(frozen=True)
class Envelope:
    """A request before it is framed."""

    method: str
    target: str
    headers: tuple[str, ...]
    body: bytes

    @property
    def is_http(self) -> bool:
        """Whether the HTTP library must pass the request on to the application."""
        first_line = self.method != "FOO" and self.target.startswith("/") and self.target.isascii()
        return first_line and len(self.target) < LONGEST_TARGET and _UNMET not in self.headers

    def framed(self, *headers: str, body: bytes | None = None) -> bytes:
        """The bytes of the request with more headers, and with another body if one is given."""
        head = [f"{self.method} {self.target} HTTP/1.1", *self.headers, *headers]
        return "\r\n".join([*head, "", ""]).encode("latin-1", "replace") + (self.body if body is None else body)


def draw_request(random: Random, method: str, target: str, token: bytes | None, body: bytes) -> WireRequest:
    """A request for a route; about half of them are wrong in nothing but their body."""
    kind = f"Content-Type: {CBOR if random.random() < 0.96 else random.choice(_MEDIA)}"
    headers = [f"Host: {'127.0.0.1' if random.random() < 0.97 else random.choice(_HOSTS)}", kind]
    if token is not None and random.random() < 0.9:
        headers.append(f"Authorization: Bearer {token.hex()}")
    elif random.random() < 0.2:
        headers.append(f"Authorization: {random.choice(_AUTHORIZATION)}")
    if random.random() < 0.1:
        headers += random.sample(_EXTRA, random.randrange(1, 4))
    if random.random() < 0.04:
        method = random.choice(_METHODS)
    if random.random() < 0.04:
        target = random.choice((random.choice(_PATHS), target + "?" + random.choice(_PATHS), target + "/"))
    envelope = Envelope(method, target, tuple(headers), body)
    if random.random() < 0.75:
        return _plain(random, envelope)
    return random.choice(_FRAMINGS)(random, envelope)


def _plain(_random: Random, envelope: Envelope) -> WireRequest:
    data = envelope.framed(f"Content-Length: {len(envelope.body)}")
    return WireRequest(data, well_formed=envelope.is_http, is_head=envelope.method == "HEAD")


def _chunked(random: Random, envelope: Envelope) -> WireRequest:
    data = envelope.framed("Transfer-Encoding: chunked", body=_chunks(random, envelope.body))
    return WireRequest(data, well_formed=envelope.is_http, is_head=envelope.method == "HEAD")


def _chunks(random: Random, body: bytes) -> bytes:
    parts, position = [], 0
    while position < len(body):
        size = random.choice((1, 7, 100, 5000))
        chunk = body[position : position + size]
        parts.append(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        position += size
    return b"".join(parts) + b"0\r\n\r\n"


def _compressed(random: Random, envelope: Envelope) -> WireRequest:
    name, compress = random.choice((("gzip", gzip.compress), ("deflate", zlib.compress)))
    body = compress(envelope.body)
    body = random.choice((body, body, body[: len(body) // 2], mutate(random, body), envelope.body, b""))
    name = random.choice((name, name, name, "gzip, gzip", "br", "zstd", "identity", "nonsense", ""))
    data = envelope.framed(f"Content-Encoding: {name}", f"Content-Length: {len(body)}", body=body)
    return WireRequest(data, well_formed=False, is_head=envelope.method == "HEAD")


def _truncated(random: Random, envelope: Envelope) -> WireRequest:
    more = random.choice((1, 100, 2**20, 2**24, 2**25))
    return WireRequest(envelope.framed(f"Content-Length: {len(envelope.body) + more}"), whole=False, well_formed=False)


def _broken_chunks(random: Random, envelope: Envelope) -> WireRequest:
    body = mutate(random, _chunks(random, envelope.body))
    return WireRequest(envelope.framed("Transfer-Encoding: chunked", body=body), whole=False, well_formed=False)


def _contradiction(random: Random, envelope: Envelope) -> WireRequest:
    lengths = random.choice(("-1", "+1", "1e3", "9" * 400, "", "0x10", "5, 5"))
    framing = random.choice(
        (
            (f"Content-Length: {lengths}",),
            (f"Content-Length: {len(envelope.body)}", "Content-Length: 1"),
            (f"Content-Length: {len(envelope.body)}", "Transfer-Encoding: chunked"),
            ("Transfer-Encoding: gzip, chunked",),
            (),
        )
    )
    return WireRequest(envelope.framed(*framing), whole=False, well_formed=False)


def _garbage(random: Random, envelope: Envelope) -> WireRequest:
    """The whole request changed as bytes, up to something that is no HTTP at all."""
    data = envelope.framed(f"Content-Length: {len(envelope.body)}")
    head = data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    return WireRequest(mutate(random, head) + envelope.body, whole=False, well_formed=False)


def _long_headers(random: Random, envelope: Envelope) -> WireRequest:
    header = random.choice((f"X-Long: {'a' * 20_000}", "\r\n".join(f"X-{i}: a" for i in range(500)), "X: \0", "\0: a"))
    return WireRequest(envelope.framed(header, f"Content-Length: {len(envelope.body)}"), whole=False, well_formed=False)


_FRAMINGS: tuple[Callable[[Random, Envelope], WireRequest], ...] = (
    _chunked, _chunked, _chunked, _compressed, _compressed, _compressed, _truncated, _broken_chunks, _contradiction,
    _garbage, _long_headers,
)  # fmt: skip
