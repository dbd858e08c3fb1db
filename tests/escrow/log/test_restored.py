"""C8: files of a log that a backup has brought back: it goes on from the newest, or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from escrow.log.log import TransparencyLog
from escrow.log.pending import Pending
from protocol.transparency.logs import verify_logged_entry
from protocol.transparency.signed_notes import MAX_SIGNATURES, parse_note
from protocol.transparency.tiles import TILE_WIDTH
from service.errors import ConfigurationError
from tests.support.domain import Parties
from tests.support.logs import ROLE, append, have_witnessed, leaves_of, open_log, open_witness


def files_below(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def published_size(log: TransparencyLog) -> int:
    published = log.published()
    assert published is not None
    return published[1].checkpoint.size


def test_an_older_pending_checkpoint_yields_to_the_public_one(parties: Parties, tmp_path: Path) -> None:
    log, witness, pending = open_log(parties, tmp_path), open_witness(parties, tmp_path), tmp_path / "log.pending"
    append(log, 1, 2)
    old = pending.read_bytes()
    append(log, 3)
    have_witnessed(log, witness)
    before = files_below(tmp_path / "log" / "tile")
    pending.write_bytes(old)
    restored = open_log(parties, tmp_path)
    assert append(restored, 3, 4) == [2, 3]
    have_witnessed(restored, witness)
    assert published_size(restored) == 4
    for index in range(4):
        inclusion = restored.inclusion(index)
        assert inclusion is not None
        verify_logged_entry(parties.domain, ROLE, inclusion)
    assert before.items() <= files_below(tmp_path / "log" / "tile").items()


def test_a_log_is_restored_from_what_is_public(parties: Parties, tmp_path: Path) -> None:
    """Nothing is added for a long time, and it is cosigned again and again."""
    log, witness = open_log(parties, tmp_path), open_witness(parties, tmp_path)
    append(log, 1, 2, 3)
    have_witnessed(log, witness)
    (tmp_path / "log.pending").unlink()
    restored = open_log(parties, tmp_path)
    for _ in range(MAX_SIGNATURES + 1):
        have_witnessed(restored, witness)
    newest = restored.pending()
    assert newest is not None
    assert len(parse_note(newest[0]).signatures) == 1
    assert append(restored, 3, 4) == [2, 3]
    have_witnessed(restored, witness)


@pytest.mark.parametrize("forked_size", [2, 3, 4])
def test_two_histories_are_not_mixed(parties: Parties, tmp_path: Path, forked_size: int) -> None:
    log, fork = open_log(parties, tmp_path), open_log(parties, tmp_path / "fork")
    append(log, 1, 2, 3)
    have_witnessed(log, open_witness(parties, tmp_path))
    append(fork, *range(11, 11 + forked_size))
    shutil.copy(tmp_path / "fork" / "log.pending", tmp_path / "log.pending")
    before = files_below(tmp_path)
    for _ in range(2):
        mixed = open_log(parties, tmp_path)
        for _ in range(2):
            with pytest.raises(ConfigurationError, match="restore its newest copy"):
                append(mixed, 9)
            with pytest.raises(ConfigurationError, match="restore its newest copy"):
                mixed.pending()
    assert files_below(tmp_path) == before


@pytest.mark.parametrize(("old_size", "size"), [(2, 3), (2, 5), (255, 256), (255, 258), (250, 256)])
def test_nothing_is_written_where_something_else_is(
    parties: Parties, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old_size: int, size: int
) -> None:
    """Both checkpoints are old, and the tiles are not: what was cosigned since would be gone."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    log, witness = open_log(parties, tmp_path), open_witness(parties, tmp_path)
    checkpoints = tmp_path / "log.pending", tmp_path / "log" / "checkpoint"
    append(log, *range(old_size))
    have_witnessed(log, witness)
    old = [path.read_bytes() for path in checkpoints]
    append(log, *range(old_size, size))
    have_witnessed(log, witness)
    for path, contents in zip(checkpoints, old, strict=True):
        path.write_bytes(contents)
    before = files_below(tmp_path)
    if size >= TILE_WIDTH:
        with pytest.raises(ConfigurationError, match=f"it had 256 entries, as log.index knows, and has {old_size};"):
            append(open_log(parties, tmp_path), 999)
        for path in tmp_path.glob("log.index*"):
            path.unlink()
            before.pop(path, None)
    with pytest.raises(ConfigurationError, match="holds what no checkpoint here is over"):
        append(open_log(parties, tmp_path), 999)
    with pytest.raises(ConfigurationError, match="and has"):
        append(log, 999)  # the process that was running all the time
    assert files_below(tmp_path) == before


def test_what_a_crash_kept_from_the_tiles_is_written(parties: Parties, tmp_path: Path) -> None:
    log, tiles = open_log(parties, tmp_path), tmp_path / "log" / "tile"
    append(log, 1, 2, 3)
    whole, leaves = files_below(tiles), leaves_of(log)
    for path in ("entries/000.p/3", "0/000.p/3"):
        (tiles / path).unlink()
        assert leaves_of(open_log(parties, tmp_path)) == leaves
        assert files_below(tiles) == whole
    pending = Pending.read(tmp_path / "log.pending")
    assert pending is not None
    Pending(pending.note, pending.entry[:-1] + b"\0").write(tmp_path / "log.pending")
    (tiles / "entries" / "000.p" / "3").unlink()
    with pytest.raises(ConfigurationError, match="not those of its checkpoint"):
        open_log(parties, tmp_path).pending()
    assert not (tiles / "entries" / "000.p" / "3").exists()


def test_a_running_process_does_not_take_another_history_of_its_size(parties: Parties, tmp_path: Path) -> None:
    log, fork = open_log(parties, tmp_path), open_log(parties, tmp_path / "fork")
    for one, number in ((log, 1), (fork, 2)):
        append(one, number)
    have_witnessed(fork, open_witness(parties, tmp_path / "fork"))
    shutil.copy(tmp_path / "fork" / "log" / "checkpoint", tmp_path / "log" / "checkpoint")
    with pytest.raises(ConfigurationError, match="not those of its checkpoint"):
        append(log, 3)
