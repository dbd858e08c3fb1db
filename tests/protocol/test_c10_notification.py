"""C10: both parties can warn everyone who was at a venue without opening anything. A24: a list tells nothing more."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.vectors.joint_notices import answer_notice, publish_notice
from protocol import notices
from protocol.epochs import Role
from protocol.notices import (
    MAX_DIGESTS,
    MIN_DIGESTS,
    VISIT_DIGEST_BYTES,
    NoticeAnswer,
    PaddedDigests,
    PublishedNotice,
    VerifiedNotice,
    list_digest,
    list_passes,
    notice_digest,
    noticed_visit,
    sign_notice,
    verify_notice,
    verify_notice_answer,
)
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives import hashing
from protocol.primitives.encoding import decode_item, encode_item
from protocol.primitives.errors import (
    ConflictingStatements,
    InvalidNotice,
    InvalidSignature,
    MalformedEncoding,
    ReplayedRequest,
    WrongDomain,
    WrongNumber,
)
from protocol.primitives.statements import JointStatement
from tests.support.domain import NOW, Parties

passes = st.lists(st.binary(min_size=32, max_size=32), max_size=20, unique=True)
numbers = st.integers(0, 2**32 - 1)


def noticed(parties: Parties, number: int, those: list[bytes], seed: bytes = bytes(32)) -> VerifiedNotice:
    """A notice, signed by both and verified."""
    published = publish_notice(parties.domain, parties.keys, number, NOW, "검사", those, seed)
    return verify_notice(parties.domain, published, number)


def split(notice: VerifiedNotice | PaddedDigests) -> list[bytes]:
    encoding = bytes(notice.digests if isinstance(notice, VerifiedNotice) else notice)
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


def test_c10_padding_that_repeats_a_digest_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other padding is the same: the list is full all the same, and nothing is in it twice."""
    honest = hashing.digest

    def repeating(name: str, *parts: bytes) -> bytes:
        if name == "notice-padding" and parts[-1][-1] % 2:
            return bytes(64)
        return honest(name, *parts)

    monkeypatch.setattr(notices, "digest", repeating)
    digests = split(list_passes(1, many(3), bytes(32)))
    assert len(set(digests)) == MIN_DIGESTS
    assert bytes(VISIT_DIGEST_BYTES) in digests


@given(those=passes, random=st.randoms())
def test_c10_the_order_of_the_visits_leaves_no_trace(those: list[bytes], random: Random) -> None:
    """A24: luca's list was in the order in which it was made."""
    shuffled = those.copy()
    random.shuffle(shuffled)
    assert list_passes(1, those, bytes(32)) == list_passes(1, shuffled, bytes(32))


@given(number=numbers, other=numbers, seed=st.binary(min_size=32, max_size=32))
def test_c10_the_padding_is_of_one_notice_and_one_seed(number: int, other: int, seed: bytes) -> None:
    """Padding that two lists share would show that it is padding. Everyone with the seed makes the same."""
    here, there = (set(split(list_passes(one, [], seed))) for one in (number, other))
    assert (here == there) is (number == other)
    assert number == other or not here & there
    changed = bytes([seed[0] ^ 1]) + seed[1:]
    assert not here & set(split(list_passes(number, [], changed)))


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
    digests = PaddedDigests(b"".join(number.to_bytes(VISIT_DIGEST_BYTES, "big") for number in range(MAX_DIGESTS)))
    authority, operator = (
        sign_notice(parties.domain, 1, NOW, "검사", digests, parties.keys[role])
        for role in (Role.AUTHORITY, Role.OPERATOR)
    )
    published = PublishedNotice(JointStatement(authority, operator), digests)
    verified = verify_notice(parties.domain, published.to_bytes())
    assert (MAX_DIGESTS - 1).to_bytes(VISIT_DIGEST_BYTES, "big") in verified.digests
    assert MAX_DIGESTS.to_bytes(VISIT_DIGEST_BYTES, "big") not in verified.digests
    assert NoticeAnswer((), bytes(32), operator, digests).to_bytes()


def test_c10_a_notice_for_too_many_passes_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their digests are the end of `u` here: a million hashes take seconds and do not matter."""
    monkeypatch.setattr(notices, "noticed_visit", lambda _number, u: u[-VISIT_DIGEST_BYTES:])
    with pytest.raises(MalformedEncoding, match="at most 1048576 passes, and these are 1048577"):
        list_passes(1, many(MAX_DIGESTS + 1), bytes(32))


def test_c10_a_notice_may_be_for_as_many_passes_as_a_list_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "MAX_DIGESTS", MIN_DIGESTS)
    full = split(list_passes(1, many(MIN_DIGESTS), bytes(32)))
    assert full == sorted(noticed_visit(1, u) for u in many(MIN_DIGESTS))
    with pytest.raises(MalformedEncoding):
        list_passes(1, many(MIN_DIGESTS + 1), bytes(32))


def test_c10_half_a_digest_is_refused() -> None:
    good = b"".join(number.to_bytes(VISIT_DIGEST_BYTES, "big") for number in range(MIN_DIGESTS))
    for encoding in (good[:-1], good + b"\0", good[5:-5]):
        with pytest.raises(MalformedEncoding):
            PaddedDigests(encoding)


def test_c10_a_message_with_another_list_does_not_decode(parties: Parties) -> None:
    published = publish_notice(parties.domain, parties.keys, 1, NOW, "검사", [])
    joint, encoding = decode_item(published)
    assert encode_item([joint, encoding]) == published
    digests = split(PaddedDigests(encoding))
    for wrong in (digests[::-1], digests[1:], [*digests[1:], digests[0]]):
        with pytest.raises(MalformedEncoding):
            PublishedNotice.from_bytes(encode_item([joint, b"".join(wrong)]))


def test_c10_both_parties_warn_together_and_only_their_own_domain(parties: Parties) -> None:
    """A35: what one party signed alone, or signed in both names, is no notice."""
    domain = parties.domain
    published = publish_notice(domain, parties.keys, 3, NOW, "", [])
    for role in Role:
        alone = publish_notice(domain, dict.fromkeys(Role, parties.keys[role]), 3, NOW, "", [])
        with pytest.raises(InvalidSignature):
            verify_notice(domain, alone, 3)
    with pytest.raises(WrongDomain):
        verify_notice(replace(domain, number=domain.number ^ 1), published, 3)
    with pytest.raises(WrongNumber):
        verify_notice(domain, published, 2)
    assert verify_notice(domain, published, 3) == verify_notice(domain, published)
    with pytest.raises(WrongNumber):
        verify_notice(domain, published, 0)
    assert verify_notice(domain, publish_notice(domain, parties.keys, 0, NOW, "", []), 0).number == 0


@pytest.mark.parametrize("change", [{"number": 4}, {"time": NOW + 1}, {"advice": "다른"}, {"passes": [bytes(32)]}])
def test_c10_both_signed_the_very_same(parties: Parties, change: dict[str, Any]) -> None:
    said = {"number": 3, "time": NOW, "advice": "검사", "passes": []}
    first, second = (
        PublishedNotice.from_bytes(publish_notice(parties.domain, parties.keys, **one))
        for one in (said, {**said, **change})
    )
    mixed = PublishedNotice(replace(first.notice, operator=second.notice.operator), first.digests)
    with pytest.raises(ConflictingStatements):
        verify_notice(parties.domain, mixed.to_bytes())


def test_c10_either_statement_of_a_notice_gives_what_is_on_record(parties: Parties) -> None:
    published = publish_notice(parties.domain, parties.keys, 3, NOW, "검사", many(1))
    joint = PublishedNotice.from_bytes(published).notice
    assert notice_digest(published) == list_digest(joint.operator) == list_digest(joint.authority)


def test_c10_the_list_is_the_one_that_was_signed(parties: Parties) -> None:
    published = PublishedNotice.from_bytes(publish_notice(parties.domain, parties.keys, 3, NOW, "검사", many(1)))
    for digests in (list_passes(3, many(2), bytes(32)), list_passes(3, many(1), bytes(31) + b"1")):
        with pytest.raises(InvalidNotice):
            verify_notice(parties.domain, replace(published, digests=digests).to_bytes())


@given(released=passes, left_out=st.integers(0, 20), other=st.binary(min_size=32, max_size=32))
def test_c10_the_operator_can_leave_out_passes_and_add_none(
    parties: Parties, released: list[bytes], left_out: int, other: bytes
) -> None:
    domain, operator = parties.domain, parties.keys[Role.OPERATOR]
    admitted = released[left_out:]
    answer = answer_notice(domain, operator, 3, NOW, "검사", admitted)
    assert verify_notice_answer(domain, 3, "검사", released, NOW, NOW, answer) == frozenset(admitted)
    if other not in released:
        added = answer_notice(domain, operator, 3, NOW, "검사", [*admitted, other])
        with pytest.raises(InvalidNotice, match="padding"):
            verify_notice_answer(domain, 3, "검사", released, NOW, NOW, added)


def test_c10_the_authority_signs_nothing_else_than_it_asked_for(parties: Parties) -> None:
    domain, operator, authority = parties.domain, parties.keys[Role.OPERATOR], parties.keys[Role.AUTHORITY]
    those = many(3)
    good = answer_notice(domain, operator, 3, NOW, "검사", those)

    def take(answer: NoticeAnswer, earliest: int = NOW, now: int = NOW) -> None:
        verify_notice_answer(domain, 3, "검사", those, earliest, now, answer)

    take(good)
    take(good, now=NOW - REQUEST_TOLERANCE)
    for error, answer in (
        (InvalidSignature, answer_notice(domain, authority, 3, NOW, "검사", those)),
        (WrongDomain, answer_notice(replace(domain, number=domain.number ^ 1), operator, 3, NOW, "검사", those)),
        (WrongNumber, answer_notice(domain, operator, 4, NOW, "검사", those)),
        (InvalidNotice, answer_notice(domain, operator, 3, NOW, "전화하십시오.", those)),
        (InvalidNotice, replace(good, digests=list_passes(3, those[1:], good.seed))),
        (InvalidNotice, replace(good, seed=b"another seed, of thirty-two bytes"[:32])),
    ):
        with pytest.raises(error):
            take(answer)
    for times in ({"earliest": NOW + 1}, {"now": NOW - REQUEST_TOLERANCE - 1}):
        with pytest.raises(ReplayedRequest):
            take(good, **times)
