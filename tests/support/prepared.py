"""Homes of both parties that are made once in a process; each test gets a copy of its own."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from escrow.__main__ import main as escrow
from escrow.authority.authority import Authority
from escrow.operator.operator import Operator
from protocol.epochs import Role
from service.settings import DomainSettings, PartySettings
from tests.support.databases import copy_database, new_database, server_of


@dataclass(frozen=True)
class Homes:
    """A directory with both parties' homes, each party's public key, and the URL of each party's database."""

    directory: Path
    keys: dict[Role, str]
    databases: dict[Role, str]

    def copy(self, role: Role, home: Path) -> str:
        """Give a party a copy of its home without settings. Returns the URL of a copy of its database."""
        source = self.directory / role.name.lower()
        shutil.copytree(source, home, ignore=shutil.ignore_patterns("domain.toml", "settings.toml", "*.db*"))
        return copy_database(self.databases[role], home)


def new_homes(database: str) -> Homes:
    """Parties that have keys and empty databases, and nothing else."""
    return _new_homes(database, server_of(database))


@functools.cache
def _new_homes(database: str, _server: str) -> Homes:
    directory = kept_directory()
    homes = {role: directory / role.name.lower() for role in Role}
    keys = {role: _init(role, home) for role, home in homes.items()}
    databases = {role: new_database(database, home) for role, home in homes.items()}
    settings = DomainSettings(
        number=7,
        operator=PartySettings(key=keys[Role.OPERATOR], url="http://127.0.0.1:1"),
        authority=PartySettings(key=keys[Role.AUTHORITY], url="http://127.0.0.1:2"),
    )
    for role, home in homes.items():
        (home / "domain.toml").write_text(settings.to_toml())
        (home / "settings.toml").write_text(f'database = "{databases[role]}"\n')
    for party in (Operator(homes[Role.OPERATOR]), Authority(homes[Role.AUTHORITY])):
        party.engine.dispose()
    return Homes(directory, keys, databases)


def kept_directory() -> Path:
    """A new directory that stays until this process ends."""
    directory = Path(tempfile.mkdtemp(prefix="splitpass-prepared-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def _init(role: Role, home: Path) -> str:
    """Run `init`; the party's public key."""
    result = CliRunner().invoke(escrow, [role.name.lower(), "--home", str(home), "init"])
    assert result.exit_code == 0, result.output
    return result.stdout.strip()
