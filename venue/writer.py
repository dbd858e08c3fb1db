"""One writer for all doors of a server: what waits is stored together, with one wait for the disk. Spec: §6.4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from protocol.http_messages import Decision
from service.storage import is_storage_trouble, writing
from venue.batches import Batches
from venue.store import Spending, spend_all

if TYPE_CHECKING:
    import sqlalchemy as sql


class Writer(Batches[Spending, Decision]):
    """Spends what waits in one transaction after the other. Nobody is told anything before the commit."""

    def __init__(self, engine: sql.Engine) -> None:
        super().__init__("writer")
        self._engine = writing(engine)

    async def spend(self, spending: Spending) -> Decision:
        """The decision on a check-in, which is durable when this returns.

        Raises what the database raises, and `TryLater` for one that waited too long: it may be shown again.
        """
        return await self._join(spending)

    def _do(self, items: Sequence[Spending]) -> Sequence[Decision | Exception]:
        """What becomes of each. One that the database does not take must not keep the others out: each then is alone.

        When the database takes nothing at all, nobody else waits for it in vain.
        """
        try:
            return spend_all(self._engine, items)
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            if is_storage_trouble(error) or len(items) == 1:
                return [error] * len(items)
        outcomes = list[Decision | Exception]()
        for spending in items:
            (outcome,) = self._do([spending])
            if isinstance(outcome, Exception) and is_storage_trouble(outcome):
                return [*outcomes, *[outcome] * (len(items) - len(outcomes))]
            outcomes.append(outcome)
        return outcomes
