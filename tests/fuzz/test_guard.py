"""That what a fuzzed process does to itself is seen from outside: memory, hangs, death."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import trial
from tests.fuzz.decoders import all_decoders
from tests.fuzz.guard import run_guarded
from tests.fuzz.local import fuzz_extremes
from tests.fuzz.trial import MEBIBYTES, Decoder, Findings

Work = Callable[[bytes], object]


def trying(decode: Work, *inputs: bytes) -> Callable[[Findings], None]:
    def work(to: Findings) -> None:
        for data in inputs:
            to.try_decoder(Decoder("work", decode, (), (b"",)), data)

    return work


def take_mebibytes(data: bytes) -> int:
    return len(bytearray(int(data) << 20).replace(b"\0", b"\1", 1))


@pytest.mark.long
def test_what_takes_too_much_memory_is_found_also_after_what_takes_nearly_so_much(findings: Findings) -> None:
    half = b"%d" % (MEBIBYTES * 2 // 5)  # it is copied
    run_guarded(findings, trying(take_mebibytes, half, half, b"1"))
    assert findings.files == {}
    run_guarded(findings, trying(take_mebibytes, half, b"%d" % MEBIBYTES, b"1", half, b"%d" % (MEBIBYTES + 1)))
    assert list(findings.files) == [f"work: more than {MEBIBYTES} MiB"]
    assert findings.crashes == 2
    assert findings.inputs == 8


def test_what_takes_too_much_time_is_found(findings: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", -1)
    run_guarded(findings, trying(len, b"slow"))
    assert list(findings.files) == ["work: more than -1 s"]


def test_a_hang_is_found_with_its_input(findings: Findings) -> None:
    """In C, where no signal handler of Python would ever run."""
    began = time.monotonic()
    run_guarded(findings, trying(lambda data: data[:1] != b"h" or pow(10**600_000, 10**6), b"quick", b"hang"), 3)
    assert time.monotonic() - began < 60
    ((finding, path),) = findings.files.items()
    assert finding == "work: no end within 3 s"
    assert path.read_bytes() == b"hang"
    assert (findings.inputs, findings.crashes) == (2, 1)


def test_a_death_is_found_with_its_input_and_what_came_before(findings: Findings) -> None:
    def die(data: bytes) -> object:
        if data == b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        return 1 // len(data)

    run_guarded(findings, trying(die, b"", b"die", b"never"))
    assert list(findings.files)[1] == "work: the process ended (SIGKILL)"
    assert next(iter(findings.files)).startswith("work: ZeroDivisionError")
    assert [path.read_bytes() for path in findings.files.values()] == [b"", b"die"]
    assert (findings.inputs, findings.crashes) == (2, 2)


@pytest.mark.long
def test_no_extreme_input_takes_much(findings: Findings, tmp_path: Path) -> None:
    decoders = all_decoders(Random(1), tmp_path)
    run_guarded(findings, lambda to: fuzz_extremes(to, decoders, time.monotonic() + 600))
    assert findings.files == {}
    assert findings.inputs > 10
