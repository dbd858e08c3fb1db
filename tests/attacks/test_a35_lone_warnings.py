"""A35: the authority warns one person alone, to learn from the call that its advice asks for whose pass that is."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession

from conformance.vectors.joint_notices import publish_notice
from escrow.authority.investigation import Investigation
from protocol.epochs import Role
from protocol.http_messages import Decision, NoticeRequest, SharesRequest
from protocol.notices import NoticeAnswer, PublishedNotice, list_passes, sign_notice
from protocol.primitives.encoding import Message
from protocol.primitives.errors import ConflictingStatements, InvalidNotice, InvalidSignature, SplitPassError
from protocol.primitives.statements import JointStatement, sign_statement
from protocol.warrants import ValidWarrant
from tests.attacks.refusals import refusal
from tests.support.investigations import warrant_around_now
from tests.support.running import online, run
from tests.support.servers import named, notice_for
from tests.support.servers import publish_notice as publish_joint
from tests.support.town import Town
from tests.support.venues import only
from venue.release import open_log

CALL = "전화하십시오: 010-9999-9999"


def give_everyone(town: Town, published: bytes) -> None:
    """The authority's server gives this as its newest notice, whatever it is."""
    (town.world.home(Role.AUTHORITY) / "published" / "notices" / "newest.cbor").write_bytes(published)


@pytest.mark.parametrize("error", [InvalidSignature, ConflictingStatements, InvalidNotice])
def test_a35_clients_take_no_list_that_one_party_made(town: Town, error: type[SplitPassError]) -> None:
    """The authority signs a list for its victim in both names, or puts another list or other advice beside what the
    operator signed.

    Follows from the design: the authority signs every pass. Answer: clients take no notice without both signatures over
    this very list and advice (§3.12).
    """
    world, (victim, _) = town.world, town.visitors("홍길동", "성춘향")
    assert town.scan(victim, town.open_venue()) is Decision.ADMITTED
    (visit,) = victim.visitor.wallet().visits
    honest = PublishedNotice.from_bytes(run(world.get(Role.AUTHORITY, "/v1/notices")))
    domain, identity, chosen = world.settings.domain, world.authority.identity, list_passes(0, [visit.u], bytes(32))
    alone = sign_notice(domain, 0, world.now, CALL, chosen, identity)
    forged = {
        InvalidSignature: publish_notice(domain, dict.fromkeys(Role, identity), 0, world.now, CALL, [visit.u]),
        ConflictingStatements: PublishedNotice(JointStatement(alone, honest.notice.operator), chosen).to_bytes(),
        InvalidNotice: PublishedNotice(honest.notice, chosen).to_bytes(),
    }
    give_everyone(town, forged[error])
    with pytest.raises(error):
        town.search(victim)
    assert victim.visitor.findings().notices == ()


def test_a35_the_operator_signs_no_list_of_the_authoritys_choice(town: Town) -> None:
    """The authority asks the operator itself: under a warrant that it signed alone, one for opening, one whose advice
    the operator's officer never saw, or with a release that it cut down to one visit.

    Follows from the design. Answer: the operator verifies warrant, venue and release as for shares, and makes the list
    itself of all visits in the window; the advice is the warrant's (§3.9, §3.12).
    """
    world, club = town.world, town.open_venue()
    victim, other = town.visitors("홍길동", "성춘향")
    assert {town.scan(person, club) for person in (victim, other)} == {Decision.ADMITTED}
    world.now += 1
    run(town.commit(club))
    opening = warrant_around_now(world, club.id)
    warrant, other_advice = notice_for(opening, "검사를 받으십시오."), notice_for(opening, CALL)
    venue = only(club.venue).registration
    assert venue is not None

    def both(record: Message) -> JointStatement:
        return JointStatement(*(sign_statement(record, party.identity) for party in (world.authority, world.operator)))

    agreed, held = both(warrant), named(world, club.id)
    release = open_log(only(club.venue), ValidWarrant(warrant))
    one = SharesRequest(agreed, venue, release, held)
    alone = sign_statement(other_advice, world.authority.identity)
    cut = release.replace(victim.visitor.wallet().visits[0].u, bytes(32), 1)

    async def attack(session: ClientSession) -> list[str]:
        async def ask(shown: SharesRequest) -> bytes:
            request = NoticeRequest(1, world.now, (shown,))
            return await world.authority.peer.ask(session, "/v1/notices", request.to_bytes())

        return [
            await refusal(ask(SharesRequest(shown, venue, handed_over, held)))
            for shown, handed_over in (
                (JointStatement(alone, alone), release),
                (JointStatement(alone, agreed.operator), release),
                (both(opening), release),
                (agreed, cut),
            )
        ]

    assert online(attack) == ["invalid-signature", "conflicting-statements", "out-of-scope", "invalid-signature"]
    answer, again = (
        NoticeAnswer.from_bytes(
            run(world.as_party(Role.AUTHORITY, "/v1/notices", NoticeRequest(1, world.now, shown).to_bytes()))
        )
        for shown in ((one,), ())
    )
    assert again == answer, "a number has one list"
    visits = [visit for person in (victim, other) for visit in person.visitor.wallet().visits]
    assert answer.digests == list_passes(1, [visit.u for visit in visits], answer.seed), "everyone who was there"


def test_a35_a_notice_is_for_everyone_in_the_window(town: Town) -> None:
    """The authority's officer has its server publish what the operator signed, and cannot choose from it."""
    world, club = town.world, town.open_venue()
    people = town.visitors("홍길동", "성춘향")
    assert {town.scan(person, club) for person in people} == {Decision.ADMITTED}
    world.now += 1
    warrant = notice_for(warrant_around_now(world, club.id), "검사를 받으십시오.")

    async def agree(session: ClientSession) -> str:
        investigation = Investigation(world.authority, session)
        investigation.draw_warrant(warrant)
        await investigation.propose_warrant(warrant.warrant_id)
        refused = await refusal(investigation.request_release(warrant.warrant_id))
        world.operator.warrants.countersign(warrant.warrant_id, world.operator.identity)
        await investigation.request_release(warrant.warrant_id)
        return refused

    run(town.commit(club))
    assert online(agree) == "warrant-pending"
    shown = world.officer(Role.OPERATOR, "warrants", "show", warrant.warrant_id.hex()).output
    assert "advice           검사를 받으십시오.\n" in shown
    assert run(publish_joint(world, [warrant.warrant_id])).passes == len(people)
    assert town.search(people[0]) | town.search(people[1]) == set()
    assert [len(person.visitor.findings().notices) for person in people] == [1, 1]
