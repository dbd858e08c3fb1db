from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from client.errors import NoPassLeft, NoVisit
from client.visitor import Visitor
from client.visits import Screen, check_in, check_out, group_to_leave, open_entry, open_exits
from conformance.imitated import ALLOWANCE, ImitatedParties
from protocol.check_ins import CheckIn, CheckInMessage, Direction
from protocol.epochs import MAX_STAY
from protocol.http_messages import Decision
from protocol.primitives.errors import WrongEpoch
from protocol.qr_text import from_qr_text
from service.problems import Problem
from tests.client.conftest import PASSPHRASE, Clock
from tests.support.domain import NOW, TODAY
from tests.support.running import online

DAY = 86_400


def admit(imitated: ImitatedParties, screen: Screen, now: int) -> CheckIn:
    """What a door makes of the screen."""
    check_in = imitated.verify(from_qr_text(screen.text(now)))
    imitated.check_ins.append(check_in)
    return check_in


def leave(visitor: Visitor) -> Screen:
    """The exit screen of somebody who came alone."""
    [screen] = open_exits(visitor, group_to_leave(visitor))
    return screen


def left_today(visitor: Visitor) -> int:
    day = visitor.wallet().day(TODAY)
    return len(day.passes) if day else 0


def test_a_door_admits_what_is_shown(supplied: Visitor, imitated: ImitatedParties) -> None:
    check_in = admit(imitated, open_entry(supplied), NOW)
    assert check_in.message.direction is Direction.ENTRY
    assert check_in.message.venue_id is None
    assert check_in.message.time == NOW
    assert check_in.epoch == TODAY
    assert left_today(supplied) == ALLOWANCE - 1


def test_the_code_changes_with_the_time_and_the_pass_stays(supplied: Visitor) -> None:
    screen = open_entry(supplied)
    messages = [from_qr_text(screen.text(NOW + seconds)) for seconds in (0, 14, 15, 45)]
    assert [message.time for message in messages] == [NOW, NOW, NOW + 15, NOW + 45]
    assert len({message.u for message in messages}) == 1
    assert len({message.label_signature for message in messages[1:]}) == 3
    assert left_today(supplied) == ALLOWANCE - 1


def test_every_opening_takes_another_pass_until_none_is_left(supplied: Visitor) -> None:
    shown = {open_entry(supplied).stored.u for _ in range(ALLOWANCE)}
    assert len(shown) == ALLOWANCE
    with pytest.raises(NoPassLeft):
        open_entry(supplied)


def test_tomorrows_passes_are_not_shown_today(supplied: Visitor, clock: Clock) -> None:
    today = {open_entry(supplied).stored.u for _ in range(ALLOWANCE)}
    clock.now += DAY
    assert open_entry(supplied).stored.u not in today
    clock.now += DAY
    with pytest.raises(NoPassLeft):
        open_entry(supplied)
    assert supplied.wallet().days == ()


def test_an_entry_screen_ends_at_midnight(supplied: Visitor, imitated: ImitatedParties) -> None:
    screen = open_entry(supplied)
    midnight = imitated.domain.epoch_begins(TODAY + 1)
    assert from_qr_text(screen.text(midnight - 1)).time == midnight - 15
    with pytest.raises(WrongEpoch, match="open the screen again"):
        screen.text(midnight)


@pytest.mark.parametrize("stay", [60, 4 * 3600, MAX_STAY])
def test_an_exit_has_the_pass_and_epoch_of_its_entry(
    supplied: Visitor, imitated: ImitatedParties, clock: Clock, stay: int
) -> None:
    entry = admit(imitated, open_entry(supplied), NOW)
    clock.now += stay
    exit_ = admit(imitated, leave(supplied), clock.now)
    assert exit_.message.direction is Direction.EXIT
    assert (exit_.message.u, exit_.epoch) == (entry.message.u, entry.epoch)
    assert (imitated.domain.epoch_at(clock.now) == TODAY) == (stay == 60)
    if stay == 60:
        assert left_today(supplied) == ALLOWANCE - 1


def test_an_exit_can_be_shown_again(supplied: Visitor, clock: Clock) -> None:
    open_entry(supplied)
    first = leave(supplied).stored.u
    clock.now += 60
    assert leave(supplied).stored.u == first
    assert supplied.wallet().visits[0].left == NOW + 60


def test_an_exit_comes_too_late(supplied: Visitor, clock: Clock) -> None:
    open_entry(supplied)
    clock.now += MAX_STAY + 1
    with pytest.raises(NoVisit):
        group_to_leave(supplied)


def test_a_visit_that_is_over_cannot_be_left(supplied: Visitor) -> None:
    open_entry(supplied)
    over = replace(group_to_leave(supplied)[0], exit_pass=None)
    with pytest.raises(NoVisit, match="is over"):
        open_exits(supplied, [over])
    with pytest.raises(NoVisit, match="show the exit code"):
        online(lambda session: check_out(supplied, session, group_to_leave(supplied)))


def test_an_exit_whose_answer_was_lost_is_found_to_be_over(
    supplied: Visitor, imitated: ImitatedParties, clock: Clock
) -> None:
    """A door takes each exit once, and its answer to the first one does not arrive."""
    assert online(lambda session: check_in(supplied, session, imitated.venue())) is Decision.ADMITTED
    clock.now += 600
    taken: set[bytes] = set()

    def door(exit_: CheckIn) -> Decision:
        if exit_.message.u in taken:
            return Decision.ALREADY_SPENT
        taken.add(exit_.message.u)
        raise RuntimeError("the answer is lost")

    imitated.door = door
    with pytest.raises(Problem):
        online(lambda session: check_out(supplied, session, group_to_leave(supplied)))
    [visit] = group_to_leave(supplied)
    assert (visit.left, visit.u in taken) == (None, True)
    clock.now += 60
    assert online(lambda session: check_out(supplied, session, group_to_leave(supplied))) is Decision.ADMITTED
    [visit] = supplied.wallet().visits
    assert (visit.left, visit.exit_pass) == (NOW + 660, None)
    with pytest.raises(NoVisit):
        group_to_leave(supplied)


def test_any_visit_can_be_chosen(supplied: Visitor) -> None:
    shown = [open_entry(supplied).stored.u for _ in range(2)]
    assert group_to_leave(supplied)[0].u == shown[1]
    assert [group_to_leave(supplied, number)[0].u for number in (1, 2)] == shown
    for number in (-1, 0, 3):
        with pytest.raises(NoVisit, match="no such visit"):
            group_to_leave(supplied, number)


def test_visits_are_forgotten_after_the_retention_period(supplied: Visitor, clock: Clock) -> None:
    open_entry(supplied)
    clock.now += 28 * DAY
    assert len(supplied.wallet().visits) == 1
    clock.now += 1
    assert supplied.wallet().visits == ()


KILLED = """
import os, signal, sys
from pathlib import Path
from client.visitor import Visitor
from client.visits import open_entry
from tests.support.domain import NOW

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

visitor = Visitor(Path(sys.argv[1]), sys.argv[2].encode(), lambda: NOW)
if sys.argv[3] == "while saving":
    Path.replace = die
screen = open_entry(visitor)
die()
"""


@pytest.mark.parametrize(("moment", "lost"), [("while saving", 0), ("before showing", 1)])
def test_a_crash_loses_at_most_one_pass_and_shows_none_twice(
    supplied: Visitor, imitated: ImitatedParties, moment: str, lost: int
) -> None:
    home = supplied.epochs.directory.parent
    arguments = [sys.executable, "-c", KILLED, str(home), PASSPHRASE.decode(), moment]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    burned = {visit.u for visit in supplied.wallet().visits}
    assert len(burned) == lost
    assert left_today(supplied) == ALLOWANCE - lost
    assert open_entry(supplied).stored.u not in burned


SHOW = """
import sys
from pathlib import Path
from client.visitor import Visitor
from client.visits import open_entry
from tests.support.domain import NOW

visitor = Visitor(Path(sys.argv[1]), sys.argv[2].encode(), lambda: NOW)
print("ready", flush=True)
sys.stdin.readline()
print(open_entry(visitor).text(NOW))
"""


def test_processes_at_once_never_show_one_pass(supplied: Visitor) -> None:
    home: Path = supplied.epochs.directory.parent
    arguments = [sys.executable, "-c", SHOW, str(home), PASSPHRASE.decode()]
    processes = [
        subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ})
        for _ in range(ALLOWANCE)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    messages: list[CheckInMessage] = []
    for process in processes:
        output, _ = process.communicate()
        messages.append(from_qr_text(output.strip()))
    assert len({message.u for message in messages}) == ALLOWANCE
    assert left_today(supplied) == 0
