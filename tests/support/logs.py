"""Two parties' logs and witnesses on disk, without their servers."""

from __future__ import annotations

from pathlib import Path

from escrow.log.log import TransparencyLog
from escrow.log.witness import OtherSize, Witness
from protocol.epochs import Role
from protocol.transparency.log_entries import SharesReleased
from protocol.transparency.merkle import leaf_hash
from protocol.transparency.tiles import tiles_of
from protocol.transparency.witnesses import WitnessRequest
from tests.support.domain import NOW, Parties

ROLE = Role.OPERATOR


def open_log(parties: Parties, directory: Path) -> TransparencyLog:
    """The operator's log."""
    return TransparencyLog(directory / "log", parties.domain, ROLE, parties.keys[ROLE])


def open_witness(parties: Parties, directory: Path) -> Witness:
    """The authority as its witness."""
    return Witness(directory / "witness", parties.domain, ROLE, parties.keys[Role.AUTHORITY])


def fact(number: int) -> SharesReleased:
    """Something to put on record."""
    return SharesReleased(number, NOW, number.to_bytes(32, "big"))


def append(log: TransparencyLog, *numbers: int) -> list[int]:
    """Put facts on record; returns their places."""
    return [log.append(fact(number), NOW + number) for number in numbers]


def request_for(log: TransparencyLog, old_size: int) -> WitnessRequest:
    """What a log sends its witness."""
    newest = log.pending()
    assert newest is not None
    return WitnessRequest(old_size, log.consistency(old_size, newest[1].size), newest[0])


def have_witnessed(log: TransparencyLog, witness: Witness) -> None:
    """Have the newest checkpoint cosigned and published."""
    try:
        request = request_for(log, 0)
        line = witness.add_checkpoint(request.encode(), NOW)
    except OtherSize as error:
        request = request_for(log, error.size)
        line = witness.add_checkpoint(request.encode(), NOW)
    log.publish(request.checkpoint + line)


def leaves_of(log: TransparencyLog) -> list[bytes]:
    """The hashes of all entries, from the tiles of entries."""
    newest = log.pending()
    size = 0 if newest is None else newest[1].size
    return [leaf_hash(entry) for tile in tiles_of("entries", 0, size) for entry in log.files.entries(tile)]
