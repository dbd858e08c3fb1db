"""The authority's cases: investigations of several venues and windows, with a warrant for each. Spec: §6.8."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import NamedTuple

import sqlalchemy as sql

from escrow.authority.errors import CaseClosed, CaseExists, UnknownCase
from escrow.authority.warrants import Window
from service.storage import exclusive, insert_once

MAX_NAME = 64
"""The most characters of a case's name."""
NAME_RULE = f"a case's name is one line of printable characters, at most {MAX_NAME}"
metadata = sql.MetaData()
_cases = sql.Table(
    "cases",
    metadata,
    sql.Column("name", sql.String(MAX_NAME), primary_key=True),
    sql.Column("legal_reference", sql.String(256), nullable=False),
    sql.Column("started", sql.BigInteger, nullable=False),
    sql.Column("closed", sql.BigInteger),
)
_windows = sql.Table(
    "case_windows",
    metadata,
    sql.Column("case_name", sql.String(MAX_NAME), primary_key=True),
    sql.Column("venue", sql.LargeBinary(16), primary_key=True),
    sql.Column("begins", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("ends", sql.BigInteger, primary_key=True, autoincrement=False),
)


class Case(NamedTuple):
    """An investigation, by its name. Its warrants rest on `legal_reference`; times are Unix seconds."""

    name: str
    legal_reference: str
    started: int
    closed: int | None = None


class CaseRegister:
    """The cases of one home. The homes of an authority's other domains have the same ones, each with its own part."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def start(self, case: Case) -> None:
        """Keep a new case, or the same one again; raises `CaseExists` if its name stands for another."""
        row = {"name": case.name, "legal_reference": case.legal_reference, "started": case.started}
        with self._engine.begin() as connection:
            insert_once(connection, _cases, row)
            known = connection.scalar(sql.select(_cases.c.legal_reference).where(_cases.c.name == case.name))
        if known != case.legal_reference:
            raise CaseExists(case.name)

    def all(self) -> list[Case]:
        """Every case, the first that was started first."""
        with self._engine.begin() as connection:
            rows = connection.execute(sql.select(_cases).order_by(_cases.c.started, _cases.c.name)).all()
        return [Case(row.name, row.legal_reference, row.started, row.closed) for row in rows]

    def get(self, name: str, *, even_closed: bool = False) -> Case:
        """A case by its name; raises `UnknownCase`, and `CaseClosed` unless closed ones will do."""
        for case in self.all():
            if case.name == name:
                if case.closed is not None and not even_closed:
                    raise CaseClosed(name)
                return case
        raise UnknownCase(name)

    def deciding(self, name: str) -> AbstractContextManager[sql.Connection]:
        """A transaction that draws a warrant for a case, removes a window or closes it: no other such one overlaps."""
        return exclusive(self._engine, "warrants of a case", name.encode())

    @staticmethod
    def why_left(connection: sql.Connection, name: str, window: Window) -> str | None:
        """Why a window is for no warrant of a case any more; None if it still is."""
        if connection.scalar(sql.select(_cases.c.closed).where(_cases.c.name == name)) is not None:
            return "the case was closed meanwhile"
        known = connection.scalar(sql.select(_windows.c.venue).where(*_is(name, window)))
        return "the window was removed meanwhile" if known is None else None

    @staticmethod
    def close(connection: sql.Connection, name: str, now: int) -> None:
        """Note that a case is closed since Unix time `now`, or since it was first."""
        mine = (_cases.c.name == name) & _cases.c.closed.is_(None)
        connection.execute(sql.update(_cases).where(mine).values(closed=now))

    def add(self, name: str, window: Window) -> None:
        """Add a window to a case, or the same one again."""
        with self._engine.begin() as connection:
            insert_once(connection, _windows, _row(name, window))

    @staticmethod
    def remove(connection: sql.Connection, name: str, window: Window) -> None:
        """Take a window out of a case."""
        connection.execute(sql.delete(_windows).where(*_is(name, window)))

    def windows(self, name: str) -> list[Window]:
        """The windows of a case, the earliest first."""
        query = sql.select(_windows).where(_windows.c.case_name == name)
        with self._engine.begin() as connection:
            rows = connection.execute(query.order_by(_windows.c.begins, _windows.c.ends, _windows.c.venue)).all()
        return [Window(row.venue, row.begins, row.ends) for row in rows]


def is_case_name(name: str) -> bool:
    """Whether a case can have this name."""
    return 0 < len(name) <= MAX_NAME and name.isprintable()


def _is(name: str, window: Window) -> list[sql.ColumnElement[bool]]:
    return [_windows.c[column] == value for column, value in _row(name, window).items()]


def _row(name: str, window: Window) -> dict[str, object]:
    return {"case_name": name, "venue": window.venue_id, "begins": window.begins, "ends": window.ends}
