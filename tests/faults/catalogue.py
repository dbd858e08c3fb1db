"""Every fault, and what stands in the way of those that cannot be tried here."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.kills import Freeze, Kill, KillCommands, KillPhone, KillReader, PartiesDown, Restart
from tests.faults.mounts import can_mount
from tests.faults.network import MANNERS, BadNetwork, WrongClock, WrongPhones
from tests.faults.processes import KillProcesses
from tests.faults.reader import NAME as READER
from tests.faults.storage import (
    FullDatabaseDisk,
    FullDisk,
    KillDatabase,
    ReadOnlyDatabase,
    ReadOnlyDisk,
    RefusedWrites,
    RestartDatabase,
)
from tests.faults.town import PARTIES, SERVERS

DATABASES = ("sqlite", "postgresql")


def possible_faults(database: str) -> list[Fault]:
    """The faults to try with a kind of database. Networks and clocks are tried with the first one alone.

    A venue's home has nothing that changes but SQLite's file.
    """
    faults: list[Fault] = [Kill((server,)) for server in SERVERS]
    faults += [Kill(SERVERS), KillProcesses(), KillReader(), KillCommands("officers"), KillCommands("staff")]
    faults += [KillPhone(), PartiesDown()]
    faults += [kind(server) for kind in (Restart, Freeze) for server in SERVERS]
    if database == DATABASES[0]:
        faults += [BadNetwork(server, manner) for server in SERVERS for manner in MANNERS]
        faults += [WrongClock(name) for name in (*SERVERS, READER)] + [WrongPhones()]
        faults += [RefusedWrites(server) for server in SERVERS]
    else:
        faults += [KillDatabase(), RestartDatabase(), ReadOnlyDatabase()]
    if can_mount():
        servers = SERVERS if database == DATABASES[0] else PARTIES
        faults += [kind(server) for kind in (FullDisk, ReadOnlyDisk) for server in servers]
        faults += [FullDatabaseDisk()] if database != DATABASES[0] else []
    return faults


def not_tried() -> list[str]:
    """What cannot be tried on this machine, and why."""
    if can_mount():
        return []
    return ["full disks and read-only disks (they need a mount namespace: run as root, or allow user namespaces)"]
