"""What an auditor keeps from one audit to the next: both logs as far as they were read, and evidence. Spec: §6.7."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from escrow.audit.findings import Fault, Finding
from protocol.epochs import Domain, Role
from protocol.primitives.errors import MalformedEncoding, SplitPassError
from protocol.transparency.logs import verify_witnessed
from protocol.transparency.merkle import HASH_BYTES, CompactRange, leaf_hash
from protocol.transparency.signed_notes import Checkpoint
from protocol.transparency.tiles import join_entries
from service.errors import ConfigurationError
from service.files import private_directory, write_private

LAST = "last.json"
"""What the last audit found, for whoever looks after a party."""


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
    """The directory of an auditor. Raises `ConfigurationError` if it is damaged or of another domain.

    Of each log it holds `checkpoint`, the newest that was found good, and `entries`; `partial` says how many of these
    were read, and their root, when they are not all of the checkpoint's.
    """

    def __init__(self, directory: Path, domain: Domain) -> None:
        self.directory, self._domain = private_directory(directory), domain
        self.checkpoints = {role: self._load_checkpoint(role) for role in Role}
        """The newest checkpoint of each party's log that was found good; None before there is one."""
        self.known = {role: self._load(role, self.checkpoints[role]) for role in Role}
        """What was read of each log."""
        self.sizes = {role: log.tree.size for role, log in self.known.items()}
        """How many entries of each log earlier audits had read."""

    def store(self, role: Role, note: bytes, log: KnownLog) -> None:
        """Go on from here: `note` is the newest checkpoint, and `log` was read of it, if not all then its beginning.

        In this order, so that a crash leaves what was known before, or more of it.
        """
        checkpoint = verify_witnessed(self._domain, role, note).checkpoint
        write_private(self._path(role, "entries"), join_entries(log.entries))
        if log.tree.size < checkpoint.size:
            write_private(self._path(role, "partial"), log.tree.size.to_bytes(8, "big") + log.tree.root())
        write_private(self._path(role, "checkpoint"), note)
        self._later_path(role, note).unlink(missing_ok=True)
        self.checkpoints[role], self.known[role] = checkpoint, log

    def keep_later(self, role: Role, note: bytes) -> None:
        """Keep a checkpoint that a party has signed until its log, as it is followed, is found to continue it."""
        write_private(self._later_path(role, note), note)

    def is_kept(self, path: Path) -> bool:
        """Whether a file is a checkpoint that was kept so."""
        return path.parent == self.directory and path.suffix == ".later"

    def evidence_path(self, finding: Finding) -> Path:
        """Where the statement of a finding is kept."""
        return self._path(finding.role, f"{finding.fault}.{_name(finding.statement)}.conflict")

    def keep_evidence(self, finding: Finding) -> None:
        """Keep the statement of a finding for good."""
        path = self.evidence_path(finding)
        if not path.exists():
            write_private(path, finding.statement)

    def evidence(self, role: Role) -> Iterator[Finding]:
        """The findings whose statements were kept, for a log that they cannot be compared with now."""
        for path in sorted(self.directory.glob(f"{role.name.lower()}.*.conflict")):
            fault = path.name.split(".")[1]
            if fault in set(Fault):
                detail = "an audit found this; now the log cannot be followed"
                yield Finding(role, Fault(fault), detail, path.read_bytes())

    def note_end(self, time: int, findings: int) -> None:
        """Note when an audit was made (Unix seconds), and how much it found: also what no statement proves."""
        write_private(self.directory / LAST, json.dumps({"time": time, "faults": findings}).encode())

    def disclosure(self, role: Role, number: int) -> bytes | None:
        """A party's disclosure that an earlier audit has fetched."""
        try:
            return self._disclosure_path(role, number).read_bytes()
        except FileNotFoundError:
            return None

    def keep_disclosure(self, role: Role, number: int, statement: bytes) -> None:
        """Keep a disclosure that is as it stands on record, so that it need not be fetched again."""
        path = self._disclosure_path(role, number)
        private_directory(path.parent)
        write_private(path, statement)

    def _load_checkpoint(self, role: Role) -> Checkpoint | None:
        try:
            return verify_witnessed(self._domain, role, self._path(role, "checkpoint").read_bytes()).checkpoint
        except FileNotFoundError:
            return None
        except (SplitPassError, OSError) as error:
            raise self._damaged(error) from None

    def _load(self, role: Role, checkpoint: Checkpoint | None) -> KnownLog:
        if checkpoint is None:
            return KnownLog()
        try:
            entries = _split(self._path(role, "entries").read_bytes())
            size, root = checkpoint.size, checkpoint.root
            if len(entries) < size:
                partial = self._path(role, "partial").read_bytes()
                size, root = int.from_bytes(partial[:-HASH_BYTES], "big"), partial[-HASH_BYTES:]
        except (SplitPassError, OSError) as error:
            raise self._damaged(error) from None
        known = KnownLog().grown(entries[:size])
        if (known.tree.size, known.tree.root()) != (size, root):
            raise self._damaged("its entries are not those of its checkpoint")
        return known

    def _damaged(self, why: object) -> ConfigurationError:
        return ConfigurationError(
            f"{self.directory} is damaged, or of another domain: {why}. Give another directory as --state, and keep "
            "this one if it holds files named .conflict, which are evidence"
        )

    def _disclosure_path(self, role: Role, number: int) -> Path:
        return self.directory / "disclosures" / f"{role.name.lower()}.{number}"

    def _later_path(self, role: Role, note: bytes) -> Path:
        return self._path(role, f"{_name(note)}.later")

    def _path(self, role: Role, suffix: str) -> Path:
        return self.directory / f"{role.name.lower()}.{suffix}"


def _name(statement: bytes) -> str:
    """What a file with a statement is called: nobody can make two that are called the same."""
    return sha256(statement).hexdigest()[:32]


def _split(data: bytes) -> list[bytes]:
    """The entries that were joined, however many; raises `MalformedEncoding` if the last one is cut off."""
    entries, at = [], 0
    while at < len(data):
        begin = at + 2
        at = begin + int.from_bytes(data[at:begin], "big")
        entries.append(data[begin:at])
    if at != len(data):
        raise MalformedEncoding("the last entry is cut off")
    return entries
