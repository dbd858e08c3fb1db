"""QR texts: what a reader sees is one check-in or nothing."""

from __future__ import annotations

import pytest
from base45 import b45encode
from hypothesis import given
from hypothesis import strategies as st

from protocol.check_ins import MAX_CHECK_IN_BYTES, Direction, sign_check_in
from protocol.primitives.errors import Malformed, MalformedEncoding, MalformedText
from protocol.qr_text import PREFIX, from_qr_text, to_qr_text
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@pytest.fixture(scope="module")
def text(today: OpenEpoch, visitor: Visitor) -> str:
    return to_qr_text(sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY))


@given(step=st.integers(-100, 100), direction=st.sampled_from(Direction))
def test_a_text_is_read_as_it_was_shown(today: OpenEpoch, visitor: Visitor, step: int, direction: Direction) -> None:
    message = sign_check_in(today.key, visitor.passes[0], NOW + 15 * step, direction)
    text = to_qr_text(message)
    assert from_qr_text(text) == message
    assert len(message.to_bytes()) <= MAX_CHECK_IN_BYTES
    assert len(text) <= 310
    assert set(text) <= set(ALPHABET)


def test_every_other_character_gives_another_check_in_or_none(text: str) -> None:
    original = from_qr_text(text)
    for position in range(len(text)):
        for character in ALPHABET[position % 45] + "0\nzé홍\x00":
            changed = text[:position] + character + text[position + 1 :]
            try:
                assert changed == text or from_qr_text(changed) != original
            except Malformed:
                continue


@given(raw=st.text(max_size=320))
def test_any_text_is_read_or_malformed(raw: str) -> None:
    for candidate in (raw, PREFIX + raw):
        with pytest.raises(Malformed):
            from_qr_text(candidate)


@given(raw=st.text(ALPHABET, max_size=400))
def test_any_text_of_the_alphabet_is_read_or_malformed(raw: str) -> None:
    with pytest.raises(Malformed):
        from_qr_text(PREFIX + raw)


def test_other_prefixes_and_padding_are_malformed(text: str) -> None:
    for changed in (
        text.removeprefix(PREFIX),
        text.lower(),
        "SP2:" + text.removeprefix(PREFIX),
        "sp1:" + text.removeprefix(PREFIX),
        PREFIX + text,
        "https://example.org/" + text,
        " " + text,
        text + "\n",
        text + " ",
        text + "00",
        text[:-1],
        "",
        PREFIX,
    ):
        with pytest.raises(Malformed):
            from_qr_text(changed)


@given(raw=st.binary(min_size=MAX_CHECK_IN_BYTES + 1, max_size=400))
def test_a_longer_encoding_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedText):
        from_qr_text(PREFIX + b45encode(raw).decode())


@given(raw=st.binary(max_size=MAX_CHECK_IN_BYTES))
def test_base45_of_what_is_no_check_in_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedEncoding):
        from_qr_text(PREFIX + b45encode(raw).decode())


def test_c5_a_shown_check_in_names_no_venue(parties: Parties, today: OpenEpoch, visitor: Visitor) -> None:
    scanned = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY, parties.venue.venue_id)
    with pytest.raises(MalformedText):
        from_qr_text(to_qr_text(scanned))
