"""Every decoder in the house, with valid inputs to start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from base45 import b45encode

from client.posters import read_poster
from conformance.vectors import world
from protocol.paper_passes import PAPER_PREFIX, from_paper_text, print_pass
from protocol.primitives.encoding import Message, decode_item, encode_item
from protocol.primitives.errors import SplitPassError
from protocol.primitives.statements import verify_statement
from protocol.qr_text import PREFIX, from_qr_text, to_qr_text
from tests.fuzz.discovery import byte_encoded_types, message_types
from tests.fuzz.files import file_decoders
from tests.fuzz.forgery import sign_anything
from tests.fuzz.generation import random_message, random_value
from tests.fuzz.passkeys import passkey_decoders
from tests.fuzz.publications import publication_decoders
from tests.fuzz.readers import reader_decoders
from tests.fuzz.trial import Decoder

SAMPLES = 8
EXPECTED = (SplitPassError,)


def all_decoders(random: Random, directory: Path) -> list[Decoder]:
    """Every decoder; those of files keep theirs in `directory`."""
    return [
        *_message_decoders(random),
        *_byte_decoders(random),
        *_text_decoders(),
        *reader_decoders(),
        *passkey_decoders(random),
        *publication_decoders(directory),
        *file_decoders(random, directory),
    ]


def _message_decoders(random: Random) -> Iterator[Decoder]:
    yield Decoder("CBOR item", _strictly(decode_item, encode_item), EXPECTED, (encode_item([1, b"bytes", "", None]),))
    for kind in message_types():
        samples = tuple(random_message(random, kind).to_bytes() for _ in range(SAMPLES))
        yield Decoder(kind.__name__, _strictly(kind.from_bytes, kind.to_bytes), EXPECTED, samples)
        if hasattr(kind, "TAG"):
            signed = tuple(sign_anything(kind, sample, world.OPERATOR) for sample in samples)
            yield Decoder(f"{kind.TAG} statement", _statement_decoder(kind), EXPECTED, signed)
            yield Decoder(f"{kind.TAG} statement, signed", _signed_decoder(kind), EXPECTED, samples, cost=3)


def _strictly(decode: Callable[[bytes], object], encode: Callable[..., bytes]) -> Callable[[bytes], object]:
    """A decoder that also fails if what it takes has another encoding."""

    def check(data: bytes) -> object:
        decoded = decode(data)
        if encode(decoded) != data:
            raise AssertionError("what was decoded has another encoding")
        return decoded

    return check


def _statement_decoder(kind: type[Message]) -> Callable[[bytes], object]:
    return lambda data: verify_statement(kind, data, world.DOMAIN.operator_key)


def _signed_decoder(kind: type[Message]) -> Callable[[bytes], object]:
    return lambda data: verify_statement(kind, sign_anything(kind, data, world.OPERATOR), world.DOMAIN.operator_key)


def _byte_decoders(random: Random) -> Iterator[Decoder]:
    for kind in byte_encoded_types():
        samples = tuple(bytes(random_value(random, kind)) for _ in range(SAMPLES))
        yield Decoder(kind.__name__, _strictly(getattr(kind, "from_bytes", kind), bytes), EXPECTED, samples)


def _text_decoders() -> Iterator[Decoder]:
    shown, joint = world.SHOWN.to_bytes(), world.JOINT_VENUE.to_bytes()
    yield Decoder(
        "QR text",
        lambda data: from_qr_text(data.decode("utf-8", "replace")),
        EXPECTED,
        (to_qr_text(world.SHOWN).encode(),),
    )
    yield Decoder("QR content", lambda data: from_qr_text(PREFIX + b45encode(data).decode("ascii")), EXPECTED, (shown,))
    paper = print_pass(world.EPOCH_KEY, world.PASSES[2])
    yield Decoder(
        "paper text", lambda data: from_paper_text(data.decode("utf-8", "replace")), EXPECTED, (paper.encode(),)
    )
    yield Decoder(
        "paper content",
        lambda data: from_paper_text(PAPER_PREFIX + b45encode(data).decode("ascii")),
        EXPECTED,
        (from_paper_text(paper).to_bytes(),),
    )
    link = f"{world.VENUE.url}v/{world.VENUE.venue_id.hex()}"
    yield Decoder(
        "poster link",
        lambda data: read_poster(world.DOMAIN, data.decode("utf-8", "replace"), joint),
        EXPECTED,
        (link.encode(),),
    )
    yield Decoder("poster record", lambda data: read_poster(world.DOMAIN, link, data), EXPECTED, (joint,), cost=2)
