"""Paper passes: a printed pass is read, is good for its own day and key alone, and does not show the handle."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha512

import pytest
from base45 import b45encode
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import EpochKey, Role
from protocol.paper_passes import (
    MAX_PAPER_BYTES,
    PAPER_PREFIX,
    PaperPass,
    delegation_signing_input,
    from_paper_text,
    print_pass,
    verify_paper,
)
from protocol.passes import OwnedPass, Pass, pass_signing_input
from protocol.primitives.errors import (
    InvalidSignature,
    Malformed,
    MalformedEncoding,
    MalformedText,
    WrongDomain,
    WrongEpoch,
)
from protocol.primitives.group import B, Point, Scalar
from protocol.qr_text import from_qr_text, to_qr_text
from tests.support.domain import NOW, OpenEpoch, Visitor
from tests.support.strategies import scalars

VENUE = b"splitpass venue!"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@pytest.fixture(scope="module")
def text(today: OpenEpoch, visitor: Visitor) -> str:
    return print_pass(today.key, visitor.passes[0])


def test_c3_what_was_printed_is_the_visitors_pass(today: OpenEpoch, visitor: Visitor, text: str) -> None:
    paper = from_paper_text(text)
    delegated = verify_paper(today.key, paper)
    assert paper.public_pass == delegated.public_pass == bytes(visitor.passes[0].public)
    assert paper.u == visitor.passes[0].public.u
    assert (delegated.k, delegated.K, delegated.delegation) == (paper.k, paper.k * B, paper.delegation)


def test_the_text_fits_the_code(today: OpenEpoch, visitor: Visitor, text: str) -> None:
    longest = print_pass(replace(today.key, epoch=2**32 - 1), visitor.passes[0])
    assert len(text) <= len(longest) == 362
    assert set(longest) <= set(ALPHABET)


@given(h=scalars, drawn=st.lists(scalars, min_size=2, max_size=2, unique_by=bytes))
def test_c1_no_number_on_a_paper_opens_it(today: OpenEpoch, h: Scalar, drawn: list[Scalar]) -> None:
    """Whoever has two papers of one person tries every number on them where `r` would open a pass."""
    passes = [issued(today, h, r) for r in drawn]
    papers = [from_paper_text(print_pass(today.key, owned)) for owned in passes]
    numbers = [number for paper in papers for number in numbers_in(today.key, paper)]
    for owned in passes:
        v, U = Point(owned.public.v), h * B
        assert v - owned.r * today.key.X == U  # what is tried could succeed
        assert all(v - number * today.key.X != U for number in numbers)
        assert all(number * B != Point(owned.public.u) for number in numbers)


@given(h=scalars, drawn=st.lists(scalars, min_size=2, max_size=2, unique_by=bytes))
def test_c2_two_papers_of_one_visitor_share_nothing(today: OpenEpoch, h: Scalar, drawn: list[Scalar]) -> None:
    first, other = (from_paper_text(print_pass(today.key, issued(today, h, r))) for r in drawn)
    assert chunks(first).isdisjoint(chunks(other))


def test_c2_a_pass_that_is_printed_twice_has_two_keys(today: OpenEpoch, visitor: Visitor, text: str) -> None:
    first, other = from_paper_text(text), from_paper_text(print_pass(today.key, visitor.passes[0]))
    assert first.k != other.k
    assert first.delegation[:32] != other.delegation[:32]  # two signatures with one nonce would give `r`


def issued(epoch: OpenEpoch, h: Scalar, r: Scalar) -> OwnedPass:
    """A pass of a handle, as the authority would issue it."""
    u, v = bytes(r * B), bytes(h * B + r * epoch.key.X)
    signing_key = epoch.secrets[Role.AUTHORITY].pass_signing_key
    return OwnedPass(Pass(u, v, signing_key.sign(pass_signing_input(epoch.key, u, v)).signature), r)


def numbers_in(epoch_key: EpochKey, paper: PaperPass) -> list[Scalar]:
    """The key, both signatures' `S`, and the challenge that the delegation answers."""
    signing_input = delegation_signing_input(epoch_key, paper.public_pass, paper.k * B)
    challenge = Scalar.reduce(sha512(paper.delegation[:32] + paper.u + signing_input).digest())
    return [paper.k, Scalar(paper.delegation[32:]), Scalar(paper.public_pass[96:]), challenge]


def chunks(paper: PaperPass) -> set[bytes]:
    parts = paper.public_pass + bytes(paper.k) + bytes(paper.k * B) + paper.delegation
    return {parts[start : start + 32] for start in range(0, len(parts), 32)}


@given(r=scalars, k=scalars)
def test_c3_what_the_pass_did_not_delegate_is_refused(
    today: OpenEpoch, visitor: Visitor, text: str, r: Scalar, k: Scalar
) -> None:
    """Somebody prints the pass of a check-in that it saw, with a key of its own, or of another paper."""
    paper, (mine, other, _) = from_paper_text(text), visitor.passes
    assume(r != mine.r and k != paper.k)
    for wrong in (r, other.r, k):
        signed = from_paper_text(print_pass(today.key, OwnedPass(mine.public, wrong)))
        with pytest.raises(InvalidSignature):
            verify_paper(today.key, signed)
    for wrong in (k, mine.r, Scalar(bytes(32))):
        with pytest.raises(InvalidSignature):
            verify_paper(today.key, replace(paper, k=wrong))
    others = from_paper_text(print_pass(today.key, other))
    for changed in (
        replace(paper, delegation=others.delegation),
        replace(paper, k=others.k, delegation=others.delegation),
        replace(paper, public_pass=others.public_pass),
    ):
        with pytest.raises(InvalidSignature):
            verify_paper(today.key, changed)


def test_c3_no_other_signature_of_the_pass_delegates(today: OpenEpoch, visitor: Visitor, text: str) -> None:
    """A pass that was shown on a screen is printed with its label signature, for a key of any kind."""
    shown = sign_check_in(today.key, visitor.passes[0], NOW, Direction.ENTRY, VENUE)
    with pytest.raises(InvalidSignature):
        verify_paper(today.key, replace(from_paper_text(text), delegation=shown.label_signature))


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


def test_c5_a_delegation_is_of_one_epoch(today: OpenEpoch, tomorrow: OpenEpoch, visitor: Visitor, text: str) -> None:
    of_tomorrow = from_paper_text(print_pass(tomorrow.key, visitor.passes[0]))
    with pytest.raises(InvalidSignature):
        verify_paper(today.key, replace(from_paper_text(text), k=of_tomorrow.k, delegation=of_tomorrow.delegation))


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


@given(raw=st.one_of(st.text(max_size=380), st.text(ALPHABET, max_size=380)))
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


@given(raw=st.binary(min_size=MAX_PAPER_BYTES + 1, max_size=400))
def test_a_longer_encoding_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedText):
        from_paper_text(PAPER_PREFIX + b45encode(raw).decode())


@given(raw=st.binary(max_size=MAX_PAPER_BYTES))
def test_base45_of_what_is_no_paper_pass_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedEncoding):
        from_paper_text(PAPER_PREFIX + b45encode(raw).decode())
