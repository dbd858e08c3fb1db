"""A7: a photo of a static badge gives its whole history."""

from __future__ import annotations

from aiohttp import ClientSession

from client.visits import open_entry
from lab.coalition import stored_check_ins
from lab.town import Place
from protocol.any_check_in import PassCheckInMessage
from protocol.http_messages import Decision
from protocol.qr_text import from_qr_text
from service.http_client import call
from service.problems import Problem
from tests.attacks.windows import shared
from tests.support.running import online
from tests.support.town import Town


def stored(town: Town) -> list[PassCheckInMessage]:
    """Every check-in of every venue, as whoever has all their databases reads them."""
    return stored_check_ins(place.venue.home.engine for place in town.places)


def drawn(message: PassCheckInMessage) -> bytes:
    """All of a check-in that is not its label."""
    return message.u + message.v + message.pass_signature + message.label_signature


def asked_everywhere(town: Town, club: Place, body: bytes, tokens: list[bytes]) -> set[int]:
    """The statuses of the answers to whoever asks every server for something of a visitor."""
    asked = [("POST", "/v1/handles"), ("POST", "/v1/passes"), ("GET", "/v1/check-ins"), ("POST", "/v1/papers")]

    async def ask(session: ClientSession) -> set[int]:
        statuses = set()
        for url in [*town.world.urls.values(), club.url]:
            for method, path in asked:
                for token in tokens:
                    try:
                        await call(session, method, url + path, body, token)
                    except Problem as problem:
                        statuses.add(problem.status)
                    else:
                        statuses.add(200)
        return statuses

    return online(ask)


def test_a07_a_photo_leads_to_one_visit(town: Town) -> None:
    """The attacker photographs a visitor's code and has all venues' databases: it looks for the visitor's other visits.

    Happened: luca key fobs, "LucaTrack". Answer: a code has one pass, and nothing of it is in any other (§3.8).
    """
    club, cafe = town.open_venue("클럽"), town.open_venue("카페")
    victim, other = town.visitors("홍길동", "성춘향")
    photo = open_entry(victim.visitor).text(town.now)
    assert town.show(photo, club) is Decision.ADMITTED
    assert town.show(open_entry(victim.visitor).text(town.now), cafe) is Decision.ADMITTED
    assert town.show(open_entry(other.visitor).text(town.now), cafe) is Decision.ADMITTED

    seen = from_qr_text(photo)
    (visit,) = (one for one in stored(town) if one.u == seen.u)
    assert visit == seen
    mine, strangers = (one for one in stored(town) if one.u != seen.u)
    assert not shared(drawn(seen), drawn(mine))
    assert not shared(drawn(seen), drawn(strangers))


def test_a07_a_photo_does_not_log_in_anywhere(town: Town) -> None:
    """The attacker asks every server for what belongs to the code on the photo.

    Happened: luca's servers gave the history to whoever had the badge's code. Answer: nobody has it, and no route
    takes it.
    """
    club = town.open_venue()
    victim, _ = town.visitors("홍길동", "성춘향")
    photo = from_qr_text(open_entry(victim.visitor).text(town.now))
    tokens = [photo.u, photo.v, photo.pass_signature[:32]]
    assert asked_everywhere(town, club, photo.to_bytes(), tokens) <= {400, 401, 404, 405}


def test_a07_a_photo_is_worth_nothing_later(town: Town) -> None:
    """The attacker shows the photo after a minute, or after the visitor has gone in.

    Happened: as above. Answer: a code has one 15-second time, and each pass is good once at a door (§3.8).
    """
    club = town.open_venue()
    victim, _ = town.visitors("홍길동", "성춘향")
    photo, unused = (open_entry(victim.visitor).text(town.now) for _ in range(2))
    assert town.show(photo, club) is Decision.ADMITTED
    assert town.show(photo, club) is Decision.ALREADY_SPENT
    town.world.now += 60
    assert {town.show(text, club) for text in (photo, unused)} == {Decision.TOO_OLD}
