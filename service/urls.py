"""Which URLs may be asked: those whose way nobody can listen on. Spec: §5.1."""

from __future__ import annotations

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

PLAIN_HTTP_HOSTS = "SPLITPASS_PLAIN_HTTP_HOSTS"
"""The environment's variable for hosts that may be asked without TLS, such as containers of one machine."""


def is_protected(url: str) -> bool:
    """Whether nobody on the way reads what is sent to a URL.

    It is HTTPS, or goes to this machine or to a host of `PLAIN_HTTP_HOSTS`.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https" or host in {"localhost", *os.environ.get(PLAIN_HTTP_HOSTS, "").split()}:
            return True
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_base(url: str) -> bool:
    """Whether a URL names a server and nothing on it: no path, query or user."""
    try:
        parts = urlsplit(url)
        return (
            bool(parts.hostname)
            and parts.port != 0
            and url.rstrip("/") == f"{parts.scheme}://{parts.netloc}"
            and ("@" not in parts.netloc)
        )
    except ValueError:  # of a port that is none
        return False


def unprotected(url: str) -> str:
    """What to say of a URL that is not protected."""
    return f"{url} must begin with https://, or everybody on the way reads what is sent there"
