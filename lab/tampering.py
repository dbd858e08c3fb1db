"""What a venue's owner can do to its own database, to have others opened or somebody spared. Spec: §3.9.

Each change is undone when its block ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sql

from lab.town import Place
from protocol.check_ins import Direction
from protocol.commitments import CommittedCheckIn, append_check_ins, check_in_digest
from venue.log import metadata
from venue.store import check_ins

leaves, commitments = metadata.tables["leaves"], metadata.tables["commitments"]

Window = tuple[int, int]
"""The Unix times between which a warrant has visits opened."""
Tampering = Callable[[Place, Place, Window], AbstractContextManager[None]]
"""Changes the database of a place, with the check-ins of another one at hand."""


@contextmanager
def moved_in(place: Place, other: Place, window: Window) -> Iterator[None]:
    """Put somebody who was at the other place where somebody stands who was here."""
    here, there = _somebody(place, window), _somebody(other, window)
    change = sql.update(check_ins).where(_is_same(here))
    _execute(place, change.values(encoded=there["encoded"]))
    yield
    _execute(place, change.values(encoded=here["encoded"]))


@contextmanager
def inserted(place: Place, other: Place, window: Window) -> Iterator[None]:
    """Put somebody who was at the other place behind all who were here, and let the last commitment cover it."""
    newest = place.membership.log.commitments()[-1]
    size, commitment = newest.opening.size, _is_of(place, commitments) & (commitments.c.time == newest.opening.time)
    new = {**_somebody(other, window), "venue": place.id, "position": size}
    domain = place.membership.pinned.domain.number
    leaf = {name: new[name] for name in ("epoch", "time", "direction")}
    leaf["digest"] = check_in_digest(new["encoded"])
    tree = append_check_ins(newest.tree, [CommittedCheckIn(**{**leaf, "direction": Direction(leaf["direction"])})])
    grown = sql.update(commitments).where(commitment)
    _execute(
        place,
        sql.insert(check_ins).values(new),
        sql.insert(leaves).values(domain=domain, venue=place.id, position=size, **leaf),
        grown.values(size=tree.size, frontier=b"".join(tree.hashes)),
    )
    yield
    _execute(
        place,
        sql.delete(check_ins).where(_is_same(new)),
        sql.delete(leaves).where(_is_of(place, leaves) & (leaves.c.position == size)),
        grown.values(size=size, frontier=b"".join(newest.tree.hashes)),
    )


@contextmanager
def left_out(place: Place, _other: Place, window: Window) -> Iterator[None]:
    """Delete somebody who was here."""
    row = _somebody(place, window)
    _execute(place, sql.delete(check_ins).where(_is_same(row)))
    yield
    _execute(place, sql.insert(check_ins).values(row))


def _somebody(place: Place, window: Window) -> dict[str, Any]:
    """An entry in the window that the place has committed to, of somebody who has not left."""
    begins, ends = window
    exits = sql.select(check_ins.c.u).where(check_ins.c.direction == Direction.EXIT)
    found = sql.select(check_ins).where(
        _is_of(place, check_ins),
        check_ins.c.time >= begins,
        check_ins.c.time < ends,
        check_ins.c.position.is_not(None),
        check_ins.c.u.not_in(exits),
    )
    with place.venue.home.engine.begin() as connection:
        return dict(connection.execute(found.limit(1)).mappings().one())


def _is_of(place: Place, table: sql.Table) -> sql.ColumnElement[bool]:
    """What a place has of the town's domain."""
    return (table.c.venue == place.id) & (table.c.domain == place.membership.pinned.domain.number)


def _is_same(row: dict[str, Any]) -> sql.ColumnElement[bool]:
    return sql.and_(check_ins.c.u == row["u"], check_ins.c.direction == row["direction"])


def _execute(place: Place, *changes: sql.Executable) -> None:
    with place.venue.home.engine.begin() as connection:
        for change in changes:
            connection.execute(change)
