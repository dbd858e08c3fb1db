"""How the authority's database came from each version to the next. Spec: §6.4."""

from __future__ import annotations

import sqlalchemy as sql
from alembic.operations import Operations

from escrow.migrations import index_released_epochs
from service.migration import Step


def keep_the_opened_venue(operations: Operations) -> None:
    """Make room for the venue's record that an opening was verified with."""
    operations.add_column("cases", sql.Column("opened_venue", sql.LargeBinary))


STEPS: tuple[Step, ...] = (keep_the_opened_venue, index_released_epochs)
"""Append the change of an existing table here; what a step did in a release stays as it was."""
