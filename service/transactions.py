"""What many wait for at once is one transaction: each is told when it is durable, and none because of another.

Spec: §6.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from service.batches import BatchesInThread
from service.storage import is_deadlock, is_storage_trouble

if TYPE_CHECKING:
    import sqlalchemy as sql

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


@dataclass(slots=True, eq=False)
class _Part:
    """One item, and what is done with all of its kind."""

    do: Callable[[sql.Connection, Sequence[Any]], Sequence[Any]]
    item: Any


class Transactions(BatchesInThread[_Part, Any]):
    """One transaction after the other, each with all that waits. Nobody is told anything before the commit.

    The engine is one for `writing`, unless all that is joined only reads.
    """

    def __init__(self, name: str, engine: sql.Engine) -> None:
        super().__init__(name)
        self._engine = engine

    async def join(
        self, do: Callable[[sql.Connection, Sequence[Item]], Sequence[Outcome | Exception]], item: Item
    ) -> Outcome:
        """What becomes of an item, of those that are done together by `do`: it is durable when this returns.

        Raises what `do` gives for it, what the database raises, and `TryLater` if it waited too long: nothing of it is
        done then. What `do` gives is committed, an error as well.
        """
        outcome: Outcome = await self._join(_Part(do, item))
        return outcome

    def _do_in_thread(self, items: Sequence[_Part]) -> Sequence[Any]:
        """What becomes of each. One that the database does not take must not keep the others out: each then is alone.

        So they are if they and another process waited for each other. When the database takes nothing at all, nobody
        else waits for it in vain.
        """
        try:
            return self._do_together(items)
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            if len(items) == 1 or (is_storage_trouble(error) and not is_deadlock(error)):
                return [error] * len(items)
        outcomes = list[Any]()
        for part in items:
            (outcome,) = self._do_in_thread([part])
            if isinstance(outcome, Exception) and is_storage_trouble(outcome):
                return [*outcomes, *[outcome] * (len(items) - len(outcomes))]
            outcomes.append(outcome)
        return outcomes

    def _do_together(self, parts: Sequence[_Part]) -> Sequence[Any]:
        kinds = dict[Callable[..., Sequence[Any]], list[_Part]]()
        for part in parts:
            kinds.setdefault(part.do, []).append(part)
        outcomes = dict[_Part, Any]()
        with self._engine.begin() as connection:
            for do, own in kinds.items():
                outcomes.update(zip(own, do(connection, [part.item for part in own]), strict=True))
        return [outcomes[part] for part in parts]
