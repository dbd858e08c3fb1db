"""A database by URL, SQLite or PostgreSQL, on one code path. Spec: §6.4."""

from __future__ import annotations

import errno
import fcntl
import functools
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sql

from service.errors import ConfigurationError
from service.migration import Step, demand_version, is_current, migrate

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

DRIVERS = {
    **dict.fromkeys(("sqlite", "sqlite+pysqlite"), "sqlite+pysqlite"),
    **dict.fromkeys(("postgresql", "postgresql+psycopg"), "postgresql+psycopg"),
}
"""The databases that `exclusive` knows to lock, by the scheme of their URLs."""
SQLITE = "sqlite+pysqlite"
BUSY_SECONDS = 30
CHUNK = 500
"""How many values are looked up at a time: a database takes only so many in one query."""
CONNECTIONS, KEPT_CONNECTIONS = 15, 5
"""How many connections to its database a process has at most, and how many it keeps."""
CONNECT_SECONDS = 10
"""How long a PostgreSQL server may take to answer."""
DISK_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}
DEADLOCK = "40P01"
"""What PostgreSQL calls it."""
DATABASE_TROUBLE = (
    sql.exc.OperationalError,
    sql.exc.InterfaceError,
    sql.exc.InternalError,  # among others of a database that takes no writes
    sql.exc.TimeoutError,
)


logger = logging.getLogger("splitpass")


def open_database(url: str, steps: Sequence[Step], *tables: sql.MetaData) -> sql.Engine:
    """An engine for `url` with all these tables. What a transaction commits survives a crash.

    An older database takes the `steps` that it lacks, or stays as it was. Raises `ConfigurationError` for a newer one,
    for a URL that is not SQLite's or PostgreSQL's, for a database that cannot be opened, for a PostgreSQL that commits
    without waiting for its disk, and for an SQLite file on a disk that has no write-ahead log. An SQLite file in a
    directory that takes no writes is opened for reading.
    """
    address = _address(url)
    if address.drivername == SQLITE and _is_read_only(Path(address.database or "")):
        return _open_for_reading(Path(address.database or ""), steps, tables)
    try:
        engine = sql.create_engine(
            address,
            hide_parameters=True,  # errors must not show personal data
            pool_size=KEPT_CONNECTIONS,
            max_overflow=CONNECTIONS - KEPT_CONNECTIONS,
            pool_pre_ping=True,  # the database may have been restarted since a connection was last used
            connect_args={} if address.drivername == SQLITE else {"connect_timeout": CONNECT_SECONDS},
        )
    except ModuleNotFoundError:
        raise ConfigurationError(
            "this database needs a driver: install splitpass[postgresql] as well / 드라이버를 설치해 주세요"
        ) from None
    if engine.dialect.name == "sqlite":
        sql.event.listen(engine, "connect", _configure_sqlite)
        sql.event.listen(engine, "begin", _begin)
    try:
        with _alone(engine):
            _bring_up_to_date(engine, steps, tables)
    except sql.exc.SQLAlchemyError as error:
        raise ConfigurationError(_unanswered(engine, error)) from None
    return engine


@contextmanager
def exclusive(engine: sql.Engine, what: str, key: bytes = b"") -> Iterator[sql.Connection]:
    """A transaction for what reads first and then decides: no other one overlaps it that decides on the same.

    What is decided on has a name and, if there are many of it, a key of any length. SQLite has one writer anyway.
    """
    with engine.execution_options(exclusive=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            lock = int.from_bytes(sha256(what.encode() + b":" + key).digest()[:8], "big", signed=True)
            connection.execute(sql.select(sql.func.pg_advisory_xact_lock(lock)))
        yield connection


def writing(engine: sql.Engine) -> sql.Engine:
    """The engine for transactions that write, whatever they read first: SQLite's one writer from the beginning."""
    return engine.execution_options(exclusive=True)


def insert_once(connection: sql.Connection, table: sql.Table, row: Mapping[str, object]) -> bool:
    """Insert a row unless one is there that is the same in a key; whether it was inserted.

    The other one may be of a transaction of this moment, for whose end this waits: what is read afterwards has it. A
    database would quote the values of a key in its log if it refused them.
    """
    inserting = _inserting_new(connection.dialect.name, table).values(row).execution_options(preserve_rowcount=True)
    return connection.execute(inserting).rowcount == 1


def insert_new(
    connection: sql.Connection, table: sql.Table, rows: Sequence[Mapping[str, object]]
) -> set[tuple[object, ...]]:
    """Insert those rows whose primary key is not there yet; returns their keys, each in the order of its columns.

    Two transactions that insert rows of the same keys wait for each other: each has to insert them in one order.
    """
    new = set[tuple[object, ...]]()
    for start in range(0, len(rows), CHUNK):
        some = rows[start : start + CHUNK]
        columns = tuple(some[0])
        values = tuple(row[column] for row in some for column in columns)
        statement = _inserting_many(connection.dialect.paramstyle, table, columns, len(some))
        new.update(map(tuple, connection.exec_driver_sql(statement, values)))
    return new


@functools.cache
def _inserting_new(dialect: str, table: sql.Table) -> postgresql.Insert | sqlite.Insert:
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table).on_conflict_do_nothing()


@functools.lru_cache(CHUNK)
def _inserting_many(style: str, table: sql.Table, columns: Sequence[str], rows: int) -> str:
    """In the databases' own words: SQLAlchemy would look at each value of each row, which takes longer than they do."""
    row = ", ".join(["?" if style == "qmark" else "%s"] * len(columns))
    return (
        f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {', '.join([f'({row})'] * rows)} "  # noqa: S608
        f"ON CONFLICT DO NOTHING RETURNING {', '.join(table.primary_key.columns.keys())}"
    )


def is_among(column: sql.ColumnElement[int], numbers: Iterable[int]) -> sql.ColumnElement[bool]:
    """Whether a column's number is one of these, however many: neighbours are one range of the column's index."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and number <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return sql.or_(sql.false(), *(column.between(*run) for run in runs))


def can_be_read(engine: sql.Engine) -> bool:
    """Whether a database answers just now. Nothing is written or locked."""
    try:
        with engine.connect() as connection:
            connection.execute(sql.text("SELECT version FROM schema_version")).all()
    except sql.exc.SQLAlchemyError:
        return False
    return True


def warn_of_archive(engine: sql.Engine) -> None:
    """Tell a server's log if its PostgreSQL archives what it writes: what is deleted stays there."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            mode = connection.scalar(sql.text("SHOW archive_mode"))
        if mode != "off":
            logger.warning("this PostgreSQL archives all that is written (archive_mode is %s)", mode)


def truncate_log(engine: sql.Engine) -> None:
    """Leave nothing of what was deleted in SQLite's write-ahead log; if somebody reads just now, the next call will."""
    if engine.dialect.name == "sqlite":
        with engine.execution_options(checkpoint=True).connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def is_storage_trouble(error: Exception) -> bool:
    """Whether a disk or database takes or gives nothing just now, through no fault of the program."""
    return isinstance(error, DATABASE_TROUBLE) or (isinstance(error, OSError) and error.errno in DISK_TROUBLE)


def is_deadlock(error: Exception) -> bool:
    """Whether PostgreSQL has ended a transaction because it and another one waited for each other."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) == DEADLOCK


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite:///{path}"


def _address(url: str) -> sql.URL:
    try:
        address = sql.make_url(url)
        return address.set(drivername=DRIVERS[address.drivername])
    except (sql.exc.ArgumentError, KeyError):  # whose texts may quote a password
        raise ConfigurationError(
            "the database has to be sqlite:///... or postgresql://...; see settings.toml / database 설정을 고쳐 주세요"
        ) from None


def _unanswered(engine: sql.Engine, error: Exception) -> str:
    """What to do about a database that cannot be opened. Its own text may have a password, or what it holds."""
    cause = getattr(error, "orig", None) or error
    kind = getattr(cause, "sqlite_errorname", type(cause).__name__)
    if engine.dialect.name == "sqlite":
        return (
            f"the database {engine.url.database} cannot be opened ({kind}): "
            "see that it is an SQLite file, and that its directory is there, has room, and is this user's / "
            "데이터베이스를 열 수 없습니다. 파일과 폴더를 확인해 주세요"
        )
    where = engine.url.render_as_string(hide_password=True)
    return (
        f"the database {where} cannot be opened ({kind}): see that it runs, "
        "and that `database` in settings.toml has its host, name, user and password / "
        "데이터베이스를 열 수 없습니다. 설정을 확인해 주세요"
    )


def _begin_by_hand(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # this module begins transactions, not the driver


def _configure_sqlite(connection: Any, record: object) -> None:
    _begin_by_hand(connection, record)
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise ConfigurationError(
            f"SQLite keeps no write-ahead log on the disk of {_file_of(connection)} (journal_mode is {mode}): "
            "put the database on a disk of this machine, not of a network, or use PostgreSQL / "
            "데이터베이스를 네트워크 디스크가 아닌 이 기기의 디스크에 두세요"
        )
    for pragma in ("synchronous=FULL", "secure_delete=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _file_of(connection: Any) -> str:
    return connection.execute("PRAGMA database_list").fetchone()[2] or "memory"


def _is_read_only(file: Path) -> bool:
    return file.parent.is_dir() and not os.access(file.parent, os.W_OK)


def _open_for_reading(file: Path, steps: Sequence[Step], tables: Sequence[sql.MetaData]) -> sql.Engine:
    """An engine that reads a file, in a directory that takes no writes."""
    if not file.exists():
        raise ConfigurationError(
            f"{file.parent} cannot be written, and there is no {file.name} to read / 쓸 수 없는 폴더입니다"
        )
    log, shared = Path(f"{file}-wal"), Path(f"{file}-shm")
    if not shared.exists() and log.exists() and log.stat().st_size:
        raise ConfigurationError(
            f"{log} holds changes that are read only where {file.parent} can be written / 쓸 수 없는 폴더입니다"
        )
    locks = "readonly_shm" if shared.exists() else "immutable"  # without that file no program has the database open
    engine = sql.create_engine(f"{SQLITE}:///file:{quote(str(file))}?mode=ro&{locks}=1&uri=true", hide_parameters=True)
    sql.event.listen(engine, "connect", _begin_by_hand)
    sql.event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as connection:
            demand_version(connection, steps, tables)
    except sql.exc.SQLAlchemyError as error:
        raise ConfigurationError(_unanswered(engine, error)) from None
    return engine


def _bring_up_to_date(engine: sql.Engine, steps: Sequence[Step], tables: Sequence[sql.MetaData]) -> None:
    """Nothing is written or locked if nothing is to be done."""
    with engine.connect() as connection:
        _check_durable(connection)
        if is_current(connection, steps, tables):
            return
    with exclusive(engine, "schema") as connection:
        migrate(connection, steps, tables)


def _check_durable(connection: sql.Connection) -> None:
    for setting in ("fsync", "synchronous_commit") if connection.dialect.name == "postgresql" else ():
        if connection.scalar(sql.text(f"SHOW {setting}")) == "off":
            raise ConfigurationError(
                f"{setting} is off for this database: PostgreSQL would lose what was acknowledged; turn it on / "
                f"PostgreSQL의 {setting}을(를) 켜 주세요"
            )


def _begin(connection: sql.Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("checkpoint", False):  # which SQLite does outside of every transaction
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("exclusive", False) else "BEGIN")


@contextmanager
def _alone(engine: sql.Engine) -> Iterator[None]:
    """Keeps other processes from opening the same new SQLite file at once, which SQLite answers with an error."""
    path = Path(engine.url.database or "")
    if engine.dialect.name != "sqlite" or not path.parent.is_dir():
        yield
        return
    with open(f"{path}.lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
        yield
