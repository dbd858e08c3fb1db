"""Settings that cannot be used: one line names the file, the place and the fault. Spec: §6.1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from client.settings import ClientSettings
from escrow.operator.settings import OperatorSettings
from service.errors import ConfigurationError
from service.settings import DomainSettings, Settings, load_settings
from venue.settings import VenueDescription, VenueSettings

KEY, OTHER = "ab" * 32, "cd" * 32


def domain_file(key: str = KEY, url: str = "https://operator.example") -> str:
    """A `domain.toml` whose operator has this key and URL."""
    authority = f"[authority]\nkey = '{OTHER}'\nurl = 'https://authority.example'\n"
    return f"number = 1\n[operator]\nkey = {json.dumps(key)}\nurl = {json.dumps(url)}\n{authority}"


@pytest.mark.parametrize(
    ("kind", "text", "fault"),
    [
        (OperatorSettings, "port = 65536", "port: Expected `int` <= 65535"),
        (OperatorSettings, "port = true", "port: Expected `int`, got `bool`"),
        (OperatorSettings, "port = '8401'", "port: Expected `int`, got `str`"),
        (OperatorSettings, f"port = {'9' * 400}", "port: Expected `int` <= 65535"),
        (OperatorSettings, "code_attempts = 0", "code_attempts: Expected `int` >= 1"),
        (OperatorSettings, "mixing_seconds = 0", "mixing_seconds: Expected `float` > 0.0"),
        (OperatorSettings, "mixing_seconds = nan", "mixing_seconds: Expected `float` > 0.0"),
        (OperatorSettings, "vault_key = 'memory'", "vault_key: Invalid enum value 'memory'"),
        (OperatorSettings, "tls_key = 1", "tls_key: Expected `str`, got `int`"),
        (OperatorSettings, "vault_copies = ['a', 1]", "vault_copies[1]: Expected `str`, got `int`"),
        (OperatorSettings, "colour = 'red'", "there is no setting `colour`; there are host, port, tls_certificate,"),
        (OperatorSettings, "prot = 1", "there is no setting `prot`; do you mean `port`?"),
        (OperatorSettings, "port = ", "Invalid value (at end of document)"),
        (VenueSettings, "region = 'XX'", "no country has the region's code 'XX'"),
        (ClientSettings, "region = 'kr'", "no country has the region's code 'kr'"),
        (OperatorSettings, "code_regions = ['KR', 'XX']", "no country has the region's code 'XX'"),
        (OperatorSettings, "code_regions = ['001']", "no country has the region's code '001'"),
        (OperatorSettings, "code_regions = []", "code_regions names no country"),
        (VenueDescription, "", "Object missing required field `name`"),
        (DomainSettings, "number = 1\noperator = 1", "operator: Expected `object`, got `int`"),
        (DomainSettings, domain_file(key=KEY + "\n"), "operator: the key has to be 64 hexadecimal digits"),
        (DomainSettings, domain_file(key=KEY.upper()), "operator: the key has to be 64 hexadecimal digits"),
        (DomainSettings, domain_file(url="https://a b"), "operator: the URL has to begin with https://"),
        (DomainSettings, domain_file(url="https://a\n"), "operator: the URL has to begin with https://"),
        (DomainSettings, domain_file(url="ftp://a"), "operator: the URL has to begin with https://"),
        (DomainSettings, domain_file(OTHER), "the operator and the authority have the same key"),
        (DomainSettings, domain_file(url="http://a"), "operator: http://a must begin with https://"),
    ],
)
def test_a_fault_is_named_with_its_file_and_place(kind: type[Settings], text: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load_settings(kind, path)
    assert str(refused.value).startswith(f"{path}: {fault}")
    assert "\n" not in str(refused.value)


def test_what_a_file_says_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("port = 1\nmixing_seconds = 2\nvault_copies = ['/a', '/b']\ntls_key = '/c'\n")
    settings = load_settings(OperatorSettings, path)
    assert settings == OperatorSettings(
        port=1, mixing_seconds=2, vault_copies=(Path("/a"), Path("/b")), tls_key=Path("/c")
    )
    with pytest.raises(AttributeError, match="immutable"):
        settings.port = 2  # type: ignore[misc]
