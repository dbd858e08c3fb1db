"""Metrics and TLS of real server processes."""

from __future__ import annotations

import asyncio
import re
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client import REGISTRY

from lab.processes import command_output, free_ports
from protocol import SPEC_REVISION
from service.errors import ConfigurationError
from service.files import write_private
from service.monitoring import forget_housekeeping, note_housekeeping
from service.settings import ServerSettings


def start_operator(home: Path, settings: str) -> subprocess.Popen[str]:
    """An operator's server with these settings, once it listens."""
    key = command_output("escrow", "operator", "--home", str(home), "init")
    other = command_output("escrow", "authority", "--home", str(home.with_name("other")), "init")
    domain = command_output("escrow", "domain", "--operator-key", key, "--authority-key", other)
    (home / "domain.toml").write_text(domain)
    (home / "settings.toml").write_text(settings)
    process = subprocess.Popen(
        [sys.executable, "-m", "escrow", "operator", "--home", str(home), "serve"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert any("listening" in line for line in process.stderr)
    return process


def fetch(url: str, context: ssl.SSLContext | None = None) -> tuple[int, dict[str, str], str]:
    for _ in range(50):
        try:
            with urllib.request.urlopen(url, context=context, timeout=5) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            asyncio.run(asyncio.sleep(0.1))
    raise AssertionError("the server does not answer")


def test_metrics_count_by_route_and_are_not_served_with_the_rest(tmp_path: Path) -> None:
    port, metrics_port = free_ports(2)
    server = start_operator(tmp_path / "operator", f"port = {port}\nmetrics_port = {metrics_port}\n")
    try:
        status, headers, _ = fetch(f"http://127.0.0.1:{port}/v1/epochs/1")
        assert status == 404
        assert re.fullmatch("[0-9a-f]{16}", headers["X-Request-Id"])
        assert headers["Server"] == "SplitPass"
        assert fetch(f"http://127.0.0.1:{port}/metrics")[0] == 404
        _, _, metrics = fetch(f"http://127.0.0.1:{metrics_port}/metrics")
        assert "splitpass_epochs_due 0.0" in metrics
        assert (
            f'splitpass_build_info{{spec_revision="{SPEC_REVISION}",version="{version("splitpass")}"}} 1.0' in metrics
        )
        assert 'splitpass_requests_total{method="GET",route="/v1/epochs/{epoch}",status="404"} 1.0' in metrics
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0


@pytest.mark.parametrize(("known", "ahead"), [((), -1), ((9, 11), -1), ((10,), 0), ((9, 10, 11, 12, 14), 2)])
def test_days_ahead_are_counted_from_today_without_a_gap(known: tuple[int, ...], ahead: int) -> None:
    gauges = ("splitpass_epochs_ahead", "splitpass_housekeeping_timestamp_seconds")
    for domain in (254, 255):
        note_housekeeping(domain, 10, known)
    forget_housekeeping(254)
    values = [[REGISTRY.get_sample_value(name, {"domain": domain}) for domain in ("254", "255")] for name in gauges]
    assert [gone for gone, _ in values] == [None, None]
    assert values[0][1] == ahead
    assert values[1][1]


def test_a_server_speaks_tls(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    (port,) = free_ports(1)
    settings = f'port = {port}\ntls_certificate = "{certificate}"\ntls_key = "{key}"\n'
    server = start_operator(tmp_path / "operator", settings)
    try:
        trusted = ssl.create_default_context(cafile=str(certificate))
        assert fetch(f"https://127.0.0.1:{port}/healthz", trusted)[0] == 200
        with pytest.raises(urllib.error.URLError):
            fetch(f"https://127.0.0.1:{port}/healthz", ssl.create_default_context())
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def test_half_a_tls_configuration_is_an_error(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    with pytest.raises(ConfigurationError, match="go together"):
        ServerSettings(port=1, tls_certificate=certificate).tls()
    certificate.chmod(0o600)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        ServerSettings(port=1, tls_certificate=key, tls_key=certificate).tls()


def test_a_tls_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    settings = ServerSettings(port=1, tls_certificate=certificate, tls_key=key)
    assert settings.tls() is not None
    key.chmod(0o640)
    with pytest.raises(ConfigurationError, match=r"key\.pem can be read by others"):
        settings.tls()


def write_certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for this machine's loopback address, signed by its own key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = directory / "certificate.pem", directory / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    write_private(
        paths[1],
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    return paths
