"""C8: a log whose full tiles are indexed: a start reads the last tile alone, and still knows and checks everything."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from escrow.log.files import TileFiles
from escrow.log.log import TransparencyLog
from protocol.epochs import Role, create_epoch
from protocol.transparency.log_entries import (
    EntryBody,
    EpochErased,
    EpochPublished,
    NoticePublished,
    PagePublished,
    SharesReleased,
)
from protocol.transparency.logs import verify_logged_entry
from protocol.transparency.tiles import Tile
from service.errors import ConfigurationError
from tests.support.domain import NOW, TODAY, Parties
from tests.support.logs import ROLE, append, fact, have_witnessed, leaves_of, open_log, open_witness

COUNT = 600
"""Two full tiles, and one that is not."""


def published(parties: Parties, epoch: int) -> EpochPublished:
    statement = create_epoch(parties.domain, Role.OPERATOR, epoch, parties.keys[ROLE])[1]
    return EpochPublished(statement, NOW + epoch)


@pytest.fixture(scope="module")
def said(parties: Parties) -> list[EntryBody]:
    """What is asked for by what it says comes in each of the tiles."""
    filling: list[EntryBody] = [fact(number) for number in range(COUNT)]
    marked: dict[int, EntryBody] = {
        3: published(parties, TODAY),
        5: NoticePublished(1, bytes(32)),
        6: NoticePublished(7, bytes(32)),
        8: PagePublished(1, bytes(32)),
        300: published(parties, TODAY + 1),
        301: EpochErased(TODAY),
        302: PagePublished(2, bytes(32)),
        580: published(parties, TODAY + 2),
        581: EpochErased(TODAY + 1),
        582: published(parties, TODAY),
        583: NoticePublished(4, bytes(32)),
    }
    for place, contents in marked.items():
        filling[place] = contents
    return filling


@pytest.fixture(scope="module")
def written(parties: Parties, said: list[EntryBody], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log, written without waiting for a disk; the witness has seen its first 40 entries."""
    directory = tmp_path_factory.mktemp("indexed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        log = open_log(parties, directory)
        for place, contents in enumerate(said):
            assert log.append(contents, NOW + place) == place
            if place == 40:
                have_witnessed(log, open_witness(parties, directory))
    return directory


@pytest.fixture
def home(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return tmp_path


def without_index(home: Path) -> None:
    for path in home.glob("log.index*"):
        path.unlink()


def knowledge(log: TransparencyLog, said: list[EntryBody]) -> list[object]:
    page = log.newest_page()
    return [
        [log.index_of(contents) for contents in said],
        [log.published_epoch(epoch) for epoch in range(TODAY - 1, TODAY + 4)],
        log.overdue(NOW + TODAY + 2),
        log.erased_epochs(),
        log.newest_notice(),
        page,
        log.pending(),
    ]


def test_a_start_reads_the_last_tile_alone(parties: Parties, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Tile] = []
    entries = TileFiles.entries

    def spied(self: TileFiles, tile: Tile) -> list[bytes]:
        read.append(tile)
        return entries(self, tile)

    monkeypatch.setattr(TileFiles, "entries", spied)
    assert open_log(parties, home).has_epochs()
    assert {tile.index for tile in read} == {COUNT // 256}
    without_index(home)
    read.clear()
    assert open_log(parties, home).has_epochs()
    assert {tile.index for tile in read} == {0, 1, 2}
    read.clear()
    assert open_log(parties, home).has_epochs()  # the index was made anew
    assert {tile.index for tile in read} == {2}


def test_an_index_knows_what_all_entries_tell(parties: Parties, home: Path, said: list[EntryBody]) -> None:
    running = open_log(parties, home)
    with_index = knowledge(running, said)
    assert with_index[0] == list(range(COUNT))
    assert with_index[4] == 7
    without_index(home)
    assert knowledge(open_log(parties, home), said) == with_index
    assert knowledge(open_log(parties, home), said) == with_index
    assert open_log(parties, home).append(said[10], NOW) == 10


def test_processes_that_run_on_cross_the_end_of_a_tile(parties: Parties, home: Path) -> None:
    logs = [open_log(parties, home) for _ in range(3)]
    assert [append(log, number)[0] for log, number in zip(logs, (1, 2, 4), strict=True)] == [1, 2, 4]
    for number in range(COUNT, COUNT + 200):
        append(logs[number % 2], number)
    everybody = [*logs, open_log(parties, home)]
    for log in everybody:
        assert [log.index_of(fact(number)) for number in (4, 599, 700, 799)] == [4, 599, 700, 799]
        assert log.index_of(SharesReleased(1, NOW, b"x" * 32)) is None
    have_witnessed(logs[2], open_witness(parties, home))
    inclusion = everybody[-1].inclusion(700)
    assert inclusion is not None
    verify_logged_entry(parties.domain, ROLE, inclusion)
    assert len(leaves_of(logs[2])) == COUNT + 200


def test_a_checkpoint_from_before_what_is_indexed_has_to_hold(parties: Parties, home: Path) -> None:
    """The public one is over 41 entries; another history's takes its place."""
    fork = open_log(parties, home / "fork")
    append(fork, *range(41))
    have_witnessed(fork, open_witness(parties, home / "fork"))
    shutil.copy(home / "fork" / "log" / "checkpoint", home / "log" / "checkpoint")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="do not continue the 41 before"):
            open_log(parties, home).pending()
    without_index(home)
    with pytest.raises(ConfigurationError, match="its first 41 entries are not those of its checkpoint"):
        open_log(parties, home).pending()
    assert not list(home.glob("log.index")) or open_log(parties, home)._index.read().tree.size == 0


def test_an_index_of_another_history_is_noticed(parties: Parties, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    append(open_log(parties, home / "fork"), *range(256))
    without_index(home)
    for path in (home / "fork").glob("log.index*"):
        shutil.copy(path, home)
    with pytest.raises(ConfigurationError, match="the log is damaged"):
        append(open_log(parties, home), 9999)


def test_what_does_not_hold_does_not_get_into_the_index(parties: Parties, home: Path) -> None:
    without_index(home)
    path = home / "log" / "tile" / Tile("entries", 1).path
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ConfigurationError, match="the log is damaged"):
        open_log(parties, home).pending()
    assert open_log(parties, home)._index.read().tree.size == 0
