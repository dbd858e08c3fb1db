"""What an officer is told before a warrant is signed, and what lists and the journal say afterwards. Spec: §6.8."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from click.testing import Result

from escrow.authority.case_register import Case
from escrow.authority.drawing import Known, what_cannot_be, what_is_odd, why_closed
from escrow.authority.warrants import Step, Window
from escrow.operator.cli import OperatorProgram
from escrow.peer import Peer
from protocol.epochs import EPOCH_SECONDS, Role
from service.cli import local_time
from service.problems import Unreachable
from tests.support.databases import FOR_SERVERS
from tests.support.domain import Parties
from tests.support.investigations import trace
from tests.support.running import run
from tests.support.servers import NOON, Door, World, open_door, run_world

HOUR = 3600
DAY = 19_676
"""The epoch of NOON."""
KNOWN = Known(kept=range(DAY - 2, DAY + 4), erased=[DAY - 4, DAY - 3], committed=NOON, pauses=[], drawn=False)


def window(begins: float, ends: float) -> Window:
    """From and to so many hours from noon."""
    return Window(bytes(16), NOON + int(begins * HOUR), NOON + int(ends * HOUR))


@pytest.mark.parametrize(
    ("begins", "ends", "why"),
    [
        (-2, -1, None),
        (-2, 1, None),
        (-60, -50, None),
        (-85, -30, None),
        (-1, -1, "ends before it begins"),
        (-1, -2, "ends before it begins"),
        (0, 1, "in the future"),
        (30, 31, "in the future"),
        (-32 * 24, -1, "longer than 31 days"),
        (-85, -70, "every day of the window is erased"),
        (-130, -120, "before the domain's first day"),
        (-120, -100, "no day of the window is kept"),
    ],
)
def test_a_window_of_which_nothing_can_be_opened_is_refused(
    begins: float, ends: float, why: str | None, parties: Parties
) -> None:
    domain = replace(parties.domain, utc_offset=9 * HOUR)
    assert domain.epoch_at(NOON) == DAY
    asked = window(begins, ends)
    told = what_cannot_be(asked, NOON) or why_closed(domain, KNOWN, asked, NOON)
    assert (told is None) if why is None else (told is not None and why in told)


def test_a_domain_without_any_day_has_nothing_to_open(parties: Parties) -> None:
    young = replace(KNOWN, kept=[], erased=[])
    assert "before the domain's first day" in (why_closed(parties.domain, young, window(-2, -1), NOON) or "")


@pytest.mark.parametrize(
    ("begins", "ends", "change", "odd"),
    [
        (-2, -1, {}, []),
        (-2, 0, {}, []),
        (-2, 1, {}, ["ends in the future"]),
        (-24, 0, {}, []),
        (-24.01, 0, {}, ["longer than a day"]),
        (-64, -50, {}, ["2023-11-12 is not kept"]),
        (-2, -1, {"committed": None}, ["never committed"]),
        (-2, -1, {"committed": NOON - 90 * 60}, ["last committed 2023-11-15 10:30:00"]),
        (-2, -1, {"pauses": [(0, NOON - HOUR), (NOON - HOUR, NOON)]}, ["did not commit until", "did not commit from"]),
        (-2, -1, {"drawn": True}, ["this very window"]),
    ],
)
def test_what_is_odd_is_said(
    begins: float, ends: float, change: dict[str, Any], odd: list[str], parties: Parties
) -> None:
    domain = replace(parties.domain, utc_offset=9 * HOUR)
    told = what_is_odd(domain, replace(KNOWN, **change), window(begins, ends), NOON, 5_000)
    assert len(told) == len(odd)
    assert all(words in line for words, line in zip(odd, told, strict=True))
    more = what_is_odd(domain, replace(KNOWN, **change), window(begins, ends), NOON, 5_001)
    assert [line for line in more if line not in told] == ["the warrant is for more than 5000 records"]


@pytest.fixture(scope="module", params=FOR_SERVERS)
def world(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[World]:
    with run_world(tmp_path_factory.mktemp("drawing"), request.param) as world:
        yield world


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    world.now = int(time.time())  # the commands' clock
    with open_door(world) as door:
        yield door
    world.now = NOON


def draw(world: World, door: Door, begins: int, ends: int, *more: str, typed: str = "") -> Result:
    offset = world.settings.utc_offset
    times = ("--from", local_time(begins, offset)[:16], "--until", local_time(ends, offset))
    options = ("--venue", door.record.venue_id.hex(), *times, "--legal-reference", "제76조의2", *more)
    return world.officer(Role.AUTHORITY, "warrants", "draw", *options, typed=typed)


def test_an_officer_is_asked_about_what_is_odd_and_nothing_is_signed_before(world: World, door: Door) -> None:
    before = len(world.authority.warrants.listed())
    for typed in ("", "n\n"):
        asked = draw(world, door, NOON - HOUR, NOON, typed=typed)
        assert asked.exit_code == 1
        assert "the venue has never committed" in asked.stderr
        assert "Sign the warrant all the same?" in asked.stderr
    refused = draw(world, door, int(time.time()) + HOUR, int(time.time()) + 2 * HOUR, "--yes")
    assert (refused.exit_code, refused.stderr) == (1, "Error: the window is in the future (no-warrant)\n")
    assert len(world.authority.warrants.listed()) == before
    drawn = draw(world, door, NOON - HOUR, NOON, typed="y\n")
    assert drawn.exit_code == 0
    assert len(world.authority.warrants.listed()) == before + 1
    again = draw(world, door, NOON - HOUR, NOON)
    assert "there is a warrant for this very window already" in again.stderr


@pytest.mark.parametrize(
    ("option", "limit"), [("--legal-reference", 256), ("--advice", 1000)], ids=["reference", "advice"]
)
def test_a_text_that_no_warrant_holds_is_refused_with_its_option_and_limit(
    world: World, door: Door, option: str, limit: int
) -> None:
    before = len(world.authority.warrants.listed())
    for text in ("", "x" * (limit + 1), "two\nlines", "\udcff"):
        refused = draw(world, door, NOON - HOUR, NOON, "--purpose", "notice", option, text, "--yes")
        assert refused.exit_code == 2
        assert f"'{option}': it is one line of printable characters, from 1 to {limit} bytes" in refused.stderr
    assert len(world.authority.warrants.listed()) == before


def test_a_warrant_that_did_not_reach_the_operator_says_how_it_is_sent_again(world: World, door: Door) -> None:
    with patch.object(Peer, "ask", side_effect=Unreachable("the operator did not answer")):
        drawn = draw(world, door, NOON - 3 * HOUR, NOON - HOUR, "--yes")
    warrant_id = drawn.stdout.strip()
    assert drawn.exit_code == 1
    assert f"it is drawn: `warrants release {warrant_id}` sends it again\n" in drawn.stderr
    refused = world.officer(Role.AUTHORITY, "warrants", "release", warrant_id)
    assert "(warrant-pending)" in refused.stderr
    assert world.operator.warrants.get(bytes.fromhex(warrant_id)).state == "pending"


def test_a_venue_that_nobody_approved_has_no_warrant(world: World) -> None:
    door = Door(world, 1)
    refused = draw(world, door, NOON - HOUR, NOON, "--yes")
    assert "(unknown-venue)" in refused.stderr
    run(door.apply())
    refused = draw(world, door, NOON - HOUR, NOON, "--yes")
    assert refused.stderr == "Error: approve the venue first (venue-pending)\n"


def test_the_lists_of_both_parties_say_how_far_each_warrant_is_and_can_be_filtered(world: World, door: Door) -> None:
    warrants = [draw(world, door, NOON - hours * HOUR, NOON, "--yes").stdout.strip() for hours in (1, 2, 3)]
    assert world.officer(Role.OPERATOR, "--officer", "김 담당", "warrants", "countersign", warrants[0]).exit_code == 0
    for wrong in ("", "가" * 86, "two\nlines", "\x1b[2J"):
        wrongly = world.officer(Role.OPERATOR, "warrants", "refuse", warrants[1], "--reason", wrong)
        assert wrongly.exit_code == 2
        assert "--reason: a reason has from 1 to 256 bytes, all printable" in wrongly.stderr
    reason = ("--reason", "창이 너무 넓습니다" + 230 * "!")  # 256 bytes
    assert world.officer(Role.OPERATOR, "warrants", "refuse", warrants[1], *reason).exit_code == 0
    venue = ("--venue", door.record.venue_id.hex())
    for warrant, status in zip(warrants[:2], (0, 1), strict=True):  # the authority learns of decisions when it asks
        released = world.officer(Role.AUTHORITY, "--officer", "이 담당", "warrants", "release", warrant)
        assert released.exit_code == status
    for role, states in (
        (Role.OPERATOR, ("countersigned", "refused", "pending")),
        (Role.AUTHORITY, ("released", "refused", "proposed")),
    ):
        listed = world.officer(role, "warrants", "list", *venue).stdout
        for warrant, state in zip(warrants, states, strict=True):
            assert f"{warrant}  opening  {state}\n" in listed
            alone = world.officer(role, "warrants", "list", *venue, "--state", state).stdout
            assert [one for one in warrants if one in alone] == [warrant]
        assert listed.count("0 of 500 records, 제76조의2") == 3
        assert listed.count(", expires ") == 3
        assert world.officer(role, "warrants", "list", "--venue", bytes(16).hex()).stdout == ""
    for asked, refused in (("--venue", bytes(16).hex()), "unknown-venue"), (("--case", "nope"), "unknown-case"):
        assert f"({refused})" in world.officer(Role.AUTHORITY, "warrants", "list", *asked).stderr
    world.authority.cases.start(Case("5월", "제76조의2", NOON))
    of_case = replace(world.authority.warrants.listed()[-1].record, warrant_id=bytes([7] * 16))
    with world.authority.cases.deciding("5월") as connection:
        world.authority.warrants.add_to_case(connection, "5월", of_case, b"")
    in_case = world.officer(Role.AUTHORITY, "warrants", "list", "--case", "5월").stdout
    assert [line.split()[0] for line in in_case.splitlines() if "  opening  " in line] == [of_case.warrant_id.hex()]
    shown = world.officer(Role.AUTHORITY, "warrants", "show", warrants[1]).stdout
    assert "state            refused\n" in shown
    assert f": {reason[1]}\n" in shown
    assert shown.splitlines()[-1].endswith("  이 담당: release " + warrants[1])
    journal = world.officer(Role.OPERATOR, "journal").stdout
    assert f"  김 담당: countersign {warrants[0]}\n" in journal
    assert world.officer(Role.AUTHORITY, "--officer", "two\nlines", "journal").exit_code == 2


def test_a_reason_that_an_older_program_took_commands_no_terminal(world: World, door: Door) -> None:
    warrant_id = draw(world, door, NOON - HOUR, NOON, "--yes").stdout.strip()
    world.operator.warrants.refuse(bytes.fromhex(warrant_id), "\x1b[2J")
    assert "refused (?[2J)\n" in world.officer(Role.OPERATOR, "warrants", "show", warrant_id).stdout


def test_a_warrant_that_is_over_is_expired_at_the_operator_too(world: World, door: Door) -> None:
    warrants = [draw(world, door, NOON - hours * HOUR, NOON, "--yes").stdout.strip() for hours in (1, 2, 3)]
    assert world.officer(Role.OPERATOR, "warrants", "countersign", warrants[0]).exit_code == 0
    assert world.officer(Role.OPERATOR, "warrants", "refuse", warrants[1], "--reason", "너무 넓습니다").exit_code == 0
    world.now += 100 * EPOCH_SECONDS
    with patch.object(OperatorProgram, "open", lambda _program, _home: world.operator):
        listed = world.officer(Role.OPERATOR, "warrants", "list", "--state", "expired").stdout
        shown = world.officer(Role.OPERATOR, "warrants", "show", warrants[0]).stdout
    assert [one for one in warrants if one in listed] == [warrants[0], warrants[2]]
    assert "state            expired\n" in shown


def test_a_warrant_says_when_each_step_was_taken_and_how_much_it_gave(world: World) -> None:
    with open_door(world) as door:
        visitors = run(world.visitors_with_passes(2))
        for _, passes in visitors:
            run(door.admit(passes[0]))
        warrant_id, _ = run(trace(world, door.record.venue_id))
        listed = world.authority.warrants.listed_one(warrant_id)
        assert {step: taken.visits for step, taken in listed.steps.items()} == {
            Step.PROPOSED: None,
            Step.COUNTERSIGNED: None,
            Step.RELEASED: 2,
            Step.SHARED: None,
            Step.OPENED: 2,
        }
        assert {taken.time for taken in listed.steps.values()} == {world.now}
        later = listed.record.expires + 1
        assert (listed.state, listed.state_at(later), listed.stands_at(later)) == ("opened", "opened", True)
        shown = world.officer(Role.AUTHORITY, "warrants", "show", warrant_id.hex()).stdout
        assert f"opened           {local_time(world.now, world.settings.utc_offset)}, 2 visits\n" in shown
        world.authority.warrants.forget_ended(lambda _: True)
        assert world.authority.warrants.listed_one(warrant_id).state == "opened"


def test_a_warrant_under_which_nothing_was_begun_in_time_is_expired(world: World, parties: Parties) -> None:
    warrant = replace(parties.warrant(NOON, NOON + 60).record, issued=NOON, expires=NOON + EPOCH_SECONDS)
    world.authority.warrants.add(warrant, b"signed")
    listed = world.authority.warrants.listed_one(warrant.warrant_id)
    assert (listed.state_at(warrant.expires), listed.stands_at(warrant.expires)) == ("drawn", True)
    assert (listed.state_at(warrant.expires + 1), listed.stands_at(warrant.expires + 1)) == ("expired", False)


def test_the_journal_takes_the_machines_name_of_a_user(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "kim")
    world.officer(Role.AUTHORITY, "venues", "approve", bytes(16).hex(), "--key", "00")
    monkeypatch.setenv("SPLITPASS_OFFICER", "이 담당")
    world.officer(Role.AUTHORITY, "venues", "refuse", bytes(16).hex(), "--key", "00")
    *_, approved, refused = world.officer(Role.AUTHORITY, "journal").stdout.splitlines()
    assert approved.endswith(f"  kim: approve venue {bytes(16).hex()}")
    assert refused.endswith(f"  이 담당: refuse a key of venue {bytes(16).hex()}")
