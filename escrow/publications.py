"""The lists that a party publishes under numbers, for everyone and for good. Spec: §3.12, §3.13.

A list is stored first, then it is put on record in the log, and only then anyone is given it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sql

from escrow.errors import ListNotPublished
from service.storage import exclusive, insert_once

if TYPE_CHECKING:
    from escrow.log.log import TransparencyLog
    from escrow.published import PublishedFiles
    from protocol.epochs import Domain
    from protocol.transparency.log_entries import DisclosurePublished, NoticePublished

metadata = sql.MetaData()
_lists = sql.Table(
    "published_lists",
    metadata,
    sql.Column("kind", sql.String(16), primary_key=True),
    sql.Column("number", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("time", sql.BigInteger, nullable=False),
    sql.Column("statement", sql.LargeBinary, nullable=False),
    sql.Column("entry", sql.BigInteger),
)
"""`entry` is the index of the log entry, null until there is one."""


Sign = Callable[[sql.Connection, int, int | None], bytes | None]
"""Signs a list, or none, in a transaction, given its number and the Unix time of the last list if there is one."""


class PublishedList(NamedTuple):
    """A list's number, the Unix time of its publication, and its signed statement."""

    number: int
    time: int
    statement: bytes


def is_of_one_day(domain: Domain, time: int, other: int) -> bool:
    """Whether two Unix times lie in one epoch of a domain."""
    return domain.epoch_at(time) == domain.epoch_at(other)


class PublishedLists:
    """A party's lists of one kind, `notices` or `disclosures`, numbered from 0 on.

    `contents` is their log entry, and `digest` gives what it says of a list. What is on record is in `files`, too.
    """

    def __init__(
        self,
        engine: sql.Engine,
        kind: str,
        contents: type[NoticePublished | DisclosurePublished],
        digest: Callable[[bytes], bytes],
        files: PublishedFiles,
    ) -> None:
        self._engine, self.kind, self._contents, self._digest, self._files = engine, kind, contents, digest, files

    def publish(self, log: TransparencyLog, now: int, sign: Sign) -> bool:
        """Store the list that `sign` makes at Unix time `now`, durably; whether it made one.

        Then everything that is stored is put on record, also what an interruption has left.
        """
        with exclusive(self._engine, "published lists", self.kind.encode()) as connection:
            last = self._select(connection, sql.true(), limit=1)
            number = last[0].number + 1 if last else 0
            statement = sign(connection, number, last[0].time if last else None)
            if statement is not None:
                connection.execute(sql.insert(_lists).values(self._row(PublishedList(number, now, statement))))
        self.put_on_record(log, now)
        return statement is not None

    def add(self, made: PublishedList) -> None:
        """Store a list durably, unless another process has stored one of its number."""
        with self._engine.begin() as connection:
            insert_once(connection, _lists, self._row(made))

    def put_on_record(self, log: TransparencyLog, now: int) -> None:
        """Put what is stored into the log, in the order of the numbers, and from then on give it to everyone."""
        with self._engine.begin() as connection:
            stored = self._select(connection, _lists.c.entry.is_(None))
        for published in reversed(stored):
            entry = log.append(self._contents(published.number, self._digest(published.statement)), now)
            self._files.write_list(self.kind, published.number, published.statement)
            with self._engine.begin() as connection:
                mine = (_lists.c.kind == self.kind) & (_lists.c.number == published.number)
                connection.execute(sql.update(_lists).where(mine).values(entry=entry))

    def get(self, number: int | None) -> PublishedList:
        """The published list of a number, or the newest; raises `ListNotPublished` if there is none."""
        wanted = sql.true() if number is None else _lists.c.number == number
        with self._engine.begin() as connection:
            found = self._select(connection, wanted & _lists.c.entry.is_not(None), limit=1)
        if not found:
            raise ListNotPublished(self.kind, number)
        return found[0]

    def statement(self, number: int | None) -> bytes:
        """The statement of a published list, or of the newest, from its file; raises `ListNotPublished`."""
        statement = self._files.read(self.kind, number)
        if statement is None:  # an older program has published it, or the home was restored
            published = self.get(number)
            write = self._files.write_list if number is None else self._files.write
            write(self.kind, published.number, published.statement)
            statement = published.statement
        return statement

    def newest(self) -> PublishedList | None:
        """The list with the highest number, if there is one, even if it is not on record yet."""
        with self._engine.begin() as connection:
            return next(iter(self._select(connection, sql.true(), limit=1)), None)

    def all(self) -> list[PublishedList]:
        """Every list, newest first."""
        with self._engine.begin() as connection:
            return self._select(connection, sql.true())

    def _row(self, made: PublishedList) -> dict[str, object]:
        return {"kind": self.kind, "number": made.number, "time": made.time, "statement": made.statement}

    def _select(
        self, connection: sql.Connection, condition: sql.ColumnElement[bool], limit: int | None = None
    ) -> list[PublishedList]:
        mine = sql.select(_lists).where(_lists.c.kind == self.kind, condition)
        rows = connection.execute(mine.order_by(_lists.c.number.desc()).limit(limit))
        return [PublishedList(row.number, row.time, row.statement) for row in rows]
