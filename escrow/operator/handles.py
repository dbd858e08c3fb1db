"""The handle of each account and epoch, and how often passes were asked for with it. Spec: §5.3.

What is done here is done for many at once, in a transaction of the caller's. An account and an epoch are a `Key`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sql

from escrow.errors import ErasedEpoch
from escrow.operator.accounts import handles
from escrow.operator.errors import AllowanceUsed, HandleExists, NoHandle
from protocol.handles import DirectoryEntry, Handle
from protocol.primitives.group import Point
from service.storage import insert_new

Key = tuple[int, bytes]
"""An epoch, and an account's id (16 bytes): the order of the table's primary key."""
Kept = tuple[bytes, DirectoryEntry]
"""An account's signed record, and its sealed entry."""

_IS_OF = (handles.c.epoch == sql.bindparam("of_epoch")) & (handles.c.account == sql.bindparam("of_account"))
_MARKING = sql.update(handles).where(_IS_OF).values(deposited=True)
_COUNTING = sql.update(handles).where(_IS_OF).values(requests=sql.bindparam("counted"))


@dataclass(frozen=True, slots=True)
class NewHandle:
    """A verified handle that an account (16-byte id) registers, with its signed record and sealed entry."""

    account_id: bytes
    handle: Handle
    record: bytes
    entry: DirectoryEntry

    @property
    def key(self) -> Key:
        """What the handle is kept under."""
        return self.entry.epoch, self.account_id

    def __repr__(self) -> str:
        return "NewHandle(hidden)"


def register(connection: sql.Connection, new: Sequence[NewHandle]) -> list[Kept | Exception]:
    """Store handles with their records and entries.

    Gives the record and entry that are stored, which are the first ones when the handle was registered before. Another
    handle of the epoch, or another account's, is `HandleExists`. It is `ErasedEpoch` if the epoch's handles are deleted
    at this moment.
    """
    rows = [
        {
            "epoch": one.entry.epoch,
            "account": one.account_id,
            "handle": bytes(one.handle),
            "record": one.record,
            "entry": one.entry.to_bytes(),
            "deposited": False,
            "requests": 0,
        }
        for one in sorted(new, key=lambda one: one.key)
    ]
    inserted, times = insert_new(connection, handles, rows), Counter(one.key for one in new)
    surely = {key for key in inserted if times[key] == 1}  # type: ignore[index]
    known = _Known(connection, [one for one in new if one.key not in surely])
    return [(one.record, one.entry) if one.key in surely else known.kept(one) for one in new]


def mark_deposited(connection: sql.Connection, keys: Sequence[Key]) -> list[None]:
    """Note that the authority has signed for the entries: passes for a handle without one would open to nobody."""
    connection.execute(_MARKING, [{"of_epoch": epoch, "of_account": account} for epoch, account in sorted(set(keys))])
    return [None] * len(keys)


def find(connection: sql.Connection, keys: Sequence[Key]) -> list[Handle | Exception]:
    """The handles whose entries are deposited; the others are `NoHandle`."""
    found = dict[Key, bytes]()
    for epoch, accounts in _by_epoch(keys):
        query = sql.select(handles.c.account, handles.c.handle).where(
            handles.c.epoch == epoch, handles.c.account.in_(accounts), handles.c.deposited
        )
        found |= {(epoch, account): handle for account, handle in connection.execute(query)}

    def of(epoch: int, account: bytes) -> Handle | Exception:
        if (epoch, account) not in found:
            return NoHandle(account, epoch)
        return Handle(Point(found[epoch, account]))

    return [of(*key) for key in keys]


def count_requests(connection: sql.Connection, keys: Sequence[Key], most: int) -> list[Exception | None]:
    """Count an allowance request for each; those that have as many as they may have are `AllowanceUsed`."""
    counted = dict[Key, int]()
    for epoch, accounts in _by_epoch(keys):
        query = sql.select(handles.c.account, handles.c.requests).where(
            handles.c.epoch == epoch, handles.c.account.in_(accounts)
        )
        in_order = query.order_by(handles.c.account).with_for_update()  # nobody else counts meanwhile
        counted |= {(epoch, account): requests for account, requests in connection.execute(in_order)}
    changed = set[Key]()

    def count(epoch: int, account: bytes) -> Exception | None:
        if counted.get((epoch, account), most) >= most:
            return AllowanceUsed(account, epoch)
        counted[epoch, account] += 1
        changed.add((epoch, account))
        return None

    outcomes = [count(*key) for key in keys]
    if changed:
        connection.execute(
            _COUNTING,
            [
                {"of_epoch": epoch, "of_account": account, "counted": counted[epoch, account]}
                for epoch, account in sorted(changed)
            ],
        )
    return outcomes


def uncount_request(engine: sql.Engine, key: Key) -> None:
    """Take back the count of a request that never left the operator, in a transaction of its own."""
    epoch, account = key
    mine = (handles.c.epoch == epoch) & (handles.c.account == account)
    with engine.begin() as connection:
        connection.execute(sql.update(handles).where(mine).values(requests=handles.c.requests - 1))


def _by_epoch(keys: Iterable[Key]) -> Iterable[tuple[int, list[bytes]]]:
    accounts = defaultdict[int, list[bytes]](list)
    for epoch, account in sorted(set(keys)):
        accounts[epoch].append(account)
    return accounts.items()


class _Known:
    """What is stored of handles that may have been registered before."""

    def __init__(self, connection: sql.Connection, new: Iterable[NewHandle]) -> None:
        by_epoch = defaultdict[int, list[NewHandle]](list)
        for one in new:
            by_epoch[one.entry.epoch].append(one)
        self._rows = dict[tuple[int, bytes], sql.Row[tuple[object, ...]]]()
        for epoch, of_epoch in by_epoch.items():
            same = sql.or_(
                handles.c.account.in_([one.account_id for one in of_epoch]),
                handles.c.handle.in_([bytes(one.handle) for one in of_epoch]),
            )
            for row in connection.execute(sql.select(handles).where(handles.c.epoch == epoch, same)):
                self._rows[epoch, row.account] = self._rows[epoch, row.handle] = row

    def kept(self, one: NewHandle) -> Kept | Exception:
        epoch, handle = one.entry.epoch, bytes(one.handle)
        row = self._rows.get((epoch, one.account_id)) or self._rows.get((epoch, handle))
        if row is None:  # it was erased meanwhile
            return ErasedEpoch(epoch)
        if (row.account, row.handle) != (one.account_id, handle):
            return HandleExists(one.account_id, epoch)
        return row.record, DirectoryEntry.from_bytes(row.entry)
