"""Tiles: paths and widths as C2SP tlog-tiles has them, and the same subtrees as from the leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.primitives.errors import MalformedEncoding
from protocol.transparency.merkle import leaf_hash, prove_consistency, prove_inclusion, subtrees_of, tree_root
from protocol.transparency.tiles import (
    Tile,
    entries_tile,
    join_entries,
    split_entries,
    split_hashes,
    subtrees_in,
    tile_with,
    tiles_of,
)

LEAVES = [leaf_hash(index.to_bytes(2, "big")) for index in range(700)]


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1_234_067), "0/x001/x234/067"),
        (Tile(0, 0), "0/000"),
        (Tile(1, 999, 17), "1/999.p/17"),
        (Tile("entries", 1000, 255), "entries/x001/000.p/255"),
        (Tile(63, 5), "63/005"),
    ],
)
def test_paths_are_those_of_the_format(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.at(path) == tile


@pytest.mark.parametrize(
    "path",
    ["", "0", "0/0", "0/00", "0/0000", "00/000", "100/000", "-1/000", "0/x000/001", "0/001/000", "0/000.p/0", "0/000/",
     "64/000", "99/000",
     "0/000.p/05", "0/000.p/256", "0/000.p", "entry/000", "0/../000", "/0/000", "0/x001/000\n", "0/x٠٠١/000"],
)  # fmt: skip
def test_other_paths_lead_nowhere(path: str) -> None:
    assert Tile.at(path) is None


@given(level=st.integers(0, 63), index=st.integers(0, 2**40), width=st.integers(1, 256))
def test_every_path_is_read_back(level: int, index: int, width: int) -> None:
    assert Tile.at(Tile(level, index, width).path) == Tile(level, index, width)


def test_the_tiles_of_a_tree_are_those_of_the_format() -> None:
    assert [len(tiles_of(level, 0, 70_000)) for level in range(4)] == [274, 2, 1, 0]
    assert [tiles_of(level, 0, 70_000)[-1].width for level in range(3)] == [112, 17, 1]
    assert [tiles_of(level, 0, 256) for level in range(3)] == [[Tile(0, 0)], [Tile(1, 0, 1)], []]
    assert tiles_of("entries", 250, 260) == [Tile("entries", 0), Tile("entries", 1, 4)]
    assert tiles_of(0, 260, 260) == []
    assert tiles_of(0, 600, 700) == [Tile(0, 2, 188)]  # full ones were there
    assert tiles_of(1, 65_000, 70_000) == [Tile(1, 0), Tile(1, 1, 17)]


def hashes_in(tile: Tile) -> list[bytes]:
    assert isinstance(tile.level, int)
    width = 256**tile.level
    first = tile.index * 256
    return [tree_root(LEAVES[i * width : (i + 1) * width]) for i in range(first, first + tile.width)]


@given(size=st.integers(1, len(LEAVES)), data=st.data())
def test_proofs_from_tiles_are_those_from_the_leaves(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    known = {tile for level in range(3) for tile in tiles_of(level, 0, size)}

    def hashes(tile: Tile) -> list[bytes]:
        assert tile in known
        return hashes_in(tile)

    tiles, leaves = subtrees_in(size, hashes), subtrees_of(LEAVES)
    assert prove_inclusion(tiles, index, size) == prove_inclusion(leaves, index, size)
    assert prove_consistency(tiles, index, size) == prove_consistency(leaves, index, size)


def test_an_entry_lies_in_the_tile_of_its_place() -> None:
    assert entries_tile(70_000, 300) == Tile("entries", 1)
    assert entries_tile(70_000, 69_999) == Tile("entries", 273, 112)


def test_a_subtree_lies_in_the_tile_below_its_root() -> None:
    assert tile_with(70_000, 7, 3) == Tile(0, 1)
    assert tile_with(70_000, 8, 3) == Tile(1, 0)
    assert tile_with(70_000, 8, 272) == Tile(1, 1, 17)


@given(entries=st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_entries_are_read_back(entries: list[bytes]) -> None:
    data, tile = join_entries(entries), Tile("entries", 0, len(entries))
    assert split_entries(tile, data) == entries
    for wrong in (data[:-1], data + b"\0", data + b"\0\0", data[1:]):
        with pytest.raises(MalformedEncoding):
            split_entries(tile, wrong)


def test_hashes_are_as_many_as_the_name_says() -> None:
    assert split_hashes(Tile(0, 0, 2), bytes(64)) == [bytes(32)] * 2
    for size in (0, 32, 63, 96):
        with pytest.raises(MalformedEncoding):
            split_hashes(Tile(0, 0, 2), bytes(size))


def test_an_entry_has_at_most_65535_bytes() -> None:
    assert split_entries(Tile("entries", 0, 1), join_entries([bytes(65_535)])) == [bytes(65_535)]
    with pytest.raises(MalformedEncoding):
        join_entries([bytes(65_536)])
