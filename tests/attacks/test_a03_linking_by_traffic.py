"""A3: overlapping identifiers, and User-Agent, cookies or polling, turn check-ins into one person's history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from aiohttp import web
from rich.console import Console

from client.show import show_live
from client.visitor import Visitor
from client.visits import open_entry
from lab.town import Person
from protocol.check_ins import CheckInMessage
from protocol.epochs import Role
from protocol.handles import DirectoryBatch
from protocol.http_messages import Decision
from protocol.party_requests import PartyRequest
from protocol.primitives.statements import statement_payload
from protocol.qr_text import from_qr_text
from service.http import Handler
from tests.attacks.windows import shared
from tests.attacks.wiretap import wiretap
from tests.support.investigations import warn
from tests.support.running import run
from tests.support.town import SeenRequest, Town


class MarkingTown(Town):
    """A town whose servers mark every client that they see, as trackers do."""

    def watched(self, server: str, app: web.Application) -> web.Application:
        @web.middleware
        async def mark(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            response.headers["ETag"] = f'"{server}-{len(self.traffic)}"'
            response.headers["Last-Modified"] = "Wed, 15 Nov 2023 00:00:00 GMT"
            response.headers["Alt-Svc"] = 'h2="127.0.0.1:1"; ma=86400'
            response.set_cookie("visitor", str(len(self.traffic)))
            return response

        app.middlewares.append(mark)
        return super().watched(server, app)


@pytest.fixture
def marking_town(tmp_path: Path) -> Iterator[MarkingTown]:
    town = MarkingTown(tmp_path)
    try:
        town.start_parties()
        yield town
    finally:
        town.stop()


def fingerprint(seen: SeenRequest) -> dict[str, str]:
    """The headers of a request that a client chooses."""
    return {name: value for name, value in seen.headers.items() if name not in {"Host", "Content-Length"}}


def test_a03_servers_cannot_tell_clients_apart(marking_town: MarkingTown) -> None:
    """The servers of venue, operator and authority join what two clients send: headers, cookies, paths, order, bytes.

    Happened: luca, CVE-2021-33838. Answer: no identifier occurs twice; a client sends nothing that marks it (§5.1).
    """
    town = marking_town
    club = town.open_venue()
    one, other = town.visitors("홍길동", "성춘향")
    town.traffic.clear()
    assert {town.scan(person, club) for person in (one, other, one)} == {Decision.ADMITTED}

    assert len({tuple(fingerprint(seen).items()) for seen in town.traffic}) == 1
    assert {(seen.server, seen.method, seen.path) for seen in town.traffic} == {("클럽", "POST", "/v1/check-ins")}
    assert not {"Cookie", "If-None-Match", "If-Modified-Since", "Authorization"} & town.traffic[0].headers.keys()

    assert_unlinkable([CheckInMessage.from_bytes(seen.body) for seen in town.traffic])


def test_a03_what_the_authority_sees_of_clients_is_the_same_for_all(marking_town: MarkingTown) -> None:
    """The authority looks for what distinguishes the visitors whose passes it issues, on two days.

    Happened: as above. Answer: it sees whole days' public keys being asked for, and sealed or blinded data (§3.7).
    """
    town = marking_town
    people = [town.enrol(name) for name in ("홍길동", "성춘향")]
    town.traffic.clear()
    for epoch in (town.world.today, town.world.today + 1):
        town.supply(*people, epoch=epoch)
    at_authority = [seen for seen in town.traffic if seen.server == "authority"]
    asked = [seen for seen in at_authority if not seen.body]
    today = town.world.today
    epochs = [f"/v1/epochs/{epoch}" for epoch in range(today, today + 4)]
    assert {seen.path for seen in asked} <= {*epochs, *(f"{epoch}/inclusion" for epoch in epochs)}
    assert len({tuple(fingerprint(seen).items()) for seen in asked}) == 1
    deposits = [seen.body for seen in at_authority if seen.path == "/v1/directory"]
    requests = [PartyRequest.from_bytes(statement_payload(body)) for body in deposits]
    assert sum(len(DirectoryBatch.from_bytes(request.body).entries) for request in requests) == 4
    assert not [body for body in deposits for one in people if one.phone.encode() in body or one.name.encode() in body]


def test_a03_the_client_does_not_poll(marking_town: MarkingTown, tmp_path: Path) -> None:
    """The servers wait for the client to ask again while its code is on the screen, for five minutes.

    Happened: luca's apps polled for their check-ins every few seconds. Answer: in present mode nothing is sent at all.
    """
    town = marking_town
    person, _ = town.visitors("홍길동", "성춘향")
    before = list(town.traffic)

    def wait(seconds: float) -> None:
        town.world.now += round(seconds)

    visitor: Visitor = person.visitor
    console = Console(quiet=True)
    show_live([open_entry(visitor)], visitor.clock, console, tmp_path / "code.png", 300, wait)
    assert town.traffic == before


def test_a03_fetching_what_is_published_says_nothing_about_who_fetches(town: Town) -> None:
    """The parties compare, byte by byte, what two clients send them for the lists: of somebody with many visits who is
    warned and was identified, and of somebody who was nowhere.

    Happened: luca's apps asked for traces by overlapping identifiers, CVE-2021-33838. Answer: everyone fetches the same
    lists, and nothing is sent when one matches (§3.12).
    """
    club = town.open_venue()
    guest, hermit = town.visitors("홍길동", "성춘향")
    assert {town.scan(guest, club) for _ in range(3)} == {Decision.ADMITTED}
    town.investigate(club)
    run(warn(town.world, club.venue.venue_id))

    def lines_of(person: Person) -> list[list[bytes]]:
        """What the person's client sends each party."""
        with wiretap(town.world.urls[Role.OPERATOR]) as operator, wiretap(town.world.urls[Role.AUTHORITY]) as authority:
            servers = town.world.settings
            urls = {servers.operator.url: operator, servers.authority.url: authority}
            domain = servers.to_toml()
            for url, tap in urls.items():
                domain = domain.replace(url, tap.url)
            (person.home / "domain.toml").write_text(domain)
            visitor = Visitor(person.home, b"passphrase", lambda: town.now)
            assert town.search(replace(person, visitor=visitor)) == set()
            return [
                [line.replace(tap.url.removeprefix("http://").encode(), b"server") for line in tap.sent()]
                for tap in urls.values()
            ]

    for days in (0, 3):
        for _ in range(days):
            town.world.now += 86_400
            town.world.keep_houses()
        sent = lines_of(guest)
        assert sent == lines_of(hermit)
        assert all(line.startswith(b"GET /v1/") for lines in sent for line in lines)
        everything = b"".join(line for lines in sent for line in lines)
        assert not [word for word in (b"ookie", b"uthorization", b"f-None", b"?") if word in everything]
    found = [Visitor(person.home, b"passphrase", lambda: town.now).findings() for person in (guest, hermit)]
    assert [(len(one.notices), len(one.openings)) for one in found] == [(3, 3), (0, 0)]


def test_a03_codes_of_one_person_share_nothing(town: Town) -> None:
    """Cameras at three doors compare the codes that they read.

    Happened: luca's user id in every check-in of a day. Answer: each opening of the screen burns a pass (§3.8).
    """
    one, other = town.visitors("홍길동", "성춘향")
    texts = [open_entry(person.visitor).text(town.now) for person in (one, one, one, other)]
    assert_unlinkable([from_qr_text(text) for text in texts])


def assert_unlinkable(check_ins: list[CheckInMessage]) -> None:
    """Whoever they are of, they agree in what is the same for everyone at one place and time, and in nothing else."""
    assert len({replace(one, signed_pass=bytes(192)) for one in check_ins}) == 1
    for one, other in combinations(check_ins, 2):
        assert not shared(one.signed_pass, other.signed_pass)
