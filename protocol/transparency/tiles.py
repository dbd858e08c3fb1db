"""The files that a log is made of (C2SP tlog-tiles): hashes and entries in tiles of 256. Spec: §3.11.

A tile at level `l` holds hashes of complete subtrees with `256 ** l` leaves each. Where a tree ends, a tile has fewer
than 256 and is called partial; a full one never changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from protocol.primitives.errors import MalformedEncoding
from protocol.transparency.merkle import HASH_BYTES, Subtrees, subtrees_of

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_ENTRY_BYTES = 2**16 - 1

Level = int | Literal["entries"]

_PATH = re.compile(r"(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,4}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """The tile `index` of a level, with its first `width` hashes or entries."""

    level: Level
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where the tile is below the directory `tile`: `0/x001/x234/067`, or `entries/000.p/5`."""
        digits = f"{self.index:03}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        suffix = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"{self.level}/{''.join(f'x{part}/' for part in parts[:-1])}{parts[-1]}{suffix}"

    @classmethod
    def at(cls, path: str) -> Tile | None:
        """The tile whose path this is, if there is one."""
        parts = _PATH.fullmatch(path)
        if parts is None:
            return None
        level: Level = "entries" if parts[1] == "entries" else int(parts[1])
        tile = cls(level, int(re.sub("[x/]", "", parts[2])), int(parts[3] or TILE_WIDTH))
        return tile if tile.path == path else None


def tiles_of(level: Level, old_size: int, size: int) -> list[Tile]:
    """The tiles of a level that a grown tree has and the one before has not.

    Args:
        level: A tile's level, or `entries`.
        old_size: How many entries there were.
        size: How many there are.

    Returns:
        The tiles.
    """
    shift = 0 if level == "entries" else TILE_HEIGHT * level
    old, new = old_size >> shift, size >> shift
    if old == new:
        return []
    indexes = range(old // TILE_WIDTH, -(-new // TILE_WIDTH))
    return [Tile(level, index, min(TILE_WIDTH, new - index * TILE_WIDTH)) for index in indexes]


def tile_with(size: int, level: int, index: int) -> Tile:
    """The tile that gives a complete subtree.

    Args:
        size: How many entries the tree has.
        level: The subtree has `2 ** level` leaves.
        index: Its place among those.

    Returns:
        The tile.
    """
    tile_level, height = divmod(level, TILE_HEIGHT)
    tile = (index << height) // TILE_WIDTH
    return Tile(tile_level, tile, min(TILE_WIDTH, (size >> TILE_HEIGHT * tile_level) - tile * TILE_WIDTH))


def entries_tile(size: int, index: int) -> Tile:
    """The tile, in a tree of `size` entries, that holds the entry `index`."""
    return replace(tile_with(size, 0, index), level="entries")


def subtrees_in(size: int, hashes: Callable[[Tile], Sequence[bytes]]) -> Subtrees:
    """The complete subtrees of a tree of `size` entries, given the hashes in each of its tiles."""

    def subtree(level: int, index: int) -> bytes:
        width = 1 << level % TILE_HEIGHT
        begin = index * width % TILE_WIDTH
        within = subtrees_of(hashes(tile_with(size, level, index))[begin : begin + width])
        return within(level % TILE_HEIGHT, 0)

    return subtree


def split_hashes(tile: Tile, data: bytes) -> list[bytes]:
    """The hashes in a tile.

    Args:
        tile: The tile.
        data: Its contents.

    Returns:
        32 bytes each.

    Raises:
        MalformedEncoding: They are not as many as the tile is wide.
    """
    if len(data) != tile.width * HASH_BYTES:
        raise MalformedEncoding("a tile has another number of hashes than its name says")
    return [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]


def join_entries(entries: Iterable[bytes]) -> bytes:
    """The contents of a tile: each entry behind its length as 2 bytes.

    Args:
        entries: The entries.

    Returns:
        The contents.

    Raises:
        MalformedEncoding: An entry is longer than `MAX_ENTRY_BYTES`.
    """
    joined: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise MalformedEncoding(f"an entry has at most {MAX_ENTRY_BYTES} bytes")
        joined += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(joined)


def split_entries(tile: Tile, data: bytes) -> list[bytes]:
    """The entries in a tile.

    Args:
        tile: The tile.
        data: Its contents.

    Returns:
        The entries.

    Raises:
        MalformedEncoding: They are not as many as the tile is wide.
    """
    entries, rest = [], memoryview(data)
    while len(rest) >= 2:
        length = int.from_bytes(rest[:2], "big")
        entries.append(bytes(rest[2 : 2 + length]))
        rest = rest[2 + length :]
    if len(entries) != tile.width or join_entries(entries) != data:
        raise MalformedEncoding("a tile has other entries than its name says")
    return entries
