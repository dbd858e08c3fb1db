"""A visitor's home directory beside running parties."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from client.enrolment import confirm_code, request_code
from client.passes import fetch_passes
from client.visitor import Visitor
from conformance.imitated import SERVERS, ImitatedParties
from lab.processes import free_ports
from protocol.epochs import Role
from tests.support.domain import NOW, TODAY
from tests.support.running import online, serving

PASSPHRASE = b"correct horse battery staple"
PHONE, NAME = "+821012345678", "홍길동"
SETTINGS = "passphrase_operations = 1\npassphrase_memory = 8192\nat_once = true\n"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@contextmanager
def imitating(parties: ImitatedParties) -> Iterator[ImitatedParties]:
    """Serve all parties from a thread of their own until the block ends."""
    ports = dict(zip(SERVERS, free_ports(len(SERVERS)), strict=True))
    parties.urls.update({name: f"http://127.0.0.1:{port}" for name, port in ports.items()})

    async def apps() -> list[tuple[web.Application, int]]:
        return [(app, ports[name]) for name, app in parties.apps().items()]

    with serving(apps):
        yield parties


@pytest.fixture
def imitated() -> Iterator[ImitatedParties]:
    with imitating(ImitatedParties()) as started:
        yield started


@pytest.fixture
def home(imitated: ImitatedParties, tmp_path: Path) -> Path:
    directory = tmp_path / "client"
    directory.mkdir()
    write_domain(directory, imitated)
    (directory / "settings.toml").write_text(SETTINGS)
    return directory


def write_domain(directory: Path, imitated: ImitatedParties) -> None:
    domain = imitated.domain
    lines = [f"number = {domain.number}", f"allowance = {domain.allowance}"]
    for role in Role:
        name = role.name.lower()
        lines += [f"[{name}]", f'key = "{bytes(domain.identity_key(role)).hex()}"', f'url = "{imitated.urls[name]}/"']
    (directory / "domain.toml").write_text("\n".join(lines))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def newcomer(home: Path, clock: Clock) -> Visitor:
    """A visitor with an empty wallet."""
    return Visitor(home, PASSPHRASE, clock, create=True)


def enrol(visitor: Visitor, imitated: ImitatedParties, phone: str = PHONE, name: str = NAME) -> None:
    online(lambda session: request_code(visitor, session, phone))
    code = imitated.codes[phone]
    online(lambda session: confirm_code(visitor, session, phone, name, code))


@pytest.fixture
def enrolled(newcomer: Visitor, imitated: ImitatedParties) -> Visitor:
    """A visitor whose number the operator verified."""
    enrol(newcomer, imitated)
    return newcomer


@pytest.fixture
def supplied(enrolled: Visitor) -> Visitor:
    """A visitor with the passes of today and tomorrow."""
    for epoch in (TODAY, TODAY + 1):
        online(partial(fetch_passes, enrolled, epoch=epoch))
    return enrolled
