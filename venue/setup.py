"""A new home for venues, and a new venue in it. Spec: §6.1."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from protocol.primitives.errors import MalformedEncoding
from protocol.primitives.signatures import SigningKey, public_key
from protocol.warrants import Venue
from service.errors import ConfigurationError
from service.files import private_directory, write_private
from service.urls import is_protected, unprotected
from venue.home import VENUES


def create_home(path: Path, name: str, url: str, venue_id: bytes | None = None) -> bytes:
    """Make the home of a server with one venue; returns the venue's id. Raises as `add_venue`, also for a home."""
    if (path / VENUES).exists():
        raise ConfigurationError(f"{path} exists already as a home of venues; `add` makes another venue in it")
    return add_venue(path, name, url, venue_id)


def add_venue(path: Path, name: str, url: str, known: bytes | None = None) -> bytes:
    """Draw a venue's id (16 bytes), unless it is `known` to parties, and write its description; returns the id.

    It gets a key for each domain when it is registered there. Raises `ConfigurationError` if the name or the URL will
    not do, or the venue is here already.
    """
    venue_id, url = known or secrets.token_bytes(16), checked_url(url)
    if not name.isprintable():
        raise ConfigurationError("the name holds characters that cannot be printed")
    try:
        Venue(0, venue_id, name, url, public_key(SigningKey.generate())).to_bytes()
    except MalformedEncoding as error:
        raise ConfigurationError(f"the name or the URL is empty or too long: {error}") from None
    directory = private_directory(private_directory(path) / VENUES) / venue_id.hex()
    if directory.exists():
        raise ConfigurationError(f"{directory} exists already")
    private_directory(directory)
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in (("name", name), ("url", url)))
    write_private(directory / "venue.toml", "".join(lines).encode())
    return venue_id


def checked_url(url: str) -> str:
    """A server's base URL without a slash at its end, or nothing.

    Raises `ConfigurationError` for anything else, and for a URL that is not `is_protected`.
    """
    if not url:
        return url
    try:
        parts = urlsplit(url)
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        fit = False
    if not fit or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigurationError("the URL must look like https://door.example / 주소를 확인해 주세요")
    if not is_protected(url):
        raise ConfigurationError(unprotected(url))
    return url.rstrip("/")
