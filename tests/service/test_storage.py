"""A disk or database in trouble: callers are told so, and everything works again when it is over."""

from __future__ import annotations

import errno
import json
import logging
import resource
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sql

from protocol.epochs import Role
from protocol.http_messages import VerificationRequest
from service.errors import ConfigurationError
from service.problems import Problem
from service.storage import CONNECTIONS, is_among, is_storage_trouble, open_database, sqlite_url, truncate_log
from tests.spec.text import ROOT
from tests.support.databases import KINDS, new_database
from tests.support.running import run
from tests.support.servers import World, run_world

PHONE = "+821011112222"
RUNNING = ROOT / "spec" / "08-running-a-party.md"
READ_ONLY = {
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
    "postgresql": ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off"),
}


@pytest.fixture(params=KINDS)
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    with run_world(tmp_path, request.param) as made:
        yield made


def ask(world: World) -> None:
    run(world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(PHONE)))


def test_a_database_that_takes_no_writes(world: World, caplog: pytest.LogCaptureFixture) -> None:
    engine = world.operator.engine
    refuse, take = READ_ONLY[engine.dialect.name]

    def change(connection: object, *_: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(statement)
        connection.commit()  # type: ignore[attr-defined]

    statement = refuse
    sql.event.listen(engine, "checkout", change)
    with pytest.raises(Problem) as refused, caplog.at_level(logging.ERROR):
        ask(world)
    assert (refused.value.status, refused.value.name) == (503, "storage-failed")
    (record,) = [record for record in caplog.records if "storage failed" in record.getMessage()]
    assert record.exc_info is None
    assert PHONE not in json.dumps(record.__dict__, default=str)
    statement = take
    ask(world)
    sql.event.remove(engine, "checkout", change)


def test_a_database_that_was_restarted(world: World) -> None:
    """Connections that ended meanwhile are not used, so that nobody is told of it."""
    ask(world)
    engine = world.operator.engine
    if engine.dialect.name == "postgresql":
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        with engine.connect() as connection:
            connection.execute(sql.text(f"{others} WHERE datname = current_database() AND pid <> pg_backend_pid()"))
            connection.invalidate()
    for _ in range(8):
        ask(world)


def test_a_log_that_cannot_be_written_back(tmp_path: Path) -> None:
    """SQLite's own error would be none that a program expects."""
    table = sql.Table("texts", sql.MetaData(), sql.Column("text", sql.Text))
    engine = open_database(sqlite_url(tmp_path / "file.db"), (), table.metadata)
    with engine.begin() as connection:
        connection.execute(sql.insert(table), [{"text": "x" * 10_000}] * 10)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        with pytest.raises(sql.exc.OperationalError):
            truncate_log(engine)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "file.db-wal").stat().st_size > 100_000
    truncate_log(engine)
    assert (tmp_path / "file.db-wal").stat().st_size == 0
    engine.dispose()


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (OSError(errno.ENOSPC, "no room"), True),
        (OSError(errno.EROFS, "read-only"), True),
        (FileNotFoundError(errno.ENOENT, "a mistake of the program"), False),
        (sql.exc.OperationalError("", {}, Exception()), True),
        (sql.exc.IntegrityError("", {}, Exception()), False),
        (ValueError(), False),
    ],
)
def test_what_is_trouble(error: Exception, trouble: bool) -> None:
    assert is_storage_trouble(error) is trouble


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:secret@host/name",
        "mysql+pymysql://user:secret@host/name",
        "mssql://user:secret@host/name",
        "postgresql+psycopg2://user:secret@host/name",
        "sqlite+aiosqlite:///name.db",
        "secret",
    ],
)
def test_other_databases_are_refused_by_name_and_their_passwords_kept(url: str) -> None:
    """What would exclude nobody there is what a pass is spent once by."""
    with pytest.raises(ConfigurationError, match=r"has to be sqlite:///\.\.\. or postgresql://") as refused:
        open_database(url, ())
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_found_in_runs(kind: str, tmp_path: Path) -> None:
    metadata = sql.MetaData()
    table = sql.Table("numbers", metadata, sql.Column("number", sql.BigInteger, primary_key=True))
    engine = open_database(new_database(kind, tmp_path), (), metadata)
    with engine.begin() as connection:
        connection.execute(sql.insert(table), [{"number": number} for number in range(12)])
        for wanted in ([], [3], [11, 0, 1, 2, 5, 5, 6, 100], range(2, 500)):
            found = connection.scalars(sql.select(table.c.number).where(is_among(table.c.number, wanted)))
            assert sorted(found) == sorted(set(wanted) & set(range(12)))
    engine.dispose()
    assert str(is_among(table.c.number, range(400))).count("BETWEEN") == 1


def test_a_process_takes_so_many_connections_and_no_more(tmp_path: Path) -> None:
    assert f"A process opens at most {CONNECTIONS} connections" in " ".join(RUNNING.read_text("utf-8").split())
    engine = open_database(new_database("postgresql", tmp_path), (), sql.MetaData())
    with ExitStack() as taken:
        for _ in range(CONNECTIONS):
            taken.enter_context(engine.connect())
        more = threading.Thread(target=lambda: engine.connect().close())
        more.start()
        more.join(0.3)
        assert more.is_alive()
    more.join(30)
    assert not more.is_alive()
    engine.dispose()
