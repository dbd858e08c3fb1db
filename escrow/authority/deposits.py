"""What the operator deposits, each batch stored with the id of the request that brought it. Spec: §4.4, §5.4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sql

from escrow.authority import directory
from escrow.errors import ErasedEpoch
from protocol.handles import DirectoryBatch
from protocol.party_requests import PartyRequest
from service.inbox import accept


@dataclass(frozen=True, slots=True)
class Deposit:
    """A batch of entries, and the verified request whose body it is."""

    request: PartyRequest
    batch: DirectoryBatch


def deposit(connection: sql.Connection, deposits: Sequence[Deposit]) -> list[list[bool] | Exception]:
    """Count the requests and store their entries, in a transaction of the caller's.

    Gives for each whether its entries are there, as `directory.deposit` does. A request that was received before is a
    `ReplayedRequest`, and one whose epoch is erased at this moment `ErasedEpoch`.
    """
    outcomes = list[list[bool] | Exception]()
    replayed = accept(connection, [one.request for one in deposits])
    new = [one for one, error in zip(deposits, replayed, strict=True) if error is None]
    stored = iter(directory.deposit(connection, [entry for one in new for entry in one.batch.entries]))
    for one, error in zip(deposits, replayed, strict=True):
        held = [] if error else list(islice(stored, len(one.batch.entries)))
        erased = next((each for each in held if isinstance(each, ErasedEpoch)), None)
        outcomes.append(error or erased or [each is True for each in held])
    return outcomes
