"""How the operator's database came from each version to the next. Spec: §6.4."""

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
from service.migration import Step
from service.partition_migration import put_into_partitions

if TYPE_CHECKING:
    from alembic.operations import Operations


def find_decisions_in_the_log(operations: Operations) -> None:
    """The log alone says where a decision on a warrant is on record; a database before the log has no such table."""
    if sql.inspect(operations.get_bind()).has_table("warrant_decisions"):
        operations.drop_column("warrant_decisions", "log_index")


def index_epochs(operations: Operations) -> None:
    """Let the handles and the released passes of an epoch be found without reading all of them."""
    operations.create_index("ix_handles_epoch", "handles", ["epoch"])
    index_released_epochs(operations)


def tell_handles_by_epoch(operations: Operations) -> None:
    """Begin the keys of handles with their epoch, so that a table can be kept in a part for each."""
    replace_table(
        operations,
        "handles",
        sql.Column("epoch", sql.BigInteger, primary_key=True, autoincrement=False),
        sql.Column("account", sql.LargeBinary(16), sql.ForeignKey("accounts.account"), primary_key=True),
        sql.Column("handle", sql.LargeBinary(32), nullable=False),
        sql.Column("record", sql.LargeBinary, nullable=False),
        sql.Column("entry", sql.LargeBinary, nullable=False),
        sql.Column("deposited", sql.Boolean, nullable=False),
        sql.Column("requests", sql.Integer, nullable=False),
        sql.UniqueConstraint("epoch", "handle", name="uq_handles_epoch_handle"),
    )
    operations.create_index("ix_handles_account", "handles", ["account"])


def tell_noticed_parts(operations: Operations) -> None:
    """Note how far the notices under a warrant have come; until now each was for all that was released."""
    if sql.inspect(operations.get_bind()).has_table("noticed_warrants"):
        operations.add_column("noticed_warrants", sql.Column("ends", sql.BigInteger))


def index_accounts(operations: Operations) -> None:
    """Let an account's sessions, and the accounts that have lapsed, be found without reading all of them."""
    for table, column in (("sessions", "account"), ("accounts", "verified_at")):
        if sql.inspect(operations.get_bind()).has_table(table):
            operations.create_index(f"ix_{table}_{column}", table, [column])


def keep_handles_in_partitions(operations: Operations) -> None:
    """Let a day of handles be dropped."""
    put_into_partitions(operations, "handles")


STEPS: tuple[Step, ...] = (
    find_decisions_in_the_log,
    index_epochs,
    tell_released_passes_by_epoch,
    tell_reused_passes,
    tell_handles_by_epoch,
    tell_noticed_parts,
    index_commitment_times,
    index_accounts,
    keep_handles_in_partitions,
    index_released_passes,
    void_votes_on_venues,
    date_applications,
    widen_actions,
)
"""Append the change of an existing table here; what a step did in a release stays as it was."""
