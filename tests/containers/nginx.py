"""nginx with a delivered configuration, on this machine: only addresses, ports and paths are others."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lab.processes import free_ports, is_free
from tests.spec.text import ROOT

CONFIGURATIONS = ROOT / "containers" / "nginx"


@dataclass(frozen=True)
class Proxy:
    """Where it listens, whom its clients have to trust, and what it has logged."""

    url: str
    trust: ssl.SSLContext
    log: Path


def set_up(role: str, directory: Path, others: Mapping[str, str]) -> tuple[Path, int]:
    """Copy the configuration of a role, with its own port and certificate and these texts in place of others."""
    (port,) = free_ports(1)
    certify(directory)
    changes = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/nginx/splitpass": str(directory / "splitpass"),
        "/var/log/nginx/": f"{directory}/",
        "worker_rlimit_nofile 65536": "worker_rlimit_nofile 1024",
        "worker_connections 32768": "worker_connections 512",
        **others,
    }
    for file in CONFIGURATIONS.iterdir():
        text = file.read_text("utf-8")
        for old, new in changes.items():
            text = text.replace(old, new)
        (directory / file.name).write_text(text, "utf-8")
    return directory / f"{role}.conf", port


@contextmanager
def nginx(role: str, directory: Path, others: Mapping[str, str]) -> Iterator[Proxy]:
    """Run it until the context ends."""
    configuration, port = set_up(role, directory, others)
    directives = f"daemon off; pid {directory}/pid; user root;"
    server = subprocess.Popen([program(), "-p", directory, "-c", configuration, "-g", directives])
    try:
        while is_free(port):
            assert server.poll() is None
        trust = ssl.create_default_context(cafile=directory / "splitpass.pem")
        yield Proxy(f"https://localhost:{port}", trust, directory / "splitpass.log")
    finally:
        server.terminate()
        server.wait()


def program() -> str:
    """Where nginx is."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")
    assert found, "nginx is missing; run: sudo apt-get install nginx-light"
    return found


def certify(directory: Path) -> None:
    """A certificate that signs itself, for this machine."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(1)
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (directory / "splitpass.pem").write_bytes(certificate.public_bytes(pem))
    (directory / "splitpass.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
