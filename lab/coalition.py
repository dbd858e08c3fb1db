"""What one escrow party and all venues can find out together, by trying with everything they hold. Spec: §2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from pathlib import Path

import sqlalchemy as sql

from escrow.authority.authority import Authority
from escrow.operator.operator import Operator
from protocol.any_check_in import AnyCheckInMessage, PassCheckInMessage, read_any_check_in
from protocol.assisted_check_ins import AssistedCheckIn, open_assisted, verify_assisted
from protocol.epochs import EpochKey, EpochSecret
from protocol.handles import directory_index, open_entry
from protocol.primitives.errors import IdentityElement, InvalidEntry
from protocol.primitives.group import Point

Recognise = Callable[[Point], bool]
"""Whether a party knows who a handle belongs to."""


def opened_by(secrets: list[EpochSecret], check_ins: Iterable[PassCheckInMessage], recognise: Recognise) -> int:
    """How many check-ins whoever holds these epoch secrets can connect with a person."""
    return sum(any(map(recognise, candidates(secrets, message))) for message in check_ins)


def assisted_opened_by(secrets: list[EpochSecret], epoch_key: EpochKey, check_ins: Iterable[AssistedCheckIn]) -> int:
    """How many assisted check-ins whoever holds these epoch secrets can read."""
    return sum(any(_reads(epoch_key, message, S) for S in _sums(secrets, message.u)) for message in check_ins)


def _reads(epoch_key: EpochKey, message: AssistedCheckIn, S: Point) -> bool:
    try:
        open_assisted(epoch_key, verify_assisted(epoch_key, message), S)
    except InvalidEntry:
        return False
    return True


def _sums(secrets: list[EpochSecret], u: Point) -> Iterator[Point]:
    """Every sum of some of the secrets' shares of `u`, and `u` itself."""
    yield u
    for count in range(1, len(secrets) + 1):
        for first, *others in combinations(secrets, count):
            total = first.share * u
            for other in others:
                total = total + other.share * u
            yield total


def candidates(secrets: list[EpochSecret], message: PassCheckInMessage) -> Iterator[Point]:
    """Every point that a check-in's ciphertext gives with any of the secrets."""
    u, v = Point(message.u), Point(message.v)
    yield from (u, v)
    for count in range(1, len(secrets) + 1):
        for chosen in combinations(secrets, count):
            handle = v
            try:
                for secret in chosen:
                    handle = handle - secret.share * u
            except IdentityElement:
                continue
            yield handle


def recognised_by_operator(operator: Operator) -> Recognise:
    """The operator knows the handle of each account."""
    with operator.engine.begin() as connection:
        handles = set(connection.scalars(sql.text("SELECT handle FROM handles")))
    return lambda point: bytes(point) in handles


def recognised_by_authority(authority: Authority, epoch_key: EpochKey) -> Recognise:
    """The authority has a directory entry for each handle, which the handle opens."""
    with authority.engine.begin() as connection:
        indices = set(connection.scalars(sql.text("SELECT entry_index FROM directory")))

    def recognise(point: Point) -> bool:
        index = directory_index(epoch_key, point)
        entry = authority.directory.find(epoch_key.epoch, index) if index in indices else None
        try:
            return entry is not None and open_entry(epoch_key, point, entry).handle == point
        except InvalidEntry:
            return False

    return recognise


def traces_on_disk(home: Path, log: Path, check_ins: Iterable[PassCheckInMessage]) -> int:
    """How many check-ins left a point or signature, in bytes or hexadecimal, in a file under `home` or the log."""
    contents = [path.read_bytes() for path in (log, *home.rglob("*")) if path.is_file()]

    def appears(message: PassCheckInMessage) -> bool:
        parts = (message.u, message.v, message.pass_signature, message.label_signature)
        needles = [form for part in parts for form in (part, part.hex().encode())]
        return any(needle in content for content in contents for needle in needles)

    return sum(map(appears, check_ins))


def stored_check_ins(databases: Iterable[sql.Engine], domain: int | None = None) -> list[PassCheckInMessage]:
    """Every check-in with a pass in the venues' databases, or those of one domain."""
    return [
        check_in
        for check_in in _stored(databases)
        if domain in {None, check_in.domain} and isinstance(check_in, PassCheckInMessage)
    ]


def stored_assisted(databases: Iterable[sql.Engine]) -> list[AssistedCheckIn]:
    """Every assisted check-in in the venues' databases."""
    return [check_in for check_in in _stored(databases) if isinstance(check_in, AssistedCheckIn)]


def _stored(databases: Iterable[sql.Engine]) -> Iterator[AnyCheckInMessage]:
    for engine in databases:
        with engine.begin() as connection:
            yield from map(read_any_check_in, connection.scalars(sql.text("SELECT encoded FROM check_ins")).all())
