"""What visitors, venues and auditors keep of what they were shown, as their programs write it. Spec: §6.7."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from escrow.audit.findings import Fault
from protocol.epochs import Role


class KeptEvidence:
    """The files in some directories, such as `epochs` in a visitor's home."""

    def __init__(self, directories: tuple[Path, ...] = ()) -> None:
        self._directories = directories

    def and_in(self, directory: Path) -> KeptEvidence:
        """The same, and what is in a further directory."""
        return KeptEvidence((*self._directories, directory))

    def statements(self, role: Role) -> Iterator[tuple[Path, bytes]]:
        """Files with statements of epochs of a party, and the statements, unverified."""
        party = role.name.lower()
        evidence = _evidence(party, Fault.UNLOGGED_KEY, Fault.TWO_KEYS)
        yield from self._files(rf"[0-9]{{1,10}}\.{party}(?:\.conflict)?|{evidence}")

    def checkpoints(self, role: Role) -> Iterator[tuple[Path, bytes]]:
        """Files with checkpoints of a party's log, and the notes, unverified."""
        party = role.name.lower()
        evidence = _evidence(party, Fault.FORKED)
        yield from self._files(rf"{party}\.checkpoint(?:\.conflict)?|{party}\.[0-9a-f]{{32}}\.later|{evidence}")

    def lists(self, role: Role, kind: str) -> Iterator[tuple[Path, bytes]]:
        """Files with a party's notices or disclosures, and the statements, unverified."""
        party = role.name.lower()
        yield from self._files(rf"{kind}\.{party}(?:\.conflict)?|{_evidence(party, Fault.UNLOGGED_LIST)}")

    def _files(self, pattern: str) -> Iterator[tuple[Path, bytes]]:
        for directory in self._directories:
            for path in sorted(directory.iterdir()):
                if re.fullmatch(pattern, path.name):
                    yield path, path.read_bytes()


def _evidence(party: str, *faults: Fault) -> str:
    """What an auditor calls its evidence."""
    return rf"{party}\.(?:{'|'.join(faults)})\.[0-9a-f]{{32}}\.conflict"
