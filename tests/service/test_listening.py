"""A server says where it listens, answers there, and ends when it is told to."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, TCPConnector

from lab.processes import free_ports
from service import serving
from service.http import create_app
from service.settings import ServerSettings
from tests.service.test_monitoring import write_certificate


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as listener:
            listener.bind(("::1", 0))
    except OSError:
        return False
    return True


class Told(logging.Handler):
    """The first URL that the log tells, which is then asked; whatever comes of it, the server is told to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.url, self.status = "", 0
        self.asking: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith("listening"):
            self.url = record.getMessage().removeprefix("listening on ")
            self.asking = threading.Thread(target=lambda: asyncio.run(self.ask()))
            self.asking.start()

    async def ask(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            async with (
                ClientSession(connector=TCPConnector(ssl=context)) as session,
                session.get(f"{self.url}/healthz") as answer,
            ):
                self.status = answer.status
        finally:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1", pytest.param("::1", marks=pytest.mark.skipif(not has_ipv6(), reason="IPv6 is off here"))]
)
def test_it_answers_where_it_says_that_it_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, host: str
) -> None:
    monkeypatch.setattr(serving, "log_as_json", lambda: None)
    monkeypatch.setattr(serving, "_stop_in_time", lambda: None)  # it would end the tests
    (port,) = free_ports(1)
    settings = ServerSettings(port=port, host=host)
    if scheme == "https":
        certificate, key = write_certificate(tmp_path)
        settings = ServerSettings(port=port, host=host, tls_certificate=certificate, tls_key=key)
    told, logger = Told(), logging.getLogger("splitpass")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(told)
    try:
        serving.serve(create_app([]), settings)
    finally:
        logger.removeHandler(told)
        logger.setLevel(level)
    assert told.asking is not None
    told.asking.join()
    parts = urlsplit(told.url)
    assert (parts.scheme, parts.hostname, parts.port, told.status) == (scheme, host, port, 200)
    with pytest.raises(ConnectionRefusedError), socket.create_connection((host, port)):
        pass
