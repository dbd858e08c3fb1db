"""A sender as an operator may write it, for a service that takes messages over HTTP, and such a service."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlencode

from escrow.operator.code_sender import OutboxSender


class GatewayFailed(Exception):
    """The service did not take a message. The text says which, as such texts do."""


class GatewaySender:
    """Asks the service whose URL is in `gateway.url`."""

    def __init__(self, home: Path) -> None:
        self._url = home / "gateway.url"

    def send(self, phone: str, text: str) -> None:
        url = f"{self._url.read_text()}/?{urlencode({'to': phone, 'text': text})}"
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.URLError as error:
            raise GatewayFailed(f"{phone} was not sent {text!r}: {url} failed") from error


class _Broken(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(500)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def broken_gateway() -> Iterator[str]:
    """The URL of a service that answers every message with 500."""
    with HTTPServer(("127.0.0.1", 0), _Broken) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class EitherSender:
    """Sends over HTTP while there is a `gateway.url`, and otherwise writes into the operator's outbox."""

    def __init__(self, home: Path) -> None:
        self._outbox, self._gateway, self._url = OutboxSender(home), GatewaySender(home), home / "gateway.url"

    def send(self, phone: str, text: str) -> None:
        sender = self._gateway if self._url.exists() else self._outbox
        sender.send(phone, text)
