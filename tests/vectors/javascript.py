"""The JavaScript implementation under Node.js: installing what it needs, and driving it line by line."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock

from conformance.vectors.files import plain
from protocol.epochs import Role
from tests.support.domain import OpenEpoch

WEB = Path(__file__).parents[2] / "web"


class NodeMissing(Exception):
    """Node.js or npm is not installed: the second implementation cannot be tested."""


class Refused(Exception):
    """The JavaScript implementation refused; its text is the name of the error."""


def program(name: str) -> str:
    """The path of `node` or `npm`."""
    path = shutil.which(name)
    if path is None:
        raise NodeMissing(f"{name} is not installed: install Node.js 20.19 or later, with npm")
    return path


def install_packages() -> None:
    """Install the packages of `web/` if they are missing, as `npm ci` in that directory does."""
    with FileLock(Path(tempfile.gettempdir()) / "splitpass-npm-install.lock"):
        if not (WEB / "node_modules" / ".package-lock.json").exists():
            subprocess.run([program("npm"), "ci", "--no-audit", "--no-fund"], cwd=WEB, check=True)


class Peer:
    """A JavaScript visitor and door in its own process."""

    def __enter__(self) -> Self:
        install_packages()
        self._process = subprocess.Popen(
            [program("node"), "test/peer.js"], cwd=WEB, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def call(self, operation: str, epoch: OpenEpoch, **values: Any) -> Any:
        """The result of an operation of `web/test/peer.js`; raises `Refused`."""
        keys = {
            "domain": epoch.key.domain,
            "epoch": epoch.key.epoch,
            "operator_statement": epoch.statements[Role.OPERATOR],
            "authority_statement": epoch.statements[Role.AUTHORITY],
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(
            json.dumps({"operation": operation, "epoch": plain(keys), "values": plain(values)}),
            file=self._process.stdin,
            flush=True,
        )
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]


if __name__ == "__main__":
    install_packages()
