"""What is done for many at once, done for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import sqlalchemy as sql

from service.storage import writing

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


def alone(
    engine: sql.Engine, do: Callable[[sql.Connection, Sequence[Item]], Sequence[Outcome | Exception]], item: Item
) -> Outcome:
    """What becomes of an item in a transaction of its own, as of `Transactions`; raises what it is told to."""
    with writing(engine).begin() as connection:
        (outcome,) = do(connection, [item])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
