"""Nothing is sent to anybody but this machine without TLS."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from client.__main__ import main as client
from escrow.__main__ import main as escrow
from lab.processes import free_ports
from protocol.primitives.signatures import SigningKey, public_key
from service.errors import ConfigurationError
from service.files import write_private
from service.http_client import call, new_session
from service.keys import store_secret
from service.problems import Unreachable
from service.qr import qr_png
from service.settings import DomainSettings, check_settings
from service.urls import PLAIN_HTTP_HOSTS, is_protected
from venue.__main__ import cli as venue

KEYS = {one: bytes(public_key(SigningKey.generate())).hex() for one in ("operator", "authority")}


@pytest.mark.parametrize(
    ("url", "protected"),
    [
        ("https://door.example", True),
        ("http://127.0.0.1:8401", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8401", True),
        ("http://localhost:8401", True),
        ("http://LOCALHOST:8401", True),
        ("http://door.example", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
        ("http://127.0.0.1.door.example", False),
        ("http://127.0.0.1@door.example", False),
        ("http://localhost@door.example", False),
        ("http://door.example/127.0.0.1", False),
        ("http://[::1", False),
        ("http://", False),
        ("ftp://door.example", False),
    ],
)
def test_what_is_protected(url: str, protected: bool) -> None:
    assert is_protected(url) is protected


def test_hosts_that_are_named_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLAIN_HTTP_HOSTS, "operator authority")
    asked = ("http://operator:8401", "http://authority", "http://venue:8403", "http://operator.example", "http:///")
    assert [is_protected(url) for url in asked] == [True, True, False, False, False]


def test_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a connection nor a look-up; with a name for it, it is tried."""

    async def ask() -> str:
        async with new_session() as session:
            with pytest.raises(Unreachable) as refused:
                await call(session, "POST", url, b"", bytes(32))
        return str(refused.value)

    (port,) = free_ports(1)
    url = f"http://127.0.0.1.:{port}/v1/check-ins"  # no address to the rule, and this machine to the system
    assert "must begin with https://" in asyncio.run(ask())
    monkeypatch.setenv(PLAIN_HTTP_HOSTS, "127.0.0.1.")
    assert "does not answer" in asyncio.run(ask())


@pytest.mark.parametrize("party", ["operator", "authority"])
def test_a_domain_whose_party_has_no_tls_is_refused(party: str, tmp_path: Path) -> None:
    parts = {one: {"key": key, "url": f"https://{one}.example"} for one, key in KEYS.items()}
    good = check_settings(DomainSettings, {"number": 1, **parts}, "domain.toml")
    parts[party]["url"] = f"http://{party}.example"
    with pytest.raises(ConfigurationError, match=rf"{party}: http://{party}\.example must begin with https://"):
        check_settings(DomainSettings, {"number": 1, **parts}, "domain.toml")
    options = [f"--{one}-{what}={parts[one][what]}" for one in parts for what in parts[one]]
    refused = CliRunner().invoke(escrow, ["domain", *options])
    assert refused.exit_code == 1
    assert "must begin with https://" in refused.output

    (tmp_path / "domain.toml").write_text(good.to_toml().replace(f"https://{party}.", f"http://{party}."))
    write_private(tmp_path / "passphrase", b"secret")
    command = ["--home", str(tmp_path), "--passphrase-file", str(tmp_path / "passphrase"), "enrol"]
    refused = CliRunner().invoke(client, [*command, "--phone", "+821012345678", "--name", "홍길동"])
    assert refused.exit_code == 1
    assert "must begin with https://" in refused.output
    assert not (tmp_path / "wallet").exists()


def test_a_reader_sends_its_credential_to_no_server_without_tls(tmp_path: Path) -> None:
    picture, token = tmp_path / "code.png", tmp_path / "door.token"
    picture.write_bytes(qr_png("SP1:X"))
    store_secret(token, bytes(32))
    command = ["--home", str(tmp_path), "read", str(picture), "--token-file", str(token), "--server"]
    refused = CliRunner().invoke(venue, [*command, "http://door.example"])
    assert refused.exit_code == 1
    assert refused.output == (
        "Error: http://door.example must begin with https://, or everybody on the way reads what is sent there\n"
    )


def test_no_venue_is_made_whose_visitors_would_send_without_tls(tmp_path: Path) -> None:
    command = ["--home", str(tmp_path / "venue"), "init", "--name", "클럽", "--url"]
    refused = CliRunner().invoke(venue, [*command, "http://door.example"])
    assert refused.exit_code == 1
    assert "must begin with https://" in refused.output
    assert not (tmp_path / "venue" / "venues").exists()
    assert CliRunner().invoke(venue, [*command, "https://door.example"]).exit_code == 0
