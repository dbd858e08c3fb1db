"""What an auditor keeps of each log between two audits: the last checkpoint, and all entries under it. Spec: §6.7."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from protocol.epochs import Domain, Role
from protocol.errors import SplitPassError
from protocol.logs import verify_witnessed
from protocol.merkle import CompactRange, leaf_hash
from protocol.tiles import Tile, join_entries, split_entries
from service.files import private_directory, write_private
from service.settings import ConfigurationError


@dataclass(frozen=True, slots=True)
class KnownLog:
    """A log as it was when it was last found good: its entries, their hashes, and the tree of those."""

    entries: tuple[bytes, ...] = ()
    leaves: tuple[bytes, ...] = ()
    tree: CompactRange = field(default_factory=CompactRange)

    def grown(self, entries: list[bytes]) -> KnownLog:
        """The same log with further entries."""
        leaves = [leaf_hash(entry) for entry in entries]
        return KnownLog((*self.entries, *entries), (*self.leaves, *leaves), self.tree.extend(leaves))


class AuditState:
    """The directory of an auditor. Raises `ConfigurationError` if it is damaged or of another domain."""

    def __init__(self, directory: Path, domain: Domain) -> None:
        self._directory, self._domain = private_directory(directory), domain
        self.known = {role: self._load(role) for role in Role}
        """What was known of each party's log when this audit began."""

    def store(self, role: Role, note: bytes, log: KnownLog) -> None:
        """Go on from here next time."""
        self._path(role, "checkpoint").unlink(missing_ok=True)  # a crash leaves nothing known, and nothing false
        write_private(self._path(role, "entries"), join_entries(log.entries))
        write_private(self._path(role, "checkpoint"), note)

    def keep_evidence(self, role: Role, note: bytes, size: int) -> Path:
        """Keep a checkpoint that the known ones do not lead to; returns the file."""
        path = self._path(role, f"{size}.conflict")
        write_private(path, note)
        return path

    def _load(self, role: Role) -> KnownLog:
        try:
            note = self._path(role, "checkpoint").read_bytes()
        except FileNotFoundError:
            return KnownLog()
        try:
            checkpoint = verify_witnessed(self._domain, role, note).checkpoint
            data = self._path(role, "entries").read_bytes()
            known = KnownLog().grown(split_entries(Tile("entries", 0, checkpoint.size), data))
        except (SplitPassError, OSError) as error:
            raise ConfigurationError(f"{self._directory} is damaged, or of another domain: {error}") from None
        if known.tree.root() != checkpoint.root:
            raise ConfigurationError(f"{self._directory} is damaged: its entries are not those of its checkpoint")
        return known

    def _path(self, role: Role, suffix: str) -> Path:
        return self._directory / f"{role.name.lower()}.{suffix}"
