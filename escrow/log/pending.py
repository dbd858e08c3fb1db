"""The file that says what a log has said: its newest checkpoint with the entry that this one added. Spec: §6.4.

Both are written at once, and before the tiles: after a crash the tiles can be made from the entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from protocol.transparency.tiles import Tile, join_entries, split_entries
from service.files import write_private

_BOTH = Tile("entries", 0, 2)


@dataclass(frozen=True, slots=True)
class Pending:
    """A checkpoint as a note that the log signed, and the last entry under it."""

    note: bytes
    entry: bytes

    @classmethod
    def read(cls, path: Path) -> Pending | None:
        """What the file says, if there is one; raises `MalformedEncoding` if it is damaged."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        return cls(*split_entries(_BOTH, data))

    def write(self, path: Path) -> None:
        """Say this, durably."""
        write_private(path, join_entries([self.note, self.entry]))
