"""The venue's server over real HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from io import BytesIO
from secrets import token_bytes
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import sqlalchemy as sql
from PIL import Image

from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.epochs import Role
from protocol.http_messages import Decision, ReleaseRequest
from protocol.party_requests import sign_request
from protocol.primitives.statements import JointStatement, verify_statement
from protocol.releases import MAX_RELEASE_BYTES, Release, ReleasedLeaf
from protocol.warrants import MAX_RELEASE, Warrant, verify_venue
from service.http_client import call
from service.media_types import PROBLEM
from tests.support.domain import NOW, OpenEpoch, Parties, Released, Visitor, open_epoch
from tests.support.venue_server import decisions, post, problems, serving
from tests.support.venues import only
from tests.venue.conftest import MakeVenue, commit, known
from venue.decoding import read_codes
from venue.home import ServedVenue
from venue.poster import poster_png, poster_svg
from venue.store import metadata

ENTRY = Direction.ENTRY


def test_scan_mode_is_open_to_anyone_whose_label_names_the_venue(
    venue: ServedVenue, parties: Parties, today: OpenEpoch, visitor: Visitor
) -> None:
    ours = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY, parties.venue.venue_id)
    other = sign_check_in(today.key, visitor.passes[1], NOW, ENTRY, bytes(16))
    answers = post(venue, "/v1/check-ins", ours, ours, other)
    assert decisions(answers) == [Decision.ADMITTED, Decision.ALREADY_SPENT, Decision.OTHER_VENUE]


def test_a23_present_mode_is_for_readers_with_the_token(venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
    shown = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    assert problems(post(venue, "/v1/check-ins", shown)) == [(401, "unauthenticated")]
    assert problems(post(venue, "/v1/check-ins", shown, token=token_bytes(32))) == [(401, "unauthenticated")]
    assert only(venue).store.days() == []
    token = token_bytes(32)
    venue.home.reader_tokens.add(venue.venue_id, "front door", token, NOW)
    assert decisions(post(venue, "/v1/check-ins", shown, token=token)) == [Decision.ADMITTED]


@pytest.mark.parametrize("body", [b"", b"\xff", b"\x80", b"\x9f\xff", bytes(1000), b"\x81" * 100, b"\xa0"])
def test_a28_malformed_bodies_are_problem_documents(venue: ServedVenue, body: bytes) -> None:
    for path in ("/v1/check-ins", "/v1/releases"):
        assert problems(post(venue, path, body)) == [(400, "malformed-encoding")]


def test_a28_a_body_that_is_too_long(venue: ServedVenue) -> None:
    assert [status for status, _ in problems(post(venue, "/v1/check-ins", bytes(2**21)))] == [413]


def test_errors_are_problem_documents_over_http(venue: ServedVenue) -> None:
    async def run() -> None:
        async with serving(venue) as (session, url):
            for method, path, status in (
                ("GET", "/nothing", 404),
                ("GET", "/v1/check-ins", 405),
                ("GET", f"/v1/venues/{venue.venue_id.hex()}/255", 404),
                ("GET", f"/v1/venues/{venue.venue_id.hex()}/255/poster.svg", 404),
                ("GET", f"/v1/venues/{bytes(16).hex()}/poster.png", 404),
                ("GET", "/v1/venues/here/255", 404),
                ("GET", f"/v1/venues/{venue.venue_id.hex()}/here", 404),
                ("POST", "/v1/check-ins", 415),
            ):
                async with session.request(method, url + path, data=b"x" if method == "POST" else None) as response:
                    assert (response.status, response.content_type) == (status, PROBLEM)
                    assert (await response.json(content_type=PROBLEM))["status"] == status
            async with session.get(url + "/healthz") as response:
                assert response.status == 200

    asyncio.run(run())


@pytest.mark.parametrize(("days", "missing"), [(0, ["today", "tomorrow"]), (1, ["tomorrow"]), (2, [])])
def test_it_is_ready_with_the_keys_of_today_and_tomorrow(
    make_venue: MakeVenue, parties: Parties, today: OpenEpoch, days: int, missing: list[str]
) -> None:
    known = [today, open_epoch(parties, today.key.epoch + 1)][:days]

    async def run() -> None:
        async with serving(make_venue(known)) as (session, url), session.get(url + "/readyz") as response:
            document = await response.json(content_type=None)
        if missing:
            assert (response.status, document["type"]) == (503, "urn:splitpass:problem:not-ready")
            assert [day for day in ("today", "tomorrow") if f"for {day}" in document["detail"]] == missing
        else:
            assert (response.status, document) == (200, {"status": "ready"})

    asyncio.run(run())


def test_a_poster_is_drawn_once_however_often_it_is_asked_for(venue: ServedVenue, parties: Parties) -> None:
    only(venue).keep_registration(parties.both_sign(parties.venue))
    drawn = {picture: picture.cache_info().misses for picture in (poster_svg, poster_png)}

    async def run() -> None:
        async with serving(venue) as (session, url):
            for _ in range(3):
                for name in ("poster.svg", "poster.png"):
                    async with session.get(f"{url}/v1/venues/{venue.venue_id.hex()}/{name}") as response:
                        assert response.status == 200

    asyncio.run(run())
    assert all(picture.cache_info().misses <= before + 1 for picture, before in drawn.items())


def test_the_venue_record_and_its_poster(venue: ServedVenue, parties: Parties) -> None:
    only(venue).keep_registration(parties.both_sign(parties.venue))

    async def run() -> tuple[bytes, str, bytes]:
        async with serving(venue) as (session, url):
            record = f"{url}/v1/venues/{venue.venue_id.hex()}"
            joint = await call(session, "GET", f"{record}/255")
            async with session.get(record + "/poster.svg") as response:
                assert response.content_type == "image/svg+xml"
                svg = await response.text()
            async with session.get(record + "/poster.png") as response:
                assert response.content_type == "image/png"
                return joint, svg, await response.read()

    joint, svg, png = asyncio.run(run())
    assert verify_venue(parties.domain, JointStatement.from_bytes(joint)).record == parties.venue
    assert parties.venue.name in [element.text for element in ElementTree.fromstring(svg).iter()]
    [link] = read_codes(Image.open(BytesIO(png)))
    assert link == f"{parties.venue.url.rstrip('/')}/v/{venue.venue_id.hex()}"


def test_a29_the_door_works_offline(venue: ServedVenue, parties: Parties, today: OpenEpoch, visitor: Visitor) -> None:
    assert urlsplit(only(venue).pinned.settings.operator.url).port == 1  # where nobody listens
    ours = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY, parties.venue.venue_id)

    async def run() -> bytes:
        async with serving(venue) as (session, url):
            await asyncio.sleep(0.1)  # the first refresh of the keys fails meanwhile
            return await call(session, "POST", url + "/v1/check-ins", ours)

    assert decisions([asyncio.run(run())]) == [Decision.ADMITTED]


class TestRelease:
    """Releases under a warrant for the hour that begins NOW."""

    @pytest.fixture
    def visited(self, venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> ServedVenue:
        for owned, time in zip(visitor.passes, (NOW - 15, NOW, NOW + 3600), strict=True):
            assert venue.gate.decide(sign_check_in(today.key, owned, time, ENTRY), time) is Decision.ADMITTED
        left = sign_check_in(today.key, visitor.passes[0], NOW + 15, Direction.EXIT)
        assert venue.gate.decide(left, NOW + 15) is Decision.ADMITTED
        commit(venue, NOW + 3600)
        return venue

    @pytest.fixture
    def warrant(self, parties: Parties) -> Warrant:
        return parties.warrant(NOW, NOW + 3600).record

    def ask(
        self,
        parties: Parties,
        warrant: Warrant | JointStatement,
        *,
        sender: Role = Role.AUTHORITY,
        recipient: str | None = None,
        time: int = NOW + 7200,
        ended: int | None = None,
    ) -> bytes:
        joint = warrant if isinstance(warrant, JointStatement) else parties.both_sign(warrant)
        recipient = recipient or parties.venue.venue_id.hex()
        body = ReleaseRequest(joint, ended).to_bytes()
        return sign_request(parties.domain, sender, recipient, "/v1/releases", time, body, parties.keys[sender])

    def test_hands_over_the_window_and_nothing_else(
        self, visited: ServedVenue, parties: Parties, today: OpenEpoch, visitor: Visitor
    ) -> None:
        warrant = parties.warrant(NOW, NOW + 3600)
        [answer] = post(visited, "/v1/releases", self.ask(parties, warrant.record), now=NOW + 7200)
        assert isinstance(answer, bytes)
        verified = parties.verify(warrant, {today.key.epoch: today.key}, Released(answer, known(visited)))
        assert not verified.set_aside
        assert verified.visits[today.key.epoch].keys() == {owned.public.u for owned in visitor.passes[:2]}
        assert verified.visits[today.key.epoch][visitor.passes[0].public.u].left == NOW + 15

    def test_of_an_empty_window(self, venue: ServedVenue, parties: Parties) -> None:
        warrant = parties.warrant(NOW, NOW + 3600)
        [answer] = post(venue, "/v1/releases", self.ask(parties, warrant.record), now=NOW + 7200)
        assert isinstance(answer, bytes)
        assert parties.verify(warrant, {}, Released(answer, known(venue))).visits == {}

    def test_a30_a_request_counts_once(self, visited: ServedVenue, parties: Parties, warrant: Warrant) -> None:
        request = self.ask(parties, warrant)
        answers = post(visited, "/v1/releases", request, request, now=NOW + 7200)
        assert problems(answers) == [(409, "replayed-request")]
        assert problems(post(visited, "/v1/releases", request, now=NOW + 7300)) == [(409, "replayed-request")]
        assert problems(post(visited, "/v1/releases", request, now=NOW + 7600)) == [(409, "replayed-request")]

    def test_a22_refuses_everything_but_the_authority_with_a_warrant_of_both(
        self, visited: ServedVenue, parties: Parties, warrant: Warrant
    ) -> None:
        joint = parties.both_sign(warrant)
        wider = parties.both_sign(replace(warrant, begins=NOW - 60))
        requests = {
            "from the operator": (self.ask(parties, warrant, sender=Role.OPERATOR), "invalid-signature"),
            "for another venue's server": (self.ask(parties, warrant, recipient=bytes(16).hex()), "wrong-party"),
            "signed by the authority alone": (
                self.ask(parties, JointStatement(joint.authority, joint.authority)),
                "invalid-signature",
            ),
            "with two different warrants": (
                self.ask(parties, JointStatement(joint.authority, wider.operator)),
                "conflicting-statements",
            ),
            "with a warrant of another domain": (self.ask(parties, replace(warrant, domain=1)), "wrong-domain"),
            "with an expired warrant": (self.ask(parties, replace(warrant, expires=NOW + 7199)), "out-of-scope"),
        }
        answers = post(visited, "/v1/releases", *[request for request, _ in requests.values()], now=NOW + 7200)
        assert problems(answers) == [(422, name) for _, name in requests.values()]

    def test_a_warrant_for_another_venue(self, visited: ServedVenue, parties: Parties, warrant: Warrant) -> None:
        answers = post(visited, "/v1/releases", self.ask(parties, replace(warrant, venue_id=bytes(16))), now=NOW + 7200)
        assert problems(answers) == [(404, "unknown-venue")]

    def test_a_release_that_would_be_too_long_comes_in_parts(
        self,
        venue: ServedVenue,
        parties: Parties,
        today: OpenEpoch,
        warrant: Warrant,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("venue.release.MAX_RELEASE_BYTES", 20_000)
        self.fill_a_release(venue, parties, today, warrant, 20_000)

    @pytest.mark.long
    def test_the_largest_release_is_delivered_and_a_larger_one_in_parts(
        self, venue: ServedVenue, parties: Parties, today: OpenEpoch, warrant: Warrant
    ) -> None:
        self.fill_a_release(venue, parties, today, warrant, MAX_RELEASE_BYTES)

    def fill_a_release(
        self, venue: ServedVenue, parties: Parties, today: OpenEpoch, warrant: Warrant, most_bytes: int
    ) -> None:
        """One of nearly the most bytes or check-ins is delivered; one with a few more in parts, up to commitments."""
        label = (parties.domain.number, NOW, ENTRY, parties.venue.venue_id)

        def fill(count: int) -> int:
            messages = [CheckInMessage(*label, token_bytes(192)) for _ in range(count)]
            rows = [
                {
                    "domain": parties.domain.number,
                    "venue": venue.venue_id,
                    "u": one.u,
                    "direction": 1,
                    "time": one.time,
                    "epoch": today.key.epoch,
                    "encoded": one.to_bytes(),
                }
                for one in messages
            ]
            with venue.home.engine.begin() as connection:
                connection.execute(sql.insert(metadata.tables["check_ins"]), rows)
            return len(ReleasedLeaf(today.key.epoch, NOW, ENTRY, messages[0].to_bytes()).to_bytes())

        largest = min((most_bytes - 1000) // fill(1), MAX_RELEASE)
        fill(largest - 1)
        commit(venue, NOW)
        [answer] = post(venue, "/v1/releases", self.ask(parties, warrant), now=NOW + 7200)
        assert isinstance(answer, bytes)
        assert len(verify_statement(Release, answer, parties.venue.key).leaves) == largest
        fill(5)
        commit(venue, NOW + 15)
        parts = [
            verify_statement(Release, part, parties.venue.key)
            for part in post(
                venue,
                "/v1/releases",
                self.ask(parties, warrant),
                self.ask(parties, warrant, ended=NOW),
                now=NOW + 7200,
            )
            if isinstance(part, bytes)
        ]
        assert [(part.opened_from.time, part.part_ends) for part in parts] == [(0, NOW), (NOW, None)]
        assert [sum(not leaf.withheld for leaf in part.leaves) for part in parts] == [largest, 5]
        fill(largest + 5)
        commit(venue, NOW + 30)
        unknown = self.ask(parties, warrant, ended=NOW + 1)
        answers = post(venue, "/v1/releases", unknown, self.ask(parties, warrant, ended=NOW + 15), now=NOW + 7200)
        assert problems(answers) == [(410, "window-too-old"), (422, "window-too-large")]
