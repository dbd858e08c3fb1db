"""How the venues' database came from each version to the next. Spec: §6.4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sql

from service.errors import ConfigurationError
from service.migration import Step
from service.partition_migration import put_into_partitions

if TYPE_CHECKING:
    from alembic.operations import Operations


def steps(venues: Sequence[bytes], domains: Sequence[int]) -> tuple[Step, ...]:
    """The changes of existing tables, in order.

    `venues` are the 16-byte ids of the server's venues now, `domains` the numbers of those that it pins.

    Append the next one; what a step did in a release stays as it was.
    """

    def name_the_venue(operations: Operations) -> None:
        """Say of every check-in that it is the server's only venue's."""
        if len(venues) != 1:
            raise ConfigurationError("the database is of a single venue: open it in a home that has this one alone")
        operations.create_table(
            "check_ins_of_venues",
            sql.Column("venue", sql.LargeBinary(16), primary_key=True),
            sql.Column("u", sql.LargeBinary(32), primary_key=True),
            sql.Column("direction", sql.SmallInteger, primary_key=True),
            sql.Column("time", sql.BigInteger, nullable=False),
            sql.Column("epoch", sql.BigInteger, nullable=False),
            sql.Column("encoded", sql.LargeBinary, nullable=False),
        )
        copy = sql.text(
            "INSERT INTO check_ins_of_venues SELECT :venue, u, direction, time, epoch, encoded FROM check_ins"
        )
        operations.execute(copy.bindparams(sql.bindparam("venue", venues[0], sql.LargeBinary)))
        operations.drop_table("check_ins")
        operations.rename_table("check_ins_of_venues", "check_ins")
        operations.create_index("ix_check_ins_epoch", "check_ins", ["epoch"])
        operations.create_index("ix_check_ins_venue_time", "check_ins", ["venue", "time"])

    def place_in_the_log(operations: Operations) -> None:
        """Give every check-in room for its position in the venue's log; none has one yet."""
        operations.add_column("check_ins", sql.Column("position", sql.BigInteger))
        operations.drop_index("ix_check_ins_venue_time", "check_ins")
        operations.create_index("ix_check_ins_venue_position", "check_ins", ["venue", "position"])

    def name_the_domain(operations: Operations) -> None:
        """Say of everything that it is the home's only domain's, and put domain and epoch into the keys."""
        if len(domains) != 1:
            raise ConfigurationError("the database is of a single domain: open it in a home that pins this one alone")
        _replace(
            operations,
            "check_ins",
            domains[0],
            sql.Column("epoch", sql.BigInteger, primary_key=True, autoincrement=False),
            sql.Column("venue", sql.LargeBinary(16), primary_key=True),
            sql.Column("u", sql.LargeBinary(32), primary_key=True),
            sql.Column("direction", sql.SmallInteger, primary_key=True),
            sql.Column("time", sql.BigInteger, nullable=False),
            sql.Column("encoded", sql.LargeBinary, nullable=False),
            sql.Column("position", sql.BigInteger),
        )
        operations.create_index("ix_check_ins_position", "check_ins", ["domain", "venue", "position"])
        if not sql.inspect(operations.get_bind()).has_table("leaves"):
            return  # a database from before the log
        _replace(
            operations,
            "leaves",
            domains[0],
            sql.Column("epoch", sql.BigInteger, primary_key=True, autoincrement=False),
            sql.Column("venue", sql.LargeBinary(16), primary_key=True),
            sql.Column("position", sql.BigInteger, primary_key=True, autoincrement=False),
            sql.Column("time", sql.BigInteger, nullable=False),
            sql.Column("direction", sql.SmallInteger, nullable=False),
            sql.Column("digest", sql.LargeBinary(32), nullable=False),
        )
        operations.create_index("ix_leaves_position", "leaves", ["domain", "venue", "position"])
        _replace(
            operations,
            "commitments",
            domains[0],
            sql.Column("venue", sql.LargeBinary(16), primary_key=True),
            sql.Column("time", sql.BigInteger, primary_key=True, autoincrement=False),
            sql.Column("salt", sql.LargeBinary(32), nullable=False),
            sql.Column("size", sql.BigInteger, nullable=False),
            sql.Column("frontier", sql.LargeBinary, nullable=False),
            sql.Column("operator", sql.Boolean, nullable=False),
            sql.Column("authority", sql.Boolean, nullable=False),
        )

    def keep_days_in_partitions(operations: Operations) -> None:
        """Let a day of check-ins, and of leaves, be dropped."""
        put_into_partitions(operations, "check_ins")
        put_into_partitions(operations, "leaves")

    return (name_the_venue, place_in_the_log, name_the_domain, keep_days_in_partitions)


def _replace(operations: Operations, name: str, domain: int, *columns: sql.Column[Any]) -> None:
    """Put a table with the domain and these columns in the place of one that has no domain, with its rows."""
    first = sql.Column("domain", sql.SmallInteger, primary_key=True, autoincrement=False)
    made = operations.create_table(f"{name}_of_domains", first, *columns)
    kept = [column.name for column in columns]
    before = sql.table(name, *map(sql.column, kept))
    rows = sql.select(sql.literal(domain, sql.SmallInteger), *before.c)
    operations.execute(sql.insert(made).from_select(["domain", *kept], rows))
    operations.drop_table(name)
    operations.rename_table(f"{name}_of_domains", name)
