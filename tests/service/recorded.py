"""A town whose commands leave in files what they print, beside its servers' logs; and how to search all that."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import click
from click.testing import CliRunner

from client.__main__ import main as client
from escrow.__main__ import main as escrow
from lab.town import Town
from venue.__main__ import cli as venue

PROGRAMS: dict[str, click.Command] = {"client": client, "escrow": escrow, "venue": venue}


class RecordedTown(Town):
    """A town on real servers, whose visitors, officers and staff type commands."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, minimum_accounts=2, mixing_seconds=8)  # for two programs that begin at once
        self.printed = directory / "printed"
        self.printed.mkdir()

    def run(self, *command: str) -> str:
        return self.command(*command)

    def command(self, program: str, *arguments: str, status: int = 0, typed: str = "") -> str:
        """What a command prints, which must end with this exit status; somebody types something."""
        with ThreadPoolExecutor(1) as thread:  # commands run event loops of their own
            result = thread.submit(CliRunner().invoke, PROGRAMS[program], arguments, input=typed).result()
        printed = result.output
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            printed += "".join(traceback.format_exception(result.exception))
        (self.printed / f"{len(list(self.printed.iterdir()))}.log").write_text(printed)
        assert result.exit_code == status, (program, arguments, printed)
        return result.stdout.strip()

    def at_once(self, *commands: tuple[str, ...]) -> None:
        """Run commands that wait for each other."""
        running = []
        for number, command in enumerate(commands):
            with (self.printed / f"at-once-{number}.log").open("ab") as output:
                program = [sys.executable, "-m", *command]
                running.append(subprocess.Popen(program, stdout=output, stderr=subprocess.STDOUT))
        assert [process.wait(120) for process in running] == [0] * len(commands)

    def more_settings(self, server: str) -> str:
        """Venues are patient, for the machine may be busy; visitors come from two countries."""
        operator = 'sender = "tests.escrow.gateway:EitherSender"\ncode_regions = ["KR", "NL"]\n'
        own = {"operator": operator, "venue-1": "tolerance = 600\n"}
        return own.get(server, "")

    def written(self) -> dict[str, str]:
        """All that servers and commands wrote, each also as a reader of JSON sees it."""
        files = sorted([*self.directory.glob("*.log"), *self.printed.iterdir()])
        return {file.name: with_decoded(file.read_text("utf-8")) for file in files}


def with_decoded(text: str) -> str:
    """A log, and after it the values that its lines of JSON stand for."""
    values: list[str] = []
    for line in text.splitlines():
        if line.startswith("{"):
            values += map(str, json.loads(line).values())
    return "\n".join([text, *values])


def forms(secret: str | bytes) -> Iterator[str]:
    """How a secret could stand in a text."""
    if isinstance(secret, bytes):
        yield from (secret.hex(), secret.hex().upper(), repr(secret)[2:-1])
        yield from (encode(secret).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode))
    elif secret.startswith("+82"):
        local = f"0{secret[3:]}"
        yield from (
            secret[1:],
            local,
            f"{local[:3]}-{local[3:7]}-{local[7:]}",
            f"{local[1:3]}-{local[3:7]}-{local[7:]}",
        )
    else:
        yield from (secret, ascii(secret)[1:-1], secret.encode().hex(), secret[::-1])


def found(written: dict[str, str], secrets: Iterable[str | bytes]) -> list[tuple[str, str]]:
    """In which files which secrets stand."""
    looked_for = [
        re.compile(rf"(?<![0-9a-z]){form}(?![0-9a-z])" if re.fullmatch(r"\d{6}", form) else re.escape(form))
        for secret in secrets
        for form in forms(secret)
    ]
    return [(name, one.pattern) for name, text in written.items() for one in looked_for if one.search(text)]


@contextmanager
def missing(database: Path, table: str) -> Iterator[None]:
    """A database without one of its tables: what a server calls trouble with its storage."""
    _execute(database, f"ALTER TABLE {table} RENAME TO missing")
    yield
    _execute(database, f"ALTER TABLE missing RENAME TO {table}")


@contextmanager
def talkative(database: Path, table: str, text: str) -> Iterator[None]:
    """A database that refuses rows of a table with an error that no server expects, and that quotes somebody's data."""
    _execute(database, f"CREATE TRIGGER talkative BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, '{text}'); END")
    yield
    _execute(database, "DROP TRIGGER talkative")


def _execute(database: Path, statement: str) -> None:
    connection = sqlite3.connect(database, timeout=30)
    connection.execute("PRAGMA legacy_alter_table = ON")  # what refers to the table goes on doing so
    connection.execute(statement)
    connection.commit()
    connection.close()
