"""What both parties publish for everyone: notices together (C10), and disclosures each (C8)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sql

from conformance.vectors.joint_notices import answer_notice
from escrow.authority.errors import NoRelease
from escrow.authority.investigation import Investigation, ReleaseResult
from escrow.authority.notices import Noticed
from escrow.authority.progress import waiting_for
from escrow.errors import PeerFailed
from escrow.party import Party
from protocol.check_ins import Direction, sign_check_in
from protocol.disclosures import Disclosure, verify_disclosure
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.http_messages import NoticeRequest, SharesRequest
from protocol.notices import NoticeAnswer, VerifiedNotice, list_digest, list_passes, notice_digest, verify_notice
from protocol.passes import OwnedPass
from protocol.primitives.errors import InvalidNotice, OutOfScope, ReplayedRequest
from protocol.primitives.statements import sign_statement, statement_payload
from protocol.releases import VerifiedRelease, release_digest
from protocol.transparency.log_entries import DisclosurePublished, LogEntry, NoticePublished, SharesReleased
from protocol.transparency.tiles import TILE_WIDTH, entries_tile
from protocol.warrants import Warrant
from service.http_client import new_session
from service.problems import Problem
from tests.support.databases import KINDS
from tests.support.investigations import only_part
from tests.support.running import run
from tests.support.servers import Door, World, carry_out, notice_for, open_door, publish_notice, run_world, warrant_for

ADVICE = "가까운 보건소에서 검사를 받으십시오."


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """On SQLite, if the test does not say otherwise."""
    with run_world(tmp_path, getattr(request, "param", "sqlite")) as world:
        yield world


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as door:
        yield door


async def notice(world: World, number: int | None = None) -> VerifiedNotice:
    path = "/v1/notices" if number is None else f"/v1/notices/{number}"
    return verify_notice(world.settings.domain, await world.get(Role.AUTHORITY, path), number)


def warning_for(door: Door) -> Warrant:
    """A warrant that covers the first two of those who were `admitted`."""
    return notice_for(warrant_for(door, door.world.now - 600, door.world.now + 600), ADVICE)


@contextmanager
def dying_at(thing: object, method: str) -> Iterator[None]:
    """A process that dies when it calls this, as it must."""

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(thing, method, dies)
        with pytest.raises(KeyboardInterrupt):
            yield


async def released(world: World, door: Door) -> Warrant:
    """A warrant for a notice, carried out as far as the release."""
    warrant = warning_for(door)
    await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
    return warrant


async def disclosure(world: World, role: Role, number: int | None = None) -> Disclosure:
    path = "/v1/disclosures" if number is None else f"/v1/disclosures/{number}"
    return verify_disclosure(world.settings.domain, role, await world.get(role, path), number)


async def admitted(world: World, door: Door) -> list[OwnedPass]:
    """Three passes: two of visits that a warrant around now covers, and one of an earlier visit."""
    shown = [passes[0] for _, passes in await world.visitors_with_passes(3)]
    for owned, moment in zip(shown, (0, 15, -7200), strict=True):
        await door.admit(owned, world.now + moment)
    return shown


async def opened(world: World, door: Door) -> tuple[Warrant, list[OwnedPass]]:
    shown = await admitted(world, door)
    warrant = warrant_for(door, world.now - 600, world.now + 600)
    steps = [lambda it: it.request_release(warrant.warrant_id), lambda it: it.open(warrant.warrant_id)]
    await carry_out(world, warrant, *steps)
    return warrant, shown


def said(party: Party, index: int) -> object:
    """What an entry of a party's log says."""
    pending = party.log.pending()
    assert pending is not None
    entries = party.log.files.entries(entries_tile(pending[1].size, index))
    return LogEntry.from_bytes(entries[index % TILE_WIDTH]).contents


def test_c10_both_parties_warn_whoever_was_there_and_open_nothing(world: World, door: Door) -> None:
    async def story() -> None:
        shown = await admitted(world, door)
        warrants = [await released(world, door)]
        world.now += 120
        warrants.append(await released(world, door))
        ids = [warrant.warrant_id for warrant in warrants]
        assert await publish_notice(world, ids) == Noticed(2, 0)
        published = await notice(world, 1)
        assert published == await notice(world)
        assert [published.concerns(owned.public.u) for owned in shown] == [True, True, False]
        assert (published.time, published.advice) == (world.now, ADVICE)
        for party in (world.operator, world.authority):
            assert party.log.index_of(NoticePublished(1, list_digest(sign_statement(published.record, party.identity))))
        with pytest.raises(Problem, match="nothing is opened under a warrant of this purpose"):
            async with new_session() as session:
                await Investigation(world.authority, session).open(ids[0])
        world.now += EPOCH_SECONDS
        world.keep_houses()
        assert [(await disclosure(world, role)).openings for role in Role] == [(), ()]

    run(story())


def test_c10_only_releases_under_a_valid_warrant_are_warned_of(world: World, door: Door) -> None:
    async def story() -> None:
        await admitted(world, door)
        warrant = warning_for(door)
        async with new_session() as session:
            investigation = Investigation(world.authority, session)
            investigation.draw_warrant(warrant)
            await investigation.propose_warrant(warrant.warrant_id)
            world.operator.warrants.countersign(warrant.warrant_id, world.operator.identity)
            with pytest.raises(NoRelease, match="release first"):
                await publish_notice(world, [warrant.warrant_id])
            await investigation.request_release(warrant.warrant_id)
            world.now = warrant.expires + 1
            with pytest.raises(OutOfScope, match="expired"):
                await publish_notice(world, [warrant.warrant_id])
        assert (await notice(world)).number == 0

    run(story())


def test_c10_nobody_is_warned_under_a_warrant_for_opening(world: World, door: Door) -> None:
    async def story() -> None:
        await admitted(world, door)
        warrant = warrant_for(door, world.now - 600, world.now + 600)
        await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        with pytest.raises(OutOfScope, match="draw one for a notice"):
            await publish_notice(world, [warrant.warrant_id])
        assert (await notice(world)).number == 0

    run(story())


def test_c10_a_venue_cannot_have_somebody_warned_who_was_not_there(world: World, door: Door) -> None:
    """Forged, of another venue, and of another domain: set aside as for an opening, though nobody gives a share."""

    async def story() -> None:
        (_, mine), (_, forged), (_, elsewhere) = await world.visitors_with_passes(3)
        key = await world.epoch_key()
        await door.admit(mine[0])
        moment = sign_check_in(key, mine[0], world.now, Direction.ENTRY).time
        door.add(
            replace(sign_check_in(key, forged[0], moment, Direction.ENTRY), time=moment + 15),
            sign_check_in(key, elsewhere[0], moment, Direction.ENTRY, bytes(16)),
            replace(sign_check_in(key, elsewhere[1], moment, Direction.ENTRY), domain=key.domain.number + 1),
        )
        warrant = warning_for(door)
        (release,) = await carry_out(world, warrant, lambda it: it.request_release(warrant.warrant_id))
        assert isinstance(release, ReleaseResult)
        assert release.set_aside == {"InvalidSignature": 1, "OutOfScope": 1, "WrongDomain": 1}
        assert await publish_notice(world, [warrant.warrant_id]) == Noticed(1, 0)
        published = await notice(world)
        shown = [one.public.u for one in (mine[0], forged[0], *elsewhere)]
        assert [published.concerns(u) for u in shown] == [True] + [False] * (len(shown) - 1)

    run(story())


def asked(world: World, number: int, *shown: SharesRequest, time: int | None = None) -> NoticeAnswer:
    """What the operator answers the authority, which asks for a notice."""
    request = NoticeRequest(number, world.now if time is None else time, shown)
    return NoticeAnswer.from_bytes(run(world.as_party(Role.AUTHORITY, "/v1/notices", request.to_bytes())))


def shown(world: World, warrant: Warrant) -> SharesRequest:
    async def request() -> SharesRequest:
        async with new_session() as session:
            part = only_part(world, warrant.warrant_id)
            return (await Investigation(world.authority, session).released(warrant.warrant_id, part))[0]

    return run(request())


def expect_refusal(name: str, call: Callable[[], object]) -> None:
    with pytest.raises(Problem) as refusal:
        call()
    assert refusal.value.name == name


def test_c10_a_number_has_one_notice_whatever_is_asked_for(world: World, door: Door) -> None:
    """The authority asks twice for one number, with other releases: the second answer is the first."""
    run(admitted(world, door))
    request = shown(world, run(released(world, door)))
    first = asked(world, 1, request)
    world.now += 3600  # a late repetition is not of the present, and is the same all the same
    for again in (asked(world, 1, request), asked(world, 1), asked(world, 1, time=0)):
        assert again == first
    assert first.releases == (release_digest(request.release),)
    expect_refusal("replayed-request", lambda: asked(world, 2, time=world.now - 121))
    expect_refusal("replayed-request", lambda: asked(world, 2, time=world.now + 121))


def test_c10_the_operator_draws_another_seed_for_each_notice(world: World) -> None:
    """The authority, which could choose padding that stands for somebody, has no say in it."""
    answers = []
    for number in (1, 2):
        world.now += EPOCH_SECONDS
        answers.append(asked(world, number))
    assert len({answer.seed for answer in answers}) == 2
    assert [answer.digests for answer in answers] == [
        list_passes(number, [], answer.seed) for number, answer in enumerate(answers, 1)
    ]


def test_c10_numbers_only_grow_also_when_the_operators_database_is_an_old_one(world: World) -> None:
    """What is on record is signed, whatever the database knows."""
    world.now += EPOCH_SECONDS
    asked(world, 1)
    with world.operator.engine.begin() as connection:
        connection.execute(sql.text("DELETE FROM signed_notices"))
    world.now += EPOCH_SECONDS
    for number in (0, 1):
        expect_refusal("wrong-number", partial(asked, world, number))
    asked(world, 2)
    with world.operator.engine.begin() as connection:
        connection.execute(sql.text("UPDATE signed_notices SET answer = NULL"))
    expect_refusal("wrong-number", lambda: asked(world, 2))


def test_c10_a_warrant_is_good_for_one_notice_and_a_day_for_one_without(world: World, door: Door) -> None:
    """So the officers' signatures bound what the operator does and stores for the authority."""
    run(admitted(world, door))
    request = shown(world, run(released(world, door)))
    expect_refusal("notice-exists", lambda: asked(world, 1))
    asked(world, 1, request)
    expect_refusal("notice-exists", lambda: asked(world, 2, request))
    expect_refusal("notice-exists", lambda: asked(world, 2))
    world.now += 43_199  # the last second of the day
    expect_refusal("notice-exists", lambda: asked(world, 2))
    world.now += 1
    assert asked(world, 2).releases == ()
    expect_refusal("notice-exists", lambda: asked(world, 3, time=world.now - 1))


def test_c10_the_operator_signs_only_what_both_officers_agreed_to(world: World, door: Door) -> None:
    run(admitted(world, door))
    first = shown(world, run(released(world, door)))
    world.now += 120
    other = notice_for(warrant_for(door, world.now - 600, world.now + 600), "집에 계십시오.")
    run(carry_out(world, other, lambda it: it.request_release(other.warrant_id)))
    world.now += 120
    opening = warrant_for(door, world.now - 600, world.now + 600)
    run(carry_out(world, opening, lambda it: it.request_release(opening.warrant_id)))
    drawn = world.authority.warrants.get(opening.warrant_id)
    assert drawn.countersigned is not None
    for releases in (
        (first, shown(world, other)),  # of two minds
        (first, first),
        (replace(first, warrant=drawn.countersigned),),
    ):
        expect_refusal("out-of-scope", partial(asked, world, 1, *releases))
    alone = replace(first.warrant, operator=first.warrant.authority)
    expect_refusal("invalid-signature", lambda: asked(world, 1, replace(first, warrant=alone)))
    expect_refusal("malformed-encoding", lambda: asked(world, 1, replace(first, release=bytes(80))))
    world.now += EPOCH_SECONDS
    expect_refusal("out-of-scope", lambda: asked(world, 1, first))
    assert asked(world, 1).releases == (), "nothing was signed"


def test_c10_what_an_interruption_has_left_is_published_first(world: World, door: Door) -> None:
    """The operator has signed, and the authority dies before it has stored it; then it lacks it for a day."""
    run(admitted(world, door))
    warrant = run(released(world, door))
    with dying_at(world.authority.notices, "add"):
        run(publish_notice(world, [warrant.warrant_id]))
    assert run(notice(world)).number == 0
    world.now = warrant.expires + 1
    world.warn_daily()
    assert [(run(notice(world, number)).advice) for number in (1, 2)] == [ADVICE, ""]
    assert run(notice(world, 1)).time < warrant.expires


def test_c10_a_commitment_that_comes_later_changes_no_notice(world: World, door: Door) -> None:
    """The venue's next commitment would let neither party admit the release any more; both have judged it before."""
    run(admitted(world, door))
    warrant = run(released(world, door))
    with dying_at(world.authority.notices, "add"):
        run(publish_notice(world, [warrant.warrant_id]))
    run(door.commit())
    assert run(publish_notice(world, [warrant.warrant_id])) == Noticed(2, 0)
    assert run(notice(world)).number == 1


def test_c10_what_the_operator_signed_before_is_published_before_what_is_asked_for(world: World, door: Door) -> None:
    world.now += EPOCH_SECONDS
    asked(world, 1)  # the authority never had the answer
    run(admitted(world, door))
    warrant = run(released(world, door))
    assert run(publish_notice(world, [warrant.warrant_id])) == Noticed(2, 0)
    assert [run(notice(world, number)).advice for number in (1, 2)] == ["", ADVICE]


def test_c10_an_authority_whose_database_is_an_old_one_publishes_the_same_again(world: World, door: Door) -> None:
    """Its log says that it did, so that it need not have the releases any more."""
    run(admitted(world, door))
    warrant = run(released(world, door))
    run(publish_notice(world, [warrant.warrant_id]))
    before = run(world.get(Role.AUTHORITY, "/v1/notices"))
    with world.authority.engine.begin() as connection:
        connection.execute(sql.text("DELETE FROM published_lists WHERE kind = 'notices' AND number = 1"))
        connection.execute(sql.text("DELETE FROM released_parts"))
    world.now += EPOCH_SECONDS
    world.warn_daily()
    assert run(world.get(Role.AUTHORITY, "/v1/notices/1")) == before
    assert run(notice(world)).number == 2


def test_c10_nor_does_such_an_authority_publish_another_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = world.operator.notices.answer(0)
    assert honest is not None
    with world.authority.engine.begin() as connection:
        connection.execute(sql.text("DELETE FROM published_lists WHERE kind = 'notices'"))
    other = replace(honest, digests=list_passes(0, [bytes(32)], honest.seed))
    monkeypatch.setattr(world.operator.notices, "answer", lambda _number: other)
    with pytest.raises(InvalidNotice, match="another list"):
        world.warn_daily()
    assert world.authority.notices.all() == []


def test_c10_no_notice_is_older_than_the_one_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator that signs old times would have clients stop before they reach what concerns them."""
    old = answer_notice(world.settings.domain, world.operator.identity, 1, run(notice(world)).time - 1, "", [])
    monkeypatch.setattr(world.operator.notices, "answer", lambda _number: old)
    world.now += EPOCH_SECONDS
    with pytest.raises(ReplayedRequest):
        world.warn_daily()
    assert run(notice(world)).number == 0


@pytest.mark.parametrize("daily", [True, False])
def test_c10_an_operator_that_answers_with_other_notices_keeps_nobody_busy(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch, daily: bool
) -> None:
    """It signs one for nobody under each number, of a day that has had its notice."""
    run(admitted(world, door))
    warrant = run(released(world, door))
    time = run(notice(world)).time

    def nobody(number: int) -> NoticeAnswer:
        return answer_notice(world.settings.domain, world.operator.identity, number, time, "", [])

    monkeypatch.setattr(world.operator.notices, "answer", nobody)
    monkeypatch.setattr("escrow.authority.notices.MAX_OTHERS", 3)
    if daily:
        world.now += EPOCH_SECONDS
    with pytest.raises(PeerFailed):
        world.warn_daily() if daily else run(publish_notice(world, [warrant.warrant_id]))
    assert run(notice(world)).number == 4
    monkeypatch.undo()


def test_c10_the_authority_refuses_an_operator_that_warns_others(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator adds a pass of its own choice, or says something else."""
    run(admitted(world, door))
    warrant = run(released(world, door))
    honest: Any = world.operator.notices.sign

    def adding(*wanted: Any) -> NoticeAnswer:
        *rest, passes = wanted
        answer: NoticeAnswer = honest(*rest, {*passes, bytes(32)})
        return answer

    monkeypatch.setattr(world.operator.notices, "sign", adding)
    with pytest.raises(InvalidNotice, match="padding"):
        run(publish_notice(world, [warrant.warrant_id]))
    assert run(notice(world)).number == 0


def test_c10_the_officer_is_told_whom_the_operator_did_not_admit(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(admitted(world, door))
    warrant = run(released(world, door))
    honest: Any = world.operator.notices.sign

    def leaving_out(*wanted: Any) -> NoticeAnswer:
        *rest, passes = wanted
        answer: NoticeAnswer = honest(*rest, sorted(passes)[1:])
        return answer

    monkeypatch.setattr(world.operator.notices, "sign", leaving_out)
    assert run(publish_notice(world, [warrant.warrant_id])) == Noticed(1, 1)


def test_c10_the_operator_keeps_no_release_and_its_lists_for_its_retention(world: World, door: Door) -> None:
    run(admitted(world, door))
    request = shown(world, run(released(world, door)))
    u = {owned for visits in run(_verified(world, request)).visits.values() for owned in visits}
    asked(world, 1, request)
    stored = b"".join(path.read_bytes() for path in world.home(Role.OPERATOR).glob("operator.db*"))
    assert not [one for one in u if one in stored]
    kept = world.operator.settings.retention_days * EPOCH_SECONDS
    world.operator.forget_old(world.now + kept)
    assert world.operator.notices.answer(1) is not None
    world.operator.forget_old(world.now + kept + 1)
    assert world.operator.notices.answer(1) is None


async def _verified(world: World, request: SharesRequest) -> VerifiedRelease:
    warrant = Warrant.from_bytes(statement_payload(request.warrant.authority))
    async with new_session() as session:
        part = only_part(world, warrant.warrant_id)
        return (await Investigation(world.authority, session).released(warrant.warrant_id, part))[1]


def test_a25_every_list_is_continued_each_day(world: World) -> None:
    async def numbers() -> list[int]:
        notices, disclosures = await notice(world), [await disclosure(world, role) for role in Role]
        assert {notices.time, *(one.time for one in disclosures)} == {world.now}
        return [notices.number, *(one.number for one in disclosures)]

    assert run(numbers()) == [0, 0, 0]
    world.keep_houses()
    assert run(numbers()) == [0, 0, 0]
    for day in (1, 2):
        world.now += EPOCH_SECONDS
        world.keep_houses()
        assert run(numbers()) == [day, day, day]
    assert (run(notice(world, 1)).advice, run(disclosure(world, Role.OPERATOR, 1)).openings) == ("", ())
    for role, path in ((Role.AUTHORITY, "/v1/notices/3"), (Role.OPERATOR, "/v1/disclosures/3")):
        with pytest.raises(Problem) as refusal:
            run(world.get(role, path))
        assert (refusal.value.status, refusal.value.name) == (404, "not-published")


@pytest.mark.parametrize("world", KINDS, indirect=True)
def test_c8_both_parties_disclose_what_they_opened_once_the_embargo_is_over(world: World, door: Door) -> None:
    async def story() -> None:
        warrant, shown = await opened(world, door)
        for party in (world.operator, world.authority):
            party.epochs.erase(world.today)
        world.now = warrant.discloses - 1
        world.keep_houses()
        assert [(await disclosure(world, role)).openings for role in Role] == [(), ()]
        world.now = warrant.discloses
        world.keep_houses()
        world.keep_houses()
        records = []
        for role, party in ((Role.OPERATOR, world.operator), (Role.AUTHORITY, world.authority)):
            newest = await disclosure(world, role)
            (opening,) = newest.openings
            assert [opening.record.names(owned.public.u) for owned in shown] == [True, True, False]
            expected = SharesReleased(2, warrant.discloses, opening.record.commitment)
            assert said(party, opening.entry) == expected
            records.append(replace(opening.record, salt=bytes(32)))
        assert records[0] == records[1]
        assert (records[0].warrant_id, records[0].legal_reference) == (warrant.warrant_id, warrant.legal_reference)

    run(story())


def test_c8_what_is_published_is_on_record_before_anyone_is_given_it(world: World) -> None:
    """The process dies between storing a list and the log; the next one goes on."""
    world.now += EPOCH_SECONDS
    for publish in (world.authority.publish_lists, world.warn_daily):
        with dying_at(world.authority.log, "append"):
            publish()
    for kind, publish in (("disclosures", world.authority.publish_lists), ("notices", world.warn_daily)):
        with pytest.raises(Problem, match="not published"):
            run(world.get(Role.AUTHORITY, f"/v1/{kind}/1"))
        publish()
    for kind, contents, digest in (
        ("disclosures", DisclosurePublished, list_digest),
        ("notices", NoticePublished, notice_digest),
    ):
        statement = run(world.get(Role.AUTHORITY, f"/v1/{kind}/1"))
        assert world.authority.log.index_of(contents(1, digest(statement))) is not None


def test_c10_the_operator_has_on_record_what_it_signed_before_anyone_is_given_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.now += EPOCH_SECONDS

    def dies(*_: object) -> int:
        raise OSError("the disk is full")  # its server may be keeping house meanwhile, and lives on

    with monkeypatch.context() as broken:
        broken.setattr(world.operator.log, "append", dies)
        with pytest.raises(OSError, match="full"):
            world.operator.notices.sign(1, world.now, "", (), ())
        with pytest.raises(OSError, match="full"):
            world.operator.notices.answer(1)
    given = asked(world, 1)
    assert world.operator.log.index_of(NoticePublished(1, list_digest(given.notice))) is not None


def test_c8_an_opening_that_never_left_is_not_disclosed(world: World, door: Door) -> None:
    with dying_at(world.authority.log, "append"):
        run(opened(world, door))
    world.now += EPOCH_SECONDS
    world.keep_houses()
    assert len(run(disclosure(world, Role.OPERATOR)).openings) == 1
    assert run(disclosure(world, Role.AUTHORITY)).openings == ()


def test_c10_the_officer_publishes_and_sees_notices(world: World, door: Door) -> None:
    world.now = int(time.time())  # the officer's commands have their own clock
    world.keep_houses()

    async def story() -> Warrant:
        await admitted(world, door)
        return await released(world, door)

    warrant = run(story())
    with patch("escrow.authority.cli.waiting_for", wraps=waiting_for) as told:
        result = world.officer(Role.AUTHORITY, "notices", "publish", warrant.warrant_id.hex())
    told.assert_called_once_with("the operator's notice")
    assert (result.exit_code, result.stdout) == (0, "a notice for 2 passes is published\n")
    listed = world.officer(Role.AUTHORITY, "notices", "list").output
    assert f", 1024 digests: {ADVICE}\n" in listed
    assert run(notice(world)).advice == ADVICE


@pytest.mark.parametrize(
    "options",
    [
        ("--purpose", "notice"),
        ("--purpose", "opening", "--advice", "검사"),
        ("--purpose", "notice", "--advice", "first\nsecond"),
        ("--purpose", "notice", "--advice", "\x1b[2J"),
    ],
)
def test_c10_advice_goes_with_a_warrant_for_a_notice(world: World, door: Door, options: tuple[str, ...]) -> None:
    window = ("--from", "2023-11-15 11:00:00", "--until", "2023-11-15 12:30:00", "--legal-reference", "제76조의2")
    venue = door.record.venue_id.hex()
    refused = world.officer(Role.AUTHORITY, "warrants", "draw", "--venue", venue, *window, *options)
    assert refused.exit_code == 2
    assert world.authority.warrants.all() == []
