"""C8: the log on disk: what was appended stays, whatever kills the process, and proofs hold for it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from escrow.log.pending import Pending
from protocol.primitives.errors import InvalidSignature
from protocol.transparency.logs import check_consistency, verify_logged_entry, verify_witnessed
from protocol.transparency.merkle import tree_root
from protocol.transparency.signed_notes import Checkpoint
from protocol.transparency.tiles import Level, Tile, tiles_of
from service.errors import ConfigurationError
from tests.support.domain import NOW, Parties
from tests.support.logs import (
    ROLE,
    append,
    fact,
    have_witnessed,
    leaves_of,
    open_log,
    open_witness,
    request_for,
)


def test_an_entry_is_under_the_next_checkpoint(parties: Parties, tmp_path: Path) -> None:
    log, witness = open_log(parties, tmp_path), open_witness(parties, tmp_path)
    assert log.pending() is None
    assert append(log, *range(5)) == list(range(5))
    assert log.inclusion(2) is None
    have_witnessed(log, witness)
    inclusion = log.inclusion(2)
    assert inclusion is not None
    assert verify_logged_entry(parties.domain, ROLE, inclusion).checkpoint.size == 5
    assert append(log, 5) == [5]
    assert log.inclusion(5) is None


def test_one_fact_has_one_entry(parties: Parties, tmp_path: Path) -> None:
    assert append(open_log(parties, tmp_path), 1, 2, 1) == [0, 1, 0]
    assert append(open_log(parties, tmp_path), 2, 3) == [1, 2]
    assert open_log(parties, tmp_path).append(fact(3), NOW + 10_000) == 2


def test_several_processes_append_to_one_log(parties: Parties, tmp_path: Path) -> None:
    logs = [open_log(parties, tmp_path) for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        places = threads.map(lambda number: append(logs[number % 3], number)[0], range(12))
    assert sorted(places) == list(range(12))
    assert len(leaves_of(open_log(parties, tmp_path))) == 12


@pytest.fixture(scope="module")
def long_log(parties: Parties, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 254 entries, written without waiting for a disk."""
    directory = tmp_path_factory.mktemp("long")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        append(open_log(parties, directory), *range(254))
    return directory


def test_tiles_are_those_of_the_format(parties: Parties, long_log: Path, tmp_path: Path) -> None:
    shutil.copytree(long_log, tmp_path, dirs_exist_ok=True)
    log, witness = open_log(parties, tmp_path), open_witness(parties, tmp_path)
    have_witnessed(log, witness)
    append(log, *range(254, 259))
    files = {str(path.relative_to(tmp_path / "log" / "tile")) for path in (tmp_path / "log" / "tile").rglob("*")
             if path.is_file()}  # fmt: skip
    needed = {tile.path for level in ("entries", 0, 1) for tile in tiles_of(level, 0, 259)}
    assert needed <= files
    assert not any(path.startswith(("0/000.p", "entries/000.p")) for path in files)
    leaves = leaves_of(log)
    assert log.files.hashes(Tile(0, 0)) == leaves[:256]
    assert log.files.hashes(Tile(1, 0, 1)) == [tree_root(leaves[:256])]
    for old, size in ((254, 259), (100, 256), (256, 258)):
        earlier, later = (Checkpoint("log", count, tree_root(leaves[:count])) for count in (old, size))
        check_consistency(earlier, later, log.consistency(old, size))
    have_witnessed(log, witness)
    for index in (0, 255, 256, 258):
        inclusion = log.inclusion(index)
        assert inclusion is not None
        verify_logged_entry(parties.domain, ROLE, inclusion)


def killed(work: Callable[[], object], call: int) -> bool:
    """Whether a process that does `work` was killed (-9) right before it synced a file for the `call`-th time."""
    child = os.fork()
    if child == 0:
        calls, sync = 0, os.fsync

        def dying(descriptor: int) -> None:
            nonlocal calls
            calls += 1
            if calls == call:
                os.kill(os.getpid(), signal.SIGKILL)
            sync(descriptor)

        os.fsync = dying  # type: ignore[assignment]
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def tiles_beyond_the_checkpoint(directory: Path) -> set[Path]:
    """The tiles in the place of a web server's files that the log has not signed: they could still change."""
    pending = Pending.read(directory / "log.pending")
    assert pending is not None
    size = int(pending.note.split(b"\n")[1])
    levels: tuple[Level, ...] = ("entries", 0, 1)
    below = {tile.path for level in levels for count in range(size) for tile in tiles_of(level, count, count + 1)}
    root = directory / "log" / "tile"
    return {
        path
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".tmp" and str(path.relative_to(root)) not in below
    }


def test_c8_no_kill_forks_the_log_or_loses_what_was_appended(parties: Parties, long_log: Path, tmp_path: Path) -> None:
    """Each child dies at another point of appending, or of having the checkpoint cosigned; the next one goes on.

    Between them the witness sees whatever was signed, as if the other party had been asked.
    """
    shutil.copytree(long_log, tmp_path, dirs_exist_ok=True)
    witness, acknowledged, survived = open_witness(parties, tmp_path), 254, 0
    have_witnessed(open_log(parties, tmp_path), witness)
    for call in range(1, 40):

        def work(call: int = call) -> None:
            append(open_log(parties, tmp_path), 1000 + call)
            have_witnessed(open_log(parties, tmp_path), open_witness(parties, tmp_path))

        was_killed = killed(work, call)
        survived += not was_killed
        assert not tiles_beyond_the_checkpoint(tmp_path)
        log = open_log(parties, tmp_path)
        newest = log.pending()
        assert newest is not None
        assert newest[1].size >= acknowledged
        assert newest[1].root == tree_root(leaves_of(log))
        have_witnessed(log, witness)  # would be refused if it did not continue all that was ever signed
        (place,) = append(log, 2000 + call)
        assert place == newest[1].size
        acknowledged = place + 1
        if survived == 2:
            break
    assert survived == 2
    assert call > 10


def test_a_damaged_log_is_not_continued(parties: Parties, tmp_path: Path) -> None:
    append(open_log(parties, tmp_path), 1, 2, 3)
    path = tmp_path / "log" / "tile" / Tile("entries", 0, 3).path
    whole = path.read_bytes()
    for damage in (
        whole[:-1],
        bytes([whole[0], whole[1], whole[2] ^ 1]) + whole[3:],
        whole[:20] + b"\xff" + whole[21:],
    ):
        path.write_bytes(damage)
        with pytest.raises(ConfigurationError, match="the log is damaged"):
            append(open_log(parties, tmp_path), 4)
    path.unlink()
    path.with_name("2").unlink()
    with pytest.raises(ConfigurationError, match="the log is damaged"):
        append(open_log(parties, tmp_path), 4)


def test_only_a_newer_cosigned_checkpoint_is_published(parties: Parties, tmp_path: Path) -> None:
    log, witness = open_log(parties, tmp_path), open_witness(parties, tmp_path)
    append(log, 1)
    first = request_for(log, 0)
    early = first.checkpoint + witness.add_checkpoint(first.encode(), NOW)
    append(log, 2)
    have_witnessed(log, witness)
    log.publish(early)
    published = log.published()
    assert published is not None
    assert published[1].checkpoint.size == 2
    with pytest.raises(InvalidSignature):
        log.publish(first.checkpoint)
    again = request_for(log, 2)
    log.publish(again.checkpoint + witness.add_checkpoint(again.encode(), NOW + 3600))
    published = log.published()
    assert published is not None
    assert verify_witnessed(parties.domain, ROLE, published[0]).time == NOW + 3600
