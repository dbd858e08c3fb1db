"""How the authority's database came from each version to the next. Spec: §6.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sql

from escrow.migrations import (
    index_released_epochs,
    replace_table,
    tell_released_passes_by_epoch,
    tell_reused_passes,
)
from service.migration import Step

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
    """Leave what was released and opened to a table of parts; what an older program stored cannot be read any more."""
    for name in ("release", "opened_release", "operator_shares", "authority_shares", "opened_venue"):
        operations.drop_column("warrants", name)


STEPS: tuple[Step, ...] = (
    keep_the_opened_venue,
    index_released_epochs,
    tell_released_passes_by_epoch,
    tell_reused_passes,
    name_the_warrants,
    tell_the_directory_by_epoch,
    keep_parts_apart,
)
"""Append the change of an existing table here; what a step did in a release stays as it was."""
