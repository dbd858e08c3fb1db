"""How many check-ins a second a venue's servers take, next to a plain server."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.door import MISSING, Load, is_missing, prepare, run_doors, run_plain
from benchmarks.postgresql import postgresql
from benchmarks.section import Effort, Result, Section, Table, reaches
from benchmarks.session import Session, make_session

AT_A_TIME = 32
PROCESSES = 3
SECONDS = {Effort.QUICK: 3, Effort.USUAL: 10, Effort.FULL: 30}
SUSTAINED_SECONDS = {Effort.QUICK: 5, Effort.USUAL: 60, Effort.FULL: 60}
ROUNDS = {Effort.QUICK: 1, Effort.USUAL: 3, Effort.FULL: 5}
AT_MOST_A_SECOND = 12_000
"""So many check-ins are prepared for each second: more than a server on two cores takes."""


def measure(effort: Effort) -> Result:
    """One process on SQLite next to the plain server, in turn; then several processes on one PostgreSQL."""
    if is_missing():
        return {"missing": MISSING}
    session, load = make_session(), Load(SECONDS[effort], AT_A_TIME)
    one_by_one, sustained = Load(SECONDS[effort], 1), Load(SUSTAINED_SECONDS[effort], AT_A_TIME)
    with tempfile.TemporaryDirectory(prefix="splitpass-door-") as name:
        directory = Path(name)
        check_ins, many = directory / "check-ins", directory / "many"
        kinds: dict[str, Callable[[Path], Result]] = {
            "plain": lambda folder: run_plain(folder, check_ins, load),
            "door": lambda folder: _on_sqlite(session, folder, check_ins, load),
            "one": lambda folder: _on_sqlite(session, folder, check_ins, one_by_one),
        }
        rounds: dict[str, list[Result]] = {kind: [] for kind in kinds}
        for number in range(ROUNDS[effort]):
            prepare(session, check_ins, AT_MOST_A_SECOND * load.seconds)
            for kind, run in kinds.items():
                folder = directory / f"{kind}-{number}"
                folder.mkdir()
                rounds[kind].append(run(folder))
        prepare(session, many, AT_MOST_A_SECOND * sustained.seconds)
        with postgresql() as url:
            on_postgresql = run_doors(session, directory, many, sustained, [url] * PROCESSES)
    door, plain, one = (_middle(rounds[kind]) for kind in ("door", "plain", "one"))
    pairs = list(zip(rounds["door"], rounds["plain"], strict=True))
    return {
        "sqlite": {
            **door,
            "at_a_time": AT_A_TIME,
            "ratio_to_plain_server": statistics.median(
                plain["per_second"] / door["per_second"] for door, plain in pairs
            ),
            "processor_ratio_to_plain_server": statistics.median(
                door["processor_milliseconds"] / plain["processor_milliseconds"] for door, plain in pairs
            ),
            "times_one_at_a_time": door["per_second"] / one["per_second"],
            "one_at_a_time": one,
        },
        "plain_server": plain,
        "postgresql": {
            **on_postgresql,
            "seconds": sustained.seconds,
            "processes": PROCESSES,
            "at_a_time": AT_A_TIME * PROCESSES,
        },
    }


def _on_sqlite(session: Session, folder: Path, check_ins: Path, load: Load) -> Result:
    return run_doors(session, folder, check_ins, load, [f"sqlite:///{folder / 'venue.db'}"])


def _middle(rounds: Sequence[Result]) -> Result:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def tables(result: Result) -> Sequence[Table]:
    """A line for each kind of server."""
    if "missing" in result:
        return [Table("Doors", ("what", ""), [(result["missing"], "")])]
    sqlite, one, plain, several = (
        result["sqlite"],
        result["sqlite"]["one_at_a_time"],
        result["plain_server"],
        result["postgresql"],
    )
    columns = ("server", "a second", "p50 ms", "p99 ms", "processor ms")
    rows = [
        _row(f"venue, SQLite, {sqlite['at_a_time']} at a time", sqlite),
        _row("venue, SQLite, one at a time", one),
        _row(f"plain server, {sqlite['at_a_time']} at a time", plain),
        _row(f"venue, PostgreSQL, {several['processes']} processes, {several['seconds']} s", several),
    ]
    goals = [
        ("a second on SQLite", sqlite["per_second"], reaches(sqlite["per_second"], 800, at_least=True)),
        ("p99, ms", sqlite["p99_milliseconds"], reaches(sqlite["p99_milliseconds"], 100)),
        ("processor of one, ms", sqlite["processor_milliseconds"], reaches(sqlite["processor_milliseconds"], 0.8)),
        ("plain server's rate, times", sqlite["ratio_to_plain_server"], reaches(sqlite["ratio_to_plain_server"], 1.5)),
        (
            "plain server's processor, times",
            sqlite["processor_ratio_to_plain_server"],
            reaches(sqlite["processor_ratio_to_plain_server"], 1.5),
        ),
        (
            "one at a time, times",
            sqlite["times_one_at_a_time"],
            reaches(sqlite["times_one_at_a_time"], 4, at_least=True),
        ),
        ("a second on PostgreSQL", several["per_second"], reaches(several["per_second"], 1100, at_least=True)),
    ]
    return [
        Table("Check-ins", columns, rows),
        Table("Goals", ("what", "measured", "goal"), [(what, f"{number:.2f}", goal) for what, number, goal in goals]),
    ]


def _row(name: str, one: Result) -> tuple[str, ...]:
    return (
        name,
        f"{one['per_second']:,.0f}",
        f"{one['p50_milliseconds']:.1f}",
        f"{one['p99_milliseconds']:.1f}",
        f"{one['processor_milliseconds']:.2f}",
    )


SECTION = Section(
    "door",
    "Check-ins at a venue's server",
    "Real servers, real signatures, a disk that is waited for; `wrk` posts a prepared check-in with each request, and "
    "shares the cores with them. The plain server does the same HTTP, verifies two signatures of the same length and "
    "stores a row, with what waits in one transaction, and nothing else. It takes turns with the venue's server.",
    measure,
    tables,
)
