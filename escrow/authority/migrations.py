"""How the authority's database came from each version to the next. Spec: §6.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sql

from escrow.migrations import (
    date_applications,
    index_commitment_times,
    index_released_epochs,
    index_released_passes,
    replace_table,
    tell_released_passes_by_epoch,
    tell_reused_passes,
    void_votes_on_venues,
    widen_actions,
)
from protocol.warrants import Warrant
from service.errors import ConfigurationError
from service.migration import Step
from service.partition_migration import put_into_partitions

if TYPE_CHECKING:
    from alembic.operations import Operations


def keep_the_opened_venue(operations: Operations) -> None:
    """Make room for the venue's record that an opening was verified with."""
    operations.add_column("cases", sql.Column("opened_venue", sql.LargeBinary))


def name_the_warrants(operations: Operations) -> None:
    """Keep warrants under their own name: a case is an investigation."""
    operations.rename_table("cases", "warrants")


def tell_the_directory_by_epoch(operations: Operations) -> None:
    """Begin the keys of the directory with the epoch, so that a table can be kept in a part for each."""
    if sql.inspect(operations.get_bind()).has_table("directory"):
        replace_table(
            operations,
            "directory",
            sql.Column("epoch", sql.BigInteger, primary_key=True, autoincrement=False),
            sql.Column("entry_index", sql.LargeBinary(32), primary_key=True),
            sql.Column("entry", sql.LargeBinary, nullable=False),
        )


def keep_parts_apart(operations: Operations) -> None:
    """Leave what was released and opened to a table of parts, and note what was done under each warrant before.

    What an older program stored cannot be read any more. A release is asked for again. Raises `ConfigurationError`,
    and nothing is changed, if something was opened that the journal does not say was exported.
    """
    connection = operations.get_bind()
    warrants = sql.table("warrants", *map(sql.column, ("warrant", "record", "countersigned", "opened_release")))
    rows = connection.execute(sql.select(warrants)).all()
    opened = {row.warrant for row in rows if row.opened_release is not None}
    if lost := sorted(warrant.hex() for warrant in opened - _exported(connection)):
        raise ConfigurationError(
            f"what was opened under {', '.join(lost)} cannot be carried over; go back to the program that you had, and "
            "with it run `python -m escrow authority warrants export` for each. One that has no command `journal` "
            "cannot show that: go on with it until the retention has deleted what was opened"
        )
    if not sql.inspect(connection).has_table("warrant_steps"):
        operations.create_table(
            "warrant_steps",
            sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
            sql.Column("step", sql.String(16), primary_key=True),
            sql.Column("time", sql.BigInteger, nullable=False),
            sql.Column("visits", sql.BigInteger),
            sql.Column("reason", sql.String(256)),
        )
    steps = sql.table("warrant_steps", *map(sql.column, ("warrant", "step", "time")))
    known: dict[bytes, set[str]] = {}
    for row in connection.execute(sql.select(steps)):
        known.setdefault(row.warrant, set()).add(row.step)
    for row in rows:
        taken = [] if row.warrant in known else ["proposed"]  # nobody noted steps, and drawing proposed at once
        taken += ["countersigned"] if row.countersigned is not None else []
        taken += ["released", "shared", "opened"] if row.warrant in opened else []
        time = Warrant.from_bytes(row.record).issued
        for step in taken:
            if step not in known.get(row.warrant, ()):
                operations.execute(sql.insert(steps).values(warrant=row.warrant, step=step, time=time))
        if row.warrant not in opened:
            operations.execute(sql.delete(steps).where(steps.c.warrant == row.warrant, steps.c.step == "released"))
    for name in ("release", "opened_release", "operator_shares", "authority_shares", "opened_venue"):
        operations.drop_column("warrants", name)


def _exported(connection: sql.Connection) -> set[bytes]:
    """The ids of the warrants that the journal says were exported, each by itself or with its case."""
    inspector = sql.inspect(connection)
    if not inspector.has_table("journal"):
        return set()
    journal = sql.table("journal", *map(sql.column, ("action", "warrant", "case_name")))
    exported = set(connection.scalars(sql.select(journal.c.warrant).where(journal.c.action == "export")))
    if inspector.has_table("case_warrants"):
        of_cases = sql.table("case_warrants", *map(sql.column, ("warrant", "case_name")))
        cases = sql.select(journal.c.case_name).where(journal.c.action == "export case")
        exported |= set(connection.scalars(sql.select(of_cases.c.warrant).where(of_cases.c.case_name.in_(cases))))
    return exported


def keep_the_directory_in_partitions(operations: Operations) -> None:
    """Let a day of the directory be dropped."""
    put_into_partitions(operations, "directory")


def note_verified_entries(operations: Operations) -> None:
    """Make room for which entries of the directory were verified when they were opened: of none so far is it known."""
    if sql.inspect(operations.get_bind()).has_table("opened_visits"):
        verified = sql.Column("verified", sql.Boolean, nullable=False, server_default=sql.false())
        operations.add_column("opened_visits", verified)


STEPS: tuple[Step, ...] = (
    keep_the_opened_venue,
    index_released_epochs,
    tell_released_passes_by_epoch,
    tell_reused_passes,
    name_the_warrants,
    tell_the_directory_by_epoch,
    keep_parts_apart,
    index_commitment_times,
    keep_the_directory_in_partitions,
    note_verified_entries,
    index_released_passes,
    void_votes_on_venues,
    date_applications,
    widen_actions,
)
"""Append the change of an existing table here; what a step did in a release stays as it was."""
