"""How the venues' database came from each version to the next. Spec: §6.4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sql

from service.errors import ConfigurationError
from service.migration import Step

if TYPE_CHECKING:
    from alembic.operations import Operations


def steps(venues: Sequence[bytes]) -> tuple[Step, ...]:
    """The changes of existing tables, in order; `venues` are the 16-byte ids of the server's venues now.

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

    return (name_the_venue, place_in_the_log)
