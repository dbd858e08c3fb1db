"""One input, tried: what is a finding, and where its input is kept."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.memory import Memory

SECONDS = 2
"""How much processor time one input may take."""
MEBIBYTES = 256
"""How much memory one input may take."""

Decode = Callable[[bytes], object]


@dataclass(frozen=True)
class Decoder:
    """A decoder under test: `decode` takes bytes and may raise nothing but the `expected` errors.

    `samples` are valid inputs. `cost` is about how many ordinary decoders take the time of this one.
    """

    name: str
    decode: Decode
    expected: tuple[type[Exception], ...]
    samples: tuple[bytes, ...]
    cost: int = 1


def tell_nobody(_what: str, _more: object) -> None:
    """Nobody is told."""


@dataclass
class Findings:
    """What was tried and what went wrong. The smallest input of each finding is a file in `directory`.

    `succeeded` and `refused` are the routes that did what they are for, and that said no, at least once. `begins` is
    told of each input before a decoder gets it, `found` of each finding and the file of its input.
    """

    directory: Path
    inputs: int = 0
    accepted: int = 0
    decoders: set[str] = field(default_factory=set)
    routes: set[str] = field(default_factory=set)
    succeeded: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    crashes: int = 0
    errors_500: int = 0
    files: dict[str, Path] = field(default_factory=dict)
    begins: Callable[[str, bytes], None] = field(default=tell_nobody, repr=False)
    found: Callable[[str, Path], None] = field(default=tell_nobody, repr=False)
    memory: Memory = field(default_factory=Memory, repr=False)

    def add(self, other: Findings) -> None:
        """Count what another run found."""
        self.inputs += other.inputs
        self.accepted += other.accepted
        self.decoders |= other.decoders
        self.routes |= other.routes
        self.succeeded |= other.succeeded
        self.refused |= other.refused
        self.crashes += other.crashes
        self.errors_500 += other.errors_500
        self.files.update(other.files)

    def crash(self, place: str, what: str, data: bytes) -> None:
        """Count a crash."""
        self.crashes += 1
        self._keep(place, what, data)

    def error_500(self, place: str, what: str, data: bytes) -> None:
        """Count an answer that says that the server failed."""
        self.errors_500 += 1
        self._keep(place, what, data)

    def try_decoder(self, decoder: Decoder, data: bytes) -> None:
        """Give one input to a decoder, and note what it may not do."""
        self.inputs += 1
        self.decoders.add(decoder.name)
        self.begins(decoder.name, data)
        self.memory.mark()
        began = time.process_time()
        try:
            decoder.decode(data)
            self.accepted += 1
        except decoder.expected:
            pass
        except Exception as error:  # noqa: BLE001 - any other is what we look for
            self.crash(decoder.name, _where(error), data)
        if time.process_time() - began > SECONDS:
            self.crash(decoder.name, f"more than {SECONDS} s", data)
        if self.memory.grown_mebibytes() > MEBIBYTES:
            self.crash(decoder.name, f"more than {MEBIBYTES} MiB", data)

    def line(self) -> str:
        """The figures in one line."""
        return (
            f"inputs={self.inputs} decoders={len(self.decoders)} routes={len(self.routes)} "
            f"crashes={self.crashes} errors_500={self.errors_500}"
        )

    def _keep(self, place: str, what: str, data: bytes) -> None:
        """Keep the smallest input that showed a finding."""
        finding = f"{place}: {what}"
        known = self.files.get(finding)
        if known is None or len(data) < known.stat().st_size:
            self.directory.mkdir(parents=True, exist_ok=True)
            path = self.directory / f"{hashlib.sha256(finding.encode()).hexdigest()[:16]}.bin"
            path.write_bytes(data)
            self.files[finding] = path
            self.found(finding, path)


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}, {frame.name}"
