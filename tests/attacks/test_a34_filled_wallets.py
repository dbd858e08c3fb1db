"""A34: a party publishes so much about somebody's passes that the phone can keep nothing any more (C8)."""

from __future__ import annotations

from dataclasses import replace

from client.findings import MAX_FOR_PASS, FoundOpening
from client.list_search import search_lists
from client.list_sources import disclosures_source
from client.reporting import report_matches
from client.visitor import Visitor
from client.visits import open_entry
from protocol.disclosures import DisclosedOpening, record_opening, sign_disclosure
from protocol.epochs import Role
from protocol.http_messages import Decision
from tests.attacks.impostor import impostor, redirect
from tests.support.contacts import contacts
from tests.support.domain import opening_warrant
from tests.support.running import online
from tests.support.town import Town

LISTS, OPENINGS = 3, 16
REASON = "가" * 85


def test_a34_a_party_that_fills_its_lists_destroys_nothing_in_a_wallet(town: Town) -> None:
    """The authority hides an opening that the operator discloses: it invents openings of the visitor's passes until the
    phone writes a file that it cannot read any more.

    Found in this design: 350 notices with long advice, and passes, visits and all findings were lost. Answer: findings
    are bounded for each source and pass, and each source has a file of its own, apart from keys (§6.4).
    """
    club, settings = town.open_venue(), town.world.settings
    victim, other = town.visitors("홍길동", "성춘향")
    assert {town.scan(person, club) for person in (victim, other)} == {Decision.ADMITTED}
    (u,) = victim.visitor.wallet().used
    assert len(contacts(town.investigate(club))) == 2
    town.world.now += 86_400
    town.world.keep_houses()

    def invented(number: int) -> bytes:
        warrant = opening_warrant(settings.number, club.id, town.now - 3600, town.now, town.now)
        openings = tuple(
            DisclosedOpening(
                place,
                record_opening(
                    replace(warrant, warrant_id=bytes([number, place] * 8), legal_reference=REASON), bytes(32), [u]
                ),
            )
            for place in range(OPENINGS)
        )
        return sign_disclosure(
            settings.domain, Role.AUTHORITY, number, town.now, openings, town.world.authority.identity
        )

    lists = {f"/v1/disclosures/{number}": invented(number) for number in range(LISTS)}
    lists["/v1/disclosures"] = lists[f"/v1/disclosures/{LISTS - 1}"]
    wallet = (victim.home / "wallet").stat().st_size
    with impostor(lists) as (url, _):
        redirect(settings, victim.home, Role.AUTHORITY, url)
        visitor = Visitor(victim.home, b"passphrase", lambda: town.now)
        for role in Role:
            online(lambda session: search_lists(visitor, session, disclosures_source(visitor, role)))  # noqa: B023
    redirect(settings, victim.home, Role.AUTHORITY, settings.authority.url)

    visitor = Visitor(victim.home, b"passphrase", lambda: town.now)
    assert (victim.home / "wallet").stat().st_size <= wallet
    found = visitor.findings()
    invented_ones = [one for one in found.openings if one.legal_reference == REASON]
    true_ones = [one for one in found.openings if one.legal_reference != REASON]
    assert (len(invented_ones), found.left_out) == (MAX_FOR_PASS, 1)
    assert [type(one) for one in true_ones] == [FoundOpening]
    assert report_matches(visitor)
    town.supply(replace(victim, visitor=visitor), other)
    assert open_entry(visitor).stored.u != u


def test_a34_findings_that_are_damaged_lose_nothing_else_and_come_back(town: Town) -> None:
    """A disk, or somebody, damages the file of one source.

    Found in this design: everything was in one file. Answer: what was published is fetched again (§6.4).
    """
    club = town.open_venue()
    victim, _ = town.visitors("홍길동", "성춘향")
    assert town.scan(victim, club) is Decision.ADMITTED
    town.investigate(club)
    town.world.now += 86_400
    town.world.keep_houses()
    assert town.search(victim) == set()
    both = victim.visitor.findings()
    assert len(both.openings) == 1
    for file in (victim.home / "findings").glob("disclosures.*"):
        file.write_bytes(file.read_bytes()[:-1])
    damaged = Visitor(victim.home, b"passphrase", lambda: town.now)
    assert (damaged.findings().openings, len(damaged.wallet().visits)) == ((), 1)
    (victim.home / "lists" / "notices.authority").write_bytes(b"no list")
    assert town.search(victim) == set()
    assert victim.visitor.findings() == both
