"""What the operator deposits, each entry stored with the id of the request that brought it. Spec: §4.4, §5.4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sql

from escrow.authority import directory
from protocol.handles import DirectoryEntry
from protocol.party_requests import PartyRequest
from service.inbox import accept


@dataclass(frozen=True, slots=True)
class Deposit:
    """An entry, and the verified request whose body it is."""

    request: PartyRequest
    entry: DirectoryEntry


def deposit(connection: sql.Connection, deposits: Sequence[Deposit]) -> list[Exception | None]:
    """Count the requests and store their entries, in a transaction of the caller's.

    A request that was received before is a `ReplayedRequest`. The other entries are stored as `directory.deposit` says.
    """
    outcomes: list[Exception | None] = [*accept(connection, [one.request for one in deposits])]
    new = [number for number, outcome in enumerate(outcomes) if outcome is None]
    stored = directory.deposit(connection, [deposits[number].entry for number in new])
    for number, outcome in zip(new, stored, strict=True):
        outcomes[number] = outcome
    return outcomes
