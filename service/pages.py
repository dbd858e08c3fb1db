"""Built pages as a server serves them: each file with the headers that hold a browser to them. Spec: §5.6.

`make web` builds the pages into `dist/`, beside this file.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from aiohttp import ETag, web

from service.caching import FOR_EVER, REVALIDATED, is_known
from service.errors import ConfigurationError
from service.refusals import NotFound

DIST = Path(__file__).parent / "dist"
DOMAIN_FILE = "domain.json"
"""What the server tells the page: the domain that it pins."""
SCAN = "scan.html"
"""The one document that may ask any server, that of the venue whose poster was scanned. It has nothing else."""
SECURITY_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What every file and document has, besides a policy of its own."""
NOTHING_ELSE = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""What the policy of every document ends with, but that of `SCAN`."""
_CONFINED = "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
"""The page frames it, and it has no origin: it reads nothing of what the page keeps."""
_CACHING = {"immutable": FOR_EVER, "revalidate": REVALIDATED}
logger = logging.getLogger("splitpass")
_LOOPBACK = ("http://127.0.0.1:*", "http://localhost:*")


class ManifestEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `manifest.json` says of a file: its media type, its digest, and whether its name is of its content."""

    type: str
    sha256: str
    cache: str


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of a page: its bytes, and its headers but those of the connection."""

    body: bytes
    headers: dict[str, str]


class Page:
    """A built page, in memory: what a server shows cannot change while it runs.

    Args:
        name: Its folder's name; it is served below `/NAME/`.
        domain: What `domain.json` says, as JSON; None for a page that has no such file.
        urls: The servers that its documents may ask besides their own.
        folder: Where pages were built, each in a folder of its name.

    Raises:
        ConfigurationError: The files are not those of the manifest.
    """

    def __init__(self, name: str, domain: bytes | None, urls: Iterable[str], folder: Path) -> None:
        self.name = name
        self.guard: Callable[[], Awaitable[None]] = _let_everyone
        """Raises a refusal while nothing may be served."""
        origins = sorted({"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in urls})
        self.files = {
            file: PageFile(body, _headers(file, body, entry, origins))
            for file, (body, entry) in _load(folder / name).items()
        }
        if domain is not None:
            said = ManifestEntry("application/json", hashlib.sha256(domain).hexdigest(), "revalidate")
            self.files[DOMAIN_FILE] = PageFile(domain, _headers(DOMAIN_FILE, domain, said, origins))
        self._compressed = {file: gzip.compress(one.body, mtime=0) for file, one in self.files.items()}

    @property
    def routes(self) -> list[web.RouteDef]:
        """Where its files are."""
        path = f"/{self.name}/"
        return [web.get(path.rstrip("/"), self._move), web.get(path + "{file:[^/]*}", self.serve)]

    async def serve(self, request: web.Request) -> web.Response:
        """A file, or 304 if the browser has it."""
        await self.guard()
        name = request.match_info["file"] or "index.html"
        file = self.files.get(name)
        if file is None:
            raise NotFound("this page has no such file")
        response = web.Response(headers=file.headers | {"Vary": "Accept-Encoding"})
        response.etag = ETag(hashlib.sha256(file.body).hexdigest()[:32], is_weak=True)
        if is_known(request, response.etag.value):
            response.set_status(304)
        elif "gzip" in request.headers.get("Accept-Encoding", "") and len(self._compressed[name]) < len(file.body):
            response.headers["Content-Encoding"] = "gzip"
            response.body = self._compressed[name]
        else:
            response.body = file.body
        return response

    async def _move(self, _request: web.Request) -> web.Response:
        return web.Response(status=308, headers={"Location": f"/{self.name}/"})


def is_built(name: str, folder: Path | None = None) -> bool:
    """Whether a page is there to be served."""
    return ((folder or DIST) / name / "manifest.json").exists()


async def _let_everyone() -> None:
    """Nothing stands against it."""


def built_page(name: str, domain: object | None, urls: Iterable[str], folder: Path | None = None) -> Page | None:
    """A page, if it is built (in `DIST`); `domain` becomes its `domain.json` unless it is None. Otherwise as `Page`."""
    folder = folder or DIST
    if is_built(name, folder):
        return Page(name, None if domain is None else msgspec.json.encode(domain), urls, folder)
    logger.warning("there is no page at /%s/: it is not built; run make web and start again", name)
    return None


def _load(folder: Path) -> dict[str, tuple[bytes, ManifestEntry]]:
    try:
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=dict[str, ManifestEntry])
        files = {name: ((folder / name).read_bytes(), entry) for name, entry in manifest.items()}
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigurationError(f"{folder}: {error}; build the pages again with `make web`") from None
    for name, (body, entry) in files.items():
        if hashlib.sha256(body).hexdigest() != entry.sha256:
            raise ConfigurationError(f"{folder / name} was changed; build the pages again with `make web`")
    return files


def _headers(name: str, body: bytes, entry: ManifestEntry, origins: list[str]) -> dict[str, str]:
    shared = {"Access-Control-Allow-Origin": "*"} if name.endswith(".js") else {}  # `SCAN` has no origin
    return {
        "Content-Type": entry.type,
        "Cache-Control": _CACHING[entry.cache],
        "Content-Security-Policy": _policy(name, body, entry, origins),
        **SECURITY_HEADERS,
        **shared,
    }


def _policy(name: str, body: bytes, entry: ManifestEntry, origins: list[str]) -> str:
    """What a browser lets a document, or a worker that is this script, do."""
    compiles = entry.cache == "immutable" and name.endswith(".js") and b".wasm" in body
    scripts = "'self' 'wasm-unsafe-eval'" if compiles else "'self'"
    ending = f"frame-src 'self'; {NOTHING_ELSE}"
    if name == SCAN:  # on this machine alone are parties without TLS, and so venues
        origins = ["https:", *(_LOOPBACK if any(origin.startswith("http:") for origin in origins) else ())]
        ending = _CONFINED
    asked = " ".join(("'self'", *origins))
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
        f"connect-src {asked}; worker-src 'self'; manifest-src 'self'; {ending}; "
        "require-trusted-types-for 'script'; trusted-types splitpass"
    )
