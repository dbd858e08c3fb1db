"""What command lines show."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator

import click
import pytest
import sqlalchemy as sql
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from client.__main__ import main as client
from escrow.__main__ import main as escrow
from lab.__main__ import main as lab
from service.cli import CommandGroup, Moment, local_time, parse_local_time
from venue.__main__ import cli as venue


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        (0, "1970-01-01 09:00:00"),
        (1_700_017_200, "2023-11-15 12:00:00"),
        (253_402_268_399, "9999-12-31 23:59:59"),
        (253_402_268_400, "Unix time 253402268400"),
        (2**53 - 1, "Unix time 9007199254740991"),
        (2**64 - 1, "Unix time 18446744073709551615"),
    ],
)
def test_a_time_is_shown_as_in_the_domain(time: int, shown: str) -> None:
    assert local_time(time, 9 * 3600) == shown


@given(time=st.integers(0, 2**64 - 1), utc_offset=st.integers(-50_400, 50_400))
def test_every_time_can_be_shown(time: int, utc_offset: int) -> None:
    assert local_time(time, utc_offset)


@pytest.mark.parametrize(
    "typed",
    [
        "2023-11-15 12:00",
        "2023-11-15 12:00:00",
        "2023-11-15T12:00",
        " 2023-11-15 12:00:00 ",
        "2023-11-15T12:00:00+09:00",
        "2023-11-15 12:00 +0900",
        "2023-11-15 03:00Z",
        "2023-11-14 22:00:00 -05:00",
    ],
)
def test_a_time_may_have_seconds_and_a_zone(typed: str) -> None:
    assert parse_local_time(Moment().convert(typed, None, None), 9 * 3600) == 1_700_017_200


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("2023-11-15", "write a day and a time of day"),
        ("12:00", "write a day and a time of day"),
        ("15.11.2023 12:00", "write a day and a time of day"),
        ("2023-11-15 12:00:00.5", "write a day and a time of day"),
        ("2023-11-15 12:00 KST", "write a day and a time of day"),
        ("", "write a day and a time of day"),
        ("2023-02-30 12:00", "no time that any calendar has"),
        ("2023-11-15 24:01", "no time that any calendar has"),
        ("2023-11-15 12:00+99:00", "no time that any calendar has"),
    ],
)
def test_what_is_no_time_is_said_to_be_none(typed: str, told: str) -> None:
    with pytest.raises(click.BadParameter, match=told):
        Moment().convert(typed, None, None)


def groups(*path: str, of: click.Group) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in of.commands.items():
        if isinstance(command, click.Group):
            yield from groups(*path, name, of=command)


@pytest.mark.parametrize("program", [client, escrow, lab, venue])
def test_the_help_says_of_each_command_in_a_line_what_it_does(program: click.Group) -> None:
    for path in groups(of=program):
        shown = CliRunner().invoke(program, [*path, "--help"], terminal_width=80).output
        _, _, commands = shown.partition("Commands:\n")
        for line in commands.splitlines():
            assert line.endswith("."), (path, line)
            assert not line.endswith("..."), (path, line)


@pytest.mark.parametrize("fails", ["\udcff".encode, b"\xff".decode])
def test_what_is_not_utf_8_is_said_in_a_line(fails: Callable[[], object]) -> None:
    @click.group(cls=CommandGroup)
    def program() -> None:
        pass

    @program.command()
    def read() -> None:
        fails()

    result = CliRunner().invoke(program, ["read"])
    told = "Error: an argument of the command, or a file that it reads, is not UTF-8 text\n"
    assert (result.exit_code, result.output) == (1, told)


def test_a_database_without_room_is_said_to_have_none() -> None:
    @click.group(cls=CommandGroup)
    def program() -> None:
        pass

    @program.command()
    def write() -> None:
        with sql.create_engine("sqlite://").begin() as connection:
            connection.execute(sql.text("CREATE TABLE t (v BLOB)"))
            connection.execute(sql.text("PRAGMA max_page_count = 3"))
            connection.execute(sql.text("INSERT INTO t VALUES (zeroblob(100000))"))

    result = CliRunner().invoke(program, ["write"])
    told = "Error: the disk of the database is full: make room, then repeat the command\n"
    assert (result.exit_code, result.output) == (1, told)


def test_whoever_reads_no_further_is_told_nothing() -> None:
    @click.group(cls=CommandGroup)
    def program() -> None:
        pass

    @program.command()
    def talk() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    result = CliRunner().invoke(program, ["talk"])
    assert (result.exit_code, result.output) == (1, "")
