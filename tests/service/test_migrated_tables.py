"""A database that has taken every step has the tables of a new one, or programs would go on differently with each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql

from escrow import commitments, ledger
from escrow.authority import directory, opened_visits
from escrow.authority import warrants as authority_warrants
from escrow.authority.migrations import STEPS as AUTHORITY_STEPS
from escrow.operator import accounts
from escrow.operator import warrants as operator_warrants
from escrow.operator.migrations import STEPS as OPERATOR_STEPS
from service.migration import Step
from service.storage import open_database
from tests.escrow.test_migrations import (
    commitments_before,
    decisions,
    directory_before,
    first,
    opened_before,
    proposals,
)
from tests.support.databases import KINDS, new_database
from tests.venue.test_migrations import of_one_venue
from venue import log, store
from venue.migrations import steps

EARLIEST: dict[str, tuple[Sequence[sql.MetaData], Sequence[Step], Sequence[sql.MetaData]]] = {
    "operator": (
        (first, proposals, decisions, commitments_before),
        OPERATOR_STEPS,
        (ledger.metadata, accounts.metadata, operator_warrants.metadata, commitments.metadata),
    ),
    "authority": (
        (first, directory_before, commitments_before, opened_before),
        AUTHORITY_STEPS,
        (
            ledger.metadata,
            directory.metadata,
            authority_warrants.metadata,
            commitments.metadata,
            opened_visits.metadata,
        ),
    ),
    "venue": ((of_one_venue,), steps([bytes(16)], [255]), (store.metadata, log.metadata)),
}
"""Of each party the tables of its first databases, what has changed them since, and its tables now."""
IN_PARTITIONS = {"operator": ["handles"], "authority": ["directory"], "venue": ["check_ins", "leaves"]}


def described(engine: sql.Engine, table: str) -> dict[str, Any]:
    """What a table takes, and by what its rows are told apart and found."""
    inspector = sql.inspect(engine)
    return {
        "columns": {
            column["name"]: (column["type"].compile(engine.dialect), column["nullable"])
            for column in inspector.get_columns(table)
        },
        "key": inspector.get_pk_constraint(table)["constrained_columns"],
        "unique": sorted(one["column_names"] for one in inspector.get_unique_constraints(table)),
        "foreign": sorted(
            (one["constrained_columns"], one["referred_table"]) for one in inspector.get_foreign_keys(table)
        ),
        "indexes": {(one["name"], *one["column_names"]): one["unique"] for one in inspector.get_indexes(table)},
        "partitions": partitions(engine, table),
    }


def partitions(engine: sql.Engine, table: str) -> list[tuple[str, str | None, int]]:
    """A table and its partitions: what each holds, and of how many of its columns nothing is sampled."""
    if engine.dialect.name == "sqlite":
        return []
    query = sql.text(
        "SELECT relname, coalesce(pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid)), "
        "(SELECT count(*) FROM pg_attribute WHERE attrelid = oid AND attstattarget = 0) "
        "FROM pg_partition_tree(:name) JOIN pg_class ON oid = relid ORDER BY relname"
    )
    with engine.connect() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(query, {"name": table})]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("party", EARLIEST)
def test_an_old_database_has_the_tables_of_a_new_one(party: str, kind: str, tmp_path: Path) -> None:
    before, taken, now = EARLIEST[party]
    old_url, new_url = (new_database(kind, tmp_path) for _ in range(2))
    open_database(old_url, (), *before).dispose()
    old, new = (open_database(url, taken, *now) for url in (old_url, new_url))
    for metadata in now:
        for table in metadata.tables:
            assert (table, described(old, table)) == (table, described(new, table))
    if kind == "postgresql":
        kept = [name for metadata in now for name in metadata.tables if partitions(new, name)]
        assert kept == IN_PARTITIONS[party]
    old.dispose()
    new.dispose()
