"""What caches may keep of an answer, and for how long. Spec: §5.1, §5.2."""

from __future__ import annotations

from hashlib import sha256

from aiohttp import web

FOR_EVER = "public, max-age=31536000, immutable"
FOR_HOURS = "public, max-age=21600, immutable"
FOR_A_MINUTE = "public, max-age=60"
REVALIDATED = "no-cache"
TAG_BYTES = 16


def lasting_response(body: bytes, content_type: str, lasting: str) -> web.Response:
    """An answer that caches may give again, as long as one of the values above says."""
    return web.Response(body=body, content_type=content_type, headers={"Cache-Control": lasting})


def newest_response(request: web.Request, body: bytes, content_type: str, charset: str | None = None) -> web.Response:
    """An answer of which caches ask each time whether it still is the newest."""
    tag = sha256(body).hexdigest()[: 2 * TAG_BYTES]
    if is_known(request, tag):
        response = web.Response(status=304)
    else:
        response = web.Response(body=body, content_type=content_type, charset=charset)
    response.headers["Cache-Control"] = REVALIDATED
    response.etag = tag
    return response


def is_known(request: web.Request, tag: str) -> bool:
    """Whether whoever asks has the content of this tag already."""
    return any(one.value in {tag, "*"} for one in request.if_none_match or ())
