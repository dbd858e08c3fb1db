"""Tiles as plain files, which any web server could serve. Spec: §3.11, §6.4."""

from __future__ import annotations

import shutil
from pathlib import Path

from protocol.transparency.merkle import leaf_hash, tree_root
from protocol.transparency.tiles import TILE_WIDTH, Level, Tile, join_entries, split_entries, split_hashes, tiles_of
from service.errors import ConfigurationError
from service.files import public_directory, write_public


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
        whole, data = self._read(tile)
        return split_hashes(whole, data)[: tile.width]

    def entries(self, tile: Tile) -> list[bytes]:
        """The entries in a tile; raises as `hashes`."""
        whole, data = self._read(tile)
        return split_entries(whole, data)[: tile.width]

    def tiles_with(self, size: int, entry: bytes) -> dict[Tile, bytes]:
        """What is in the new tiles of a tree of `size` entries to which one is added.

        Raises `ConfigurationError` if one is here and holds something else, and otherwise as `hashes`.
        """
        (last,) = tiles_of("entries", size, size + 1)
        tiles = {last: join_entries([*self._last("entries", size), entry])}
        level, added = 0, [leaf_hash(entry)]
        while added:
            (last,) = tiles_of(level, size, size + 1)
            hashes = self._last(level, size >> 8 * level) + added
            tiles[last] = b"".join(hashes)
            level, added = level + 1, [tree_root(hashes)] if len(hashes) == TILE_WIDTH else []
        for tile, data in tiles.items():
            self._check(tile, data)
        return tiles

    def write(self, tiles: dict[Tile, bytes]) -> None:
        """Write those of the tiles that are not here. They are durable when this returns."""
        for tile, data in tiles.items():
            if self._find(tile) is None:
                path = self._directory / tile.path
                public_directory(path.parent)
                write_public(path, data)
        for tile in tiles:
            if tile.width == TILE_WIDTH:
                shutil.rmtree(self._directory / f"{tile.path}.p", ignore_errors=True)

    def _last(self, level: Level, count: int) -> list[bytes]:
        """What the partial tile at the end of a level of so many hashes or entries holds."""
        index, width = divmod(count, TILE_WIDTH)
        if not width:
            return []
        tile = Tile(level, index, width)
        return self.entries(tile) if level == "entries" else self.hashes(tile)

    def _check(self, tile: Tile, data: bytes) -> None:
        """What was there before would be gone, and somebody may have seen it."""
        found = self._find(tile)
        if found is not None and not found[1].startswith(data):
            raise ConfigurationError(
                f"the log is damaged: {self._directory / tile.path} holds what no checkpoint here is over; "
                "restore its newest copy, with log.pending"
            )

    def _read(self, tile: Tile) -> tuple[Tile, bytes]:
        found = self._find(tile)
        if found is None:
            raise FileNotFoundError(f"{self._directory / tile.path} is missing")
        return found

    def _find(self, tile: Tile) -> tuple[Tile, bytes] | None:
        """The tile, or the full one that it is the beginning of."""
        for found in (tile, Tile(tile.level, tile.index)):
            data = self.read(found)
            if data is not None:
                return found, data
        return None
