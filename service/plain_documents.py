"""Documents with nothing but text, in Korean and English: no scripts, and nothing of another server. Spec: §5.6."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from aiohttp import web

from service.pages import NOTHING_ELSE, SECURITY_HEADERS

_STYLE = """
:root { color-scheme: light dark; }
body { background: Canvas; color: CanvasText; }
body { margin: 0 auto; padding: 1.5rem; max-width: 36rem; font: 1.0625rem/1.7 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.3; overflow-wrap: anywhere; word-break: keep-all; }
p { margin: 0.75rem 0; word-break: keep-all; }
p[lang=en] { margin-bottom: 1.75rem; opacity: 0.8; }
a { display: block; padding: 0.75rem 0; font-weight: 600; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    **SECURITY_HEADERS,
    "Cache-Control": "no-cache",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; {NOTHING_ELSE}",
}


def plain_document(title: str, texts: Iterable[tuple[str, str]], links: Iterable[tuple[str, str]] = ()) -> web.Response:
    """A document with a title, texts in Korean and English, and links (path, text) within this server."""
    paragraphs = "".join(f'<p>{escape(korean)}</p>\n<p lang="en">{escape(english)}</p>\n' for korean, english in texts)
    anchors = "".join(f'<a href="{escape(path)}">{escape(text)}</a>\n' for path, text in links)
    text = (
        '<!doctype html>\n<html lang="ko">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f"<main>\n<h1>{escape(title)}</h1>\n{paragraphs}{anchors}</main>\n</html>\n"
    )
    return web.Response(text=text, content_type="text/html", headers=_HEADERS)


def front_page(title: str, text: tuple[str, str], links: Iterable[tuple[str, str]] = ()) -> web.RouteDef:
    """`GET /`: what this server is, and where its page is."""
    shown = list(links)

    async def tell(_request: web.Request) -> web.Response:
        return plain_document(title, [text], shown)

    return web.get("/", tell)
