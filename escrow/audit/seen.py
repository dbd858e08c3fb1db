"""What visitors and venues keep of what they were shown: a directory as their programs write it. Spec: §6.7."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from protocol.epochs import Role


class Seen:
    """The files in some directories, such as `epochs` in a visitor's home."""

    def __init__(self, directories: tuple[Path, ...] = ()) -> None:
        self._directories = directories

    def statements(self, role: Role) -> Iterator[tuple[Path, int, bytes]]:
        """Files with statements of a party, their epochs, and the statements, unverified."""
        for path, epoch in self._files(rf"([0-9]{{1,10}})\.{role.name.lower()}(?:\.conflict)?"):
            yield path, int(epoch), path.read_bytes()

    def checkpoints(self, role: Role) -> Iterator[tuple[Path, bytes]]:
        """Files with checkpoints of a party's log, and the notes, unverified."""
        for path, _ in self._files(rf"({role.name.lower()})\.checkpoint(?:\.conflict)?"):
            yield path, path.read_bytes()

    def lists(self, role: Role, kind: str) -> Iterator[tuple[Path, bytes]]:
        """Files with a party's notices or disclosures, and the statements, unverified."""
        for path, _ in self._files(rf"({kind})\.{role.name.lower()}(?:\.conflict)?"):
            yield path, path.read_bytes()

    def _files(self, pattern: str) -> Iterator[tuple[Path, str]]:
        for directory in self._directories:
            for path in sorted(directory.iterdir()):
                name = re.fullmatch(pattern, path.name)
                if name is not None:
                    yield path, name[1]
