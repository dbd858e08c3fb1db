"""Many people at a town's venues, stored as their check-ins would be if each had come with a phone.

No client asks for their passes: whoever has both parties' secrets makes them in a small part of the time.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sql
from aiohttp import ClientSession

from escrow.authority import directory
from escrow.authority.authority import Authority
from escrow.operator.operator import Operator
from lab.processes import ProcessFailed
from lab.town import FAMILY_NAMES, GIVEN_NAMES, Place, Town
from protocol.check_ins import TIME_STEP, Direction, sign_check_in
from protocol.epochs import MAX_STAY, EpochKey
from protocol.handles import IdentityRecord, seal_record
from protocol.passes import OwnedPass, Pass, pass_signing_input
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.signatures import SigningKey
from protocol.warrants import MAX_RECORDS
from service.cli import local_time
from service.clock import HOUR
from venue.committing import commit
from venue.store import check_ins

CHUNK = 500
"""How many check-ins a process makes at a time."""
LATELY = 600
"""Everybody came within so many seconds: a venue commits to a check-in once it is there."""
HOURS = MAX_STAY // HOUR + 1
"""A window longer than the longest stay: each of its parts then shows what is in it and nothing that comes after it."""
SETTINGS = "commitments_per_hour = 1000000\n"
"""A party that takes as many commitments as a crowd makes."""


class CrowdedTown(Town):
    """A town whose parties take as many commitments as come."""

    def more_settings(self, server: str) -> str:
        """Lines for a server's settings.toml."""
        return SETTINGS if server in {"operator", "authority"} else ""


class Crowd:
    """So many people with a verified number each, in the town's directory of an epoch. They go out in turn."""

    def __init__(self, town: Town, people: int, epoch_key: EpochKey) -> None:
        self._authority, self._key, self._gone = Authority(town.authority), epoch_key, 0
        secret = self._authority.epochs.secret(epoch_key.epoch)
        assert secret.pass_seed is not None, "it is the authority's"
        self._pass_seed = secret.pass_seed
        self._processes = ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))
        identity = bytes(Operator(town.operator).identity)
        numbers = [range(first, min(first + CHUNK, people)) for first in range(0, people, CHUNK)]
        self._handles: list[bytes] = []
        for made in self._processes.map(_seal, *zip(*((epoch_key, identity, some) for some in numbers), strict=True)):
            self._handles += [handle for handle, _ in made]
            rows = [row for _, row in made]
            with self._authority.engine.begin() as connection:
                connection.execute(sql.insert(directory.metadata.tables["directory"]), rows)

    def close(self) -> None:
        """End its processes."""
        self._processes.shutdown(cancel_futures=True)
        self._authority.engine.dispose()

    async def enter(self, session: ClientSession, place: Place, visits: int) -> None:
        """Have so many come in at a place just now, and the place commit to that."""
        turns, now = range(self._gone, self._gone + visits), int(time.time())
        self._gone += visits
        handles = [self._handles[turn % len(self._handles)] for turn in turns]
        times = [now - turn % LATELY for turn in turns]
        jobs = [
            (self._key, self._pass_seed, handles[first : first + CHUNK], times[first : first + CHUNK])
            for first in range(0, visits, CHUNK)
        ]
        membership = place.membership
        engine = place.venue.home.engine
        common = {
            "domain": self._key.domain.number,
            "epoch": self._key.epoch,
            "venue": place.id,
            "direction": int(Direction.ENTRY),
        }
        for made in self._processes.map(_check_in, *zip(*jobs, strict=True)):
            with engine.begin() as connection:
                rows = [{**common, "u": u, "time": when, "encoded": encoded} for u, when, encoded in made]
                connection.execute(sql.insert(check_ins), rows)
        await commit(membership, session, int(time.time()))
        await asyncio.sleep(1)  # the next commitment is of the next second at least, and no warrant counts a future one


def agree_on(town: Town, case: str, places: Sequence[Place]) -> None:
    """The officers' commands for a case of the last hours at these places, until both parties have signed."""
    offset, now = town.settings.utc_offset, int(time.time())
    window = ("--from", local_time(now - HOURS * HOUR, offset), "--until", local_time(now, offset))
    venues = (argument for place in places for argument in ("--venue", place.id.hex()))
    town.officer("authority", "case", "start", case, "--legal-reference", "감염병예방법 제76조의2")
    town.officer("authority", "case", "add", case, *venues, *window)
    town.officer("authority", "case", "draw", case, "--yes", "--max-records", str(MAX_RECORDS))
    town.officer("authority", "case", "propose", case)
    for line in town.officer("operator", "warrants", "list", "--state", "pending").splitlines():
        if not line.startswith(" "):
            town.officer("operator", "warrants", "countersign", line.split()[0])
    town.officer("authority", "case", "watch", case, "--once")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command printed, how many seconds it took, also of all cores, and the most bytes of memory that it had."""

    output: str
    seconds: float
    processor_seconds: float
    peak: int


def measure(*command: str) -> Measured:
    """Run `python -m COMMAND` in a process of its own; raises `ProcessFailed` unless its exit status is 0."""
    with tempfile.TemporaryDirectory() as directory:
        peak, started = Path(directory, "peak"), time.perf_counter()
        whole = [sys.executable, "-m", "lab.measured", str(peak), *command]
        surroundings = os.environ | {"MALLOC_ARENA_MAX": "1"}  # or threads leave gaps, whose size is chance
        ran = subprocess.run(  # noqa: S603  our own modules
            whole, capture_output=True, text=True, check=False, env=surroundings
        )
        seconds = time.perf_counter() - started
        if ran.returncode != 0:
            raise ProcessFailed(f"{' '.join(command)}: {ran.stderr.strip()}")
        most, processor_seconds = peak.read_text().split()
        return Measured(ran.stdout.strip(), seconds, float(processor_seconds), int(most))


def _seal(epoch_key: EpochKey, identity: bytes, numbers: Sequence[int]) -> list[tuple[bytes, dict[str, object]]]:
    """A handle and a row of the directory for each person."""
    made = []
    for number in numbers:
        handle = Scalar.random() * B
        name = FAMILY_NAMES[number % len(FAMILY_NAMES)] + GIVEN_NAMES[number % len(GIVEN_NAMES)]
        phone = f"+8210{10_000_000 + number}"
        today = epoch_key.epoch
        record = IdentityRecord(epoch_key.domain.number, today, handle, phone, name, verified_on=today)
        _, entry = seal_record(epoch_key, record, SigningKey(identity))
        made.append((bytes(handle), {"epoch": entry.epoch, "entry_index": entry.index, "entry": entry.to_bytes()}))
    return made


def _check_in(
    epoch_key: EpochKey, pass_seed: bytes, handles: Sequence[bytes], times: Sequence[int]
) -> list[tuple[bytes, int, bytes]]:
    """The `u`, the time and the encoding of a check-in of each of these handles' owners."""
    made, pass_key = [], SigningKey(pass_seed)
    for handle, moment in zip(handles, times, strict=True):
        r = Scalar.random()
        u, v = bytes(r * B), bytes(Point(handle) + r * epoch_key.X)
        signature = pass_key.sign(pass_signing_input(epoch_key, u, v)).signature
        owned = OwnedPass(Pass(u, v, signature), r)
        check_in = sign_check_in(epoch_key, owned, moment - moment % TIME_STEP, Direction.ENTRY)
        made.append((u, check_in.time, check_in.to_bytes()))
    return made
