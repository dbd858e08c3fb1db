from __future__ import annotations

from dataclasses import replace

import pytest
from aiohttp import web

from client.errors import NoPassLeft, NoVisit
from client.posters import MAX_ANSWER_BYTES, fetch_poster, read_poster
from client.visitor import Visitor
from client.visits import check_in, check_out, group_to_leave
from conformance.imitated import ALLOWANCE, ImitatedParties
from lab.processes import free_ports
from protocol.check_ins import Direction
from protocol.epochs import Role
from protocol.http_messages import Decision
from protocol.primitives.errors import ConflictingStatements, InvalidSignature, MalformedText, WrongDomain
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement, sign_statement, statement_payload
from protocol.warrants import Venue
from service.http import create_app
from service.media_types import CBOR
from service.problems import Problem, Unreachable
from tests.client.conftest import Clock
from tests.support.domain import NOW, TODAY, found_domain
from tests.support.running import online, serving


def link_to(joint: JointStatement, url: str | None = None) -> str:
    """What the poster of a record says, or of another address."""
    venue = Venue.from_bytes(statement_payload(joint.authority))
    return f"{venue.url.rstrip('/') if url is None else url}/v/{venue.venue_id.hex()}"


def read(imitated: ImitatedParties, joint: JointStatement, link: str | None = None) -> Venue:
    """The venue of a record, as its own poster leads there, or a link."""
    return read_poster(imitated.domain, link_to(joint) if link is None else link, joint.to_bytes())


def enter(visitor: Visitor, venue: Venue) -> Decision:
    return online(lambda session: check_in(visitor, session, venue))


def leave(visitor: Visitor) -> Decision:
    return online(lambda session: check_out(visitor, session, group_to_leave(visitor)))


def test_an_entry_and_an_exit_reach_the_venue_of_the_record(
    supplied: Visitor, imitated: ImitatedParties, clock: Clock
) -> None:
    venue = read(imitated, imitated.poster())
    assert enter(supplied, venue) is Decision.ADMITTED
    clock.now += 3600
    assert leave(supplied) is Decision.ADMITTED
    entry, exit_ = imitated.check_ins
    assert entry.message.venue_id == exit_.message.venue_id == venue.venue_id
    assert entry.message.u == exit_.message.u
    assert [one.message.direction for one in imitated.check_ins] == [Direction.ENTRY, Direction.EXIT]
    [visit] = supplied.wallet().visits
    assert (visit.venue, visit.answer, visit.entered, visit.left) == (venue, Decision.ADMITTED, NOW, NOW + 3600)
    assert visit.exit_pass is None
    with pytest.raises(NoVisit):
        leave(supplied)


def test_an_exit_after_midnight_keeps_the_epoch_of_its_entry(
    supplied: Visitor, imitated: ImitatedParties, clock: Clock
) -> None:
    enter(supplied, imitated.venue())
    clock.now += 4 * 3600
    assert imitated.domain.epoch_at(clock.now) == TODAY + 1
    assert leave(supplied) is Decision.ADMITTED
    assert [one.epoch for one in imitated.check_ins] == [TODAY, TODAY]


def test_a_poster_is_looked_up_at_its_host_alone_and_burns_nothing(
    supplied: Visitor, imitated: ImitatedParties
) -> None:
    link, before = link_to(imitated.poster()), list(imitated.requests)
    venue = online(lambda session: fetch_poster(session, imitated.domain, link))
    assert venue == imitated.venue()
    assert imitated.requests == [*before, f"venue record {venue.venue_id.hex()} of {imitated.domain.number}"]
    assert supplied.wallet().visits == ()


@pytest.mark.parametrize(("url", "error"), [("http://127.0.0.1:9", Unreachable), ("", Problem)])
def test_a_host_that_does_not_answer_or_knows_no_such_venue_is_no_poster(
    imitated: ImitatedParties, url: str, error: type[Exception]
) -> None:
    link = link_to(imitated.poster(), url or f"{imitated.urls['venue']}/elsewhere")
    with pytest.raises(error):
        online(lambda session: fetch_poster(session, imitated.domain, link))


def test_no_more_is_read_of_a_stranger_than_a_record_has(imitated: ImitatedParties) -> None:
    (port,) = free_ports(1)

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=bytes(MAX_ANSWER_BYTES + 1), content_type=CBOR)

    async def apps() -> list[tuple[web.Application, int]]:
        return [(create_app([web.get("/v1/{path:.*}", answer)]), port)]

    link = link_to(imitated.poster(), f"http://127.0.0.1:{port}")
    with serving(apps), pytest.raises(Unreachable, match="longer than 4096 bytes"):
        online(lambda session: fetch_poster(session, imitated.domain, link))


@pytest.mark.parametrize("decision", [Decision.ALREADY_SPENT, Decision.TOO_OLD, Decision.UNKNOWN_EPOCH])
def test_a_refusal_is_believed_and_remembered(supplied: Visitor, imitated: ImitatedParties, decision: Decision) -> None:
    imitated.door = lambda _: decision
    assert enter(supplied, imitated.venue()) is decision
    [visit] = supplied.wallet().visits
    assert visit.answer is decision
    with pytest.raises(NoVisit):
        group_to_leave(supplied)


def test_a_refused_exit_can_be_repeated(supplied: Visitor, imitated: ImitatedParties, clock: Clock) -> None:
    enter(supplied, imitated.venue())
    imitated.door = lambda _: Decision.TOO_EARLY
    assert leave(supplied) is Decision.TOO_EARLY
    imitated.door = lambda _: Decision.ADMITTED
    clock.now += 15
    assert leave(supplied) is Decision.ADMITTED


def test_a_venue_that_does_not_answer_costs_one_pass(supplied: Visitor, imitated: ImitatedParties) -> None:
    with pytest.raises(Unreachable):
        enter(supplied, imitated.venue(url="http://127.0.0.1:9"))
    [visit] = supplied.wallet().visits
    assert visit.answer is None
    used = {visit.u}
    for _ in range(ALLOWANCE - 1):
        enter(supplied, imitated.venue())
    assert used.isdisjoint(one.message.u for one in imitated.check_ins)
    with pytest.raises(NoPassLeft):
        enter(supplied, imitated.venue())


def test_a_forged_record_is_refused(imitated: ImitatedParties) -> None:
    keys = {role: SigningKey.generate() for role in Role}
    forged = replace(imitated.parties, keys=keys).both_sign(imitated.venue())
    with pytest.raises(InvalidSignature):
        read(imitated, forged)


@pytest.mark.parametrize("signer", list(Role))
def test_a_record_that_one_party_signed_is_refused(imitated: ImitatedParties, signer: Role) -> None:
    statement = sign_statement(imitated.venue(), imitated.parties.keys[signer])
    with pytest.raises(InvalidSignature):
        read(imitated, JointStatement(statement, statement))


def test_two_parties_that_signed_different_urls_are_refused(imitated: ImitatedParties) -> None:
    honest = imitated.poster()
    joint = replace(honest, operator=imitated.poster(imitated.venue(url="https://elsewhere.example")).operator)
    with pytest.raises(ConflictingStatements):
        read(imitated, joint)


def test_a_record_of_another_domain_is_refused(imitated: ImitatedParties) -> None:
    other = imitated.domain.number - 1
    with pytest.raises(WrongDomain):
        read(imitated, imitated.poster(imitated.venue(domain=other)))
    stranger = found_domain()
    with pytest.raises(InvalidSignature):
        read(imitated, stranger.both_sign(stranger.venue))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "file:///etc",
        "ftp://door.example",
        "door.example",
        "http://",
        "//[x",
        "http://[x",
        "https://user@door.example",
        "https://door.example?x=",
        "https://door.example/#",
        "https://door .example",
    ],
)
def test_a_link_that_is_not_of_the_web_is_refused(imitated: ImitatedParties, url: str) -> None:
    with pytest.raises(MalformedText, match="not the link of a venue's poster"):
        read(imitated, imitated.poster(), f"{url}/v/{imitated.venue().venue_id.hex()}")


def test_a_pass_is_not_sent_without_tls(imitated: ImitatedParties) -> None:
    with pytest.raises(MalformedText, match="must begin with https://"):
        read(imitated, imitated.poster(imitated.venue(url="http://door.example")))


@pytest.mark.parametrize("end", ["", "/", "/v/", "/v/00", "/v/" + "0" * 33, "/v/" + "G" * 32, "/v/" + "A" * 32])
def test_a_link_without_an_id_is_malformed(imitated: ImitatedParties, end: str) -> None:
    with pytest.raises(MalformedText):
        read(imitated, imitated.poster(), f"https://door.example{end}")


def test_a_link_that_leads_to_another_venues_record_is_refused(imitated: ImitatedParties) -> None:
    """A stranger's poster could otherwise lead to the venue nearby, and its host count who comes."""
    joint = imitated.poster()
    for link in (
        link_to(joint, "http://127.0.0.1:9"),
        link_to(joint, f"{imitated.urls['venue']}/x"),
        link_to(imitated.poster(imitated.venue(venue_id=bytes(16)))),
    ):
        with pytest.raises(MalformedText, match="leads to another venue"):
            read(imitated, joint, link)


def test_a_slash_at_the_end_of_the_records_url_counts_for_nothing(imitated: ImitatedParties) -> None:
    joint = imitated.poster(imitated.venue(url="https://door.example/"))
    assert read(imitated, joint, link_to(joint, "https://door.example")).url == "https://door.example/"
