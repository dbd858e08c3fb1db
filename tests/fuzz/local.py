"""Malformed inputs for every decoder, in this process: most of the million. `guard` runs it in one that may hang."""

from __future__ import annotations

import time
from math import ceil
from random import Random

from protocol.primitives.encoding import MAX_MESSAGE_BYTES
from service.http import SMALL_BODY_BYTES
from tests.fuzz.extremes import extreme_items, extreme_pictures, extreme_settings, extreme_statements
from tests.fuzz.mutation import mutate
from tests.fuzz.trial import Decoder, Findings

ROUNDS = 20


def fuzz_decoders(findings: Findings, random: Random, decoders: list[Decoder], inputs: int, deadline: float) -> None:
    """Share `inputs` among the decoders by what they cost, or stop at `deadline` (of `time.monotonic`).

    Every decoder gets its share, rounded up, in rounds, so that a run that is cut short has reached them all.
    """
    unit = inputs / sum(1 / decoder.cost for decoder in decoders) / ROUNDS
    for number in range(ROUNDS):
        for decoder in decoders:
            if time.monotonic() > deadline:
                return
            share = unit / decoder.cost
            for _ in range(ceil(share * (number + 1)) - ceil(share * number)):
                findings.try_decoder(decoder, mutate(random, random.choice(decoder.samples)))


def fuzz_extremes(findings: Findings, decoders: list[Decoder], deadline: float) -> None:
    """Give the dear inputs to the decoders that outsiders reach, or stop at `deadline` (of `time.monotonic`)."""
    by_name = {decoder.name: decoder for decoder in decoders}
    for name, inputs in (
        ("CBOR item", extreme_items(SMALL_BODY_BYTES)),
        ("venue-application statement", extreme_statements(MAX_MESSAGE_BYTES)),
        ("DomainSettings", extreme_settings()),
        ("picture", extreme_pictures()),
    ):
        for data in inputs if time.monotonic() < deadline else ():
            findings.try_decoder(by_name[name], data)
