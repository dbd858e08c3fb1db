"""A town with a proxy before every server, its homes on small disks, on a kind of database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sql

from lab.town import Town
from service.storage import sqlite_url, truncate_log
from tests.faults.mounts import Disk, can_mount
from tests.faults.postgresql import PostgreSQL
from tests.faults.proxy import Proxies, Proxy, Witness
from tests.support.programs import output_of

PARTIES = ("operator", "authority")
VENUE = "venue-1"
SERVERS = (*PARTIES, VENUE)
EPOCHS_AHEAD = 20
"""Days that are published ahead: enough to erase one now and then."""
DISK_MEBIBYTES = 512
"""Room for what a whole run leaves behind."""
DATABASE_FILES = {"operator": "operator.db", "authority": "authority.db", VENUE: "venue.db"}


class FaultyTown(Town):
    """Each server's database is one of `postgresql`; without it, an SQLite file in its home."""

    def __init__(self, directory: Path, proxies: Proxies, witness: Witness, postgresql: PostgreSQL | None) -> None:
        super().__init__(directory, minimum_accounts=2, mixing_seconds=0.2)
        self._proxies, self._witness = proxies, witness
        self.proxies: dict[str, Proxy] = {}
        self.disks = {name: Disk(directory / name, DISK_MEBIBYTES) for name in SERVERS} if can_mount() else {}
        self.database_directories = [postgresql.directory] if postgresql else []
        self._urls = {
            name: postgresql.new_database() if postgresql else sqlite_url(directory / name / DATABASE_FILES[name])
            for name in SERVERS
        }

    def unmount(self) -> None:
        """Throw the disks away."""
        for disk in self.disks.values():
            disk.unmount()

    def run(self, *command: str) -> str:
        """What `python -m COMMAND` prints."""
        return output_of(*command)

    def url_of(self, server: str, port: int) -> str:
        """The URL of the proxy in front of a server."""
        proxy = self.proxies[server] = Proxy(server, port, self._witness)
        self._proxies.start(proxy)
        return proxy.url

    def more_settings(self, server: str) -> str:
        """Its database; and for a party, how far it publishes ahead, and that a venue commits before each warrant."""
        more = f"publish_ahead_days = {EPOCHS_AHEAD}\ncommitments_per_hour = 1000000\n" if server in PARTIES else ""
        return f'database = "{self._urls[server]}"\n' + more

    def query(self, server: str, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """Rows of a server's database, read beside it."""
        engine = sql.create_engine(self._urls[server], poolclass=sql.NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sql.text(statement), values)]

    def shorten_logs(self, server: str) -> None:
        """Have SQLite need new room for the next write."""
        truncate_log(sql.create_engine(self._urls[server], poolclass=sql.NullPool))
