"""Nothing of any person is in what servers log and commands print: a search for every name, number, code and pass.

A visitor's own commands tell it its name (`status`), staff see what they type (`admit`), and `export` writes a file for
the authority: these are what they are for. Everything else is searched.
"""

from __future__ import annotations

import asyncio
import csv
import json
import re
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import sqlalchemy as sql
from aiohttp import ClientSession

from client.visitor import Visitor
from escrow.operator.operator import Operator
from lab.processes import Servers, free_ports
from lab.town import Place
from protocol.http_messages import VerificationAnswer, VerificationRequest
from protocol.paper_passes import from_paper_text
from protocol.qr_text import from_qr_text
from service.cli import local_time
from service.files import write_private
from service.http_client import new_session
from service.keys import load_secret
from service.media_types import CBOR
from tests.escrow.gateway import broken_gateway
from tests.service.recorded import RecordedTown, forms, found, missing, talkative, with_decoded
from tests.support.processes import ended
from venue.pictures import read_file
from venue.poster import poster_text

VISITORS = {"홍길동": "+821083940571", "성춘향": "+821095127364", "Zoë van Dijk-O'Hara": "+31612345678"}
GUEST, GUEST_PHONE = "변학도", "+821074185296"
"""Who has no phone with them, and tells the staff this."""
PASSPHRASE = "a passphrase that nobody else knows"
ROUTES = ("verifications", "sessions", "handles", "passes", "directory", "check-ins", "papers", "releases")


@dataclass
class Written:
    """What everybody wrote, and what must not be in it."""

    files: dict[str, str]
    secrets: list[str | bytes] = field(default_factory=list)


class Story:
    """One day of a town in which much goes wrong, told by its commands and requests."""

    def __init__(self, town: RecordedTown, session: ClientSession, servers: Servers) -> None:
        self.town, self.session, self.servers = town, session, servers
        self.homes = [town.directory / "visitors" / str(number) for number in range(len(VISITORS))]
        self.secrets: list[str | bytes] = [*VISITORS, *VISITORS.values(), GUEST, GUEST_PHONE, PASSPHRASE]
        self.place: Place
        self.began = int(time.time())

    async def tell(self) -> None:
        await self.town.found(self.servers, self.session)
        self.place = await self.town.open_venue(self.servers, self.session, "클럽")
        self.secrets += [self.place.token, load_secret(self.town.operator / "identity.key")]
        self.enrol()
        self.fetch()
        self.visit()
        self.open_check_ins()
        await self.ask_nonsense()
        await self.lose_messages()
        await self.lose_storage()
        self.keep_handles()

    def visitor(self, number: int, *command: str, status: int = 0, typed: str = "") -> str:
        options = ("--home", str(self.homes[number]), "--passphrase-file", str(self.homes[number] / "passphrase"))
        return self.town.command("client", *options, *command, status=status, typed=typed)

    def enrol(self) -> None:
        outbox = self.town.operator / "outbox.txt"
        for number, (name, phone) in enumerate(VISITORS.items()):
            home = self.homes[number]
            home.mkdir(parents=True)
            (home / "domain.toml").write_text(self.town.settings.to_toml())
            (home / "settings.toml").write_text("passphrase_operations = 1\npassphrase_memory = 8192\nat_once = true\n")
            write_private(home / "passphrase", PASSPHRASE.encode())
            whom = ("enrol", "--phone", phone, "--name", name)
            self.visitor(number, *whom, status=1, typed="000000\n")
            self.visitor(number, "enrol", "--phone", phone, "--name", "=1+1", "--code-file", str(outbox), status=1)
            self.visitor(number, *whom, "--code-file", str(outbox))
            session = Visitor(home, PASSPHRASE.encode()).account().session
            self.secrets += [session.account_id, session.token]

    def fetch(self) -> None:
        """The third one's passes fail later."""
        secret = [("--passphrase-file", str(home / "passphrase")) for home in self.homes]
        pairs = list(zip(self.homes, secret, strict=True))[:2]
        self.town.at_once(*(("client", "--home", str(home), *one, "fetch", "--ahead", "0") for home, one in pairs))
        for home in self.homes[:2]:
            for day in Visitor(home, PASSPHRASE.encode()).wallet().days:
                for stored in day.passes:
                    self.secrets += [stored.u, stored.public[32:64], stored.public[64:], bytes(stored.r)]

    def visit(self) -> None:
        """By a code at a door that asks the server, by the poster, on paper, and without anything."""
        home, png = str(self.place.home), self.town.directory / "code.png"
        remote = (
            "read",
            str(png),
            "--server",
            self.place.url,
            "--token-file",
            str(self.place.home / "front-door.token"),
        )
        for command in ("show", "check-out"):
            self.visitor(0, command, "--once", "--png", str(png))
            self.photographed(png)
            assert self.town.command("venue", "--home", home, *remote).startswith("ADMITTED")
            assert self.town.command("venue", "--home", home, "read", str(png), status=1).startswith("REFUSED")
        self.visitor(1, "check-in", "--yes", "--people", "2", poster_text(self.place.venue)[1])
        self.visitor(1, "check-out", "--visit", "1")
        day = local_time(self.began, self.town.settings.utc_offset)[:10]
        paper = ("paper", "--day", day, "--output", str(png))
        for read in (remote, ("read", str(png))):
            self.visitor(0, *paper)
            self.photographed(png)
            assert self.town.command("venue", "--home", home, *read).startswith("ADMITTED")
        admitted = self.town.command("venue", "--home", home, "admit", typed=f"{GUEST}\n{GUEST_PHONE}\ny\n")
        assert GUEST in admitted  # in the dialogue, which leaves the screen when it is over
        self.town.command("venue", "--home", home, "readers", "revoke", "front door")
        for show in (("show", "--once", "--png", str(png)), paper):
            self.visitor(0, *show)
            self.photographed(png)
            assert "revoked" in self.town.command("venue", "--home", home, *remote, status=1)
        (dialogue,) = [path for path in self.town.printed.iterdir() if GUEST in path.read_text()]
        dialogue.write_text(dialogue.read_text().partition("ADMITTED")[2])

    def photographed(self, png: Path) -> None:
        (text,) = read_file(png)
        self.secrets.append(text)
        if text.startswith("SP1:"):
            self.secrets.append(from_qr_text(text).signed_pass[-64:])
        else:
            self.secrets += [from_paper_text(text).u, bytes(from_paper_text(text).k)]

    def open_check_ins(self) -> None:
        venue, offset = self.place.id.hex(), self.town.settings.utc_offset
        self.town.command("venue", "--home", str(self.place.home), "commit")
        window = [local_time(moment, offset) for moment in (self.began - 60, int(time.time()) + 1)]
        law = ("--venue", venue, "--from", window[0], "--until", window[1], "--legal-reference", "제76조의2")
        warrant = self.town.officer("authority", "warrants", "draw", "--yes", *law)[-32:]
        contacts = self.town.directory / "contacts.csv"
        for role, *command in (
            ("operator", "warrants", "show", warrant),
            ("operator", "warrants", "countersign", warrant),
            ("authority", "warrants", "release", warrant),
            ("authority", "warrants", "open", warrant),
            ("authority", "warrants", "export", warrant, "--output", str(contacts)),
            ("authority", "warrants", "list"),
            ("operator", "warrants", "list"),
            ("operator", "venues", "list"),
            ("operator", "status"),
        ):
            self.town.officer(role, *command)
        with contacts.open(encoding="utf-8-sig") as rows:
            assert {row["name"] for row in csv.DictReader(rows)} == {*list(VISITORS)[:2], GUEST}

    async def ask_nonsense(self) -> None:
        """Requests of every kind that servers refuse, with somebody's data wherever a caller can put some."""
        name, phone = next(iter(VISITORS.items()))
        token = Visitor(self.homes[0], PASSPHRASE.encode()).account().session.token.hex()
        where = f"/{quote(name)}/{phone}"
        for url in (self.town.settings.operator.url, self.town.settings.authority.url, self.place.url):
            for path in (
                where,
                f"/v1{where}",
                f"/v1/venues{where}",
                f"/healthz?name={quote(name)}&phone={quote(phone)}",
            ):
                for method in ("GET", "POST", phone.replace("+", "X")):
                    await self.ask(url, method, path, Authorization=f"Bearer {token}", Cookie=f"phone={phone}")
            for path in ROUTES:
                for kind in (CBOR, "text/plain", phone):
                    await self.ask(url, "POST", f"/v1/{path}", f"{name} {phone}".encode(), **{"Content-Type": kind})
            await asyncio.to_thread(speak_no_http, url, f"GET /{name} {phone}\r\n{phone}: {name}\0\r\n\r\n".encode())
        operator = self.town.settings.operator.url
        for _ in range(11):
            await self.ask(operator, "POST", "/v1/verifications", VerificationRequest(phone).to_bytes())
        self.secrets += re.findall(r"\d{6}$", (self.town.operator / "outbox.txt").read_text("utf-8"), re.MULTILINE)
        guess = VerificationAnswer(phone, "000000", name).to_bytes()
        for _ in range(6):
            await self.ask(operator, "POST", "/v1/sessions", guess)
        unfit = VerificationAnswer(phone, "000000", f"={name}").to_bytes()
        await self.ask(operator, "POST", "/v1/sessions", unfit)

    async def lose_messages(self) -> None:
        """A sender that fails in ways of its own, with number and code in its errors."""
        (port,) = free_ports(1)
        with broken_gateway() as url:
            for gateway in (url, f"http://127.0.0.1:{port}"):
                (self.town.operator / "gateway.url").write_text(gateway)
                self.secrets.append(gateway)
                request = VerificationRequest(GUEST_PHONE).to_bytes()
                assert await self.ask(self.town.settings.operator.url, "POST", "/v1/verifications", request) == 503
        (self.town.operator / "gateway.url").unlink()

    async def lose_storage(self) -> None:
        """Databases that fail, in a way that servers know and in one that they do not, whose error quotes somebody."""
        name, phone = list(VISITORS.items())[2]
        text = f"row ({phone}, {name.replace(chr(39), '')}) is refused"
        self.secrets.append(name.replace("'", ""))
        link = poster_text(self.place.venue)[1]
        operator, authority = self.town.operator / "operator.db", self.town.authority / "authority.db"
        for database, table in (
            (operator, "verifications"),
            (operator, "handles"),
            (authority, "directory"),
            (self.place.home / "venue.db", "check_ins"),
        ):
            for failing in (missing(database, table), talkative(database, table, text)):
                with failing:
                    if table == "verifications":
                        self.visitor(2, "enrol", "--phone", phone, "--name", name, status=1)
                    elif table == "check_ins":
                        self.visitor(0, "check-in", "--yes", link, status=1)
                    else:
                        self.visitor(2, "fetch", "--ahead", "0", status=1)
        self.servers.terminate("authority")
        assert await ended(self.servers, "authority") == 0
        self.visitor(2, "fetch", "--ahead", "0", status=1)  # the other party does not answer

    def keep_handles(self) -> None:
        engine = Operator(self.town.operator).engine
        with engine.connect() as connection:
            handles = list(connection.scalars(sql.text("SELECT handle FROM handles")))
        engine.dispose()
        assert len(handles) == len(VISITORS)
        self.secrets += handles

    async def ask(self, url: str, method: str, path: str, body: bytes = b"", **headers: str) -> int:
        headers = {"Content-Type": CBOR, **headers}
        async with self.session.request(method, url + path, data=body or None, headers=headers) as answer:
            await answer.read()
            return answer.status


def speak_no_http(url: str, data: bytes) -> None:
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(data)
        while connection.recv(4096):
            pass


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    town = RecordedTown(tmp_path_factory.mktemp("town"))

    async def story() -> list[str | bytes]:
        async with new_session() as session:
            with Servers(town.directory) as servers:
                told = Story(town, session, servers)
                await told.tell()
        return told.secrets

    secrets = asyncio.run(story())
    return Written(town.written(), secrets)


def test_nothing_of_any_person_is_written(written: Written) -> None:
    assert {"operator.log", "authority.log", "venue-1.log"} < written.files.keys()
    assert len(written.files) > 50
    assert len(written.secrets) > 120
    assert found(written.files, written.secrets) == []


def test_everything_happened_that_could_have_been_written(written: Written) -> None:
    """The search is of logs in which servers answered everything, and failed in every way."""
    answered: dict[str, set[tuple[str, int]]] = {}
    for server in ("operator", "authority", "venue-1"):
        lines = requests(written.files[f"{server}.log"])
        answered[server] = {(line["route"], line["status"]) for line in lines}
        assert {400, 404, 405, 415} <= {status for _, status in answered[server]}
    assert answered["operator"] >= {
        *(("/v1/verifications", status) for status in (202, 400, 415, 429, 500, 503)),
        *(("/v1/sessions", status) for status in (200, 400, 403, 415, 422, 429)),
        *(("/v1/handles", status) for status in (200, 401, 500, 502, 503)),
        *(("/v1/passes", status) for status in (200, 401)),
        ("/v1/shares", 200),
    }
    assert answered["authority"] >= {("/v1/directory", 200), ("/v1/directory", 500), ("/v1/directory", 503)}
    assert answered["venue-1"] >= {
        *(("/v1/check-ins", status) for status in (200, 400, 401, 415, 503)),
        *(("/v1/papers", status) for status in (200, 401)),
        ("/v1/releases", 200),
    }
    told = "\n".join(written.files.values())
    for line in ("a request failed", "storage failed: no such table", "a code could not be sent: GatewayFailed"):
        assert line in told


def test_every_line_of_a_request_has_its_id(written: Written) -> None:
    ids = set()
    for server in ("operator", "authority", "venue-1"):
        lines = json_lines(written.files[f"{server}.log"])
        answered = [line["id"] for line in lines if line["message"] == "request"]
        assert len(set(answered)) == len(answered)
        ids.update(answered)
        for line in lines:
            if line["message"].startswith(("a request failed", "storage failed", "a code could not", "the authority")):
                assert line["id"] in answered
            if "listening" in line["message"]:
                assert "id" not in line
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids)


@pytest.mark.parametrize(
    "secret", ["홍길동", "Zoë", "+821083940571", "483920", bytes(range(32)), "SP1:ABC-DEF"], ids=repr
)
def test_the_search_finds(secret: str | bytes) -> None:
    """Every form, in a text and in JSON, also escaped."""
    for form in forms(secret):
        for text in (
            f"who: {form}.",
            json.dumps({"message": f"who: {form}."}),
            json.dumps({"x": form}, ensure_ascii=False),
        ):
            assert found({"a.log": with_decoded(text)}, [secret]), (form, text)
    assert found({"a.log": with_decoded("1483920 0483920a who: nobody")}, [secret]) == []


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def requests(text: str) -> list[dict[str, Any]]:
    return [line for line in json_lines(text) if line["message"] == "request"]
