"""Small file systems in memory that can be full or read-only, in a mount namespace that ends with this program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

MARK = "SPLITPASS_FAULTS_MOUNTS"
UNSHARE = (
    ("unshare", "--mount"),  # as root
    ("unshare", "--user", "--map-current-user", "--keep-caps", "--mount"),  # where users may have namespaces
)


def can_mount() -> bool:
    """Whether this program may mount file systems that nobody else sees."""
    return os.environ.get(MARK) == "yes"


def enter_namespace(command: Sequence[str]) -> None:
    """Run `python -m COMMAND` in place of this program, in a mount namespace of its own, unless that is impossible."""
    if MARK in os.environ:
        return
    for unshare in UNSHARE:
        attempt = (*unshare, "--", "mount", "-t", "tmpfs", "splitpass", "/mnt")
        try:
            allowed = subprocess.run(attempt, capture_output=True, check=False).returncode == 0
        except OSError:
            allowed = False
        if allowed:
            os.environ[MARK] = "yes"
            os.execvp(unshare[0], [*unshare, "--", sys.executable, "-m", *command])
    os.environ[MARK] = "no"


BLOCK = bytes(4096)


class Disk:
    """A file system of some MiB under `directory`."""

    def __init__(self, directory: Path, mebibytes: int) -> None:
        self._directory = directory
        self._ballast = directory / ".ballast"
        directory.mkdir(mode=0o700, parents=True)
        self._mount("-t", "tmpfs", "-o", f"mode=700,size={mebibytes}m", "splitpass", str(directory))

    def fill(self) -> None:
        """Leave no room at all."""
        with suppress(OSError), self._ballast.open("wb", buffering=0) as file:
            while True:
                file.write(BLOCK)

    def empty(self) -> None:
        """Make room again."""
        self._ballast.unlink(missing_ok=True)

    def set_read_only(self, *, on: bool) -> None:
        """Refuse every write, or take them again. No file may be open for writing."""
        self._mount("-o", f"remount,{'ro' if on else 'rw'}", str(self._directory))

    def unmount(self) -> None:
        """Throw it away."""
        subprocess.run(["umount", "--lazy", str(self._directory)], check=True)

    def _mount(self, *arguments: str) -> None:
        subprocess.run(["mount", *arguments], check=True)
