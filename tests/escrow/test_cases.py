"""A case: one investigation at several venues and with two operators. Spec: §6.8."""

from __future__ import annotations

import asyncio
import csv
import re
import stat
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from click.testing import CliRunner, Result

from escrow.__main__ import main as escrow
from escrow.authority.case import Cases, open_homes
from escrow.authority.case_next import NEXT
from escrow.authority.case_register import Case
from escrow.authority.cli import STATES
from escrow.authority.errors import CaseExists, CaseUnfinished, UnknownCase, WindowInUse
from escrow.authority.found_visits import CountedPeople, FoundVisits
from escrow.authority.investigation import AT_A_TIME, Investigation
from escrow.authority.limits import Limits
from escrow.authority.outcomes import WHY, why_set_aside
from escrow.authority.progress import Waiting
from escrow.authority.reading import UNEXPLAINED
from escrow.authority.released_parts import ReleasedPart
from escrow.authority.warrants import NOT_TOLD, DrawnWarrant, Step, Window
from protocol.epochs import Role
from protocol.http_messages import Session, VerificationAnswer, VerificationRequest
from protocol.passes import OwnedPass
from service.cli import local_time
from service.errors import ConfigurationError
from service.problems import Unreachable
from tests.support.databases import FOR_SERVERS
from tests.support.running import online, run
from tests.support.servers import NOON, Door, Enrolled, World, open_door, run_world

HOUR = 3600
ROOT = Path(__file__).parents[2]
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


async def admit(world: World, people: dict[Door, list[int]]) -> dict[int, list[OwnedPass]]:
    """Enrol who is named at a door, by number, and let each in there half an hour ago; the doors commit now.

    Returns the passes that are left, of these and two more.
    """
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
    return passes


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
        assert done("add", CASE, *places, *window) == "1 window at 3 venues, 4 warrants to draw\n"
    checked = done("check", CASE)
    assert checked.count(": not drawn\n") == 4
    assert checked.count("12 hours after its end: 1, the last of all 2023-11-15 11:59:00") == 4
    assert len(one.authority.warrants.listed()) == len(two.authority.warrants.listed()) == 0

    assert done("draw", CASE, "--yes") == "4 warrants drawn\n"
    assert done("draw", CASE, "--yes") == "0 warrants drawn\n"
    assert done("propose", CASE).count(": proposed\n") == 4
    assert done("propose", CASE) == "there is nothing to do. Next: `case watch` (4 proposed)\n"
    assert done("watch", CASE, "--once").count(": proposed\n") == 4
    authorities.countersign()
    assert done("watch", CASE).count(": countersigned\n") == 4
    assert done("list").startswith(f"{CASE}  started ")
    assert "    4 countersigned; " in done("list")
    assert done("release", CASE).count(" visits released") == 4
    assert done("release", CASE) == "there is nothing to do. Next: `case open` (4 released)\n"
    with patch.object(FoundVisits, "add", autospec=True, side_effect=FoundVisits.add) as counted:
        opened = done("open", CASE)
    assert {type(call.args[0]) for call in counted.call_args_list} == {CountedPeople}
    assert sorted(line.split(": ")[1] for line in opened.splitlines() if not line.startswith(" ")) == [
        "1 of 1 visits opened, 1 contacts",
        "2 of 2 visits opened, 2 contacts",
        "2 of 2 visits opened, 2 contacts",
        "2 of 2 visits opened, 2 contacts",
    ]
    assert done("open", CASE) == "there is nothing to do. Next: `case export` (4 opened)\n"

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


DAY = 86_400


def drawn_for(
    authorities: Authorities, *doors: Door, window: tuple[int, int] = (-HOUR, 0), countersigned: bool = True
) -> None:
    """A case with one window at these doors, as far as the operators' decisions."""
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(*doors), *authorities.window(*window))
    authorities.done("draw", CASE, "--yes")
    if countersigned:
        authorities.done("propose", CASE)
        authorities.countersign()
        authorities.done("watch", CASE)


def released_at_the_cafe(authorities: Authorities) -> None:
    """The same at the café, whose one visit of the window has been released."""
    run(admit(authorities.worlds[0], {authorities.cafe: [1]}))
    drawn_for(authorities, authorities.cafe)
    authorities.done("release", CASE)


def test_a_mistake_is_told_when_a_window_is_added(authorities: Authorities) -> None:
    authorities.done("start", CASE, "--legal-reference", LAW)
    club, window = authorities.venues(authorities.club[0]), authorities.window()
    for wrong, why in (
        (authorities.window(HOUR, 2 * HOUR), "the window is in the future"),
        (authorities.window(-400 * DAY, -399 * DAY), "the window is before the domain's first day"),
        (authorities.window(-33 * DAY, -DAY), "the window is longer than 31 days"),
    ):
        refused = authorities.case("add", CASE, *club, *window, *wrong)
        assert refused.exit_code == 1
        assert why in refused.stderr
    assert "no windows" in authorities.done("list")
    unknown = authorities.case("add", CASE, *club, "--venue", bytes(16).hex(), *window)
    assert f"no venue {bytes(16).hex()} has applied (unknown-venue)" in unknown.stderr


def test_a_window_that_is_erased_everywhere_has_to_leave_the_case_before_anything_is_signed(
    authorities: Authorities,
) -> None:
    homes = [world.authority for world in authorities.worlds]
    authorities.done("start", CASE, "--legal-reference", LAW)
    club = authorities.venues(authorities.club[0])
    yesterday = authorities.window(-DAY - HOUR, -DAY)
    with patch("escrow.authority.case.why_closed", lambda *_: None):  # when it was added it was kept
        authorities.done("add", CASE, *club, *authorities.window(), *yesterday)
    assert authorities.done("check", CASE).count("no warrant can be drawn: ") == 2
    refused = authorities.case("draw", CASE, "--yes")
    assert refused.exit_code == 1
    assert refused.stderr.count("domain's first day") == 2
    assert "nothing is signed" in refused.stderr
    assert [home.warrants.listed() for home in homes] == [[], []]
    assert authorities.done("remove", CASE, *club, *yesterday) == "1 window removed\n"
    asked = authorities.case("draw", CASE, typed="n\n")
    assert asked.stderr.count("the venue has never committed") == 1
    assert "클럽 (2 of 2): the venue has never committed" in asked.stderr
    assert [home.warrants.listed() for home in homes] == [[], []]
    assert authorities.case("draw", CASE, typed="y\n").stdout == "2 warrants drawn\n"


def test_a_domain_that_has_erased_the_day_keeps_the_others_back_from_nothing(authorities: Authorities) -> None:
    one, two = authorities.worlds
    run(admit(one, {authorities.club[0]: [1]}))
    two.authority.epochs.erase(two.today)
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.club[0]), *authorities.window())
    drawn = authorities.case("draw", CASE, "--yes")
    assert drawn.stdout == "1 warrant drawn; 1 cannot be, see above\n"
    assert "domain 2: every day of the window is erased: its check-ins can never be opened" in drawn.stderr
    assert authorities.case("draw", CASE, "--yes").exit_code == 0
    authorities.done("propose", CASE)
    authorities.countersign()
    authorities.done("release", CASE)
    assert "1 of 1 visits opened" in authorities.done("open", CASE)
    authorities.done("close", CASE)


def test_a_day_that_the_operator_alone_has_erased_is_told_before_anything_is_signed(
    authorities: Authorities,
) -> None:
    """Its statement is in the authority's cache; the operator's server says that the day is gone."""
    two = authorities.worlds[1]
    run(two.epoch_key())
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.club[0], authorities.bar), *authorities.window())
    assert two.officer(Role.OPERATOR, "erase", str(two.today), "--yes").exit_code == 0
    online(two.operator.peer.have_log_cosigned)  # as its server does by itself
    told = "every day of the window is erased"
    assert authorities.done("check", CASE).count(f"no warrant can be drawn: {told}") == 2
    drawn = authorities.case("draw", CASE, "--yes")
    assert drawn.exit_code == 1  # of the bar no domain has anything
    authorities.done("remove", CASE, *authorities.venues(authorities.bar), *authorities.window())
    drawn = authorities.case("draw", CASE, "--yes")
    assert (drawn.stdout, drawn.stderr.count(told)) == ("1 warrant drawn; 1 cannot be, see above\n", 1)
    begins, ends = authorities.window()[1], authorities.window()[3]
    window = ("--venue", authorities.bar.record.venue_id.hex(), "--from", begins, "--until", ends)
    refused = two.officer(Role.AUTHORITY, "warrants", "draw", *window, "--legal-reference", LAW)
    assert (refused.exit_code, told in refused.output) == (1, True)


def test_an_operator_out_of_reach_keeps_no_warrant_from_being_drawn(authorities: Authorities) -> None:
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.club[0]), *authorities.window())
    with patch("escrow.authority.drawing.exchange", side_effect=Unreachable("no answer")) as asked:
        assert authorities.done("draw", CASE, "--yes") == "2 warrants drawn\n"
    assert asked.await_count == 2


def test_the_warrants_of_a_home_are_read_once_for_all_windows(authorities: Authorities) -> None:
    home = authorities.worlds[0].authority
    authorities.done("start", CASE, "--legal-reference", LAW)
    with patch.object(home.warrants, "listed", wraps=home.warrants.listed) as listed:
        authorities.done("add", CASE, *authorities.venues(authorities.club[0], authorities.cafe), *authorities.window())
        assert listed.call_count == 1
        authorities.done("check", CASE)
        authorities.done("draw", CASE, "--yes")
        assert listed.call_count == 3


def release_before_all_is_committed(authorities: Authorities) -> Result:
    """Have the café release a case's window, in which it has not committed to one of two visits."""
    left = run(admit(authorities.worlds[0], {authorities.cafe: [1]}))
    run(authorities.cafe.admit(left[98].pop(), NOON - HOUR // 4))
    drawn_for(authorities, authorities.cafe)
    return authorities.case("release", CASE)


def test_what_the_venue_commits_to_later_is_released_under_another_warrant(
    authorities: Authorities, tmp_path: Path
) -> None:
    one, released = authorities.worlds[0], release_before_all_is_committed(authorities)
    assert "1 visits released" in released.stdout
    assert "then draw a new warrant (`case draw --again`)" in released.stderr
    authorities.done("open", CASE)
    assert authorities.done("draw", CASE, "--yes", "--again") == "0 warrants drawn\n"
    assert "committed since" not in authorities.done("watch", CASE)
    one.now += 120
    run(authorities.cafe.commit())
    following = "Next: `case export` (1 opened), `case draw --again` (1 to which the venue has committed since)\n"
    assert authorities.done("watch", CASE).endswith(following)
    for listing in ("export", "carry-out"):
        assert authorities.case(listing, CASE, "-o", str(tmp_path / listing)).stderr == following
    assert authorities.done("draw", CASE, "--yes", "--again") == "1 warrant drawn\n"
    assert authorities.done("draw", CASE, "--yes", "--again") == "0 warrants drawn\n"
    exported = tmp_path / "between"  # what was opened before is still there
    assert authorities.done("export", CASE, "-o", str(exported)).startswith("1 people")
    assert "committed since" not in authorities.case("export", CASE, "-o", str(exported)).stderr
    assert "(case-unfinished)" in authorities.case("close", CASE).stderr
    authorities.done("propose", CASE)
    authorities.countersign()
    assert "2 visits released" in authorities.done("release", CASE)
    assert "2 of 2 visits opened" in authorities.done("open", CASE)
    exported = tmp_path / "export"
    assert authorities.done("export", CASE, "-o", str(exported)).startswith("2 people")
    assert len(read(exported / "visits.csv")) == 2
    assert authorities.done("draw", CASE, "--yes", "--again") == "0 warrants drawn\n"
    authorities.done("close", CASE)


def test_a_window_with_a_warrant_that_stands_stays_in_the_case(authorities: Authorities) -> None:
    drawn_for(authorities, authorities.cafe, countersigned=False)
    window = (*authorities.venues(authorities.cafe), *authorities.window())
    refused = authorities.case("remove", CASE, *window)
    assert "(window-in-use)" in refused.stderr
    assert ": drawn" in authorities.done("show", CASE)
    assert (
        "(unknown-window)" in authorities.case("remove", CASE, *authorities.venues(authorities.bar), *window[2:]).stderr
    )
    authorities.done("withdraw", CASE)
    authorities.done("remove", CASE, *window)
    assert "no windows" in authorities.done("list")


@pytest.mark.parametrize("kind", ["remove", "close"])
def test_nothing_is_signed_for_what_left_the_case_while_the_officer_was_asked(
    authorities: Authorities, kind: str
) -> None:
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.cafe, authorities.bar), *authorities.window())
    cases = Cases([world.authority for world in authorities.worlds], "another")
    window = Window(authorities.cafe.record.venue_id, NOON - HOUR, NOON)

    def meanwhile(*_: object, **__: object) -> None:
        cases.close(CASE) if kind == "close" else cases.remove(CASE, [window])

    with patch("click.confirm", side_effect=meanwhile):
        drawn = authorities.case("draw", CASE)
    left_out = "the case was closed meanwhile" if kind == "close" else "the window was removed meanwhile"
    assert drawn.stdout == ("0 warrants drawn\n" if kind == "close" else "1 warrant drawn\n")
    assert (
        f"카페, 2023-11-15 11:00:00 to 2023-11-15 12:00:00, domain 1: no warrant is drawn, {left_out}" in drawn.stderr
    )
    cafe, bar = (len(home.warrants.of_case(CASE)) for home in cases.homes)
    assert (cafe, bar) == (0, kind == "remove")


def test_a_proposal_that_failed_is_repeated_and_no_other(authorities: Authorities) -> None:
    authority, operator = authorities.worlds[0].authority, authorities.worlds[0].operator
    drawn_for(authorities, authorities.cafe, countersigned=False)
    with patch.object(authority.peer, "url", "http://127.0.0.1:1"):
        assert "repeat the command" in authorities.case("propose", CASE).stderr
    (listed,) = authority.warrants.of_case(CASE)
    assert (listed.state, listed.steps[Step.PROPOSED].reason) == ("proposed", NOT_TOLD)
    assert operator.warrants.all() == []
    assert authorities.done("propose", CASE).endswith(": proposed\n")
    assert authorities.done("propose", CASE) == "there is nothing to do. Next: `case watch` (1 proposed)\n"
    assert [proposed.state for proposed in operator.warrants.all()] == ["pending"]
    (listed,) = authority.warrants.of_case(CASE)
    assert not listed.steps[Step.PROPOSED].reason


def test_a_proposal_whose_answer_was_lost_is_known_to_have_arrived_when_the_operator_is_asked(
    authorities: Authorities,
) -> None:
    authority = authorities.worlds[0].authority
    drawn_for(authorities, authorities.cafe, countersigned=False)
    authorities.done("propose", CASE)
    (listed,) = authority.warrants.of_case(CASE)
    for is_decided in (False, True):
        authority.warrants.note(listed.record.warrant_id, Step.PROPOSED, reason=NOT_TOLD)
        if is_decided:
            authorities.countersign()
        authorities.done("watch", CASE, "--once")
        assert not authority.warrants.of_case(CASE)[0].steps[Step.PROPOSED].reason


def test_a_case_is_not_closed_before_the_operator_knows_that_its_warrant_was_withdrawn(
    authorities: Authorities,
) -> None:
    drawn_for(authorities, authorities.cafe, countersigned=False)
    authorities.done("propose", CASE)
    with patch.object(authorities.worlds[0].authority.peer, "url", "http://127.0.0.1:1"):
        assert "repeat the command" in authorities.case("withdraw", CASE).stderr
    refused = authorities.case("close", CASE)
    assert refused.exit_code == 1
    assert "(case-unfinished)" in refused.stderr
    assert authorities.done("withdraw", CASE).endswith(": withdrawn\n")
    authorities.done("close", CASE)


@pytest.mark.parametrize("kind", ["remove", "close"])
def test_nothing_leaves_a_case_for_which_a_warrant_is_drawn_at_the_same_time(
    authorities: Authorities, kind: str
) -> None:
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.cafe), *authorities.window())
    cases = Cases([world.authority for world in authorities.worlds], "another")
    window = Window(authorities.cafe.record.venue_id, NOON - HOUR, NOON)

    def meanwhile(*_: object) -> None:
        assert authorities.done("draw", CASE, "--yes") == "1 warrant drawn\n"

    with patch.object(cases, "note", side_effect=meanwhile), pytest.raises((WindowInUse, CaseUnfinished)):
        cases.close(CASE) if kind == "close" else cases.remove(CASE, [window])
    assert [part.state for part in cases.parts(CASE)] == ["drawn"]
    assert cases.get(CASE).closed is None


def test_a_window_that_was_opened_stays_in_the_case(authorities: Authorities) -> None:
    released_at_the_cafe(authorities)
    authorities.done("open", CASE)
    authorities.worlds[0].now += 100 * DAY
    refused = authorities.case("remove", CASE, *authorities.venues(authorities.cafe), *authorities.window())
    assert "(window-in-use)" in refused.stderr


def test_what_was_released_and_withdrawn_is_not_opened(authorities: Authorities) -> None:
    released_at_the_cafe(authorities)
    authorities.done("withdraw", CASE)
    opened = authorities.done("open", CASE)
    assert opened == "there is nothing to do. Next: `case draw --again` (1 withdrawn)\n"


def test_what_was_released_under_a_warrant_that_expired_is_not_opened(authorities: Authorities) -> None:
    released_at_the_cafe(authorities)
    authorities.worlds[0].now += 8 * DAY
    opened = authorities.done("open", CASE)
    assert opened == "there is nothing to do. Next: `case draw --again` (1 expired)\n"


def test_an_opening_that_was_cut_off_before_it_was_noted_is_finished(authorities: Authorities) -> None:
    released_at_the_cafe(authorities)
    with patch.object(authorities.worlds[0].authority.warrants, "note", side_effect=OSError("killed")):
        assert authorities.case("open", CASE).exit_code == 1
    assert ": shared" in authorities.done("show", CASE)
    assert "1 of 1 visits opened" in authorities.done("open", CASE)
    assert ": opened" in authorities.done("show", CASE)
    authorities.done("close", CASE)


def test_an_opening_that_was_begun_is_finished_although_another_warrant_is_drawn(authorities: Authorities) -> None:
    one = authorities.worlds[0]
    released_at_the_cafe(authorities)
    with patch.object(one.authority.warrants, "note", side_effect=OSError("killed")):
        authorities.case("open", CASE)
    one.now += 120
    run(authorities.cafe.commit())
    assert authorities.done("draw", CASE, "--yes", "--again") == "1 warrant drawn\n"
    assert "1 of 1 visits opened" in authorities.done("open", CASE)
    authorities.done("withdraw", CASE)
    authorities.done("close", CASE)


def test_who_did_what_stands_beside_each_warrant_in_its_order(authorities: Authorities) -> None:
    released_at_the_cafe(authorities)
    authorities.done("open", CASE)
    authority = authorities.worlds[0].authority
    (listed,) = authority.warrants.of_case(CASE)
    entries = authority.journal.entries(warrant_id=listed.record.warrant_id)
    assert [entry.action for entry in entries] == ["draw", "propose", "release", "open"]
    assert {entry.case for entry in entries} == {CASE}
    assert [step.value for step, _ in listed.steps_in_order()] == [
        "proposed",
        "countersigned",
        "released",
        "shared",
        "opened",
    ]
    told = [line.split(": ", 1)[1] for line in authorities.done("show", CASE).splitlines() if "이 담당: " in line]
    assert [one.split()[0] for one in told] == ["start", "add", "draw", "propose", "release", "open"]


def test_a_step_too_early_or_too_late_says_what_is_next(authorities: Authorities, tmp_path: Path) -> None:
    authorities.done("start", CASE, "--legal-reference", LAW)
    assert authorities.done("propose", CASE) == "there is nothing to do. Next: `case add`\n"
    assert authorities.done("check", CASE) == "there are no windows. Next: `case add`\n"
    drawn = authorities.case("draw", CASE, "--yes")
    assert (drawn.exit_code, drawn.stderr) == (1, "Error: there are no windows. Next: `case add`\n")
    authorities.done("add", CASE, *authorities.venues(authorities.cafe), *authorities.window())
    exported = authorities.case("export", CASE, "-o", str(tmp_path / "export"))
    assert exported.exit_code == 1
    assert "nothing is written" in exported.stderr
    authorities.done("draw", CASE, "--yes")
    for step in ("release", "open"):
        assert authorities.done(step, CASE) == "there is nothing to do. Next: `case propose` (1 drawn)\n"
    authorities.done("withdraw", CASE)
    authorities.done("close", CASE)
    assert "(case-closed)" in authorities.case("start", CASE, "--legal-reference", LAW).stderr


def test_a_list_is_never_mistaken_for_the_whole_case(authorities: Authorities, tmp_path: Path) -> None:
    """Nothing is written while nothing is opened; afterwards it is told what is not on the list, and what is next."""
    one, two = authorities.worlds
    run(admit(one, {authorities.club[0]: [1], authorities.cafe: [1]}))
    run(admit(two, {authorities.club[1]: [2]}))
    drawn_for(authorities, authorities.club[0], authorities.cafe)
    authorities.done("release", CASE)
    exported = tmp_path / "export"
    early = authorities.case("export", CASE, "-o", str(exported))
    assert early.exit_code == 1
    assert "nothing is written: nothing of 5월 클럽 was opened. Next: `case open` (3 released)" in early.stderr
    assert not exported.exists()
    with patch.object(two.authority.peer, "ask", side_effect=Unreachable("no answer")):
        assert authorities.case("open", CASE).exit_code == 1
    half = authorities.case("export", CASE, "-o", str(exported))
    assert (half.exit_code, half.stdout) == (0, f"1 people, written to {exported}\n")
    told = "of 3 parts 1 are not on the list. Next: `case open` (1 released), `case export` (2 opened)\n"
    assert half.stderr == told
    counts = {(row["domain"][0], row["venue"], row["what"]): row["count"] for row in read(exported / "summary.csv")}
    assert counts["2", "클럽", "released, not opened yet"] == "1"
    authorities.done("open", CASE)
    whole = authorities.case("export", CASE, "-o", str(exported))
    assert (whole.stdout, whole.stderr) == (f"2 people, written to {exported}\n", "")


def in_two_parts(authorities: Authorities, *doors: Door) -> None:
    """A case with warrants that are countersigned, for doors of the first domain that release in two parts each."""
    one = authorities.worlds[0]
    passes = run(admit(one, {door: [1] for door in doors}))
    one.now += HOUR // 2
    for door in doors:
        door.part_ends = [door.log.kept[-1].opening.time]
        run(door.admit(passes[98].pop(), one.now - 60))
        run(door.commit())
    drawn_for(authorities, *doors, window=(-12 * HOUR, HOUR // 2))


def test_a_list_says_of_how_many_warrants_it_lacks_a_part(authorities: Authorities, tmp_path: Path) -> None:
    in_two_parts(authorities, authorities.cafe)
    open_part = Investigation._open_part

    async def but_the_last(it: Investigation, drawn: DrawnWarrant, part: ReleasedPart, *rest: Any) -> None:
        if part is drawn.parts[-1]:
            raise Unreachable("no answer")
        await open_part(it, drawn, part, *rest)

    lists = ("-o", str(tmp_path / "lists"))
    with patch.object(Investigation, "_open_part", but_the_last):
        half = authorities.case("carry-out", CASE, *lists)
    assert "2 visits released in 2 parts\n" in half.stdout
    assert half.exit_code == 1
    assert "of 1 parts 1 are not opened to the end. Next: `case open` (1 shared)" in half.stderr
    assert half.stdout.endswith(f"\n1 people, written to {lists[1]}\n")
    assert "2 of 2 visits opened\n" in authorities.done("carry-out", CASE, *lists)
    assert len(read(tmp_path / "lists" / "people.csv")) == 2


def test_two_parts_of_all_warrants_together_are_in_memory(authorities: Authorities, tmp_path: Path) -> None:
    in_two_parts(authorities, authorities.cafe, authorities.club[0])
    under_way = most = 0

    def counted(work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counting(*those: Any) -> Any:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            done = await work(*those)
            under_way -= 1
            return done

        return counting

    with ExitStack() as stack:
        for work in (Investigation._request_part, Investigation._open_part):
            stack.enter_context(patch.object(Investigation, work.__name__, counted(work)))
        told = authorities.done("carry-out", CASE, "-o", str(tmp_path / "lists"))
    assert told.count("2 of 2 visits opened\n") == 2
    assert most == AT_A_TIME


def test_what_a_release_alone_shows_is_told_before_anything_is_opened(authorities: Authorities) -> None:
    """What the authority has erased, and what it has opened for another venue."""
    one = authorities.worlds[0]
    passes = run(admit(one, {}))
    run(authorities.club[0].admit(passes[98][0], one.now - HOUR // 2))
    for door in (authorities.cafe, authorities.club[0]):
        run(door.admit(passes[99][0], one.now - HOUR // 2))
        run(door.commit())
    drawn_for(authorities, authorities.cafe)
    authorities.done("release", CASE)
    authorities.done("open", CASE)
    authorities.done("add", CASE, *authorities.venues(authorities.club[0]), *authorities.window())
    for step in (("draw", CASE, "--yes"), ("propose", CASE)):
        authorities.done(*step)
    authorities.countersign()
    assert "\n    1 of them with a pass that was opened for another venue\n" in authorities.done("release", CASE)
    assert one.officer(Role.AUTHORITY, "erase", str(one.today), "--yes").exit_code == 0
    told = authorities.done("release", CASE, "--again")
    assert "\n    2 of them on days that are erased here: they can never be opened\n" in told


def test_the_summary_says_what_retention_has_deleted_and_what_was_never_drawn(
    authorities: Authorities, tmp_path: Path
) -> None:
    released_at_the_cafe(authorities)
    authorities.done("open", CASE)
    authorities.worlds[0].authority.warrants.forget_ended(lambda _: True)
    authorities.done("add", CASE, *authorities.venues(authorities.bar), *authorities.window())
    authorities.done("export", CASE, "-o", str(tmp_path / "export"))
    summary = [(row["venue"], row["state"], row["what"], row["count"]) for row in read(tmp_path / "export/summary.csv")]
    assert summary == [
        ("카페", "opened", "opened, deleted after retention", "1"),
        ("술집", "not drawn", "windows", "1"),
    ]
    one = authorities.worlds[0]
    (listed,) = one.authority.warrants.listed()
    exported = one.officer(
        Role.AUTHORITY, "warrants", "export", listed.record.warrant_id.hex(), "-o", str(tmp_path / "x")
    )
    assert "is not kept any more (not-opened)" in exported.output


def test_every_reason_has_words() -> None:
    """What the code of the protocol counts by a name of its own, and each check that a check-in may fail."""
    source = "".join(
        path.read_text("utf-8") for place in ("protocol", "escrow") for path in (ROOT / place).rglob("*.py")
    )
    counted = set(re.findall(r"set_aside\[\"(\w+)\"\]", source)) | UNEXPLAINED
    assert {"Withheld", "Closed", "NoIdentity", "AdmittedByOne"} <= counted
    assert counted <= WHY.keys()
    assert why_set_aside("MalformedPoint") == "it is malformed"
    assert {"CommittedLate", "CommitmentMismatch", "InvalidSignature", "InvalidProof", "OutOfScope"} <= WHY.keys()


def test_a_state_of_a_warrant_can_be_asked_for(authorities: Authorities) -> None:
    assert STATES == ("drawn", *Step, "expired") == tuple(NEXT)[1:]


def test_a_refusal_is_shown_with_its_reason_and_another_warrant_is_drawn_if_told(authorities: Authorities) -> None:
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.cafe), *authorities.window())
    authorities.done("draw", CASE, "--yes")
    authorities.done("propose", CASE)
    authorities.countersign(but=1)
    watched = authorities.done("watch", CASE)
    assert "refused (창이 너무 넓습니다)" in watched
    assert authorities.done("draw", CASE, "--yes") == "0 warrants drawn\n"
    assert authorities.done("draw", CASE, "--yes", "--again") == "1 warrant drawn\n"
    assert authorities.done("draw", CASE, "--yes", "--again") == "0 warrants drawn\n"
    refused = authorities.case("close", CASE)
    assert "(case-unfinished)" in refused.stderr
    assert authorities.done("withdraw", CASE).endswith(": withdrawn\n")
    assert authorities.done("withdraw", CASE).startswith("there is nothing to do. ")
    authorities.done("close", CASE)


def test_what_became_of_an_earlier_warrant_is_not_taken_for_what_is_left_to_do(
    authorities: Authorities, tmp_path: Path
) -> None:
    """Neither the one that was refused nor the one that was opened is proposed again, or missed on the list."""
    one = authorities.worlds[0]
    left = run(admit(one, {authorities.cafe: [1]}))
    drawn_for(authorities, authorities.cafe, countersigned=False)
    authorities.done("propose", CASE)
    authorities.countersign(but=1)
    authorities.done("watch", CASE)
    run(authorities.cafe.admit(left[98].pop(), NOON - HOUR // 2))
    for _ in range(2):
        assert authorities.done("draw", CASE, "--yes", "--again") == "1 warrant drawn\n"
        assert authorities.done("propose", CASE).count(": proposed\n") == 1
        authorities.countersign()
        authorities.done("release", CASE)
        authorities.done("open", CASE)
        exported = authorities.case("export", CASE, "-o", str(tmp_path / "export"))
        assert (exported.exit_code, exported.stderr) == (0, "")
        one.now += 120
        run(authorities.cafe.commit())
    proposed = [entry.warrant_id for entry in one.authority.journal.entries(case=CASE) if entry.action == "propose"]
    assert len(proposed) == len(set(proposed)) == 3


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


def test_one_command_carries_out_what_both_parties_have_signed(authorities: Authorities, tmp_path: Path) -> None:
    one, two = authorities.worlds
    run(admit(one, {authorities.club[0]: [1, 2], authorities.cafe: [1]}))
    run(admit(two, {authorities.club[1]: [1, 3], authorities.bar: [1, 4]}))
    carried, exported = tmp_path / "carried out", tmp_path / "export"
    drawn_for(authorities, authorities.club[0], authorities.cafe, authorities.bar, countersigned=False)
    nothing = authorities.case("carry-out", CASE, "-o", str(carried))
    assert (nothing.exit_code, nothing.stdout) == (1, "")
    assert f"nothing of {CASE} was opened. Next: `case propose` (4 drawn)" in nothing.stderr
    authorities.done("propose", CASE)
    authorities.countersign()
    with (
        patch.object(authorities.cafe.log, "release", side_effect=OSError),
        patch.object(Waiting, "on", autospec=True, side_effect=Waiting.on) as waits,
    ):
        partly = authorities.case("carry-out", CASE, "-o", str(carried))
    assert partly.exit_code == 1
    assert "카페, 2023-11-15 11:00:00 to 2023-11-15 12:00:00, domain 1: the server failed; " in partly.stderr
    waited = [call.args[1:] for call in waits.call_args_list]

    def numbers(words: str) -> list[int]:
        return sorted(number for what, number, of in waited if re.search(words, what) and of == 4)

    assert numbers("^the venue's release: [클카술].*, domain [12]$") == numbers(r", to be read$") == [1, 2, 3, 4]
    assert len(numbers("^the operator's shares: [클술]")) == 3
    assert ("the lists, to be written", 1, 1) in waited
    assert partly.stdout.count(" visits released") == partly.stdout.count(" visits opened\n") == 3
    assert partly.stdout.endswith(f"\n4 people, written to {carried}\n")
    assert "of 4 parts 1 are not on the list. Next: `case release` (1 countersigned)" in partly.stderr
    assert "Error: 1 of 4 could not be done" in partly.stderr
    states = {row["venue"]: row["state"] for row in read(carried / "summary.csv")}
    assert states == {"클럽": "opened", "술집": "opened", "카페": "countersigned"}

    told = authorities.done("carry-out", CASE, "-o", str(carried))
    assert told.count(": 1 visits released\n") == told.count(": 1 of 1 visits opened\n") == told.count("opened") == 1
    assert told.count("the venue has committed to 1 check-ins") == 1
    authorities.done("export", CASE, "-o", str(exported))
    files = {file.name: file.read_bytes() for file in exported.iterdir()}
    assert {file.name: file.read_bytes() for file in carried.iterdir()} == files
    assert {row["phone"][-1] for row in read(carried / "people.csv")} == set("1234")
    assert authorities.done("carry-out", CASE, "-o", str(carried)) == f"4 people, written to {carried}\n"
    for world in authorities.worlds:
        actions = Counter(entry.action for entry in world.authority.journal.entries(case=CASE))
        retried = world is one
        assert (actions["release"], actions["open"]) == (2 + retried, 2)


def test_what_the_venue_lacked_is_told_by_whichever_command_ends_the_case(
    authorities: Authorities, tmp_path: Path
) -> None:
    assert release_before_all_is_committed(authorities).exit_code == 0
    carried = authorities.case("carry-out", CASE, "-o", str(tmp_path / "lists"))
    assert "the venue has committed to 1 check-ins with a time in the window" in carried.stdout
    assert "then draw a new warrant (`case draw --again`)" in carried.stderr


def test_watching_ends_when_both_operators_have_decided_on_all(authorities: Authorities) -> None:
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.club[0]), *authorities.window())
    authorities.done("draw", CASE, "--yes")
    authorities.done("propose", CASE)
    with patch("escrow.authority.case_steps_cli.time.sleep", side_effect=lambda _: authorities.countersign()) as waits:
        told = authorities.done("watch", CASE).splitlines()
    assert waits.call_count == 1
    assert [line.rpartition(": ")[2] for line in told[:-1]] == ["proposed"] * 2 + ["countersigned"] * 2
    assert told[-1] == "Next: `case release` (2 countersigned)"


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
    assert authorities.done("open", CASE).startswith("there is nothing to do. ")


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
    told = authorities.done("release", CASE)
    assert ": 1 visits released\n    the venue has committed to 1 check-ins with a time in the window\n" in told
    assert authorities.done("release", CASE).startswith("there is nothing to do. ")


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
    assert "; 1 set aside: closed, because a party may have erased its share" in authorities.done("open", CASE)
    assert authorities.done("open", CASE).startswith("there is nothing to do. ")
    exported = tmp_path / "export"
    authorities.done("export", CASE, "-o", str(exported))
    assert {row["phone"] for row in read(exported / "visits.csv")} == {"010-0000-0001", "010-0000-0002"}
    counts = {(row["domain"][0], row["what"]): row["count"] for row in read(exported / "summary.csv")}
    assert counts == {
        ("1", "admitted"): "2",
        ("1", "opened"): "2",
        ("2", "admitted"): "1",
        ("2", "opened"): "0",
        ("2", "set aside: closed, because a party may have erased its share of the day"): "1",
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


def test_a_case_that_is_closed_in_one_home_alone_is_closed_for_good_by_closing_it_again(
    authorities: Authorities,
) -> None:
    """The command was killed between two homes."""
    homes = [world.authority for world in authorities.worlds]
    for place in (0, 1):
        name = f"{CASE} {place}"
        authorities.done("start", name, "--legal-reference", LAW)
        with homes[place].cases.deciding(name) as connection:
            homes[place].cases.close(connection, name, NOON)
        added = authorities.case("add", name, *authorities.venues(authorities.cafe), *authorities.window())
        assert "(case-closed)" in added.stderr
        assert name not in authorities.done("list")
        assert ", closed " in authorities.done("show", name)
        authorities.done("close", name)
        assert all(home.cases.get(name, even_closed=True).closed for home in homes)


def test_two_warrants_of_a_case_are_worked_on_at_a_time(authorities: Authorities) -> None:
    authorities.done("start", CASE, "--legal-reference", LAW)
    authorities.done("add", CASE, *authorities.venues(authorities.club[0]), *authorities.window())
    authorities.done("draw", CASE, "--yes")
    begun: list[asyncio.Event] = []

    async def meets(_: object, _warrant_id: bytes) -> None:
        begun.append(asyncio.Event())
        if len(begun) == 2:
            begun[0].set()
        await asyncio.wait_for(begun[0].wait(), 60)

    with patch.object(Investigation, "propose_warrant", meets):
        assert authorities.done("propose", CASE).count("proposed") == 2


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
    with two.cases.deciding(CASE) as connection:
        two.cases.remove(connection, CASE, window)
    assert cases.add(CASE, [window]) == 2

    parts = cases.undrawn(CASE, again=False)
    limits = Limits(assumed_stay=0, max_records=10, valid_days=1, embargo_days=1)
    assert len(cases.draw(cases.get(CASE), parts[:1], limits)[0]) == 1
    drawn, left_out = cases.draw(cases.get(CASE), parts, limits)  # the list was made before, the first stands
    assert (len(drawn), left_out) == (1, [(parts[0], "another stands")])
    assert [entry.action for entry in one.journal.entries(case=CASE)][-2:] == ["draw", "not drawn, another stands"]
    assert [len(home.warrants.of_case(CASE)) for home in (one, two)] == [1, 1]

    with patch.object(Investigation, "propose_warrant", side_effect=OSError("killed")):
        assert authorities.case("propose", CASE).exit_code == 1
    for home in (one, two):
        (listed,) = home.warrants.of_case(CASE)
        home.warrants.note(listed.record.warrant_id, Step.PROPOSED)  # and then it was killed
    watched = authorities.case("watch", CASE, "--once")
    assert watched.exit_code == 0
    assert [len(world.operator.warrants.all()) for world in authorities.worlds] == [1, 1]


def test_a_name_stands_for_one_legal_reference(authorities: Authorities) -> None:
    register = authorities.worlds[0].authority.cases
    register.start(Case(CASE, LAW, NOON))
    with pytest.raises(CaseExists):
        register.start(Case(CASE, "another", NOON))
    assert authorities.case("start", CASE, "--legal-reference", "another").exit_code == 1
    one, two = (world.authority.cases for world in authorities.worlds)
    two.start(Case("another case", LAW, NOON))
    assert "(case-exists)" in authorities.case("start", "another case", "--legal-reference", "another").stderr
    assert "another case" not in {case.name for case in one.all()}
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
