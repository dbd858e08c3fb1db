"""One phone for several people: a pass for each, all or none, in at one time and out together."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from client.descriptions import describe_group
from client.errors import NoPassLeft, NoVisit
from client.picture import SIZE
from client.show import GROUP_STEP, show_live, show_once
from client.visitor import Visitor
from client.visits import check_in, check_out, group_to_leave, open_entries, open_entry, open_exits
from conformance.imitated import ALLOWANCE, ImitatedParties
from protocol.check_ins import Direction
from protocol.http_messages import Decision
from protocol.qr_text import from_qr_text
from service.problems import Problem
from tests.client.conftest import Clock
from tests.client.test_visits import left_today
from tests.support.camera import read_group, read_terminal
from tests.support.domain import NOW
from tests.support.running import online


def enter(visitor: Visitor, imitated: ImitatedParties, people: int) -> Decision:
    return online(lambda session: check_in(visitor, session, imitated.venue(), people))


def leave(visitor: Visitor) -> Decision:
    return online(lambda session: check_out(visitor, session, group_to_leave(visitor)))


def status(visitor: Visitor) -> list[str]:
    return [describe_group(visitor, group) for group in visitor.wallet().groups]


def test_everyone_has_a_pass_and_the_codes_are_signed_anew(
    supplied: Visitor, imitated: ImitatedParties, tmp_path: Path
) -> None:
    screens, png = open_entries(supplied, 3), tmp_path / "codes.png"
    assert left_today(supplied) == ALLOWANCE - 3
    for now in (NOW, NOW + 15):
        show_once(screens, now, Console(quiet=True), png)
        seen = [imitated.verify(message).message for message in read_group(png)]
        assert {message.time for message in seen} == {now}
        assert {message.u for message in seen} == {screen.stored.u for screen in screens}


def test_a_picture_says_for_each_code_what_it_is(supplied: Visitor, tmp_path: Path) -> None:
    """Under every code there is its line, another for every one, and for an exit."""
    png = tmp_path / "codes.png"
    bottoms = []
    for screens in (open_entries(supplied, 3), open_exits(supplied, group_to_leave(supplied))):
        show_once(screens, NOW, Console(quiet=True), png)
        with Image.open(png) as page:
            width, height = page.width // 2, page.height // 2
            for left, top in ((0, 0), (width, 0), (0, height)):
                line = page.crop((left, top + height - 2 * SIZE, left + width, top + height)).convert("L")
                assert line.getextrema() == (0, 255)
                bottoms.append(line.tobytes())
    assert len(set(bottoms)) == 6


def test_a_group_gets_passes_for_all_or_none(supplied: Visitor) -> None:
    open_entry(supplied)
    before = supplied.wallet().to_bytes()
    with pytest.raises(NoPassLeft, match="3 passes are needed and 2 left"):
        open_entries(supplied, 3)
    assert supplied.wallet().to_bytes() == before
    assert len(open_entries(supplied, 2)) == 2
    with pytest.raises(NoPassLeft, match="no pass left"):
        open_entries(supplied, 2)


def test_a_group_leaves_together(supplied: Visitor, imitated: ImitatedParties, clock: Clock) -> None:
    alone = open_entry(supplied)
    entries = open_entries(supplied, 2)
    for screen in (alone, *entries):
        imitated.check_ins.append(imitated.verify(from_qr_text(screen.text(NOW))))
    clock.now += 600
    exits = [
        imitated.verify(from_qr_text(screen.text(clock.now)))
        for screen in open_exits(supplied, group_to_leave(supplied))
    ]
    assert [one.message.direction for one in exits] == [Direction.EXIT] * 2
    assert [one.message.u for one in exits] == [screen.stored.u for screen in entries]
    [visit] = group_to_leave(supplied, 1)
    assert (visit.u, visit.left) == (alone.stored.u, None)
    assert status(supplied) == [
        "2020-09-13 21:26, code shown / QR 코드 표시",
        "2020-09-13 21:26, 2 people, code shown, exit code shown 2020-09-13 21:36 / 2명, QR 코드 표시, "
        "2020-09-13 21:36 퇴장 QR 코드 표시",
    ]


def test_a_terminal_shows_the_codes_in_turn(supplied: Visitor, imitated: ImitatedParties, clock: Clock) -> None:
    output = io.StringIO()
    terminal = Console(file=output, force_terminal=True, width=100, height=50, legacy_windows=False)
    seen = []

    def sleep(seconds: float) -> None:
        seen.append((clock.now, imitated.verify(read_terminal(output.getvalue())).message))
        clock.now += int(seconds)

    show_live(open_entries(supplied, 3), clock, terminal, None, 18, sleep)
    assert len({message.u for _, message in seen[:3]}) == 3
    assert [message.u for _, message in seen[:3]] == [message.u for _, message in seen[3:6]]
    assert all(now - message.time < 15 for now, message in seen)
    assert {later - now for (now, _), (later, _) in pairwise(seen[1:])} == {GROUP_STEP}
    assert "(3/3)" in output.getvalue()


def test_a_group_checks_in_by_poster_and_out(supplied: Visitor, imitated: ImitatedParties, clock: Clock) -> None:
    assert enter(supplied, imitated, 3) is Decision.ADMITTED
    clock.now += 600
    assert leave(supplied) is Decision.ADMITTED
    entries, exits = imitated.check_ins[:3], imitated.check_ins[3:]
    assert [one.message.u for one in entries] == [one.message.u for one in exits]
    assert len({one.message.u for one in entries}) == 3
    assert status(supplied) == [
        "2020-09-13 21:26, 3 people at 클럽 스플릿, admitted, left 2020-09-13 21:36 / 3명, 입장, 2020-09-13 21:36 퇴장",
    ]
    with pytest.raises(NoVisit):
        leave(supplied)


def test_a_refusal_of_one_is_told_and_the_others_can_leave(supplied: Visitor, imitated: ImitatedParties) -> None:
    answers = iter([Decision.ADMITTED, Decision.TOO_OLD, Decision.ADMITTED, Decision.ADMITTED, Decision.TOO_EARLY])
    imitated.door = lambda _: next(answers, Decision.ADMITTED)
    assert enter(supplied, imitated, 3) is Decision.TOO_OLD
    assert len(group_to_leave(supplied)) == 2
    assert leave(supplied) is Decision.TOO_EARLY
    [told] = status(supplied)
    assert "2 admitted, 1 refused (the code is too old;" in told
    assert "1 left 2020-09-13 21:26 / 3명, 2 입장, 1 거절(시간이 지난 코드입니다." in told
    assert told.endswith("1명 2020-09-13 21:26 퇴장")
    assert leave(supplied) is Decision.ADMITTED
    assert "2 left" in status(supplied)[0]


def test_a_group_that_gets_no_answer_has_used_its_passes(supplied: Visitor, imitated: ImitatedParties) -> None:
    answers = iter([Decision.ADMITTED])
    imitated.door = lambda _: next(answers)  # and then it fails
    with pytest.raises(Problem):
        enter(supplied, imitated, 3)
    assert left_today(supplied) == 0
    assert "3 people at 클럽 스플릿, 1 admitted, 2 no answer came" in status(supplied)[0]
