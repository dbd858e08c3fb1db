"""Files and directories that are there when the power goes, and secrets that others can read."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.errors import ConfigurationError
from service.files import discard_unfinished, private_directory, read_private, write_private, write_private_lines
from tests.support.disk import watch_disk


def test_a_file_is_synced_before_its_name_points_to_it_and_its_name_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = watch_disk(monkeypatch)
    write_private(tmp_path / "file", b"12345")
    (content, temporary), *names = steps
    assert content == "sync 5"
    assert temporary.startswith(".file.")
    assert names == [("rename to", "file"), ("sync", tmp_path.name)]
    assert (tmp_path / "file").read_bytes() == b"12345"


def test_a_directorys_name_is_synced_and_those_above_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = watch_disk(monkeypatch)
    assert private_directory(tmp_path / "a" / "b").is_dir()
    assert steps == [("mkdir", "a"), ("sync", tmp_path.name), ("mkdir", "b"), ("sync", "a")]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "a", tmp_path / "a" / "b")} == {0o700}
    private_directory(tmp_path / "a" / "b")
    assert len(steps) == 4


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("no space")

    write_private(tmp_path / "file", b"before")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_private(tmp_path / "file", b"after")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"before"


def test_what_an_interrupted_write_left_is_discarded(tmp_path: Path) -> None:
    for name in (".file.0123.tmp", ".file2.0123.tmp", "file"):
        (tmp_path / name).touch()
    discard_unfinished(tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".file2.0123.tmp", "file"]


@pytest.mark.parametrize("mode", [0o601, 0o604, 0o640, 0o620])
def test_a_secret_that_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    write_private(tmp_path / "secret", b"secret")
    assert read_private(tmp_path / "secret") == b"secret"
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(ConfigurationError, match="read by others"):
        read_private(tmp_path / "secret")


def test_text_is_written_line_by_line_whole_or_not_at_all(tmp_path: Path) -> None:
    """With one mark at its beginning. What fails in the middle leaves the file as it was."""
    file = tmp_path / "list.csv"
    write_private_lines(file, iter(["이름\r\n", "홍길동\r\n"]), "utf-8-sig")
    assert file.read_bytes() == "\N{ZERO WIDTH NO-BREAK SPACE}이름\r\n홍길동\r\n".encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def failing() -> Iterator[str]:
        yield "another"
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        write_private_lines(file, failing(), "utf-8-sig")
    assert [entry.name for entry in tmp_path.iterdir()] == ["list.csv"]
    assert "홍길동" in file.read_text("utf-8-sig")


INTERRUPTED = """
import os, sys
from pathlib import Path
from service.files import write_private_lines

def lines():
    yield "홍길동" * 100_000
    print("begun", flush=True)
    sys.stdin.read()

if "named" in sys.argv:
    del os.O_TMPFILE
write_private_lines(Path(sys.argv[1]), lines(), "utf-8-sig")
"""


@pytest.mark.parametrize("kind", ["nameless", "named"])
def test_a_program_that_is_killed_leaves_no_list_that_it_was_writing(tmp_path: Path, kind: str) -> None:
    """Where there are files without a name. Elsewhere there is one, which is known for what it is."""
    file = tmp_path / "list.csv"
    program = [sys.executable, "-c", INTERRUPTED, str(file), kind]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writing:
        assert writing.stdout is not None
        assert writing.stdout.readline() == b"begun\n"
        writing.kill()
    left = list(tmp_path.iterdir())
    assert len(left) == (1 if kind == "named" or not _knows_nameless(tmp_path) else 0)
    discard_unfinished(file)
    assert list(tmp_path.iterdir()) == []


def _knows_nameless(directory: Path) -> bool:
    try:
        os.close(os.open(directory, os.O_WRONLY | os.O_TMPFILE, 0o600))
    except (AttributeError, OSError):
        return False
    return True
