"""One writer for all doors of a server: what waits is stored together, with one wait for the disk. Spec: §6.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.http_messages import Decision
from service.storage import writing
from service.transactions import Transactions
from venue.store import Spending, decide_all

if TYPE_CHECKING:
    import sqlalchemy as sql


class Writer(Transactions):
    """Spends what waits in one transaction after the other. Nobody is told anything before the commit."""

    def __init__(self, engine: sql.Engine) -> None:
        super().__init__("writer", writing(engine))

    async def spend(self, spending: Spending) -> Decision:
        """The decision on a check-in, which is durable when this returns.

        Raises what the database raises, and `TryLater` for one that waited too long: it may be shown again.
        """
        return await self.join(decide_all, spending)
