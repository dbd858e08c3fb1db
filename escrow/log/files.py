"""Tiles as plain files, which any web server could serve. Spec: §3.11, §6.4."""

from __future__ import annotations

import shutil
from pathlib import Path

from protocol.merkle import tree_root
from protocol.tiles import TILE_WIDTH, Level, Tile, join_entries, split_entries, split_hashes, tiles_of
from service.files import private_directory, sync_directory, write_private


class TileFiles:
    """The tiles below a directory. A partial one whose full one is here is read from that."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, tile: Tile) -> bytes | None:
        """What a tile's file holds, if it is here."""
        try:
            return (self._directory / tile.path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def hashes(self, tile: Tile) -> list[bytes]:
        """The hashes in a tile; raises `FileNotFoundError`, or `MalformedEncoding` if the file is damaged."""
        whole, data = self._find(tile)
        return split_hashes(whole, data)[: tile.width]

    def entries(self, tile: Tile) -> list[bytes]:
        """The entries in a tile; raises as `hashes`."""
        whole, data = self._find(tile)
        return split_entries(whole, data)[: tile.width]

    def append(self, size: int, entries: list[bytes], leaves: list[bytes]) -> None:
        """Write the tiles that a tree of `size` entries has once these, with their hashes, are added. They are durable.

        What an append that came to nothing has left in their places is overwritten.
        """
        self._write("entries", size, size + len(entries), self._last("entries", size) + entries)
        level, added = 0, leaves
        while added:
            hashes = self._last(level, size >> 8 * level) + added
            self._write(level, size, size + len(entries), hashes)
            full = range(0, len(hashes) - len(hashes) % TILE_WIDTH, TILE_WIDTH)
            level, added = level + 1, [tree_root(hashes[i : i + TILE_WIDTH]) for i in full]

    def prune(self, size: int, new_size: int) -> None:
        """Delete the partial tiles that became full when the tree grew."""
        levels: list[Level] = ["entries", *range(8)]
        for level in levels:
            for tile in tiles_of(level, size, new_size):
                if tile.width == TILE_WIDTH:
                    shutil.rmtree(self._directory / f"{tile.path}.p", ignore_errors=True)

    def _last(self, level: Level, count: int) -> list[bytes]:
        """What the partial tile at the end of a level of so many hashes or entries holds."""
        index, width = divmod(count, TILE_WIDTH)
        if not width:
            return []
        tile = Tile(level, index, width)
        return self.entries(tile) if level == "entries" else self.hashes(tile)

    def _write(self, level: Level, size: int, new_size: int, values: list[bytes]) -> None:
        for number, tile in enumerate(tiles_of(level, size, new_size)):
            part = values[number * TILE_WIDTH : number * TILE_WIDTH + tile.width]
            data = join_entries(part) if level == "entries" else b"".join(part)
            path = self._directory / tile.path
            _make_directory(path.parent)
            write_private(path, data)

    def _find(self, tile: Tile) -> tuple[Tile, bytes]:
        for found in (tile, Tile(tile.level, tile.index)):
            data = self.read(found)
            if data is not None:
                return found, data
        raise FileNotFoundError(f"{self._directory / tile.path} is missing")


def _make_directory(path: Path) -> None:
    """Create a directory durably."""
    if not path.exists():
        _make_directory(path.parent)
        private_directory(path)
        sync_directory(path.parent)
