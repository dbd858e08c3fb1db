"""A mistake of the first day is told in one line, and spoils no home. Spec: §6.1, §8.1."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from escrow.__main__ import main as escrow
from tests.support.programs import output_of


def run(*command: str | Path) -> str:
    done = CliRunner().invoke(escrow, [str(word) for word in command])
    assert done.exit_code == 0, done.output
    return done.output.strip()


def fault(*command: str | Path) -> str:
    """The one line with which a command ends."""
    done = CliRunner().invoke(escrow, [str(word) for word in command])
    assert done.exit_code == 1, done.output
    (line,) = [line for line in done.output.splitlines() if not line.startswith("{")]
    return line


def contents(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    return {name: run("operator", "--home", tmp_path / name, "init") for name in ("own", "another", "third")}


def domain(operator: str, authority: str, *more: str) -> list[str]:
    return ["domain", "--operator-key", operator, "--authority-key", authority, *more]


@pytest.mark.parametrize("command", ["serve", "status"])
def test_a_domain_of_another_party_is_refused_before_anything_is_written(
    command: str, tmp_path: Path, keys: dict[str, str]
) -> None:
    home, authority = tmp_path / "own", keys["third"]
    before = contents(home)
    (home / "domain.toml").write_text(run(*domain(keys["another"], authority)))
    told = fault("operator", "--home", home, command)
    assert "is of another domain: its operator does not have the key of" in told
    assert keys["own"] in told
    (home / "domain.toml").write_text(run(*domain(authority, keys["own"])))
    assert "has the authority's key of" in fault("operator", "--home", home, command)
    (home / "domain.toml").unlink()
    assert contents(home) == before
    (home / "domain.toml").write_text(run(*domain(keys["own"], authority)))
    assert run("operator", "--home", home, "status") == ""


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--operator-url", "https://a.example/path"), "operator: the URL has to be the server's alone"),
        (("--operator-url", "https://a.example?query"), "operator: the URL has to be the server's alone"),
        (("--authority-url", "https://user@a.example"), "authority: the URL has to be the server's alone"),
        (("--operator-url", "https://a.example:70000"), "operator: the URL has to be the server's alone"),
        (("--allowance", "0"), "allowance: Expected `int` >= 1"),
        (("--utc-offset", "60000"), "utc_offset: Expected `int` <= 50400"),
    ],
)
def test_a_domain_that_cannot_work(more: tuple[str, ...], told: str, keys: dict[str, str]) -> None:
    assert fault(*domain(keys["own"], keys["another"], *more)).startswith(f"Error: domain.toml: {told}")
    assert "have the same key" in fault(*domain(keys["own"], keys["own"]))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('database = "postgresql://user:secret@127.0.0.1:1/name"', "see that it runs, and that `database` in settings"),
        ('database = "sqlite:////nowhere/name.db"', "(SQLITE_CANTOPEN): see that"),
        ('database = "sqlite:///{home}/domain.toml"', "(SQLITE_NOTADB): see that it is an SQLite file"),
        (
            'database = "sqlite:///file:{home}/a.db?vfs=unix-dotfile&uri=true"',
            "keeps no write-ahead log on the disk of",
        ),
        ("prot = 1", "there is no setting `prot`; do you mean `port`?"),
        ('vault_passphrase_file = "/nowhere"', 'is read with vault_key = "passphrase" alone'),
        ("metrics_port = {taken}", "port {taken}: another program does, maybe this server already"),
        ("port = {taken}", "port {taken}: another program does, maybe this server already"),
        ('host = "192.0.2.1"\nport = 0', "set host to an address of this machine"),
        ('tls_certificate = "/nowhere"\ntls_key = "/nowhere"', "the TLS certificate or key cannot be used"),
    ],
)
def test_settings_that_no_server_can_start_with(settings: str, told: str, tmp_path: Path, keys: dict[str, str]) -> None:
    home = tmp_path / "own"
    (home / "domain.toml").write_text(run(*domain(keys["own"], keys["another"])))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        names = {"home": home, "taken": other.getsockname()[1]}
        (home / "settings.toml").write_text(settings.format(**names))
        line = fault("operator", "--home", home, "serve")
    assert told.format(**names) in line
    assert "secret" not in line


def test_reading_commands_need_no_home_that_can_be_written(
    tmp_path: Path, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "own"
    (home / "domain.toml").write_text(run(*domain(keys["own"], keys["another"])))
    output_of("escrow", "operator", "--home", str(home), "status")
    before = contents(home)
    monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)  # as on a disk that takes no writes
    for command in (["status"], ["venues", "list"], ["warrants", "list"]):
        run("operator", "--home", home, *command)
    assert contents(home) == before
    assert "cannot be written: a server needs a home" in fault("operator", "--home", home, "serve")
    (home / "operator.db-wal").write_bytes(b"changes")
    (home / "operator.db-shm").unlink(missing_ok=True)
    assert "holds changes that are read only where" in fault("operator", "--home", home, "status")
    (home / "operator.db").unlink()
    assert "there is no operator.db to read" in fault("operator", "--home", home, "status")
