"""What the published lists say about the visitor's passes: a file for each source, apart from the keys. Spec: §6.1.

Whoever signs lists decides what is found. So each source can fill its own file alone, and no file with keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from nacl.exceptions import CryptoError

from client.hidden import Hidden
from client.wallet import WalletFile
from protocol.primitives.encoding import Bytes16, Bytes32, Range, Size, Uint32
from protocol.primitives.errors import Malformed
from service.files import discard_unfinished, private_directory, write_private

MAX_FOR_PASS = 8
"""So many findings of one source are kept about one pass."""
MAX_FOUND = 9000
"""So many findings of one source are kept in all."""


@dataclass(frozen=True, slots=True, repr=False)
class FoundNotice(Hidden):
    """A notice (its number and advice) that concerns one of the visitor's passes."""

    u: Bytes32
    number: Uint32
    advice: Annotated[str, Size(0, 1000)]


@dataclass(frozen=True, slots=True, repr=False)
class FoundOpening(Hidden):
    """A warrant (its id and legal reference) under which one of the visitor's passes was opened."""

    u: Bytes32
    warrant_id: Bytes16
    legal_reference: Annotated[str, Size(1, 256)]


Found = FoundNotice | FoundOpening


@dataclass(frozen=True, slots=True, repr=False)
class Findings(Hidden):
    """What was found, first things first; `left_out` is 1 if it was more than is kept."""

    notices: Annotated[tuple[FoundNotice, ...], Size(0, MAX_FOUND)] = ()
    openings: Annotated[tuple[FoundOpening, ...], Size(0, MAX_FOUND)] = ()
    left_out: Annotated[int, Range(0, 1)] = 0

    def about(self, used: Collection[bytes]) -> Findings:
        """What is about these passes (32-byte `u`)."""
        notices = tuple(found for found in self.notices if found.u in used)
        openings = tuple(found for found in self.openings if found.u in used)
        return Findings(notices, openings, self.left_out if notices or openings else 0)

    def with_more(self, found: Iterable[Found]) -> Findings:
        """The same and more of one source: each thing once, and no more than is kept about one pass and in all."""
        kept, counts, left_out = dict[Found, None](), Counter[bytes](), self.left_out
        for match in dict.fromkeys((*self.notices, *self.openings, *found)):
            if counts[match.u] < MAX_FOR_PASS and len(kept) < MAX_FOUND:
                kept[match] = None
                counts[match.u] += 1
            else:
                left_out = 1
        return Findings(
            tuple(match for match in kept if isinstance(match, FoundNotice)),
            tuple(match for match in kept if isinstance(match, FoundOpening)),
            left_out,
        )

    def __add__(self, other: Findings) -> Findings:
        """What two sources say, each thing once."""
        return Findings(
            tuple(dict.fromkeys(self.notices + other.notices)),
            tuple(dict.fromkeys(self.openings + other.openings)),
            max(self.left_out, other.left_out),
        )


@dataclass(frozen=True)
class FindingsFile:
    """The findings of one source, sealed under the wallet's key, in a file with the source's name."""

    path: Path
    wallet: WalletFile = field(repr=False)

    def read(self) -> Findings | None:
        """The findings; None if there are none that can be read: then the lists have to be fetched again."""
        try:
            return Findings.from_bytes(self.wallet.unseal(self.path.read_bytes(), self._purpose))
        except (FileNotFoundError, CryptoError, Malformed):
            return None

    def write(self, findings: Findings) -> None:
        """Replace them, durably. Hold the wallet's lock."""
        private_directory(self.path.parent)
        discard_unfinished(self.path)
        write_private(self.path, self.wallet.seal(findings.to_bytes(), self._purpose))

    @property
    def _purpose(self) -> bytes:
        """Binds the file to its name: a source's findings are not taken for those of another."""
        return b"findings " + self.path.name.encode()
