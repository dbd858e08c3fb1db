"""Secrets and signing keys in files that only their owner can read. Spec: §6.1."""

from __future__ import annotations

import secrets
from pathlib import Path

from protocol.primitives.group import Point
from protocol.primitives.signatures import SigningKey
from service.errors import ConfigurationError
from service.files import read_private, write_private


def create_secret(path: Path) -> None:
    """Write 32 random bytes to a new private file, as `store_secret` does."""
    store_secret(path, secrets.token_bytes(32))


def store_secret(path: Path, secret: bytes) -> None:
    """Write 32 bytes, in hexadecimal, to a new private file; raises `ConfigurationError` if it exists."""
    if path.exists():
        raise ConfigurationError(f"{path} exists already; a key is never overwritten")
    write_private(path, secret.hex().encode() + b"\n")


def load_secret(path: Path) -> bytes:
    """The 32 bytes of a private file; raises `ConfigurationError` if others may read it or it is no such file."""
    try:
        secret = bytes.fromhex(read_private(path).decode().strip())
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing; run init first") from None
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise ConfigurationError(f"{path} does not hold 32 bytes in hexadecimal")
    return secret


def load_signing_key(path: Path) -> SigningKey:
    """The signing key whose seed is in a private file."""
    return SigningKey(load_secret(path))


def fingerprint(key: Point) -> str:
    """The first ten bytes of a public key in hexadecimal: what two people compare on the telephone."""
    return bytes(key)[:10].hex()
