"""A town to try SplitPass in: an operator, an authority, venues and visitors, each in a directory of its own."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientSession

from client.enrolment import confirm_code, request_code
from client.passes import fetch_passes
from client.visitor import Visitor
from lab.commands import run_command
from lab.processes import Servers, free_ports
from protocol.http_messages import Session, VerificationAnswer, VerificationRequest
from service.http_client import call
from service.keys import fingerprint, load_secret
from service.settings import DomainSettings, PartySettings
from venue.home import ServedVenue, VenueHome
from venue.membership import Membership

FAMILY_NAMES = "김이박최정강조윤장임한오서신권황안송류홍"
GIVEN_NAMES = ("민준", "서연", "도윤", "지우", "하준", "서현", "은우", "수아", "시우", "지호", "예린", "유진")
CLUB, CAFE = "클럽 이태원", "카페 무교동"
NOON = 12 * 3600
DOMAIN = "town"
"""What venues call the domain."""
TOKEN_FILE = "front-door.token"  # noqa: S105  a file's name
UNLIMITED_PARTY = "applications_per_hour = 1000000\ncheckpoints_per_hour = 1000000\n"
"""Settings of a party whose venues, and the other party, all come from one address."""
UNLIMITED = UNLIMITED_PARTY + "".join(
    f"{name} = 1000000\n"
    for name in (
        "codes_per_address",
        "verifications_per_hour",
        "sessions_per_hour",
        "account_requests_per_hour",
        "requests_per_day",
    )
)
"""Settings of an operator whose visitors and venues all come from one address."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone, as the operator and the contact list know them. `home` is the phone's storage."""

    name: str
    phone: str
    home: Path
    visitor: Visitor


@dataclass(frozen=True, slots=True)
class Place:
    """A venue's home directory, the base URL of its server, its id (16 bytes) and a reader's credential (32 bytes)."""

    name: str
    home: Path
    url: str
    id: bytes
    token: bytes = field(repr=False)

    @property
    def venue(self) -> ServedVenue:
        """The venue as its own process sees it."""
        return ServedVenue(VenueHome(self.home), self.id)

    @property
    def membership(self) -> Membership:
        """The venue in the town's domain."""
        return next(member for member in self.venue.memberships if member.pinned.name == DOMAIN)


class Town:
    """Everything under one directory, in the domain of a number. It is noon there, so that no run meets midnight.

    `numbers` are those that people's names and telephone numbers are made of.
    """

    def __init__(
        self,
        directory: Path,
        *,
        minimum_accounts: int,
        mixing_seconds: float,
        number: int = 1,
        numbers: Iterator[int] | None = None,
        operator_settings: str = "",
    ) -> None:
        self.directory, self._number, self._operator_settings = directory, number, operator_settings
        self.operator, self.authority = directory / "operator", directory / "authority"
        self._minimum_accounts, self._mixing_seconds = minimum_accounts, mixing_seconds
        self._numbers = numbers or itertools.count(len(list((directory / "visitors").glob("*"))))
        self.phones: set[str] = set()
        self.places: list[Place] = []
        self.people: list[Person] = []
        self.settings: DomainSettings

    async def found(self, servers: Servers, session: ClientSession) -> None:
        """Create both parties with fresh keys and start them."""
        operator_port, authority_port = self.new_ports(2)
        keys = {role: self.officer(role, "init") for role in ("operator", "authority")}
        self.settings = DomainSettings(
            number=self._number,
            utc_offset=offset_of_noon(),
            operator=PartySettings(key=keys["operator"], url=self.url_of("operator", operator_port)),
            authority=PartySettings(key=keys["authority"], url=self.url_of("authority", authority_port)),
        )
        for home in (self.operator, self.authority):
            self.pin(home)
        (self.operator / "settings.toml").write_text(
            f"port = {operator_port}\n"
            f"minimum_accounts = {self._minimum_accounts}\n"
            f"mixing_seconds = {self._mixing_seconds}\n"
            + self._operator_settings
            + UNLIMITED
            + self.more_settings("operator")
        )
        (self.authority / "settings.toml").write_text(
            f"port = {authority_port}\n" + UNLIMITED_PARTY + self.more_settings("authority")
        )
        await self.start_parties(servers, session)

    async def start_parties(self, servers: Servers, session: ClientSession) -> None:
        """Start both parties' servers."""
        parties = (("operator", self.settings.operator), ("authority", self.settings.authority))
        for role, _ in parties:
            servers.start(role, "escrow", role, "--home", str(self.directory / role), "serve")
        for role, party in parties:
            await servers.wait_ready(session, role, party.url)

    async def open_venue(self, servers: Servers, session: ClientSession, name: str) -> Place:
        """Create a venue, have both officers approve it, and start its server."""
        server = f"venue-{len(self.places) + 1}"
        home, (port,) = self.directory / server, self.new_ports(1)
        command = ("venue", "--home", str(home))
        self.run(*command, "init", "--name", name, "--url", self.url_of(server, port))
        (home / "settings.toml").write_text(f"port = {port}\n" + self.more_settings(server))
        self.run(*command, "domains", "add", str(self.operator / "domain.toml"), "--name", DOMAIN)
        self.run(*command, "register")
        (membership,) = VenueHome(home).memberships
        venue, key = membership.venue_id, fingerprint(membership.record.key)
        for role in ("operator", "authority"):
            self.officer(role, "venues", "approve", venue.hex(), "--key", key)
        self.run(*command, "confirm")
        self.run(*command, "fetch")
        self.run(*command, "readers", "add", "front door", "--output", str(home / TOKEN_FILE))
        return await self.start_venue(servers, session, home)

    async def start_venue(self, servers: Servers, session: ClientSession, home: Path) -> Place:
        """Start the server of a venue."""
        (venue,) = VenueHome(home).venues
        description = venue.description
        place = Place(description.name, home, description.url, venue.venue_id, load_secret(home / TOKEN_FILE))
        servers.start(home.name, "venue", "--home", str(home), "serve")
        await servers.wait_ready(session, home.name, place.url)
        self.places.append(place)
        return place

    def door_link(self, place: Place) -> str:
        """A link that makes a browser a reader of the place, once and within a quarter of an hour."""
        number = len(place.venue.home.reader_tokens.all(place.id))
        printed = self.run("venue", "--home", str(place.home), "readers", "add", f"tablet {number}")
        return printed.splitlines()[0]

    async def enrol(self, session: ClientSession) -> Person:
        """Somebody new verifies a phone number, with the code from the operator's outbox."""
        number = next(self._numbers)
        name = FAMILY_NAMES[number % len(FAMILY_NAMES)] + GIVEN_NAMES[number % len(GIVEN_NAMES)]
        phone = f"+8210{10_000_000 + number}"
        self.phones.add(phone)
        home = self.directory / "visitors" / str(number)
        home.mkdir(parents=True)
        self.pin(home)
        # Light on purpose: a town derives many keys on one machine, and none of its wallets is anyone's.
        (home / "settings.toml").write_text("passphrase_operations = 1\npassphrase_memory = 8192\nat_once = true\n")
        visitor = Visitor(home, secrets.token_bytes(16), create=True)
        await request_code(visitor, session, phone)
        await confirm_code(visitor, session, phone, name, self._code_sent_to(phone))
        person = Person(name, phone, home, visitor)
        self.people.append(person)
        return person

    async def open_account(self, session: ClientSession) -> Session:
        """An account of somebody new, without a wallet."""
        phone, name = f"+8210{10_000_000 + next(self._numbers)}", FAMILY_NAMES[0] + GIVEN_NAMES[0]
        url = self.settings.operator.url
        await call(session, "POST", f"{url}/v1/verifications", VerificationRequest(phone))
        answer = VerificationAnswer(phone, self._code_sent_to(phone), name)
        return Session.from_bytes(await call(session, "POST", f"{url}/v1/sessions", answer))

    async def fetch_passes(self, session: ClientSession, person: Person) -> int:
        """The passes of today for one person; returns how many came."""
        return await fetch_passes(person.visitor, session, self.today)

    @property
    def today(self) -> int:
        """The current epoch."""
        return self.settings.domain.epoch_at(int(time.time()))

    def officer(self, role: str, *command: str) -> str:
        """What an officer's command prints."""
        return self.run("escrow", role, "--home", str(self.directory / role), *command)

    def run(self, *command: str) -> str:
        """What `python -m COMMAND` prints."""
        return run_command(*command)

    def new_ports(self, count: int) -> list[int]:
        """Ports for servers that are new."""
        return free_ports(count)

    def url_of(self, server: str, port: int) -> str:  # noqa: ARG002  another town may put something in between
        """The base URL by which everybody reaches a server that listens on a port."""
        return f"http://127.0.0.1:{port}"

    def more_settings(self, server: str) -> str:  # noqa: ARG002  as above
        """Lines for a server's settings.toml."""
        return ""

    def pin(self, home: Path) -> None:
        """Put the domain into somebody's home."""
        (home / "domain.toml").write_text(self.settings.to_toml())

    def _code_sent_to(self, phone: str) -> str:
        lines = (self.operator / "outbox.txt").read_text("utf-8").splitlines()
        return next(line.rsplit(" ", 1)[1] for line in reversed(lines) if line.startswith(f"{phone}\t"))


def offset_of_noon() -> int:
    """The UTC offset, in whole minutes, that makes it noon now."""
    return (NOON - int(time.time()) % 86_400) // 60 * 60
