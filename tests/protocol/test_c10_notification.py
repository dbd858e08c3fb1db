"""C10: the authority can warn everyone who was at a venue without opening anything. A24: a list tells nothing more."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol import notices
from protocol.epochs import Role
from protocol.notices import (
    MAX_DIGESTS,
    MIN_DIGESTS,
    VISIT_DIGEST_BYTES,
    Notice,
    PaddedDigests,
    noticed_visit,
    sign_notice,
    verify_notice,
)
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import InvalidSignature, MalformedEncoding, WrongDomain, WrongNumber
from protocol.primitives.statements import sign_statement
from tests.support.domain import NOW, Parties

passes = st.lists(st.binary(min_size=32, max_size=32), max_size=20, unique=True)
numbers = st.integers(0, 2**32 - 1)


def noticed(parties: Parties, number: int, those: list[bytes], seed: int | None = None) -> Notice:
    """A notice, signed and verified; with a seed its padding is always the same."""
    random = {} if seed is None else {"random_bytes": Random(seed).randbytes}
    statement = sign_notice(parties.domain, number, NOW, "검사", those, parties.keys[Role.AUTHORITY], **random)
    return verify_notice(parties.domain, statement, number)


def split(notice: Notice) -> list[bytes]:
    encoding = bytes(notice.digests)
    return [encoding[start : start + VISIT_DIGEST_BYTES] for start in range(0, len(encoding), VISIT_DIGEST_BYTES)]


def many(count: int) -> list[bytes]:
    return [number.to_bytes(32, "big") for number in range(count)]


@given(number=numbers, those=passes, other=st.binary(min_size=32, max_size=32))
def test_c10_a_notice_concerns_those_passes_and_no_others(
    parties: Parties, number: int, those: list[bytes], other: bytes
) -> None:
    notice = noticed(parties, number, those)
    assert all(map(notice.concerns, those))
    assert notice.concerns(other) is (other in those)
    assert (notice.number, notice.time, notice.advice) == (number, NOW, "검사")


@given(those=passes)
def test_c10_its_digests_are_ascending_and_each_occurs_once(parties: Parties, those: list[bytes]) -> None:
    digests = split(noticed(parties, 1, [*those, *those]))
    assert all(digest < following for digest, following in pairwise(digests))
    assert len(digests) == MIN_DIGESTS


@pytest.mark.parametrize(
    ("count", "size"), [(0, 1024), (1, 1024), (1023, 1024), (1024, 1024), (1025, 2048), (2048, 2048), (2049, 4096)]
)
def test_c10_its_size_hides_how_many_it_is_for(parties: Parties, count: int, size: int) -> None:
    notice = noticed(parties, 1, many(count))
    assert len(split(notice)) == size
    assert all(map(notice.concerns, many(count)))


def test_c10_padding_that_repeats_a_digest_is_drawn_again(parties: Parties) -> None:
    draws = [bytes(VISIT_DIGEST_BYTES * MIN_DIGESTS), Random(1).randbytes(VISIT_DIGEST_BYTES * (MIN_DIGESTS - 1))]
    key = parties.keys[Role.AUTHORITY]
    statement = sign_notice(parties.domain, 1, NOW, "", [], key, lambda length: draws.pop(0)[:length])
    assert not draws
    assert len(split(verify_notice(parties.domain, statement))) == MIN_DIGESTS


@given(those=passes, random=st.randoms())
def test_c10_the_order_of_the_visits_leaves_no_trace(parties: Parties, those: list[bytes], random: Random) -> None:
    """A24: luca's list was in the order in which it was made."""
    shuffled = those.copy()
    random.shuffle(shuffled)
    assert noticed(parties, 1, those, seed=7) == noticed(parties, 1, shuffled, seed=7)


@given(number=numbers, other=numbers, u=st.binary(min_size=32, max_size=32))
@example(number=1, other=256, u=bytes(32))
def test_c10_two_lists_share_no_digest_that_is_no_padding(number: int, other: int, u: bytes) -> None:
    assert (noticed_visit(number, u) == noticed_visit(other, u)) is (number == other)
    assert len(noticed_visit(number, u)) == VISIT_DIGEST_BYTES >= 10


@given(position=st.integers(0, MIN_DIGESTS - 2), change=st.sampled_from(["swap", "repeat"]))
def test_c10_a_list_in_another_order_is_refused(parties: Parties, position: int, change: str) -> None:
    digests = split(noticed(parties, 1, []))
    digest, following = digests[position : position + 2]
    digests[position : position + 2] = [following, digest] if change == "swap" else [digest, digest]
    with pytest.raises(MalformedEncoding):
        PaddedDigests(b"".join(digests))


@pytest.mark.parametrize("position", [0, 4094, 4095, 4096, 8190])
def test_c10_a_long_list_is_read_to_its_end(position: int) -> None:
    digests = [number.to_bytes(VISIT_DIGEST_BYTES, "big") for number in range(8192)]
    whole = PaddedDigests(b"".join(digests))
    assert all(digest in whole for digest in digests)
    digests[position + 1] = digests[position]
    with pytest.raises(MalformedEncoding, match="ascending"):
        PaddedDigests(b"".join(digests))


@pytest.mark.parametrize("count", [0, 1, 512, 1023, 1025, 1536, 2 * MAX_DIGESTS])
def test_c10_a_list_of_another_size_is_refused(count: int) -> None:
    with pytest.raises(MalformedEncoding, match="power of two"):  # before the order is looked at
        PaddedDigests(bytes(VISIT_DIGEST_BYTES * count))


def test_c10_the_largest_list_fits_into_a_message(parties: Parties) -> None:
    encoding = b"".join(number.to_bytes(VISIT_DIGEST_BYTES, "big") for number in range(MAX_DIGESTS))
    notice = Notice(parties.domain.number, 1, NOW, "검사", PaddedDigests(encoding))
    assert verify_notice(parties.domain, sign_statement(notice, parties.keys[Role.AUTHORITY])) == notice
    assert (MAX_DIGESTS - 1).to_bytes(VISIT_DIGEST_BYTES, "big") in notice.digests
    assert MAX_DIGESTS.to_bytes(VISIT_DIGEST_BYTES, "big") not in notice.digests


def test_c10_a_notice_for_too_many_passes_says_so(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their digests are the end of `u` here: a million hashes take seconds and do not matter."""
    monkeypatch.setattr(notices, "noticed_visit", lambda _number, u: u[-VISIT_DIGEST_BYTES:])
    with pytest.raises(MalformedEncoding, match="at most 1048576 passes, and these are 1048577"):
        noticed(parties, 1, many(MAX_DIGESTS + 1))


def test_c10_half_a_digest_is_refused() -> None:
    good = b"".join(number.to_bytes(VISIT_DIGEST_BYTES, "big") for number in range(MIN_DIGESTS))
    for encoding in (good[:-1], good + b"\0", good[5:-5]):
        with pytest.raises(MalformedEncoding):
            PaddedDigests(encoding)


def test_c10_a_message_with_another_list_does_not_decode(parties: Parties) -> None:
    fields = [parties.domain.number, 1, NOW, "검사"]
    digests = split(noticed(parties, 1, []))
    good = encode_item([*fields, b"".join(digests)])
    assert Notice.from_bytes(good).to_bytes() == good
    for wrong in (digests[::-1], digests[1:], [*digests[1:], digests[0]]):
        with pytest.raises(MalformedEncoding):
            Notice.from_bytes(encode_item([*fields, b"".join(wrong)]))


def test_c10_only_the_authority_warns_and_only_its_own_domain(parties: Parties) -> None:
    domain = parties.domain
    signed = {role: sign_notice(domain, 3, NOW, "", [], parties.keys[role]) for role in Role}
    with pytest.raises(InvalidSignature):
        verify_notice(domain, signed[Role.OPERATOR], 3)
    with pytest.raises(WrongDomain):
        verify_notice(replace(domain, number=domain.number ^ 1), signed[Role.AUTHORITY], 3)
    with pytest.raises(WrongNumber):
        verify_notice(domain, signed[Role.AUTHORITY], 2)
    assert verify_notice(domain, signed[Role.AUTHORITY], 3) == verify_notice(domain, signed[Role.AUTHORITY])
    zero = sign_notice(domain, 0, NOW, "", [], parties.keys[Role.AUTHORITY])
    with pytest.raises(WrongNumber):
        verify_notice(domain, signed[Role.AUTHORITY], 0)
    assert verify_notice(domain, zero, 0).number == 0
