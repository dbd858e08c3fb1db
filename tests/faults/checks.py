"""Whether everything that was acknowledged is still there, once, and within its limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from escrow.operator.settings import OperatorSettings
from protocol.any_check_in import read_any_check_in
from protocol.assisted_check_ins import AssistedCheckIn
from service.settings import load_settings
from tests.faults.logs import Logs
from tests.faults.oracle import PAPER, Kind, Oracle
from tests.faults.town import PARTIES, VENUE, FaultyTown

Key = tuple[Kind, bytes]
SHOWN_BYTES = 8
"""So much of an assisted check-in's `u` staff are shown."""
TRACEBACK, WHEREABOUTS = b"Traceback (most recent call last)", b'"reason": "  File '
"""What a program says of an error that nobody had thought of: to everybody, and in a server's log."""


def stored(town: FaultyTown, logs: Logs) -> dict[Kind, set[bytes]]:
    """Everything of each kind that the databases and vaults hold."""
    query = town.query
    admitted = [(bytes(u), bytes(encoded)) for u, encoded in query(VENUE, "SELECT u, encoded FROM check_ins")]
    return {
        Kind.ACCOUNT: _column(query("operator", "SELECT account FROM accounts")),
        Kind.HANDLE: _column(query("operator", "SELECT entry FROM handles WHERE deposited")),
        Kind.ENTRY: _column(query("authority", "SELECT entry FROM directory")),
        Kind.CHECK_IN: {encoded for _, encoded in admitted},
        Kind.PAPER: {u for u, _ in admitted},
        Kind.ASSISTED: {u[:SHOWN_BYTES] for u, encoded in admitted if _is_assisted(encoded)},
        Kind.PROPOSAL: _column(query("operator", "SELECT warrant FROM warrants")),
        Kind.DECISION: _column(query("operator", "SELECT warrant FROM warrants WHERE countersignature IS NOT NULL")),
        Kind.OPENING: _column(query("authority", "SELECT warrant FROM released_parts WHERE opened_venue IS NOT NULL")),
        Kind.APPLICATION: {
            party.encode() + venue for party in PARTIES for venue in _column(query(party, "SELECT venue FROM venues"))
        },
        Kind.ERASURE: set(_erased(town, logs)),
    }


def lost(town: FaultyTown, logs: Logs, oracle: Oracle) -> list[Key]:
    """What was acknowledged and is not there."""
    there = stored(town, logs)
    return [(kind, key) for kind, keys in oracle.acknowledged.items() for key in keys - there[kind]]


def doubled(town: FaultyTown, oracle: Oracle) -> int:
    """How often a door admitted what it had admitted before. With a paper it may, if it stored that as an exit."""
    stored = Counter(bytes(u) for (u,) in town.query(VENUE, "SELECT u FROM check_ins"))
    return sum(
        count - max(1, stored[pass_.removeprefix(PAPER)] if pass_.startswith(PAPER) else 1)
        for pass_, count in oracle.admitted.items()
        if count > 1
    )


def exceeded(town: FaultyTown, oracle: Oracle) -> Iterator[str]:
    """Every limit that was not kept."""
    limits = load_settings(OperatorSettings, town.operator / "settings.toml")
    if any(len(requests) > limits.requests_per_epoch for requests in oracle.granted.values()):
        yield "an account was given passes too often"
    for phone, tried in oracle.codes_tried.items():
        if tried > limits.code_attempts * oracle.codes_drawn[phone]:
            yield "a one-time code was tried too often"
    if any(count > limits.codes_per_day for count in oracle.codes_sent.values()):
        yield "a phone was sent too many codes"
    for party in PARTIES:
        released = town.query(party, "SELECT warrant, count(*) FROM released_passes WHERE given GROUP BY warrant")
        if any(count > oracle.max_records[bytes(warrant)] for warrant, count in released):
            yield f"the {party} released more than a warrant allows"


def unrecorded(town: FaultyTown, logs: Logs, oracle: Oracle) -> Iterator[str]:
    """Which shares were given without a record, or have none any more."""
    records = {party: logs.records(party) for party in PARTIES}
    for (shares,) in town.query(
        "authority", "SELECT authority_shares FROM released_parts WHERE authority_shares IS NOT NULL"
    ):
        oracle.note_given("authority", bytes(shares))
    for (party, _, _), shares in oracle.given.items():
        if not records[party].cover(shares):
            yield f"the {party} has no record of shares that it gave"
    for party in PARTIES:
        yield from logs.unpublished(party)


def traces(town: FaultyTown, oracle: Oracle) -> Iterator[str]:
    """Where something of a pass request, or of an erased secret, is on a party's disk or in its log."""
    needles = [form for trace in oracle.traces for form in (trace, trace.hex().encode())]
    for party in PARTIES:
        sealed = [secret for (owner, _), secret in oracle.erased.items() if owner == party]
        for path, content in _files(town, party):
            if any(needle in content for needle in needles):
                yield f"{path.name} of the {party} holds a part of a pass request"
            if any(secret in content for secret in sealed):
                yield f"{path.name} of the {party} holds an erased secret"


def tracebacks(town: FaultyTown) -> Iterator[str]:
    """The logs in which a program ended as none should, or says that it met what nobody had thought of."""
    for path in town.directory.glob("*.log"):
        lines = path.read_bytes().splitlines()
        if any(line.startswith(TRACEBACK) for line in lines):
            yield f"{path.name} has a traceback: {lines[-1].decode(errors='replace')}"
        for line in lines:
            if line.startswith(b"{") and (TRACEBACK in line or WHEREABOUTS in line):
                yield f"{path.name} has a traceback in a line: {line[-200:].decode(errors='replace')}"


def _erased(town: FaultyTown, logs: Logs) -> Iterator[bytes]:
    for party in PARTIES:
        logged = logs.erased(party)
        vault = town.directory / party / "vault"
        secrets = Counter(int(path.name.strip(".").split(".")[0]) for path in vault.glob("*.secret*"))
        for path in vault.glob("*.erased"):
            if not secrets[int(path.stem)] and int(path.stem) in logged:
                yield f"{party} {path.stem}".encode()


def _files(town: FaultyTown, party: str) -> Iterator[tuple[Path, bytes]]:
    places = [town.directory / party, *town.database_directories]
    for path in chain([town.directory / f"{party}.log"], *(place.rglob("*") for place in places)):
        try:
            yield path, path.read_bytes()
        except (IsADirectoryError, FileNotFoundError, PermissionError, OSError):
            continue  # it went while it was looked for, as a database's files may


def _is_assisted(encoded: bytes) -> bool:
    return isinstance(read_any_check_in(encoded), AssistedCheckIn)


def _column(rows: object) -> set[bytes]:
    assert isinstance(rows, chain | list)
    return {bytes(value) for (value,) in rows}
