"""Check-ins at venues' real servers, as many as they take; the load generator runs beside them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sql
from nacl.utils import random as random_bytes

from benchmarks.section import Result
from benchmarks.session import Session
from lab.processes import Servers, free_ports
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import Role
from protocol.passes import OwnedPass, Pass, pass_signing_input
from protocol.primitives.group import B, Scalar
from service.http_client import new_session
from service.settings import DomainSettings, PartySettings
from venue.domain_setup import add_domain
from venue.home import VenueHome
from venue.setup import create_home

SCRIPT = Path(__file__).with_name("check_ins.lua")
WRK = "wrk"
MISSING = "the load generator wrk is missing; run: sudo apt-get install wrk"
TOLERANCE = 600
"""Seconds for which prepared check-ins are taken."""


def prepare(session: Session, file: Path, count: int) -> None:
    """Write so many entries of as many passes, a hexadecimal line each. Whose the passes are, no door can see."""
    parties, now = session.parties, int(time.time())
    key, pass_key = parties.epoch_key, parties.secrets[Role.AUTHORITY].pass_signing_key
    v = bytes(Scalar.random(random_bytes) * B)
    with file.open("w") as lines:
        for _ in range(count):
            r = Scalar.random(random_bytes)
            u = bytes(r * B)
            owned = OwnedPass(Pass(u, v, pass_key.sign(pass_signing_input(key, u, v)).signature), r)
            lines.write(sign_check_in(key, owned, now, Direction.ENTRY, session.venue.record.venue_id).to_bytes().hex())
            lines.write("\n")


def make_home(session: Session, home: Path, port: int, database: str) -> None:
    """The home of the session's venue, with the epoch's keys and nobody behind it."""
    parties, domain = session.parties, session.parties.domain
    create_home(home, "Club", "", session.venue.record.venue_id)
    operator, authority = (
        PartySettings(key=bytes(domain.identity_key(role)).hex(), url="http://127.0.0.1:9")
        for role in (Role.OPERATOR, Role.AUTHORITY)
    )
    settings = DomainSettings(
        number=domain.number,
        utc_offset=domain.utc_offset,
        allowance=domain.allowance,
        operator=operator,
        authority=authority,
    )
    add_domain(home, settings.to_toml(), "first")
    (home / "settings.toml").write_text(f'port = {port}\ntolerance = {TOLERANCE}\ndatabase = "{database}"\n')
    (pinned,) = VenueHome(home).domains
    for role, statement in parties.statements.items():
        pinned.epochs.keep(role, parties.epoch, statement)


@dataclass(frozen=True)
class Load:
    """What `wrk` does: for so many seconds, with so many at a time at each server."""

    seconds: int
    at_a_time: int


def run_doors(session: Session, directory: Path, check_ins: Path, load: Load, databases: Sequence[str]) -> Result:
    """Start a venue's server for each of the databases, which may all be one, and have `wrk` load all of them."""
    commands, ports = {}, free_ports(len(databases))
    for number, (port, database) in enumerate(zip(ports, databases, strict=True)):
        home = directory / f"door-{number}"
        make_home(session, home, port, database)
        commands[home.name] = ["venue", "--home", str(home), "serve"]
    before = _rows(databases[0])
    result = asyncio.run(_run(directory, check_ins, load, commands, ports))
    stored = _rows(databases[0]) - before
    if stored < result["requests"]:
        raise AssertionError(f"{result['requests']} were admitted and {stored} stored")
    return result


def run_plain(directory: Path, check_ins: Path, load: Load) -> Result:
    """The same with the plain server."""
    (port,) = free_ports(1)
    command = ["benchmarks.plain_door", str(port), str(directory / "plain.db")]
    return asyncio.run(_run(directory, check_ins, load, {"plain": command}, [port]))


async def _run(
    directory: Path, check_ins: Path, load: Load, commands: dict[str, list[str]], ports: Sequence[int]
) -> Result:
    with Servers(directory) as servers:
        async with new_session() as http:
            for (name, command), port in zip(commands.items(), ports, strict=True):
                servers.start(name, *command)
                await servers.wait_ready(http, name, f"http://127.0.0.1:{port}")
        processes = [servers[name].pid for name in commands]
        used = sum(map(_seconds, processes))
        measured = await asyncio.to_thread(_wrk, check_ins, load, ports)
        used = sum(map(_seconds, processes)) - used
    if measured["refused"] or measured["repeated"]:
        raise AssertionError(f"not every check-in was admitted: {measured}")
    return {
        "requests": measured["requests"],
        "per_second": measured["requests"] / measured["microseconds"] * 1e6,
        "p50_milliseconds": measured["p50"] / 1e3,
        "p99_milliseconds": measured["p99"] / 1e3,
        "processor_milliseconds": used / measured["requests"] * 1e3,
    }


def _wrk(check_ins: Path, load: Load, ports: Sequence[int]) -> Result:
    threads = len(ports)
    command = [WRK, "-t", str(threads), "-c", str(threads * load.at_a_time), "-d", str(load.seconds)]
    command += ["--timeout", "30", "--latency", "-s", str(SCRIPT), f"http://127.0.0.1:{ports[0]}", "--"]
    done = subprocess.run(  # noqa: S603 - ours
        [*command, str(check_ins), *map(str, ports)], check=True, capture_output=True, text=True
    )
    measured: Result = json.loads(done.stdout.splitlines()[-1])
    return measured


def is_missing() -> bool:
    """Whether there is no load generator."""
    return shutil.which(WRK) is None


def _rows(database: str) -> int:
    engine = sql.create_engine(sql.make_url(database).set(drivername=_driver(database)))
    try:
        if not sql.inspect(engine).has_table("check_ins"):
            return 0
        with engine.connect() as connection:
            return int(connection.execute(sql.text("SELECT count(*) FROM check_ins")).scalar_one())
    finally:
        engine.dispose()


def _driver(database: str) -> str:
    return "sqlite+pysqlite" if database.startswith("sqlite") else "postgresql+psycopg"


def _seconds(process: int) -> float:
    """The processor time that a process with all its threads has used, as Linux counts it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
