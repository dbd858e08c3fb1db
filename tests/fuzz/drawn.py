"""Inputs that hypothesis draws, and shrinks to the smallest that fails."""

from __future__ import annotations

import time
from contextlib import suppress

import cbor2
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.mutation import mutate
from tests.fuzz.trial import Decoder, Findings

ITEMS: st.SearchStrategy[object] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats()
    | st.binary(max_size=200)
    | st.text(max_size=50),
    lambda inner: (
        st.lists(inner, max_size=8)
        | st.dictionaries(st.integers() | st.text(max_size=4), inner, max_size=3)
        | st.builds(cbor2.CBORTag, st.integers(0, 2**32), inner)
    ),
    max_leaves=20,
)
"""CBOR items of every kind, most of them of no message."""


def inputs_for(decoder: Decoder) -> st.SearchStrategy[bytes]:
    """Inputs for a decoder: bytes, CBOR, and changed samples."""
    mutated = st.builds(mutate, st.randoms(use_true_random=True), st.sampled_from(decoder.samples))
    return st.binary(max_size=400) | ITEMS.map(cbor2.dumps) | mutated


def fuzz_drawn(findings: Findings, decoders: list[Decoder], number: int, inputs: int, deadline: float) -> None:
    """Give each decoder its share of `inputs`, or until `deadline` (of `time.monotonic`)."""
    for decoder in decoders:
        if time.monotonic() > deadline:
            break
        _fuzz_one(findings, decoder, number, max(1, inputs // len(decoders) // decoder.cost))


def _fuzz_one(findings: Findings, decoder: Decoder, number: int, inputs: int) -> None:
    @seed(number)
    @settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs_for(decoder))
    def never_crashes(data: bytes) -> None:
        crashes = findings.crashes
        findings.try_decoder(decoder, data)
        if findings.crashes > crashes:
            raise AssertionError("shrink this")

    with suppress(AssertionError):  # it is among the findings
        never_crashes()
