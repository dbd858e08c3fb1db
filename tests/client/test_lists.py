"""Notices and disclosures at the visitor's: what is fetched, found, remembered and said (C8, C10, A3, A25)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from client.__main__ import main
from client.findings import MAX_FOR_PASS, Findings, FoundNotice, FoundOpening
from client.list_search import search_lists
from client.list_sources import disclosures_source, list_sources, notices_source
from client.lists import Fault
from client.visitor import Visitor
from client.visits import open_entry
from client.wallet_contents import Paper, PastPass, Visit
from conformance.imitated import ImitatedParties
from conformance.vectors.joint_notices import publish_notice as joint_notice
from protocol.disclosures import DisclosedOpening, OpeningRecord, record_opening, sign_disclosure
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.notices import MAX_LIST_AGE
from protocol.primitives.errors import InvalidSignature, MalformedEncoding, WrongNumber
from service.files import write_private
from service.problems import Unreachable
from tests.client.conftest import NAME, PASSPHRASE, PHONE, Clock
from tests.support.domain import NOW
from tests.support.running import online

AUTHORITY, OPERATOR = Role.AUTHORITY, Role.OPERATOR
ADVICE = "검사를 받으십시오."
STRANGER = bytes(32)


def publish_notice(imitated: ImitatedParties, number: int, time: int, *passes: bytes, advice: str = ADVICE) -> None:
    published = joint_notice(imitated.domain, imitated.parties.keys, number, time, advice, passes)
    imitated.lists.setdefault((AUTHORITY, "notices"), {})[number] = published


def publish_disclosure(imitated: ImitatedParties, role: Role, number: int, time: int, *records: OpeningRecord) -> None:
    openings = tuple(DisclosedOpening(index, record) for index, record in enumerate(records))
    statement = sign_disclosure(imitated.domain, role, number, time, openings, imitated.parties.keys[role])
    imitated.lists.setdefault((role, "disclosures"), {})[number] = statement


def opening(imitated: ImitatedParties, *passes: bytes) -> OpeningRecord:
    return record_opening(imitated.parties.warrant(NOW - 900, NOW + 900).record, bytes(32), passes)


def search(visitor: Visitor) -> dict[str, set[Fault]]:
    """Search every list; what is wrong with each, by the name of its file."""
    return {
        f"{source.kind}.{source.role.name.lower()}": online(partial(_search, visitor, source))
        for source in list_sources(visitor)
    }


async def _search(visitor: Visitor, source: object, session: object) -> set[Fault]:
    return await search_lists(visitor, session, source)  # type: ignore[arg-type]


def search_notices(visitor: Visitor) -> set[Fault]:
    return online(lambda session: search_lists(visitor, session, notices_source(visitor)))


def asked(imitated: ImitatedParties) -> list[str]:
    """Which lists were asked for since the last time."""
    requests = [one.partition("/v1/")[2] for one in imitated.requests if "/v1/" in one]
    imitated.requests.clear()
    return requests


def visit(visitor: Visitor) -> bytes:
    """Use a pass; its `u`."""
    return open_entry(visitor).stored.u


def test_c10_a_notice_is_found_by_those_it_concerns_alone(supplied: Visitor, imitated: ImitatedParties) -> None:
    mine, other = visit(supplied), visit(supplied)
    publish_notice(imitated, 0, NOW, advice="")
    publish_notice(imitated, 1, NOW, mine, STRANGER)
    assert search_notices(supplied) == set()
    assert supplied.findings().notices == (FoundNotice(mine, 1, ADVICE),)
    assert search_notices(supplied) == set()
    publish_notice(imitated, 2, NOW, mine, other)
    assert search_notices(supplied) == set()
    assert [found.number for found in supplied.findings().notices] == [1, 2, 2]


@pytest.mark.parametrize("role", Role)
def test_c8_an_opening_is_found_in_either_partys_disclosure(
    supplied: Visitor, imitated: ImitatedParties, role: Role
) -> None:
    mine, _ = visit(supplied), visit(supplied)
    record = opening(imitated, mine, STRANGER)
    publish_disclosure(imitated, role, 0, NOW, opening(imitated, STRANGER), record)
    search(supplied)
    found = FoundOpening(mine, record.warrant_id, record.legal_reference)
    assert supplied.findings().openings == (found,)
    publish_disclosure(imitated, OPERATOR if role is AUTHORITY else AUTHORITY, 0, NOW, record)
    search(supplied)
    assert supplied.findings().openings == (found,)


def test_only_what_is_new_is_asked_for(newcomer: Visitor, imitated: ImitatedParties, clock: Clock) -> None:
    """The first time what may concern an old visit; then what came since. Never anything that depends on visits."""
    for number in range(35):
        publish_notice(imitated, number, NOW - (34 - number) * EPOCH_SECONDS)
    assert search_notices(newcomer) == set()
    assert asked(imitated) == ["notices", *[f"notices/{number}" for number in range(33, 4, -1)]]
    assert search_notices(newcomer) == set()
    assert asked(imitated) == ["notices"]
    for number in (35, 36, 37):
        clock.now += EPOCH_SECONDS
        publish_notice(imitated, number, clock.now)
    assert search_notices(newcomer) == set()
    assert asked(imitated) == ["notices", "notices/36", "notices/35"]


def test_a25_a_list_that_is_not_continued_is_noticed(
    newcomer: Visitor, imitated: ImitatedParties, clock: Clock
) -> None:
    assert search_notices(newcomer) == {Fault.MISSING, Fault.STALE}
    publish_notice(imitated, 0, NOW)
    clock.now = NOW + MAX_LIST_AGE
    assert search_notices(newcomer) == set()
    clock.now += 1
    assert search_notices(newcomer) == {Fault.STALE}
    assert notices_source(newcomer).faults(NOW) == set()
    publish_notice(imitated, 1, clock.now + 1000)  # it would hide that no other comes until then
    assert search_notices(newcomer) == {Fault.STALE}


def test_a25_a_missing_list_is_noticed_and_asked_for_until_it_is_there(
    supplied: Visitor, imitated: ImitatedParties
) -> None:
    mine = visit(supplied)
    for number in range(4):
        publish_notice(imitated, number, NOW, *[mine] * (number == 1))
    withheld = imitated.lists[AUTHORITY, "notices"].pop(1)
    for _ in range(2):
        assert search_notices(supplied) == {Fault.MISSING, Fault.STALE}
        assert supplied.findings().notices == ()
    imitated.lists[AUTHORITY, "notices"][1] = withheld
    assert search_notices(supplied) == set()
    assert [found.number for found in supplied.findings().notices] == [1]


def test_a25_a_list_that_goes_back_is_noticed(newcomer: Visitor, imitated: ImitatedParties) -> None:
    for number in range(2):
        publish_notice(imitated, number, NOW)
    assert search_notices(newcomer) == set()
    newest = imitated.lists[AUTHORITY, "notices"].pop(1)
    assert search_notices(newcomer) == {Fault.WITHDRAWN}
    assert notices_source(newcomer).faults(NOW) == {Fault.WITHDRAWN}  # it is remembered until it is mended
    imitated.lists[AUTHORITY, "notices"][1] = newest
    assert search_notices(newcomer) == set()
    assert notices_source(newcomer).faults(NOW) == set()


def test_a_party_that_signs_lists_without_end_is_not_followed_for_ever(
    supplied: Visitor, imitated: ImitatedParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.lists.MAX_LISTS", 5)
    mine = visit(supplied)
    for number in range(7):
        publish_notice(imitated, number, NOW, *[mine] * (number in {2, 6}))
    imitated.requests.clear()
    assert search_notices(supplied) == {Fault.TOO_MANY, Fault.STALE}
    assert asked(imitated) == ["notices", *[f"notices/{number}" for number in (5, 4, 3, 2)]]
    assert [found.number for found in supplied.findings().notices] == [6, 2]
    assert notices_source(supplied).known() is None
    monkeypatch.setattr("client.lists.MAX_LISTS", 7)
    assert search_notices(supplied) == set()


def test_what_was_found_before_a_list_that_does_not_hold_is_kept(
    supplied: Visitor, imitated: ImitatedParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = visit(supplied)
    publish_notice(imitated, 0, NOW)
    publish_notice(imitated, 1, NOW, mine)
    imitated.lists[AUTHORITY, "notices"][0] = b"no list"
    with pytest.raises(MalformedEncoding):
        search_notices(supplied)
    assert [found.number for found in supplied.findings().notices] == [1]
    monkeypatch.setattr("client.list_search.SEARCH_SECONDS", 0)
    with pytest.raises(Unreachable, match="takes too long"):
        search_notices(supplied)


def test_an_authority_that_stalls_hides_no_disclosure_of_the_operator(
    supplied: Visitor,
    imitated: ImitatedParties,
    home: Path,
    command: Callable[[str], Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its server takes the connection and never answers."""
    mine = visit(supplied)
    publish_disclosure(imitated, OPERATOR, 0, NOW, opening(imitated, mine))
    monkeypatch.setattr("client.list_search.SEARCH_SECONDS", 5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        text = (home / "domain.toml").read_text()
        url = supplied.servers.url(AUTHORITY)
        assert text.count(url) == 1
        (home / "domain.toml").write_text(text.replace(url, f"http://127.0.0.1:{silent.getsockname()[1]}"))
        told = command("notices")
    assert told.output.count("takes too long to give all its") == 2
    assert told.output.count("was opened under") == 1


def test_a21_two_lists_of_one_number_are_kept_as_evidence(supplied: Visitor, imitated: ImitatedParties) -> None:
    mine = visit(supplied)
    publish_notice(imitated, 0, NOW)
    assert search_notices(supplied) == set()
    first = imitated.lists[AUTHORITY, "notices"][0]
    publish_notice(imitated, 0, NOW, mine)
    assert search_notices(supplied) == {Fault.CONFLICTING}
    assert [found.u for found in supplied.findings().notices] == [mine]
    source = notices_source(supplied)
    assert source.known() == first
    assert source.evidence.read_bytes() == imitated.lists[AUTHORITY, "notices"][0]
    imitated.lists[AUTHORITY, "notices"][0] = first
    assert search_notices(supplied) == {Fault.CONFLICTING}


def test_a_list_that_does_not_hold_is_not_taken(newcomer: Visitor, imitated: ImitatedParties) -> None:
    lists = imitated.lists.setdefault((AUTHORITY, "notices"), {})
    for role in Role:  # one party signed for both
        keys = dict.fromkeys(Role, imitated.parties.keys[role])
        lists[0] = joint_notice(imitated.domain, keys, 0, NOW, "", [])
        with pytest.raises(InvalidSignature):
            search_notices(newcomer)
    publish_notice(imitated, 0, NOW)
    publish_notice(imitated, 1, NOW)
    lists[0] = lists[1]
    with pytest.raises(WrongNumber):
        search_notices(newcomer)
    assert notices_source(newcomer).known() is None


def test_c8_an_opening_is_found_when_the_visit_itself_is_forgotten(
    supplied: Visitor, imitated: ImitatedParties, clock: Clock
) -> None:
    mine = visit(supplied)
    (remembered,) = supplied.wallet().visits
    supplied.change(lambda wallet: (replace(wallet, papers=(Paper(remembered.epoch, STRANGER),)), None))
    clock.now = NOW + 100 * EPOCH_SECONDS
    wallet = supplied.wallet()
    assert (wallet.visits, wallet.papers) == ((), ())
    assert {one.u: one for one in wallet.past} == {u: PastPass(remembered.epoch, u) for u in (mine, STRANGER)}
    publish_disclosure(imitated, OPERATOR, 0, clock.now, opening(imitated, mine))
    search(supplied)
    assert [found.u for found in supplied.findings().openings] == [mine]
    clock.now = NOW + 122 * EPOCH_SECONDS
    wallet = supplied.wallet()
    assert (wallet.past, supplied.findings()) == ((), Findings())
    kept = [supplied.findings_file(path.name).read() for path in (supplied.home / "findings").iterdir()]
    assert kept == [Findings()] * 3
    assert mine not in wallet.to_bytes()


def test_c10_what_was_found_goes_with_its_visit(supplied: Visitor, imitated: ImitatedParties, clock: Clock) -> None:
    publish_notice(imitated, 0, NOW, visit(supplied))
    search_notices(supplied)
    clock.now += 119 * EPOCH_SECONDS
    assert len(supplied.findings().notices) == 1
    clock.now += 3 * EPOCH_SECONDS
    assert supplied.findings().notices == ()


def test_a_party_that_is_away_hides_nothing_of_the_other(supplied: Visitor, imitated: ImitatedParties) -> None:
    mine = visit(supplied)
    publish_disclosure(imitated, AUTHORITY, 0, NOW, opening(imitated, mine))
    source = replace(disclosures_source(supplied, OPERATOR), server="http://127.0.0.1:1")
    with pytest.raises(Unreachable):
        online(lambda session: search_lists(supplied, session, source))
    online(lambda session: search_lists(supplied, session, disclosures_source(supplied, AUTHORITY)))
    assert len(supplied.findings().openings) == 1


@pytest.fixture
def command(supplied: Visitor, home: Path, tmp_path: Path) -> Callable[[str], Result]:
    """Runs a command on the machine's own clock, for which the visits of `supplied` are long ago."""
    secret = tmp_path / "passphrase"
    write_private(secret, PASSPHRASE)
    with (home / "settings.toml").open("a") as settings:
        settings.write("retention_days = 36500\n")
    return lambda name: CliRunner().invoke(main, ["--home", str(home), "--passphrase-file", str(secret), name])


def test_what_concerns_a_visitor_is_said_in_plain_words(
    supplied: Visitor, imitated: ImitatedParties, command: Callable[[str], Result]
) -> None:
    shown, scanned = visit(supplied), visit(supplied)

    def at_club(one: Visit) -> Visit:
        return replace(one, venue=imitated.venue()) if one.u == scanned else one

    supplied.change(lambda wallet: (replace(wallet, visits=tuple(map(at_club, wallet.visits))), None))
    publish_notice(imitated, 0, NOW, scanned, advice="Get tested. 검사를 받으세요.\x1b[2J")
    record = opening(imitated, shown)
    for role in Role:
        publish_disclosure(imitated, role, 0, NOW, record)
    told = command("notices")
    assert told.exit_code == 1  # old lists, for the machine's clock
    status = command("status").output
    assert f"Enrolled: {NAME}, {PHONE}" in status
    for text in (told.output, status):
        place, advice = "2020-09-13 21:26, 클럽 스플릿", "Get tested. 검사를 받으세요.?[2J"
        assert f"The health authority warns those who were there with you ({place}): {advice}\n" in text
        assert f"보건당국이 회원님의 방문({place})에 대해 알립니다: {advice}\n" in text
        warrant = f"({record.warrant_id.hex()}, {record.legal_reference})"
        assert (
            f"Your visit (2020-09-13 21:26) was opened under a warrant {warrant}, for the health authority to learn "
            f"who you are.\n회원님의 방문 기록(2020-09-13 21:26)이 열람 승인서{warrant}에 따라 열람되어"
        ) in text
        assert text.count("was opened under") == 1
        assert "The authority's notices: none of the last 48 hours." in text
        assert "운영자의 열람 공개 목록: 최근 48시간 안에 나온 것이 없습니다." in text


def test_what_is_lost_or_too_much_is_said(
    supplied: Visitor, imitated: ImitatedParties, command: Callable[[str], Result]
) -> None:
    mine = visit(supplied)
    for role in Role:
        publish_disclosure(imitated, role, 0, NOW, *(opening(imitated, mine) for _ in range(MAX_FOR_PASS + 1)))
    told = command("notices").output
    assert told.count("More was published about your passes than is kept here: somebody fills the lists.") == 1
    assert told.count("was opened under") == 2 * MAX_FOR_PASS
    assert "lost or damaged" not in command("status").output

    (supplied.home / "findings" / "disclosures.operator").unlink()
    (supplied.home / "lists" / "disclosures.authority").write_bytes(b"no list")
    status = command("status").output
    assert status.count("what was found in them is lost or damaged here. Run notices") == 1
    assert "The operator's disclosures: what was found in them is lost" in status
    assert status.count("was opened under") == MAX_FOR_PASS
    assert command("notices").output.count("was opened under") == 2 * MAX_FOR_PASS
    assert "lost or damaged" not in command("status").output


def test_it_is_said_that_nothing_was_found(imitated: ImitatedParties, command: Callable[[str], Result]) -> None:
    told = command("notices")
    assert told.exit_code == 1
    assert "Nothing that was published concerns you.\n공개된 내용 중 회원님에게 해당하는 것은 없습니다." in told.output
    assert "The authority's notices: some are missing." in told.output
    imitated.lists[AUTHORITY, "notices"] = {0: b"no list"}
    assert "The authority's notices: not a CBOR item that SplitPass uses" in command("notices").output
