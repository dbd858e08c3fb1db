"""A case: one investigation at several venues and with two operators. Spec: §6.8."""

from __future__ import annotations

import asyncio
import csv
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import pytest
from click.testing import CliRunner, Result

from escrow.__main__ import main as escrow
from escrow.authority.case import Cases, open_homes
from escrow.authority.case_register import Case
from escrow.authority.errors import CaseExists, UnknownCase
from escrow.authority.investigation import Investigation
from escrow.authority.limits import Limits
from escrow.authority.warrants import Step, Window
from protocol.epochs import Role
from protocol.http_messages import Session, VerificationAnswer, VerificationRequest
from service.cli import local_time
from service.errors import ConfigurationError
from tests.support.databases import FOR_SERVERS
from tests.support.running import run
from tests.support.servers import NOON, Door, Enrolled, World, open_door, run_world

HOUR = 3600
CASE = "5월 클럽"
LAW = "감염병예방법 제76조의2"


@dataclass
class Authorities:
    """One authority's two domains, whose servers run; a club that both have, and a cafe and a bar of one each."""

    worlds: list[World]
    club: list[Door]
    cafe: Door
    bar: Door

    def case(self, *command: str, typed: str = "") -> Result:
        """An officer's command, at the clock of the worlds."""
        homes = [world.authority for world in self.worlds]
        with patch("escrow.authority.case.open_homes", lambda _home: homes):
            home = ("authority", "--home", str(homes[0].home), "--officer", "이 담당", "case")
            return CliRunner().invoke(escrow, [*home, *command], input=typed)

    def done(self, *command: str) -> str:
        result = self.case(*command)
        assert result.exit_code == 0, result.output
        return result.stdout

    def window(self, begins: int = -HOUR, ends: int = 0) -> list[str]:
        times = (local_time(NOON + moment, 9 * HOUR) for moment in (begins, ends))
        return [word for pair in zip(("--from", "--until"), times, strict=True) for word in pair]

    def venues(self, *doors: Door) -> list[str]:
        return [word for door in doors for word in ("--venue", door.record.venue_id.hex())]

    def countersign(self, *, but: int = 0) -> None:
        """Both operators' officers sign what waits for them; the last `but` they refuse."""
        for world in self.worlds:
            waiting = [one.record.warrant_id for one in world.operator.warrants.all() if one.state == "pending"]
            for place, warrant_id in enumerate(waiting):
                if place < len(waiting) - but:
                    world.operator.warrants.countersign(warrant_id, world.operator.identity)
                else:
                    world.operator.warrants.refuse(warrant_id, "창이 너무 넓습니다")


@pytest.fixture(params=FOR_SERVERS)
def authorities(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Authorities]:
    with ExitStack() as stack:
        worlds = [
            stack.enter_context(run_world(tmp_path / str(number), request.param, number=number)) for number in (1, 2)
        ]
        club, cafe = (stack.enter_context(open_door(worlds[0], name)) for name in ("클럽", "카페"))
        the_same = stack.enter_context(open_door(worlds[1], venue_id=club.record.venue_id))
        bar = stack.enter_context(open_door(worlds[1], "술집"))
        yield Authorities(worlds, [club, the_same], cafe, bar)


async def admit(world: World, people: dict[Door, list[int]]) -> None:
    """Enrol who is named at a door, by number, and let each in there half an hour ago; the doors commit now."""
    key = await world.epoch_key()
    numbers = sorted({number for those in people.values() for number in those} | {98, 99})
    enrolled = {number: await enrol(world, number) for number in numbers}
    secrets = {number: (await world.register(one, key))[0] for number, one in enrolled.items()}
    fetched = await asyncio.gather(*(world.fetch(enrolled[number], key, secrets[number]) for number in numbers))
    passes = {number: list(owned) for number, owned in zip(numbers, fetched, strict=True)}
    for door, those in people.items():
        for number in those:
            await door.admit(passes[number].pop(), world.now - HOUR // 2)
        await door.commit()


async def enrol(world: World, number: int) -> Enrolled:
    """Whoever has this number, under a name of each operator."""
    phone, name = f"+8210{number:08}", f"방문객 {number} {'가나'[world.settings.number - 1]}"
    await world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(phone))
    answer = VerificationAnswer(phone, world.last_code(phone), name)
    return Enrolled(phone, name, Session.from_bytes(await world.post(Role.OPERATOR, "/v1/sessions", answer)))


def read(file: Path) -> list[dict[str, str]]:
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_one_person_with_two_operators_at_three_venues_stands_once(authorities: Authorities, tmp_path: Path) -> None:
    one, two = authorities.worlds
    run(admit(one, {authorities.club[0]: [1, 2], authorities.cafe: [1]}))
    run(admit(two, {authorities.club[1]: [1, 3], authorities.bar: [1, 4]}))
    done = authorities.done
    window = authorities.window()
    assert done("start", CASE, "--legal-reference", LAW) == f"{CASE} is started\n"
    done("start", CASE, "--legal-reference", LAW)
    places = authorities.venues(authorities.club[0], authorities.cafe, authorities.bar)
    for _ in range(2):
        assert done("add", CASE, *places, *window).startswith("4 windows")
    checked = done("check", CASE)
    assert checked.count(": not drawn\n") == 4
    assert checked.count("12 hours after its end: 1, the last of all 2023-11-15 11:59:00") == 4
    assert len(one.authority.warrants.listed()) == len(two.authority.warrants.listed()) == 0

    assert done("draw", CASE, "--yes") == "4 warrants drawn\n"
    assert done("draw", CASE, "--yes") == "0 warrants drawn\n"
    assert done("propose", CASE).count(": proposed\n") == 4
    assert done("propose", CASE) == "there is nothing to do\n"
    assert done("watch", CASE, "--once").count(": proposed\n") == 4
    authorities.countersign()
    assert done("watch", CASE).count(": countersigned\n") == 4
    assert done("list").startswith(f"{CASE}  started ")
    assert "    4 countersigned; " in done("list")
    assert done("release", CASE).count(" visits released") == 4
    assert done("release", CASE) == "there is nothing to do\n"
    opened = done("open", CASE)
    assert sorted(line.split(": ")[1] for line in opened.splitlines()) == [
        "1 visits opened",
        "2 visits opened",
        "2 visits opened",
        "2 visits opened",
    ]
    assert done("open", CASE) == "there is nothing to do\n"

    exported = tmp_path / "export"
    assert done("export", CASE, "-o", str(exported)) == f"4 people, written to {exported}\n"
    people = {row["phone"]: row for row in read(exported / "people.csv")}
    assert sorted(people) == [f"010-0000-000{number}" for number in (1, 2, 3, 4)]
    everywhere = people["010-0000-0001"]
    assert everywhere["visits"] == "4"
    assert set(everywhere["names"].split(" · ")) == {"방문객 1 가", "방문객 1 나"}
    assert set(everywhere["venues"].split(" · ")) == {"클럽", "카페", "술집"}
    visits = read(exported / "visits.csv")
    assert len(visits) == 7
    assert {row["domain"][0] for row in visits if row["phone"] == "010-0000-0001"} == {"1", "2"}
    assert {row["case"] for row in visits} == {CASE}
    assert {row["venue"]: row["people"] for row in read(exported / "days.csv")} == {
        "클럽": "3",
        "카페": "1",
        "술집": "2",
    }
    assert {row["what"] for row in read(exported / "summary.csv")} == {"admitted", "opened"}
    assert (exported / "arrivals.svg").read_text().startswith("<svg")

    shown = done("show", CASE)
    assert shown.count(": opened") == 4
    assert "이 담당: export case (5월 클럽)" in shown
    assert done("close", CASE) == f"{CASE} is closed\n"
    assert done("list") == ""
    assert "closed" in done("list", "--all")
    refused = authorities.case("draw", CASE)
    assert "(case-closed)" in refused.stderr
    again = tmp_path / "again"
    done("export", CASE, "-o", str(again))
    assert (again / "visits.csv").read_bytes() == (exported / "visits.csv").read_bytes()


def test_nothing_is_signed_while_a_window_cannot_be(authorities: Authorities) -> None:
    one = authorities.worlds[0]
    authorities.done("start", CASE, "--legal-reference", LAW)
    club = authorities.venues(authorities.club[0])
    authorities.done("add", CASE, *club, *authorities.window(), *authorities.window(HOUR, 2 * HOUR))
    assert "no warrant can be drawn: the window is in the future" in authorities.done("check", CASE)
    refused = authorities.case("draw", CASE, "--yes")
    assert refused.exit_code == 1
    assert "the window is in the future" in refused.stderr
    assert "nothing is signed" in refused.stderr
    assert one.authority.warrants.listed() == []
    authorities.done("remove", CASE, *club, *authorities.window(HOUR, 2 * HOUR))
    asked = authorities.case("draw", CASE, typed="n\n")
    assert "the venue has never committed" in asked.stderr
    assert one.authority.warrants.listed() == []
    assert authorities.case("draw", CASE, typed="y\n").stdout == "2 warrants drawn\n"


def test_a_refusal_is_shown_with_its_reason_and_another_warrant_is_drawn_if_told(authorities: Authorities) -> None:
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.cafe), *authorities.window())
    authorities.done("draw", CASE, "--yes")
    authorities.done("propose", CASE)
    authorities.countersign(but=1)
    watched = authorities.done("watch", CASE)
    assert "refused (the operator refused the warrant: 창이 너무 넓습니다)" in watched
    assert authorities.done("draw", CASE, "--yes") == "0 warrants drawn\n"
    assert authorities.done("draw", CASE, "--yes", "--again") == "1 warrants drawn\n"
    assert authorities.done("draw", CASE, "--yes", "--again") == "0 warrants drawn\n"
    refused = authorities.case("close", CASE)
    assert "(case-unfinished)" in refused.stderr
    assert authorities.done("withdraw", CASE).endswith(": withdrawn\n")
    assert authorities.done("withdraw", CASE) == "there is nothing to do\n"
    authorities.done("close", CASE)


def test_one_venue_that_fails_keeps_no_other_back(authorities: Authorities) -> None:
    one = authorities.worlds[0]
    run(admit(one, {authorities.club[0]: [1], authorities.cafe: [2]}))
    authorities.done("start", CASE, "--legal-reference", LAW)
    places = authorities.venues(authorities.cafe, authorities.club[0])
    authorities.done("add", CASE, *places, *authorities.window())
    authorities.done("draw", CASE, "--yes")
    authorities.done("propose", CASE)
    authorities.countersign()
    with patch.object(authorities.cafe.log, "release", side_effect=OSError):
        released = authorities.case("release", CASE)
    assert released.exit_code == 1
    assert released.stdout.count(" visits released") == 2
    assert "1 of 3 could not be done" in released.stderr
    assert authorities.done("release", CASE).count("1 visits released") == 1
    assert authorities.done("open", CASE).count("visits opened") == 3


def test_watching_ends_when_both_operators_have_decided_on_all(authorities: Authorities) -> None:
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.club[0]), *authorities.window())
    authorities.done("draw", CASE, "--yes")
    authorities.done("propose", CASE)
    with patch("escrow.authority.case_steps_cli.time.sleep", side_effect=lambda _: authorities.countersign()) as waits:
        told = authorities.done("watch", CASE).splitlines()
    assert waits.call_count == 1
    assert [line.rpartition(": ")[2] for line in told] == ["proposed"] * 2 + ["countersigned"] * 2


def test_a_venue_is_asked_again_if_told_and_what_is_the_same_is_not_opened_again(authorities: Authorities) -> None:
    run(admit(authorities.worlds[0], {authorities.cafe: [1]}))
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.cafe), *authorities.window())
    authorities.done("draw", CASE, "--yes")
    authorities.done("propose", CASE)
    authorities.countersign()
    for _ in range(2):
        assert "1 visits released" in authorities.done("release", CASE, "--again")
    authorities.done("open", CASE)
    assert "1 visits released" in authorities.done("release", CASE, "--again")
    assert authorities.done("open", CASE) == "there is nothing to do\n"


def test_a_release_that_was_cut_off_between_parts_goes_on_although_some_were_opened(authorities: Authorities) -> None:
    run(admit(authorities.worlds[0], {authorities.cafe: [1]}))
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.cafe), *authorities.window())
    authorities.done("draw", CASE, "--yes")
    authorities.done("propose", CASE)
    authorities.countersign()
    warrants = authorities.worlds[0].authority.warrants
    with patch.object(warrants, "note", side_effect=OSError("killed")):
        assert authorities.case("release", CASE).exit_code == 1
    (drawn,) = warrants.of_case(CASE)
    warrants.note(drawn.record.warrant_id, Step.SHARED)
    assert "1 visits released, of 1 check-ins in the window" in authorities.done("release", CASE)
    assert authorities.done("release", CASE) == "there is nothing to do\n"


def test_what_one_operator_has_erased_is_counted_as_closed_and_ends_the_case(
    authorities: Authorities, tmp_path: Path
) -> None:
    """It is erased between the release and the opening."""
    one, two = authorities.worlds
    run(admit(one, {authorities.club[0]: [1, 2]}))
    run(admit(two, {authorities.club[1]: [3]}))
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.club[0]), *authorities.window())
    for step in (("draw", CASE, "--yes"), ("propose", CASE)):
        authorities.done(*step)
    authorities.countersign()
    authorities.done("release", CASE)
    assert two.officer(Role.OPERATOR, "erase", str(two.today), "--yes").exit_code == 0
    assert "; 1 set aside: Closed\n" in authorities.done("open", CASE)
    assert authorities.done("open", CASE) == "there is nothing to do\n"
    exported = tmp_path / "export"
    authorities.done("export", CASE, "-o", str(exported))
    assert {row["phone"] for row in read(exported / "visits.csv")} == {"010-0000-0001", "010-0000-0002"}
    counts = {(row["domain"][0], row["what"]): row["count"] for row in read(exported / "summary.csv")}
    assert counts == {
        ("1", "admitted"): "2",
        ("1", "opened"): "2",
        ("2", "admitted"): "1",
        ("2", "opened"): "0",
        ("2", "set aside Closed"): "1",
    }
    authorities.done("close", CASE)


def test_a_chain_is_every_venue_of_one_server(authorities: Authorities) -> None:
    homes = [world.authority for world in authorities.worlds]
    cases = Cases(homes, "officer")
    assert cases.chain(authorities.cafe.record.venue_id) == {authorities.cafe.record.venue_id}
    world = authorities.worlds[0]
    other = Door(world, 1)
    other.record = replace(other.record, url=world.authority.venues.get(authorities.cafe.record.venue_id).record.url)
    run(other.apply())
    assert cases.chain(authorities.cafe.record.venue_id) == {authorities.cafe.record.venue_id}
    for role in Role:
        assert world.approve(role, other.record).exit_code == 0
    both = {other.record.venue_id, authorities.cafe.record.venue_id}
    assert cases.chain(authorities.cafe.record.venue_id) == both
    authorities.done("start", CASE, "--legal-reference", LAW)
    chain = ("--chain", authorities.cafe.record.venue_id.hex())
    authorities.done("add", CASE, *chain, *authorities.window())
    assert {part.venue.venue_id for part in cases.parts(CASE)} == both


def test_what_an_interruption_left_of_a_step_is_finished(authorities: Authorities) -> None:
    """A case that is in one home alone, a warrant that is drawn in one alone, and a proposal that never left."""
    one, two = (world.authority for world in authorities.worlds)
    one.cases.start(Case(CASE, LAW, NOON))
    cases = Cases([one, two], "officer")
    window = Window(authorities.club[0].record.venue_id, NOON - HOUR, NOON)
    with pytest.raises(UnknownCase):
        two.cases.get(CASE)
    assert cases.add(CASE, [window]) == 2
    assert two.cases.get(CASE) == Case(CASE, LAW, NOON)
    two.cases.remove(CASE, window)
    assert cases.add(CASE, [window]) == 2

    parts = cases.undrawn(CASE, again=False)
    limits = Limits(assumed_stay=0, max_records=10, valid_days=1, embargo_days=1)
    assert len(cases.draw(cases.get(CASE), parts[:1], limits)) == 1
    assert len(cases.draw(cases.get(CASE), parts, limits)) == 1  # the list was made before, the first stands
    assert [len(home.warrants.of_case(CASE)) for home in (one, two)] == [1, 1]

    with patch.object(Investigation, "propose_warrant", side_effect=OSError("killed")):
        assert authorities.case("propose", CASE).exit_code == 1
    for home in (one, two):
        (drawn,) = home.warrants.of_case(CASE)
        home.warrants.note(drawn.record.warrant_id, Step.PROPOSED)  # and then it was killed
    watched = authorities.case("watch", CASE, "--once")
    assert watched.exit_code == 0
    assert [len(world.operator.warrants.all()) for world in authorities.worlds] == [1, 1]


def test_a_name_stands_for_one_legal_reference(authorities: Authorities) -> None:
    register = authorities.worlds[0].authority.cases
    register.start(Case(CASE, LAW, NOON))
    with pytest.raises(CaseExists):
        register.start(Case(CASE, "another", NOON))
    assert authorities.case("start", CASE, "--legal-reference", "another").exit_code == 1
    assert authorities.case("start", "two\nlines", "--legal-reference", LAW).exit_code == 2
    assert authorities.case("start", "x", "--legal-reference", "가" * 86).exit_code == 2
    assert "(unknown-case)" in authorities.case("show", "another").stderr


def test_the_homes_of_a_case_are_of_different_domains(authorities: Authorities) -> None:
    one, two = (world.authority.home for world in authorities.worlds)
    settings = one / "settings.toml"
    settings.write_text(settings.read_text() + f'other_domains = ["{two}"]\n')
    assert [authority.domain.number for authority in open_homes(one)] == [1, 2]
    settings.write_text(settings.read_text().replace(str(two), str(one)))
    with pytest.raises(ConfigurationError, match="another home has the domain 1 too"):
        open_homes(one)
