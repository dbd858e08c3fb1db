"""A short run of the fuzzer: every decoder and every route, and that the fuzzer itself can find something."""

from __future__ import annotations

import asyncio
import time
from dataclasses import fields
from pathlib import Path
from random import Random

import pytest

from lab.fuzz.answers import fuzz_answers
from lab.fuzz.decoders import all_decoders
from lab.fuzz.discovery import byte_encoded_types, message_types, settings_types
from lab.fuzz.drawn import fuzz_drawn
from lab.fuzz.generation import random_message
from lab.fuzz.local import fuzz_decoders
from lab.fuzz.mutation import mutate
from lab.fuzz.routes import fuzz_routes
from lab.fuzz.trial import Decoder, Findings
from tests.spec.messages import every_message_type

SEED = 20200610
LATER = 600
"""Seconds; the runs end by the number of their inputs."""


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    return Findings(tmp_path / "findings")


@pytest.fixture(scope="module")
def decoders(tmp_path_factory: pytest.TempPathFactory) -> list[Decoder]:
    return all_decoders(Random(SEED), tmp_path_factory.mktemp("files"))


def test_every_message_of_the_protocol_is_fuzzed(decoders: list[Decoder]) -> None:
    names = {decoder.name for decoder in decoders}
    assert every_message_type() <= set(message_types())
    assert {kind.__name__ for kind in (*message_types(), *byte_encoded_types(), *settings_types())} <= names
    assert {f"{kind.TAG} statement" for kind in message_types() if hasattr(kind, "TAG")} <= names


def test_samples_are_valid(decoders: list[Decoder]) -> None:
    """Mutations of what is refused at the first byte would test nothing."""
    for kind in message_types():
        message = random_message(Random(SEED), kind)
        assert kind.from_bytes(message.to_bytes()) == message
    for decoder in decoders:
        accepted = Findings(Path())
        for sample in decoder.samples:
            accepted.try_decoder(decoder, sample)
        assert accepted.accepted, decoder.name


def test_no_decoder_crashes(decoders: list[Decoder], findings: Findings) -> None:
    fuzz_decoders(findings, Random(SEED), decoders, 6_000, time.monotonic() + LATER)
    assert findings.files == {}
    assert findings.decoders == {decoder.name for decoder in decoders}


def test_no_decoder_crashes_on_what_hypothesis_draws(decoders: list[Decoder], findings: Findings) -> None:
    fuzz_drawn(findings, decoders, SEED, 300, time.monotonic() + LATER)
    assert findings.files == {}
    assert findings.decoders == {decoder.name for decoder in decoders}


def test_no_route_fails(tmp_path: Path, findings: Findings) -> None:
    (tmp_path / "town").mkdir()
    asyncio.run(fuzz_routes(findings, SEED, 400, time.monotonic() + LATER, tmp_path / "town", extremes=False))
    assert findings.files == {}
    assert len(findings.routes) > 30


def test_no_answer_crashes_a_client(findings: Findings) -> None:
    asyncio.run(fuzz_answers(findings, Random(SEED), 150, time.monotonic() + LATER))
    assert findings.files == {}


def test_a_crash_is_found_and_its_input_kept(findings: Findings) -> None:
    def decode(data: bytes) -> object:
        return 1 // (data[0] - 7)

    decoder = Decoder("divides", decode, (IndexError,), (b"\x03",))
    fuzz_decoders(findings, Random(SEED), [decoder], 5000, time.monotonic() + LATER)
    (path,) = findings.files.values()
    assert path.read_bytes()[0] == 7
    assert findings.crashes > 0
    assert "crashes=0" not in findings.line()


def test_hypothesis_shrinks_a_crash(findings: Findings) -> None:
    def decode(data: bytes) -> object:
        if len(data) > 3:
            raise RuntimeError("too long")
        return data

    fuzz_drawn(findings, [Decoder("short", decode, (), (b"1234567",))], SEED, 500, time.monotonic() + LATER)
    (path,) = findings.files.values()
    assert len(path.read_bytes()) == 4


def test_mutations_differ_and_repeat() -> None:
    kind = message_types()[0]
    assert fields(kind)
    sample = random_message(Random(SEED), kind).to_bytes()
    first, again = ([mutate(Random(number), sample) for number in range(500)] for _ in range(2))
    assert first == again
    assert len(set(first)) > 400
