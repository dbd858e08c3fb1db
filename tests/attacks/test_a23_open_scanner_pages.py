"""A23: open scanner URLs show live occupancy, or let anyone act as the venue."""

from __future__ import annotations

from dataclasses import replace
from secrets import token_bytes

import pytest
from aiohttp import ClientSession

from client.visits import open_entry
from lab.town import Place
from protocol.epochs import Role
from protocol.http_messages import Decision
from protocol.primitives.hashing import digest32
from protocol.primitives.signatures import SigningKey, public_key
from protocol.qr_text import from_qr_text
from protocol.warrants import sign_application
from service.media_types import CBOR
from service.problems import Problem
from tests.attacks.refusals import refusal
from tests.support.running import online
from tests.support.town import Town
from tests.support.venues import only
from venue.server import create_venue_app

Answer = tuple[int, bytes]
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
GUESSES = ["/", "/v1", "/v1/counts", "/v1/status", "/v1/days", "/v1/check-ins/count", "/metrics", "/scanner", "/admin"]


def routes(place: Place, now: int) -> list[str]:
    """Every path that a venue's server knows."""
    known = create_venue_app(place.venue.home, lambda: now).router.resources()
    return sorted({one.canonical.format(venue=place.id.hex(), domain=7, file="") for one in known})


def everything(place: Place, paths: list[str]) -> dict[tuple[str, str], Answer]:
    """What the server answers to anyone, by every method."""

    async def ask(session: ClientSession) -> dict[tuple[str, str], Answer]:
        answers = {}
        for path in paths:
            for method in METHODS:
                async with session.request(method, place.url + path, headers={"Content-Type": CBOR}) as response:
                    answers[method, path] = (response.status, await response.read())
        return answers

    return online(ask)


def test_a23_no_page_tells_how_many_are_inside(town: Town) -> None:
    """Anyone asks a venue's server for everything that it has routes for, before and after visitors came in.

    Happened: luca, March 2021. Answer: no answer depends on check-ins (§5.5).
    """
    club = town.open_venue()
    paths = [*routes(club, town.now), *GUESSES]
    record = f"/v1/venues/{club.id.hex()}/{town.world.settings.number}"
    assert {"/v1/check-ins", "/v1/releases", record} <= set(paths)
    before = everything(club, paths)
    one, other = town.visitors("홍길동", "성춘향")
    assert town.show(open_entry(one.visitor).text(town.now), club) is Decision.ADMITTED
    assert town.scan(other, club) is Decision.ADMITTED
    assert everything(club, paths) == before
    succeeded = {key for key, (status, _) in before.items() if status < 400}
    shown = {
        "/healthz",
        "/readyz",
        record,
        *(f"/v1/venues/{club.id.hex()}/poster.{picture}" for picture in ("svg", "png")),
    }
    shown |= {"/", f"/v/{club.id.hex()}"} | {path for path in paths if path.startswith("/door")}
    open_to_pages = {("OPTIONS", record), ("OPTIONS", "/v1/check-ins")}
    assert succeeded == {(method, path) for method in ("GET", "HEAD") for path in shown} | open_to_pages


def test_a23_nobody_acts_as_the_venue(town: Town) -> None:
    """Anyone brings present-mode check-ins as a reader, asks for a release, or registers the venue's id as its own.

    Happened: as above. Answer: each reader's own token, the authority's signed request, and two officers who decide
    what counts as a venue (§3.9, §5.5).
    """
    club = town.open_venue()
    person, _ = town.visitors("홍길동", "성춘향")
    shown = from_qr_text(open_entry(person.visitor).text(town.now)).to_bytes()
    venue = club.venue
    headers: list[dict[str, str]] = [
        {},
        {"Authorization": f"Bearer {token_bytes(32).hex()}"},
        {"Authorization": f"Bearer {club.id.hex() * 2}"},
        {"Authorization": f"Bearer {digest32('venue/reader', club.token).hex()}"},
        {"Authorization": f"Basic {club.token.hex()}"},
        {"Authorization": "Bearer "},
        {"Cookie": f"token={club.token.hex()}"},
        {"X-Forwarded-For": "127.0.0.1"},
    ]

    async def attack(session: ClientSession) -> list[int]:
        statuses = []
        for header in headers:
            for url in (f"{club.url}/v1/check-ins", f"{club.url}/v1/check-ins?token={club.token.hex()}"):
                async with session.post(url, data=shown, headers={"Content-Type": CBOR, **header}) as response:
                    statuses.append(response.status)
        return statuses

    assert set(online(attack)) == {401}
    assert only(venue).store.days() == []

    own = SigningKey.generate()
    stolen_id = replace(only(venue).record, key=public_key(own))
    for role in Role:
        for key, previous in ((SigningKey.generate(), None), (own, own)):
            asked = town.world.post(role, "/v1/venues", sign_application(stolen_id, key, previous))
            assert online(lambda _, asked=asked: refusal(asked)) == "invalid-signature"  # type: ignore[misc]
        online(lambda _, role=role: town.world.post(role, "/v1/venues", sign_application(stolen_id, own)))  # type: ignore[misc]
        assert town.world.authority.venues.get(club.id).record == only(venue).record


def test_a23_a_stolen_reader_ends_with_its_credential(town: Town) -> None:
    """A reader's machine is stolen; the venue revokes its credential, and the thief goes on to ask, as does the other
    reader.

    Happened: as above. Answer: each reader has a token of its own, which the server looks up each time (§5.5).
    """
    club = town.open_venue()
    person, _ = town.visitors("홍길동", "성춘향")
    stolen = replace(club, token=token_bytes(32))
    club.venue.home.reader_tokens.add(club.id, "back door", stolen.token, town.now)
    assert town.show(open_entry(person.visitor).text(town.now), stolen) is Decision.ADMITTED
    club.venue.home.reader_tokens.revoke(club.id, "back door", town.now)
    with pytest.raises(Problem, match="not the token"):
        town.show(open_entry(person.visitor).text(town.now), stolen)
    assert [(day.entries, day.exits) for day in only(club.venue).store.days()] == [(1, 0)]
    assert town.show(open_entry(person.visitor).text(town.now), club) is Decision.ADMITTED
    seized = b"".join(path.read_bytes() for path in town.steal(club.home).rglob("*") if path.is_file())
    assert stolen.token not in seized
    assert stolen.token.hex().encode() not in seized
