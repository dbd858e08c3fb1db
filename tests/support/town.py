"""A town on real servers: both parties, venues, and visitors with the real client, on a clock that the test sets."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

from aiohttp import ClientSession, StreamReader, web

from client.enrolment import confirm_code, request_code
from client.list_search import search_lists
from client.list_sources import list_sources
from client.lists import Fault
from client.passes import fetch_passes
from client.posters import read_poster
from client.visitor import Visitor
from client.visits import check_in
from escrow.authority.reading import OpeningResult
from escrow.authority.server import create_authority_app
from escrow.operator.server import create_operator_app
from lab.door import Door
from lab.processes import free_ports
from lab.town import Person, Place
from protocol.epochs import Role
from protocol.http_messages import Decision
from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from protocol.warrants import Venue
from service.errors import ConfigurationError
from service.http import Handler, ask_for_body
from service.http_client import new_session
from service.problems import Problem
from tests.support.investigations import trace
from tests.support.mixing import leaving_at_once
from tests.support.running import online, run, serving
from tests.support.servers import World, running_homes
from venue.committing import commit
from venue.domain_setup import add_domain
from venue.membership import Membership
from venue.poster import poster_text
from venue.registration import apply, confirm
from venue.server import create_venue_app
from venue.setup import add_venue, create_home

LIGHT_WALLET = "passphrase_operations = 1\npassphrase_memory = 8192\nat_once = true\n"


@dataclass(frozen=True)
class SeenRequest:
    """A request as a server saw it, before it did anything."""

    server: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Town:
    """Everything under one directory. `traffic` is what all servers were asked.

    The parties have run for a while, or begin at the time that is given, where clocks are so many seconds ahead of UTC.
    """

    def __init__(self, directory: Path, begins: int | None = None, utc_offset: int = 9 * 3600, number: int = 7) -> None:
        self.directory = directory
        if begins is None:
            self.world = World(directory, homes=running_homes("sqlite", number), number=number)
        else:
            self.world = World(directory, now=begins, utc_offset=utc_offset)
        self.places: list[Place] = []
        self.people: list[Person] = []
        self.traffic: list[SeenRequest] = []
        self._parties, self._venues = ExitStack(), ExitStack()

    @property
    def now(self) -> int:
        return self.world.now

    def start_parties(self) -> None:
        async def apps() -> list[tuple[web.Application, int]]:
            authority, operator = self.world.authority, self.world.operator
            return [
                (self.watched("authority", await create_authority_app(authority)), authority.settings.port),
                (self.watched("operator", await create_operator_app(operator)), operator.settings.port),
            ]

        self._parties.enter_context(leaving_at_once(self.world.asking))
        self._parties.enter_context(serving(apps))

    def stop_parties(self) -> None:
        self._parties.close()

    def stop(self) -> None:
        self._venues.close()
        self._parties.close()

    def watched(self, server: str, app: web.Application) -> web.Application:
        """The application, with every request noted."""

        @web.middleware
        async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
            ask_for_body(request)
            body = await request.content.read()
            again = StreamReader(request.protocol, MAX_MESSAGE_BYTES)  # so that the server reads what it was sent
            again.feed_data(body)
            again.feed_eof()
            request = request.clone()
            request._payload = again
            self.traffic.append(SeenRequest(server, request.method, request.path_qs, dict(request.headers), body))
            return await handler(request)

        app.middlewares.append(watch)
        return app

    def open_venue(self, name: str = "클럽", *, beside: Place | None = None) -> Place:
        """A venue that both officers approved, with the keys of today and three days ahead, and its server running.

        With `beside` it is another venue of the same chain, in the same home and server.
        """
        if beside is None:
            home, (port,) = self.directory / f"venue-{len(self.places)}", free_ports(1)
            url = f"http://127.0.0.1:{port}"
            venue = create_home(home, name, url)
            (home / "settings.toml").write_text(f"port = {port}\n")
            add_domain(home, self.world.settings.to_toml(), "first")
        else:
            home, url = beside.home, beside.url
            venue = add_venue(home, name, url)
        place = Place(name, home, url, venue, token_bytes(32))
        place.venue.home.reader_tokens.add(venue, "front door", place.token, self.now)
        self.register(place)
        if beside is None:
            self.serve_venue(place)
        self.places.append(place)
        return place

    def join(self, place: Place) -> None:
        """Have a venue of another domain's town take the visitors of this domain too."""
        add_domain(place.home, self.world.settings.to_toml(), f"domain-{self.world.settings.number}")
        self.register(place)

    def membership(self, place: Place) -> Membership:
        """The place in this town's domain."""
        membership = place.venue.membership(self.world.settings.number)
        assert membership is not None
        return membership

    def register(self, place: Place) -> None:
        """Apply to both parties, have both officers approve, and fetch what a door needs."""
        self.world.committing[place.id] = lambda: self.commit(place)
        membership = self.membership(place)
        membership.draw_first_key()
        online(lambda session: apply(membership, session))
        for role in Role:
            assert self.world.approve(role, membership.record).exit_code == 0
        assert online(lambda session: confirm(membership, session)) == []
        wanted = membership.pinned.wanted_epochs(self.now)
        online(lambda session: membership.pinned.epochs.refresh(session, wanted.start + 1, wanted.stop - 1))

    async def commit(self, place: Place) -> None:
        """What a venue's server does hourly, also if it fails."""
        async with new_session() as session:
            with suppress(Problem, ConfigurationError):
                await commit(self.membership(place), session, self.now)

    def serve_venue(self, place: Place) -> None:
        async def apps() -> list[tuple[web.Application, int]]:
            home = place.venue.home
            app = create_venue_app(home, lambda: self.now)
            return [(self.watched(place.name, app), home.settings.port)]

        self._venues.enter_context(serving(apps))

    def enrol(self, name: str = "홍길동") -> Person:
        """Somebody new, whose number the operator verified."""
        number = len(self.people)
        home, phone = self.directory / f"phone-{number}", f"+8210{number:08}"
        home.mkdir()
        (home / "domain.toml").write_text(self.world.settings.to_toml())
        (home / "settings.toml").write_text(LIGHT_WALLET)
        visitor = Visitor(home, b"passphrase", lambda: self.now, create=True)
        online(lambda session: request_code(visitor, session, phone))
        code = self.world.last_code(phone)
        online(lambda session: confirm_code(visitor, session, phone, name, code))
        person = Person(name, phone, home, visitor)
        self.people.append(person)
        return person

    def supply(self, *people: Person, epoch: int | None = None) -> None:
        """Passes of one epoch (today's) for people who fetch at the same time."""
        wanted = self.world.today if epoch is None else epoch

        async def fetch(session: ClientSession) -> list[int]:
            return await asyncio.gather(*(fetch_passes(one.visitor, session, wanted) for one in people))

        with self.world.asking.announce(len(people)):
            fetched = online(fetch)
        assert fetched == [self.world.settings.allowance] * len(people)

    def visitors(self, *names: str) -> list[Person]:
        """People with the passes of today."""
        people = [self.enrol(name) for name in names]
        self.supply(*people)
        return people

    def show(self, text: str, place: Place) -> Decision:
        """Hold a QR code's text to a reader's camera."""
        return online(lambda session: Door(place, session, self.directory).show(text))

    def search(self, person: Person) -> set[Fault]:
        """Have a visitor's client fetch and search everything that is published; what it finds wrong."""

        async def search(session: ClientSession) -> set[Fault]:
            sources = list_sources(person.visitor)
            return set().union(*[await search_lists(person.visitor, session, source) for source in sources])

        return online(search)

    def link(self, place: Place) -> str:
        """What the place's poster says."""
        return poster_text(place.venue)[1]

    def venue(self, place: Place) -> Venue:
        """The place as a client reads it from the poster."""
        return read_poster(self.world.settings.domain, self.link(place), self.membership(place).registered.to_bytes())

    def scan(self, person: Person, place: Place) -> Decision:
        """Check in by the place's poster."""
        venue = self.venue(place)
        return online(lambda session: check_in(person.visitor, session, venue))

    def investigate(self, place: Place) -> OpeningResult:
        """Warrant, countersignature, release and opening, by both parties' officers, for the hours around now."""
        return run(trace(self.world, place.venue.venue_id))[1]

    def steal(self, home: Path) -> Path:
        """A copy of everything that is on a disk now."""
        stolen: Path = shutil.copytree(home, self.directory / f"stolen-{home.name}")
        settings = stolen / "settings.toml"
        settings.write_text(settings.read_text().replace(str(home), str(stolen)))
        return stolen


@contextmanager
def run_town(directory: Path, number: int = 7) -> Iterator[Town]:
    """A town whose parties run, in the domain of a number."""
    town = Town(directory, number=number)
    try:
        town.start_parties()
        yield town
    finally:
        town.stop()
