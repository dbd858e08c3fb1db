"""Paper passes: a printed pass is read, signed for by a door, and is good for its own day and key alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from base45 import b45encode
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.checkins import Direction, sign_check_in, verify_check_in
from protocol.errors import InvalidSignature, Malformed, MalformedEncoding, MalformedText, WrongDomain, WrongEpoch
from protocol.group import Scalar
from protocol.papers import MAX_PAPER_BYTES, PAPER_PREFIX, from_paper_text, print_pass, verify_paper
from protocol.passes import OwnedPass
from protocol.qrtext import from_qr_text, to_qr_text
from tests.parties import NOW, OpenEpoch, Visitor
from tests.strategies import scalars

VENUE = b"splitpass venue!"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@pytest.fixture(scope="module")
def text(today: OpenEpoch, visitor: Visitor) -> str:
    return print_pass(today.key, visitor.passes[0])


def test_c3_what_was_printed_is_the_visitors_pass(today: OpenEpoch, visitor: Visitor, text: str) -> None:
    paper = from_paper_text(text)
    owned = verify_paper(today.key, paper)
    assert (owned.public, bytes(owned.r)) == (visitor.passes[0].public, bytes(visitor.passes[0].r))
    assert paper.u == owned.public.u
    verify_check_in(today.key, sign_check_in(today.key, owned, NOW, Direction.ENTRY, VENUE))


def test_the_text_fits_the_code(today: OpenEpoch, visitor: Visitor, text: str) -> None:
    longest = print_pass(replace(today.key, epoch=2**32 - 1), visitor.passes[0])
    assert len(text) <= len(longest) == 263
    assert set(longest) <= set(ALPHABET)


@given(r=scalars)
def test_c3_another_key_than_the_passs_is_refused(today: OpenEpoch, visitor: Visitor, r: Scalar) -> None:
    """Somebody prints the pass of a check-in that it saw, with a key of its own."""
    assume(r != visitor.passes[0].r)
    for wrong in (r, Scalar(bytes(32)), visitor.passes[1].r):
        paper = from_paper_text(print_pass(today.key, OwnedPass(visitor.passes[0].public, wrong)))
        with pytest.raises(InvalidSignature):
            verify_paper(today.key, paper)


def test_c3_a_pass_that_nobody_issued_is_refused(today: OpenEpoch, visitor: Visitor) -> None:
    forged = replace(visitor.passes[0].public, signature=visitor.passes[1].public.signature)
    paper = from_paper_text(print_pass(today.key, OwnedPass(forged, visitor.passes[0].r)))
    with pytest.raises(InvalidSignature):
        verify_paper(today.key, paper)


def test_c5_of_another_day_or_domain(today: OpenEpoch, tomorrow: OpenEpoch, text: str) -> None:
    paper = from_paper_text(text)
    with pytest.raises(WrongEpoch):
        verify_paper(tomorrow.key, paper)
    with pytest.raises(WrongDomain):
        verify_paper(today.key, replace(paper, domain=paper.domain ^ 1))
    with pytest.raises(InvalidSignature):
        verify_paper(tomorrow.key, replace(paper, epoch=tomorrow.key.epoch))


def test_c1_the_key_does_not_show(visitor: Visitor, text: str) -> None:
    assert f"{from_paper_text(text)!r}" == "PaperPass(hidden)"


# The text.


def test_every_other_character_gives_another_paper_or_none(text: str) -> None:
    original = from_paper_text(text)
    for position in range(len(text)):
        for character in ALPHABET[position % 45] + "0\nzé홍\x00":
            changed = text[:position] + character + text[position + 1 :]
            try:
                assert changed == text or from_paper_text(changed) != original
            except Malformed:
                continue


@given(raw=st.one_of(st.text(max_size=280), st.text(ALPHABET, max_size=280)))
def test_any_text_is_read_or_malformed(raw: str) -> None:
    for candidate in (raw, PAPER_PREFIX + raw):
        with pytest.raises(Malformed):
            from_paper_text(candidate)


def test_codes_of_the_other_kind_are_malformed(today: OpenEpoch, visitor: Visitor, text: str) -> None:
    shown = to_qr_text(sign_check_in(today.key, visitor.passes[1], NOW, Direction.ENTRY))
    for candidate, read in ((shown, from_paper_text), (text, from_qr_text)):
        with pytest.raises(MalformedText):
            read(candidate)
    with pytest.raises(Malformed):
        from_paper_text(PAPER_PREFIX + shown.removeprefix("SP1:"))
    with pytest.raises(Malformed):
        from_qr_text("SP1:" + text.removeprefix(PAPER_PREFIX))


def test_spaces_and_what_is_cut_or_long_are_malformed(text: str) -> None:
    for changed in (text + " ", " " + text, text + "\n", text.lower(), text[:-1], text + "00", "", PAPER_PREFIX):
        with pytest.raises(Malformed):
            from_paper_text(changed)


@given(raw=st.binary(min_size=MAX_PAPER_BYTES + 1, max_size=300))
def test_a_longer_encoding_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedText):
        from_paper_text(PAPER_PREFIX + b45encode(raw).decode())


@given(raw=st.binary(max_size=MAX_PAPER_BYTES))
def test_base45_of_what_is_no_paper_pass_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedEncoding):
        from_paper_text(PAPER_PREFIX + b45encode(raw).decode())
