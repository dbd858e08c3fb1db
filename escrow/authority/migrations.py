"""How the authority's database came from each version to the next. Spec: §6.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sql

from escrow.migrations import index_released_epochs, tell_released_passes_by_epoch, tell_reused_passes
from service.migration import Step

if TYPE_CHECKING:
    from alembic.operations import Operations


def keep_the_opened_venue(operations: Operations) -> None:
    """Make room for the venue's record that an opening was verified with."""
    operations.add_column("cases", sql.Column("opened_venue", sql.LargeBinary))


def name_the_warrants(operations: Operations) -> None:
    """Keep warrants under their own name: a case is an investigation."""
    operations.rename_table("cases", "warrants")


STEPS: tuple[Step, ...] = (
    keep_the_opened_venue,
    index_released_epochs,
    tell_released_passes_by_epoch,
    tell_reused_passes,
    name_the_warrants,
)
"""Append the change of an existing table here; what a step did in a release stays as it was."""
