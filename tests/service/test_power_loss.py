"""What is committed is on the disk. `kill -9` shows nothing of this: the machine's memory survives a process."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sql

from service.errors import ConfigurationError
from service.storage import open_database, sqlite_url, warn_of_archive
from tests.support.databases import new_database, start_postgresql

DURABLE = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "busy_timeout": 30_000}
"""`synchronous` is FULL: the write-ahead log is synced in each commit."""


def test_every_connection_to_sqlite_waits_for_the_disk(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path / "file.db"), ())
    with ExitStack() as stack:
        for _ in range(3):
            connection = stack.enter_context(engine.connect())
            read = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in DURABLE}
            assert read == DURABLE
    engine.dispose()


@pytest.mark.parametrize(("setting", "taken"), [("on", True), ("remote_apply", True), ("local", True), ("off", False)])
def test_a_postgresql_that_does_not_wait_for_the_disk_is_refused(tmp_path: Path, setting: str, taken: bool) -> None:
    url = new_database("postgresql", tmp_path)
    engine = open_database(url, ())
    with engine.begin() as connection:
        assert connection.scalar(sql.text("SHOW synchronous_commit")) == "on"
        name = engine.url.database
        connection.execute(sql.text(f"ALTER DATABASE {name} SET synchronous_commit = '{setting}'"))
    engine.dispose()
    if taken:
        open_database(url, ()).dispose()
    else:
        with pytest.raises(ConfigurationError, match="synchronous_commit"):
            open_database(url, ())


def test_a_postgresql_whose_server_never_waits_for_the_disk_is_refused() -> None:
    url, _ = start_postgresql(fsync="off")
    with pytest.raises(ConfigurationError, match="fsync is off"):
        open_database(url.render_as_string(hide_password=False), ())


@pytest.mark.parametrize("mode", ["on", "off"])
def test_a_server_warns_of_an_archive_that_keeps_what_is_deleted(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    url, _ = start_postgresql(archive_mode=mode, archive_command="true")
    engine = open_database(url.render_as_string(hide_password=False), ())
    warn_of_archive(engine)
    engine.dispose()
    assert ("archive_mode is on" in caplog.text) is (mode == "on")
