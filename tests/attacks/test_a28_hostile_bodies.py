"""A28: oversized, deeply nested, truncated, trailing, non-canonical CBOR; decompression bombs."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import cbor2
import pytest
from aiohttp import ClientSession, web

from client.passes import fetch_passes
from client.visitor import Visitor
from client.visits import open_entry
from escrow.authority.server import create_authority_app
from escrow.operator.server import create_operator_app
from lab.processes import free_ports
from protocol.check_ins import CheckInMessage
from protocol.epochs import Role
from protocol.http_messages import Decision
from protocol.primitives.encoding import MAX_MESSAGE_BYTES, encode_item
from protocol.primitives.errors import MalformedEncoding
from protocol.primitives.statements import PROTECTED, TAG_18
from protocol.qr_text import from_qr_text
from service.http import SHORT_BODY_BYTES, SMALL_BODY_BYTES, create_app
from service.media_types import CBOR, PROBLEM, PROBLEM_TYPE
from service.problems import Unreachable
from tests.attacks.impostor import redirect
from tests.support.running import online, run, serving
from tests.support.town import Town
from tests.support.venues import only
from venue.server import create_venue_app

MEGABYTE = 1024 * 1024
LIMITS = {"venue": SMALL_BODY_BYTES, "operator": MAX_MESSAGE_BYTES, "authority": MAX_MESSAGE_BYTES}
COMPRESSIONS: dict[str, Callable[..., bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}
MALFORMED = [
    b"",
    b"\x81" * 100,  # nested to no end
    b"\x81" * 100_000 + b"\x00",
    b"\xa1\x00" * 50_000 + b"\x00",
    b"\xc0" * 100_000 + b"\x00",  # tags
    b"\xd8\x1c\x81\xd8\x1d\x00",  # a list that holds itself
    b"\xc2\x5a\x00\x01\x00\x00" + bytes(65_536),  # a large number
    b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",  # an array of 2**64 - 1 items
    b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",  # a string of 2**63 - 1 bytes
    b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x9f" * 1000,
    b"\x9f\xff",
    b"\x5f\x41\x00\xff",
    b"\x18\x00",  # not the shortest form
    b"\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00",
    b"\xf7",
    b"\xff",
    b"\x82\x00",  # truncated
    b"\x80\x00",  # trailing
    encode_item([[[[[[[[[[0]]]]]]]]]]),
    b'{"phone": "+821012345678"}',
    b"\x00" * 65_536,
]


async def routes_of(town: Town) -> dict[str, tuple[str, list[str]]]:
    """The URL of each server, and the paths that take a body there."""
    place = town.places[0]
    apps = {
        "venue": (place.url, create_venue_app(place.venue.home)),
        "operator": (town.world.urls[Role.OPERATOR], await create_operator_app(town.world.operator)),
        "authority": (town.world.urls[Role.AUTHORITY], await create_authority_app(town.world.authority)),
    }
    routes = {}
    for name, (url, app) in apps.items():
        paths = {route.resource.canonical for route in app.router.routes() if route.method == "POST" and route.resource}
        routes[name] = url, sorted(path.replace("{warrant}", "00" * 16) for path in paths)
    return routes


async def send(session: ClientSession, url: str, body: bytes, encoding: str | None = None) -> tuple[int, str]:
    """The status and the problem's name that a server answers with; nothing else will do."""
    headers = {"Content-Type": CBOR, "Authorization": f"Bearer {'00' * 32}"}
    if encoding is not None:
        headers["Content-Encoding"] = encoding
    async with session.post(url, data=body, headers=headers) as response:
        assert response.content_type == PROBLEM, (url, response.status)
        document = json.loads(await response.read())
        return response.status, document["type"].removeprefix(PROBLEM_TYPE)


class UnwatchedTown(Town):
    """A town whose servers read what is sent to them, and nobody before them."""

    def watched(self, server: str, app: web.Application) -> web.Application:
        return app


@pytest.fixture(scope="module")
def open_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town with a venue, and visitors who have passes."""
    town = UnwatchedTown(tmp_path_factory.mktemp("town"))
    try:
        town.start_parties()
        town.open_venue()
        town.visitors("홍길동", "성춘향")
        yield town
    finally:
        town.stop()


def assert_works(town: Town) -> None:
    """The servers still do what they are for."""
    assert town.show(open_entry(town.people[0].visitor).text(town.now), town.places[0]) is Decision.ADMITTED
    assert run(town.world.get(Role.OPERATOR, "/healthz")) == run(town.world.get(Role.AUTHORITY, "/healthz"))


def test_a28_malformed_bodies_are_refused_everywhere(open_town: Town) -> None:
    """The attacker sends every server, on every route, what decoders have crashed on or read in two ways.

    Happened: CVE-2026-26209 in cbor2, and many before. Answer: bounded, strict decoding; re-encoding and comparison
    (§4.1).
    """

    async def attack(session: ClientSession) -> None:
        for url, paths in (await routes_of(open_town)).values():
            for path in paths:
                for body in MALFORMED:
                    status, name = await send(session, url + path, body)
                    expected = {(400, "malformed-encoding"), (400, "malformed-note"), (401, "unauthenticated")}
                    if len(body) > SHORT_BODY_BYTES:
                        expected |= {(413, "request-entity-too-large")}
                    assert (status, name) in expected, (path, body[:20])

    online(attack)
    assert_works(open_town)


def test_a28_no_part_and_no_extension_of_a_message_is_taken(open_town: Town) -> None:
    """The attacker truncates a good check-in everywhere, appends to it, and writes its numbers in longer forms.

    Happened: as above. Answer: there is one encoding of every message (§4.1).
    """
    place, person = open_town.places[0], open_town.people[1]
    good = from_qr_text(open_entry(person.visitor).text(open_town.now)).to_bytes()
    assert good[:2] == bytes([0x85, 7])
    tried = [good[:length] for length in range(len(good))] + [good + bytes([last]) for last in range(256)]
    tried += [b"\x98\x05" + good[1:], good[:1] + b"\x18\x07" + good[2:], b"\x9f" + good[1:] + b"\xff", b"\xc1" + good]
    tried += [good + good, b"\x81" + good, b"\xd9\xd9\xf7" + good]

    async def attack(session: ClientSession) -> set[tuple[int, str]]:
        return {await send(session, f"{place.url}/v1/check-ins", body) for body in tried}

    assert online(attack) == {(400, "malformed-encoding")}
    assert only(place.venue).store.entered(open_town.world.today, CheckInMessage.from_bytes(good).u) is None


def test_a28_tiny_items_are_not_decoded_for_strangers(open_town: Town) -> None:
    """The attacker sends as many empty arrays as fit into a body, on every route.

    Happened: general. Answer: a short message has a short body, and a longer one is decoded for a sender who is known
    (§5.1).
    """
    items = b"\x9a\x00\x03\xff\x00" + b"\x80" * 0x3FF00
    decoded: list[int] = []
    decode = cbor2.loads

    def count(data: bytes, **options: Any) -> Any:
        decoded.append(len(data))
        return decode(data, **options)

    async def attack(session: ClientSession) -> None:
        for url, paths in (await routes_of(open_town)).values():
            for path in paths:
                await send(session, url + path, items)
                await send(session, url + path, TAG_18 + encode_item([PROTECTED, {}, items, bytes(64)]))

    with patch.object(cbor2, "loads", count):
        online(attack)
    assert max(decoded, default=0) <= SHORT_BODY_BYTES


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a28_bombs_and_large_bodies_are_refused(open_town: Town, encoding: str) -> None:
    """The attacker sends a few kilobytes that inflate to eight times what a server takes, and bodies that large.

    Happened: general. Answer: limits, and no compressed body is taken (§5.1).
    """
    compress = COMPRESSIONS[encoding]

    async def attack(session: ClientSession) -> set[tuple[int, str]]:
        answers = set()
        for name, (url, paths) in (await routes_of(open_town)).items():
            bomb = compress(bytes(LIMITS[name] + 8 * MEGABYTE), 9)
            assert len(bomb) < LIMITS[name] / 20
            for path in paths:
                answers.add(await send(session, url + path, bomb, encoding))
            answers.add(await send(session, url + paths[-1], bytes(LIMITS[name] + 1)))
        return answers

    refused = {(413, "request-entity-too-large"), (415, "unsupported-media-type"), (401, "unauthenticated")}
    assert online(attack) == refused
    assert_works(open_town)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a28_what_does_not_inflate_is_malformed(open_town: Town, encoding: str) -> None:
    """The attacker fills the server's log with tracebacks: bodies that say that they are compressed and are not.

    Happened: general. Answer: a malformed body is the sender's fault, and no failure of the server (§5.1).
    """
    place = open_town.places[0]
    whole = COMPRESSIONS[encoding](bytes(1000), 9)

    for body in (b"\0\xff" * 100, whole[:5] + b"\xff" * 20):
        status, _ = online(lambda session: send(session, f"{place.url}/v1/check-ins", body, encoding))  # noqa: B023
        assert status in {400, 415}


def test_a28_a_client_takes_no_bomb_from_a_server(town: Town) -> None:
    """A server answers the client with a few kilobytes that inflate to more than any message, or with other bytes that
    decoders have crashed on.

    Happened: general. Answer: a client reads as many inflated bytes as a message may have, and stops (§5.1).
    """
    bomb = gzip.compress(bytes(MAX_MESSAGE_BYTES + 8 * MEGABYTE))
    answers = iter([(bomb, {"Content-Encoding": "gzip"}), *((body, {}) for body in MALFORMED)])
    person = town.enrol()
    (port,) = free_ports(1)

    async def answer(_request: web.Request) -> web.Response:
        body, headers = next(answers)
        return web.Response(body=body, headers=headers, content_type=CBOR)

    async def apps() -> list[tuple[web.Application, int]]:
        return [(create_app([web.get("/v1/{path:.*}", answer)]), port)]

    redirect(town.world.settings, person.home, Role.OPERATOR, f"http://127.0.0.1:{port}")
    visitor = Visitor(person.home, b"passphrase", lambda: town.now)
    with serving(apps):
        for _ in range(1 + len(MALFORMED)):
            with pytest.raises((Unreachable, MalformedEncoding)):
                online(lambda session: fetch_passes(visitor, session, town.world.today))
    assert next(answers, None) is None
    assert [day for day in visitor.wallet().days if day.pending or day.passes] == []
