"""What a nation needs, computed from what was measured. Nothing here was tried at that size."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.results import Results
from benchmarks.section import Table
from service.storage import CONNECTIONS

DAY = 86_400


@dataclass(frozen=True)
class Assumption:
    """A number that is not measured here, and where it comes from."""

    what: str
    value: float
    why: str


PEOPLE = Assumption("people with an account", 50e6, "Korea")
VISITORS = Assumption("visitors a day, each fetching the passes of a day", 15e6, "Korea's peak of 2021")
CHECK_INS = Assumption("check-ins a day", 18.7e6, "Korea's peak of 2021")
ALLOWANCE = Assumption("passes a visitor and day", 12, "the default")
PEAK = Assumption("a peak's rate over the day's average", 5, "lunch")
VENUES = Assumption("venues, each with a server that commits every hour", 1e6, "more than ever had a reader")
COMMITMENTS_KEPT_DAYS = Assumption("days that commitments are kept", 68, "40 more, for windows (§6.3)")
KEPT_DAYS = Assumption("days kept", 28, "four weeks, as in 2020")
SPREAD = Assumption("the same for passes and lists, whose times are drawn at random", 1.5, "people sleep")
MIXING = Assumption("seconds that a request for passes waits in a batch", 45, "the default")
LOAD = Assumption("how much of a core is used at the peak", 0.5, "so that queues stay short")
CORES = Assumption("cores of a machine of this kind", 2, "this machine")
REPLICAS = Assumption("copies of each database", 2, "one that is asked, and one that stands by")
ASSUMPTIONS = (
    PEOPLE,
    VISITORS,
    CHECK_INS,
    VENUES,
    ALLOWANCE,
    PEAK,
    SPREAD,
    KEPT_DAYS,
    COMMITMENTS_KEPT_DAYS,
    MIXING,
    LOAD,
    CORES,
    REPLICAS,
)

Need = tuple[str, str, str, str]
"""Who, what, how much, and how it is computed."""


def needs(results: Results) -> list[Need]:
    """What each party needs; a line says so if what it rests on was not measured."""
    visitors, passes = VISITORS.value, VISITORS.value * ALLOWANCE.value
    peak_check_ins = CHECK_INS.value / DAY * PEAK.value
    found: list[Need] = []

    def add(who: str, what: str, paths: Sequence[str], compute: Callable[..., tuple[str, str]]) -> None:
        measured = [results.get(path) for path in paths]
        if None in measured:
            found.append((who, what, "not measured", f"rests on {', '.join(paths)}"))
        else:
            found.append((who, what, *compute(*measured)))

    def cores_of(microseconds: float, a_day: float, peak: float) -> tuple[str, str]:
        cores = a_day / DAY * peak * microseconds / 1e6 / LOAD.value
        machines = cores / CORES.value
        how = f"{microseconds:,.0f} µs of processor each, {a_day / DAY * peak:,.0f} a second at the peak"
        return f"{cores:,.1f} cores, {math.ceil(machines)} machines", how

    for role in ("operator", "authority"):
        add(
            role,
            "issuing passes",
            [f"issuing.{role}.microseconds"],
            lambda microseconds: cores_of(microseconds, passes, SPREAD.value),
        )
        add(
            role,
            "registering handles",
            [f"issuing.handle.{role}.microseconds"],
            lambda microseconds: cores_of(microseconds, visitors, SPREAD.value),
        )
        add(
            role,
            "connections to its database",
            [f"issuing.{role}.microseconds", f"issuing.handle.{role}.microseconds"],
            lambda for_pass, for_handle: _connections((passes * for_pass + visitors * for_handle) / DAY * SPREAD.value),
        )
    add(
        "operator",
        "requests that wait in batches",
        [],
        lambda: (
            f"{visitors / DAY * SPREAD.value * MIXING.value:,.0f} connections",
            f"{visitors / DAY * SPREAD.value:,.0f} visitors a second, {MIXING.value:g} s each",
        ),
    )
    tables = (
        ("operator", "accounts", PEOPLE.value, 1.0, 0.0),
        ("operator", "handles", visitors, KEPT_DAYS.value, 1.0),
        ("authority", "directory", visitors, KEPT_DAYS.value, 1.0),
        ("each party", "venue_commitments", 24 * VENUES.value, COMMITMENTS_KEPT_DAYS.value, 1.0),
        ("venues together", "check_ins", CHECK_INS.value, KEPT_DAYS.value, 1.0),
    )
    for who, table, a_day, days, daily in tables:
        add(
            who,
            f"table {table}",
            [f"rows.{table}.bytes_a_row", f"rows.{table}.log_bytes_a_row"],
            lambda size, log, a_day=a_day, days=days, daily=daily: (
                f"{a_day * days / 1e6:,.0f} million rows, {a_day * days * size / 1e9:,.0f} GB a copy"
                + (f", write-ahead log {a_day * log / 1e9:,.0f} GB a day" if daily else ""),
                f"{size:.0f} bytes a row, {log:.0f} of log, {REPLICAS.value:g} copies",
            ),
        )
    add(
        "venues together",
        "deciding at the doors",
        ["door.sqlite.processor_milliseconds"],
        lambda milliseconds: cores_of(1000 * milliseconds, CHECK_INS.value, PEAK.value),
    )
    add(
        "venues together",
        "one server for all of them",
        ["door.postgresql.per_second"],
        lambda rate: (
            f"{peak_check_ins / rate:.1f} machines at the peak",
            f"{peak_check_ins:,.0f} a second at the peak; {rate:,.0f} a second from one machine with its database",
        ),
    )
    add(
        "static files",
        "lists, keys and logs for every phone",
        ["phone.day"],
        lambda day: _static(sum(one["received"] for kind, one in day.items() if kind not in ("handles", "passes"))),
    )
    add(
        "operator",
        "what visitors fetch themselves",
        ["phone.day"],
        lambda day: (
            f"{visitors * sum(day[kind]['received'] + day[kind]['sent'] for kind in ('handles', 'passes')) / 1e9:,.0f} "
            "GB a day",
            "handles and passes, both ways",
        ),
    )
    return found


def _connections(microseconds_a_second: float) -> tuple[str, str]:
    processes = math.ceil(microseconds_a_second / 1e6 / LOAD.value)
    return f"{processes * CONNECTIONS} at most", f"{processes} processes, one a core, of {CONNECTIONS} each"


def _static(received: float) -> tuple[str, str]:
    rate = PEOPLE.value * received / DAY * SPREAD.value
    return (
        f"{rate * 8 / 1e6:,.0f} Mbit/s at the peak, {PEOPLE.value * received / 1e12:.2f} TB a day",
        f"{received / 1000:.1f} kB a phone and day if nobody is warned; a CDN carries them",
    )


def tables(results: Results) -> list[Table]:
    """The assumptions, and what follows."""
    return [
        Table(
            "Assumptions",
            ("what", "value", "from"),
            [
                (one.what, f"{one.value:,g}" if one.value < 1e6 else f"{one.value / 1e6:g} million", one.why)
                for one in ASSUMPTIONS
            ],
        ),
        Table("What follows", ("who", "for", "how much", "from"), needs(results)),
    ]
