"""`admit`: what staff type is sealed at once, opens with both parties' shares, and is kept nowhere readable."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from protocol.assisted_check_ins import AssertedRecord, AssistedCheckIn, open_assisted, verify_assisted
from protocol.epochs import Role
from tests.support.domain import NOW, OpenEpoch, Parties
from tests.support.venues import only
from tests.venue.conftest import MakeVenue, environment, stored, venue_command
from venue.__main__ import cli
from venue.home import ServedVenue

NAME, PHONE = "홍길동", "+821012345678"
TYPED = f"{NAME}\n{PHONE}\ny\n"


@pytest.fixture
def door(make_venue: MakeVenue, present: OpenEpoch) -> ServedVenue:
    """A venue that knows the real clock's keys; both parties are out of reach."""
    return make_venue([present])


def admit(venue: ServedVenue, typed: str) -> Result:
    return CliRunner().invoke(cli, ["--home", str(venue.home.path), "admit"], input=typed)


def opened(venue: ServedVenue, epoch: OpenEpoch) -> list[AssertedRecord]:
    records = []
    for encoded in stored(venue).get(epoch.key.epoch, []):
        entry = verify_assisted(epoch.key, AssistedCheckIn.from_bytes(encoded))
        assert entry.message.venue_id == venue.venue_id
        D_operator, D_authority = (epoch.secrets[role].share * entry.message.u for role in Role)
        records.append(open_assisted(epoch.key, entry, D_operator + D_authority))
    return records


def test_what_was_typed_is_sealed(door: ServedVenue, present: OpenEpoch) -> None:
    result = admit(door, TYPED)
    assert result.exit_code == 0
    assert "ADMITTED" in result.output
    assert "봉인되어" in result.output
    assert opened(door, present) == [AssertedRecord(NAME, PHONE)]


def test_the_same_person_twice_looks_like_two(door: ServedVenue, present: OpenEpoch) -> None:
    for _ in range(2):
        assert admit(door, TYPED).exit_code == 0
    first, second = stored(door)[present.key.epoch]
    assert len(first) == len(second)
    assert AssistedCheckIn.from_bytes(first).u != AssistedCheckIn.from_bytes(second).u


def test_nothing_readable_stays(door: ServedVenue, caplog: pytest.LogCaptureFixture) -> None:
    assert admit(door, TYPED).exit_code == 0
    kept = b"".join(path.read_bytes() for path in door.home.path.rglob("*") if path.is_file())
    for secret in (NAME, PHONE, PHONE[1:]):
        assert secret.encode() not in kept
        assert secret.encode().hex().encode() not in kept
        assert secret not in caplog.text


def test_a_terminal_forgets_what_was_typed(door: ServedVenue, present: OpenEpoch) -> None:
    """In a real terminal the questions are on a screen of their own, and no name is in the command's arguments."""
    controller, terminal = pty.openpty()
    command = venue_command(door.home.path, "admit")
    assert not {NAME, PHONE} & set(command)
    process = subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env={**environment(), "TERM": "xterm"}
    )
    os.close(terminal)
    os.write(controller, TYPED.encode())
    shown = b""
    while True:
        try:
            shown += os.read(controller, 1024)
        except OSError:  # the terminal is gone with the process
            break
    assert process.wait() == 0
    os.close(controller)
    _, aside, after = shown.rpartition(b"\x1b[?1049l")
    assert aside
    assert b"ADMITTED" in after
    assert NAME.encode() not in after
    assert opened(door, present) == [AssertedRecord(NAME, PHONE)]


def test_what_is_wrong_is_asked_again(door: ServedVenue, present: OpenEpoch) -> None:
    long = "가" * 43
    typed = ["=1+1", long, "  홍   길동 ", "12", "112", "none", "010-1234-5678", "n", NAME, "+82 10 1234 5678", "y"]
    result = admit(door, "\n".join(typed) + "\n")
    assert result.exit_code == 0
    assert result.output.count("Error") == 5
    assert "leave out = + / 이름에 쓸 수 없는 글자가 있습니다: = +" in result.output
    assert result.output.count("this is no telephone number / 전화번호를 확인해 주세요") == 3
    assert "홍 길동, +821012345678: is this right?" in result.output
    assert opened(door, present) == [AssertedRecord(NAME, PHONE)]


def test_a_number_without_a_country_code_is_one_of_the_region_in_the_settings(
    door: ServedVenue, present: OpenEpoch
) -> None:
    with (door.home.path / "settings.toml").open("a") as settings:
        settings.write('region = "JP"\n')
    result = admit(door, f"{NAME}\n090-1234-5678\ny\n")
    assert f"{NAME}, +819012345678: is this right?" in result.output
    assert opened(door, present) == [AssertedRecord(NAME, "+819012345678")]
    (door.home.path / "settings.toml").write_text('region = "Korea"\n')
    assert "no country has the region's code" in admit(door, TYPED).output


@pytest.mark.parametrize("typed", ["", f"{NAME}\n", f"{NAME}\n{PHONE}\n", f"{NAME}\n{PHONE}\nn\n"])
def test_nothing_is_kept_before_staff_say_that_it_is_right(door: ServedVenue, typed: str) -> None:
    assert admit(door, typed).exit_code == 1
    assert stored(door) == {}


def test_a_door_without_the_days_keys_says_so(make_venue: MakeVenue) -> None:
    venue = make_venue([])
    result = admit(venue, TYPED)
    assert result.exit_code == 1
    assert "does not have the day's keys" in result.output
    assert stored(venue) == {}


def test_the_gate_keeps_it_on_every_database(venue: ServedVenue, today: OpenEpoch) -> None:
    entry = venue.gate.admit(only(venue).door, AssertedRecord(NAME, PHONE), NOW)
    assert entry is not None
    assert (entry.epoch, entry.message.time) == (today.key.epoch, NOW)
    assert stored(venue) == {today.key.epoch: [entry.message.to_bytes()]}
    [day] = only(venue).store.days()
    assert (day.entries, day.exits) == (1, 0)


def test_no_option_takes_a_name(tmp_path: Path, parties: Parties) -> None:
    options = CliRunner().invoke(cli, ["admit", "--help"]).output
    assert "--name" not in options
    assert "--phone" not in options
