"""Files that are whole or absent, whenever the power goes, and for whose eyes they are. Spec: §6.1, §6.4."""

from __future__ import annotations

import codecs
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from service.errors import ConfigurationError


def write_private(path: Path, data: bytes) -> None:
    """Write `data` to `path`, readable by its owner alone: atomically, and durable when this returns."""
    _write(path, [data], 0o600)


def write_private_lines(path: Path, lines: Iterable[str], encoding: str) -> None:
    """The same with text that is made line by line, so that no more than a line of it is in memory.

    It has no name before it is whole, where the file system knows such files: a program that is killed leaves nothing.
    """
    _write(path, codecs.iterencode(lines, encoding), 0o600, _without_a_name(path.parent))


def write_public(path: Path, data: bytes) -> None:
    """The same, readable by every user of the machine, such as a web server."""
    _write(path, [data], 0o644)


def _without_a_name(directory: Path) -> int | None:
    """The descriptor of a new file that is in no directory; None where there are no such files."""
    try:
        return os.open(directory, os.O_WRONLY | os.O_TMPFILE, 0o600)
    except (AttributeError, OSError):
        return None


def _write(path: Path, data: Iterable[bytes], mode: int, nameless: int | None = None) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    named = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    descriptor = os.open(temporary, named, 0o600) if nameless is None else nameless
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)  # whatever the umask takes away
            file.writelines(data)
            file.flush()
            os.fsync(file.fileno())
            if nameless is not None:  # with a descriptor Python follows the link in /proc, as it has to
                os.link(f"/proc/self/fd/{nameless}", temporary, src_dir_fd=nameless)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def check_private(path: Path) -> None:
    """Raise `ConfigurationError` if others than its owner may read or write a secret file."""
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(
            f"{path} can be read by others; run: chmod 600 {path} / "
            "다른 사용자가 읽을 수 있는 파일입니다. 앞의 명령을 실행해 주세요"
        )


def demand_writable(directory: Path) -> None:
    """Raise `ConfigurationError` if this program cannot write in a directory, as a server has to in its home."""
    if not os.access(directory, os.W_OK):
        raise ConfigurationError(
            f"{directory} cannot be written: a server needs a home that is its user's, on a disk that takes writes / "
            "쓸 수 있는 폴더가 필요합니다"
        )


def read_private(path: Path) -> bytes:
    """What a secret file holds; raises as `check_private` does."""
    check_private(path)
    return path.read_bytes()


def discard_unfinished(path: Path) -> None:
    """Delete what interrupted writes of `path` left. Nobody may be writing it meanwhile."""
    for unfinished in path.parent.glob(f".{path.name}.*.tmp"):
        unfinished.unlink()


def sync_directory(directory: Path) -> None:
    """Make the names in `directory` durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_directory(path: Path) -> Path:
    """Create `path`, open to its owner alone, unless it exists; its name is durable when this returns it."""
    return _directory(path, 0o700)


def public_directory(path: Path) -> Path:
    """Create `path`, in which every user of the machine can read, unless it exists; else as `private_directory`."""
    return _directory(path, 0o755)


def _directory(path: Path, mode: int) -> Path:
    if not path.is_dir():
        _directory(path.parent, mode)
        path.mkdir(mode, exist_ok=True)
        path.chmod(mode)  # whatever the umask takes away
        sync_directory(path.parent)
    return path
