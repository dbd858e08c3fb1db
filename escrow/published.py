"""What a party publishes and never changes, as files that any web server or CDN can serve. Spec: §5.2, §8.6.

A file is whole and durable before anybody is given what is in it.
"""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from service.files import public_directory, write_public

EPOCHS = "epochs"
NEWEST = "newest"


class PublishedFiles:
    """The files below a directory: one for each number of a kind, such as `notices`, and the newest of some kinds."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = FileLock(directory.with_suffix(".lock"), mode=0o600)

    def read(self, kind: str, number: int | None) -> bytes | None:
        """What was published under a number, or as the newest, if its file is here."""
        try:
            return self._path(kind, number).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, kind: str, number: int, statement: bytes) -> None:
        """Publish a statement under a number; nothing happens if its file is here."""
        path = self._path(kind, number)
        if not path.exists():
            public_directory(path.parent)
            write_public(path, statement)

    def write_list(self, kind: str, number: int, statement: bytes) -> None:
        """The same, also as the newest unless there is one of the next number, whichever process has written that."""
        with self._lock:
            self.write(kind, number, statement)
            if not self._path(kind, number + 1).exists():
                write_public(self._path(kind, None), statement)

    def remove(self, kind: str, number: int) -> None:
        """Publish it no longer."""
        self._path(kind, number).unlink(missing_ok=True)

    def numbers(self, kind: str) -> list[int]:
        """The numbers that have a file, in order."""
        return sorted(int(path.stem) for path in (self._directory / kind).glob("*.cbor") if path.stem.isdecimal())

    def _path(self, kind: str, number: int | None) -> Path:
        return self._directory / kind / f"{NEWEST if number is None else number}.cbor"
