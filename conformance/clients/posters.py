"""Posters, and venues that are not what their poster says. Spec: §4.3, §3.8."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from aiohttp import web

from conformance.clients.bench import BASIC, NO_ANSWER, ClientChecks, Tested, expect
from conformance.imitated import ALLOWANCE, ImitatedParties
from protocol.check_ins import Direction
from protocol.epochs import Role
from protocol.http_messages import Decision
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement, sign_statement
from service.http import cbor_response
from service.problems import Problem

checks = ClientChecks(BASIC)
CHECKING_IN = "venue POST /v1/check-ins"


def _record_line(tested: Tested) -> str:
    return f"venue GET /v1/venues/{tested.parties.venue().venue_id.hex()}/{tested.parties.domain.number}"


@checks.add("4.3/poster")
async def _poster(tested: Tested) -> None:
    """A link alone checks nobody in: its user is told the signed name, and nobody else is asked (A26)."""
    await tested.supply()
    with tested.nothing_sent(_record_line(tested)):
        said = await tested.ask("read-poster", link=tested.link)
    expect(said.get("name") == tested.parties.venue().name, "the user is not asked with the name in the record")
    await tested.holds(ALLOWANCE)


@checks.add("4.3/no-poster")
async def _no_poster(tested: Tested) -> None:
    """What is no link of a poster is refused, and nothing is sent."""
    await tested.supply()
    url, identifier = tested.parties.urls["venue"], tested.parties.venue().venue_id.hex()
    links = [url, f"{url}/v/", f"{url}/v/{identifier.upper()}", f"{url}/v/{identifier}?x", f"{url}/v/{identifier}0"]
    links += [f"javascript:alert(1)/v/{identifier}", f"{url.replace('://', '://user@')}/v/{identifier}"]
    with tested.nothing_sent():
        for link in links:
            await tested.refuses("MalformedText", "read-poster", link=link)


@checks.add("4.3/poster-without-tls")
async def _no_tls(tested: Tested) -> None:
    """A link to another machine that has no TLS is refused."""
    await tested.supply()
    link = f"http://door.example/v/{tested.parties.venue().venue_id.hex()}"
    await tested.refuses("MalformedText", "read-poster", link=link)


def _by_nobody(parties: ImitatedParties) -> JointStatement:
    """A venue that no party has registered."""
    keys = {role: SigningKey.generate() for role in Role}
    return replace(parties.parties, keys=keys).both_sign(parties.venue())


def _by_one(signer: Role) -> Callable[[ImitatedParties], JointStatement]:
    def make(parties: ImitatedParties) -> JointStatement:
        statement = sign_statement(parties.venue(), parties.parties.keys[signer])
        return JointStatement(statement, statement)

    return make


def _two_records(parties: ImitatedParties) -> JointStatement:
    honest, other = parties.venue(), parties.venue(url="https://elsewhere.example")
    both = parties.parties.both_sign
    return replace(both(honest), operator=both(other).operator)


LIES: dict[str, tuple[str, str, Callable[[ImitatedParties], JointStatement]]] = {
    "unregistered-venue": ("The record of a venue that nobody registered is refused.", "InvalidSignature", _by_nobody),
    "registered-by-the-operator": (
        "A record that the operator alone has signed is refused.",
        "InvalidSignature",
        _by_one(Role.OPERATOR),
    ),
    "registered-by-the-authority": (
        "A record that the authority alone has signed is refused.",
        "InvalidSignature",
        _by_one(Role.AUTHORITY),
    ),
    "two-records": (
        "A record of which the parties signed two versions is refused.",
        "ConflictingStatements",
        _two_records,
    ),
    "venue-of-another-domain": (
        "A record of another domain is refused.",
        "WrongDomain",
        lambda parties: parties.parties.both_sign(parties.venue(domain=parties.domain.number - 1)),
    ),
    "another-venue": (
        "The record of another venue than the link's is refused (A26).",
        "MalformedText",
        lambda parties: parties.parties.both_sign(parties.venue(venue_id=bytes(16))),
    ),
    "another-url": (
        "A record with another URL than the link's is refused (A26).",
        "MalformedText",
        lambda parties: parties.parties.both_sign(parties.venue(url="https://elsewhere.example")),
    ),
}

for _name, (_requirement, _error, _make) in LIES.items():

    @checks.add(f"4.3/{_name}", requirement=_requirement)
    async def _lie(
        tested: Tested, error: str = _error, make: Callable[[ImitatedParties], JointStatement] = _make
    ) -> None:
        await tested.supply()
        record = make(tested.parties)

        async def give(_request: web.Request) -> web.StreamResponse:
            return cbor_response(record)

        with tested.lying(instead={_record_line(tested): give}):
            await tested.refuses(error, "read-poster", link=tested.link)
            await tested.refuses(error, "check-in", link=tested.link, people=1)
        expect(CHECKING_IN not in tested.lines, "a check-in was sent by a record that does not hold")
        await tested.holds(ALLOWANCE)
        await _checks_in(tested)


@checks.add("3.8/scan")
async def _scan(tested: Tested) -> None:
    """A check-in by a link names the venue in its label, and the visit is kept with what the door said."""
    await tested.supply()
    await _checks_in(tested)
    [check_in] = tested.parties.check_ins
    expect(check_in.message.venue_id == tested.parties.venue().venue_id, "the label does not name the venue")
    [visit] = (await tested.wallet()).visits
    expect(visit["venue"] == tested.parties.venue().venue_id.hex(), "the visit is kept without its venue")
    expect(visit["answer"] == "ADMITTED", "the visit is kept without the door's answer")


@checks.add("3.8/scan-out")
async def _scan_out(tested: Tested) -> None:
    """An exit by a link has the pass of the entry, and is over when the door has it already."""
    await tested.supply()
    await _checks_in(tested)
    tested.now += 600
    with tested.lying(door=lambda _: Decision.ALREADY_SPENT):
        said = await tested.ask("check-out")
    expect(said.get("decision") == "ADMITTED", "an exit that has arrived before is not over")
    await tested.refuses("NoVisit", "check-out")
    await _checks_in(tested)
    tested.now += 600
    await tested.ask("check-out")
    entry, left = (one.message for one in tested.parties.check_ins[-2:])
    expect(left.direction is Direction.EXIT and left.u == entry.u, "the exit is by another pass than the entry")


@checks.add("3.8/refused-at-the-door")
async def _refused(tested: Tested) -> None:
    """What a door says is said to the visitor, and a visit that was refused is none to leave."""
    await tested.supply()
    with tested.lying(door=lambda _: Decision.TOO_EARLY):
        said = await tested.ask("check-in", link=tested.link, people=1)
    expect(said.get("decision") == "TOO_EARLY", f"the door's refusal is told as {said.get('decision')}")
    await tested.refuses("NoVisit", "check-out")


@checks.add("3.8/venue-does-not-answer")
async def _no_answer(tested: Tested) -> None:
    """A check-in without an answer costs its pass, which is never sent again as another visit (A29)."""
    await tested.supply()
    sent: list[bytes] = []

    async def fall_silent(request: web.Request) -> web.StreamResponse:
        sent.append(await request.read())
        raise Problem(503, "try-later", "this server is being restarted")

    with tested.lying(instead={CHECKING_IN: fall_silent}):
        await tested.refuses(NO_ANSWER, "check-in", link=tested.link, people=1)
    await tested.holds(ALLOWANCE - 1)
    [visit] = (await tested.wallet()).visits
    expect(visit["answer"] is None, "a visit without an answer is kept as answered")
    await _checks_in(tested)
    [admitted] = tested.parties.check_ins
    expect(admitted.message.u.hex() != visit["u"], "a pass was sent in two visits")


async def _checks_in(tested: Tested) -> None:
    said = await tested.ask("check-in", link=tested.link, people=1)
    expect(said.get("decision") == "ADMITTED", f"an admitted check-in is told as {said.get('decision')}")
