"""The changes of tables that both parties have, for their own lists of steps. Spec: §6.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sql

from escrow.desk.records import Action, Vote, of_venue
from protocol.warrants import Venue
from service.clock import unix_time

if TYPE_CHECKING:
    from alembic.operations import Operations


def index_released_epochs(operations: Operations) -> None:
    """Let the released passes of an epoch be found without reading all of them."""
    operations.create_index("ix_released_passes_epoch", "released_passes", ["epoch"])


def tell_released_passes_by_epoch(operations: Operations) -> None:
    """Let one `u` be released of several epochs under one warrant."""
    for name in ("pass_digest", "epoch"):
        operations.drop_index(f"ix_released_passes_{name}", "released_passes")
    operations.rename_table("released_passes", "released_passes_before")
    operations.create_table(
        "released_passes",
        sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
        sql.Column("epoch", sql.BigInteger, primary_key=True, autoincrement=False, index=True),
        sql.Column("pass_digest", sql.LargeBinary(32), primary_key=True),
        sql.Column("venue", sql.LargeBinary(16), nullable=False),
        sql.Column("time", sql.BigInteger, nullable=False),
    )
    operations.execute(
        "INSERT INTO released_passes (warrant, epoch, pass_digest, venue, time) "
        "SELECT warrant, epoch, pass_digest, venue, time FROM released_passes_before"
    )
    operations.drop_table("released_passes_before")


def tell_reused_passes(operations: Operations) -> None:
    """Note of each pass whether it got a share, and whether its label names the venue; until now all got one."""
    for name, default in (("given", sql.true()), ("named", sql.false())):
        column = sql.Column(name, sql.Boolean, nullable=False, server_default=default)
        operations.add_column("released_passes", column)


def index_released_passes(operations: Operations) -> None:
    """Let a released pass be found among those of its epoch without reading all of them."""
    operations.drop_index("ix_released_passes_epoch", "released_passes")
    operations.create_index("ix_released_passes_pass", "released_passes", ["epoch", "pass_digest"])


def index_commitment_times(operations: Operations) -> None:
    """Let the commitments of before a time be found without reading all of them."""
    if sql.inspect(operations.get_bind()).has_table("venue_commitments"):
        operations.create_index("ix_venue_commitments_time", "venue_commitments", ["time"])


def void_votes_on_venues(operations: Operations) -> None:
    """Let no vote on a venue's record count that was cast before it was noted which of them were carried out."""
    connection = operations.get_bind()
    if not sql.inspect(connection).has_table("officer_votes"):
        return
    made = operations.create_table(
        "officer_votes_void",
        sql.Column("subject", sql.LargeBinary(32), primary_key=True),
        sql.Column("number", sql.Integer, nullable=False),
    )
    votes = sql.table("officer_votes", *map(sql.column, ("number", "subject", "vote")))
    rows = connection.execute(sql.select(votes).order_by(votes.c.number)).all()
    last = {row.subject: row.number for row in rows if Vote.from_bytes(row.vote).action is Action.VENUE}
    for subject, number in last.items():
        operations.execute(sql.insert(made).values(subject=subject, number=number))


def date_applications(operations: Operations) -> None:
    """Note of what waits for officers since when (those that are there count from now) and under which subject."""
    connection, waiting = operations.get_bind(), dict[bytes, Venue | None]()
    for name in ("venues", "venue_changes"):
        if not sql.inspect(connection).has_table(name):
            continue
        applied = sql.Column("applied", sql.BigInteger, nullable=False, server_default=str(unix_time()))
        operations.add_column(name, applied)
        operations.add_column(name, sql.Column("subject", sql.LargeBinary(32)))
        operations.create_index(f"ix_{name}_subject", name, ["subject"])
        table = sql.table(name, *map(sql.column, ("venue", "record", "subject")))
        columns = (*table.c, sql.column("statement")) if name == "venues" else table.c
        for row in connection.execute(sql.select(*columns).select_from(table)).all():
            record = Venue.from_bytes(row.record)
            if name == "venues":
                waiting[row.venue] = record if row.statement else None
            if name == "venue_changes" or not row.statement:
                same = (table.c.venue == row.venue) & (table.c.record == row.record)
                subject = of_venue(record, waiting[row.venue]).subject_id
                operations.execute(sql.update(table).where(same).values(subject=subject))


def widen_actions(operations: Operations) -> None:
    """Let the journal say an officer's name in what was done. SQLite takes a text of any length."""
    connection = operations.get_bind()
    if connection.dialect.name == "postgresql" and sql.inspect(connection).has_table("journal"):
        operations.alter_column("journal", "action", type_=sql.String(128))


def replace_table(operations: Operations, name: str, *parts: sql.schema.SchemaItem) -> None:
    """Put a table of these columns and constraints in the place of one that has the same columns, with its rows."""
    made = operations.create_table(f"{name}_by_epoch", *parts)
    columns = [column.name for column in made.columns]
    rows = sql.select(*sql.table(name, *map(sql.column, columns)).c)
    operations.execute(sql.insert(made).from_select(columns, rows))
    operations.drop_table(name)
    operations.rename_table(f"{name}_by_epoch", name)
