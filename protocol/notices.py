"""Notices: both parties warn everyone who was at a venue, and open nothing. Spec: §3.12.

A notice is a list of digests of the passes that were used there, filled up with digests that belong to nobody. The
operator makes the list, so that the authority, which knows every pass, cannot warn whom it likes; both sign it. Every
client fetches the same list and looks for its own passes in it.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from operator import ge
from struct import unpack
from typing import Annotated, ClassVar

from protocol.epochs import Domain
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.primitives.encoding import Bytes32, Message, Size, Uint8, Uint32
from protocol.primitives.errors import (
    InvalidNotice,
    MalformedEncoding,
    ReplayedRequest,
    WrongDomain,
    WrongNumber,
)
from protocol.primitives.hashing import digest, digest32
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import (
    JointStatement,
    Statement,
    sign_statement,
    statement_payload,
    verify_joint_statement,
    verify_statement,
)
from protocol.warrants import Advice

VISIT_DIGEST_BYTES = 10
MIN_DIGESTS = 2**10
MAX_DIGESTS = 2**20
MAX_NOTICE_RELEASES = 16
"""How many releases one notice may be for."""
MAX_LIST_AGE = 48 * 3600
"""How many seconds old the newest notice or disclosure of a party may be: there is one each day."""
_CHUNK = VISIT_DIGEST_BYTES * 2**12


@dataclass(frozen=True, slots=True)
class PaddedDigests:
    """Digests of 10 bytes in one byte string, ascending, whose number is a power of two from 2^10 to 2^20.

    Raises `MalformedEncoding`. The order tells nothing about the visits, and the number little about how many they are.
    """

    encoding: bytes

    def __post_init__(self) -> None:
        count, rest = divmod(len(self.encoding), VISIT_DIGEST_BYTES)
        if rest or count.bit_count() != 1 or not MIN_DIGESTS <= count <= MAX_DIGESTS:
            raise MalformedEncoding("the number of digests is no power of two from 2^10 to 2^20")
        for place in range(0, len(self.encoding), _CHUNK):  # with the first of the next chunk
            part = self.encoding[place : place + _CHUNK + VISIT_DIGEST_BYTES]
            digests = unpack(f"{VISIT_DIGEST_BYTES}s" * (len(part) // VISIT_DIGEST_BYTES), part)
            if any(map(ge, digests, digests[1:])):
                raise MalformedEncoding("the digests are not in ascending order, each once")

    def __bytes__(self) -> bytes:
        return self.encoding

    def __contains__(self, wanted: bytes) -> bool:
        places = range(0, len(self.encoding), VISIT_DIGEST_BYTES)
        index = bisect_left(places, wanted, key=self._at)
        return self._at(VISIT_DIGEST_BYTES * index) == wanted  # behind the last one there are no bytes

    @property
    def digest(self) -> bytes:
        """What a notice says of its list: 32 bytes."""
        return digest32("notice-digests", self.encoding)

    def _at(self, place: int) -> bytes:
        return self.encoding[place : place + VISIT_DIGEST_BYTES]


@dataclass(frozen=True, slots=True)
class Notice(Message):
    """What both parties sign of a notice. Notices are numbered from 0 on.

    `time`: when the authority asked for it, in Unix seconds. `advice`: what those concerned should do; empty if nobody
    is. `digests`: the digest of the list.
    """

    TAG: ClassVar[str] = "notice"

    domain: Uint8
    number: Uint32
    time: Uint32
    advice: Advice
    digests: Bytes32


@dataclass(frozen=True, slots=True)
class PublishedNotice(Message):
    """A notice as everyone fetches it: what both parties signed, and the list."""

    notice: JointStatement
    digests: PaddedDigests


@dataclass(frozen=True, slots=True)
class NoticeAnswer(Message):
    """The operator's notice statement, its list, and what shows that the list is what it should be.

    `releases`: the digests of the releases that it was made for. `seed`: what the padding was made of.
    """

    releases: Annotated[tuple[Bytes32, ...], Size(0, MAX_NOTICE_RELEASES)]
    seed: Bytes32
    notice: Statement
    digests: PaddedDigests


@dataclass(frozen=True, slots=True)
class VerifiedNotice:
    """A notice that both parties signed, with its list; made by `verify_notice` alone."""

    record: Notice
    digests: PaddedDigests

    @property
    def number(self) -> int:
        """Its number."""
        return self.record.number

    @property
    def time(self) -> int:
        """Its Unix time."""
        return self.record.time

    @property
    def advice(self) -> str:
        """What those concerned should do."""
        return self.record.advice

    def concerns(self, u: bytes) -> bool:
        """Whether a pass (`u`, 32 bytes) is among those that the notice is for."""
        return noticed_visit(self.number, u) in self.digests


def noticed_visit(number: int, u: bytes) -> bytes:
    """The digest that stands for a pass in a notice.

    It differs in every notice: lists with common digests would tell which ones are no padding.

    Args:
        number: The notice's number.
        u: The pass's one-time public key, 32 bytes.

    Returns:
        10 bytes.
    """
    return digest("noticed-visit", number.to_bytes(4, "big"), u)[:VISIT_DIGEST_BYTES]


def list_digest(statement: bytes) -> bytes:
    """The digest that stands for a notice or disclosure on record.

    Args:
        statement: The signed statement: a disclosure, or either party's of a notice.

    Returns:
        32 bytes.

    Raises:
        MalformedEncoding: It is no statement.
    """
    return digest32("published-list", statement_payload(statement))


def notice_digest(published: bytes) -> bytes:
    """The digest that stands for a published notice on record, which is that of either party's statement.

    Args:
        published: The encoded `PublishedNotice`.

    Returns:
        32 bytes.

    Raises:
        MalformedEncoding: It is no such message.
    """
    return list_digest(PublishedNotice.from_bytes(published).notice.authority)


def list_passes(number: int, passes: Iterable[bytes], seed: bytes) -> PaddedDigests:
    """Make the list of a notice: digests of passes, among others that belong to nobody.

    Args:
        number: The notice's number.
        passes: The `u` of each pass, 32 bytes.
        seed: 32 random bytes, drawn by the operator for this notice.

    Returns:
        The list.

    Raises:
        MalformedEncoding: There are more than 2^20 passes.
    """
    digests = {noticed_visit(number, u) for u in passes}  # step 1
    if len(digests) > MAX_DIGESTS:
        raise MalformedEncoding(f"a notice is for at most {MAX_DIGESTS} passes, and these are {len(digests)}")
    size, places = max(MIN_DIGESTS, 1 << (len(digests) - 1).bit_length()), itertools.count()
    while len(digests) < size:  # step 2
        place = next(places).to_bytes(4, "big")
        digests.add(digest("notice-padding", seed, number.to_bytes(4, "big"), place)[:VISIT_DIGEST_BYTES])
    return PaddedDigests(b"".join(sorted(digests)))  # step 3


def sign_notice(
    domain: Domain, number: int, time: int, advice: str, digests: PaddedDigests, identity: SigningKey
) -> bytes:
    """Sign a notice as one of the two parties.

    Args:
        domain: The domain, as it is pinned.
        number: The notice's number, from 0 on.
        time: Unix time in seconds.
        advice: What those concerned should do.
        digests: The list.
        identity: The party's identity key.

    Returns:
        The signed notice.
    """
    return sign_statement(Notice(domain.number, number, time, advice, digests.digest), identity)


def verify_notice_answer(
    domain: Domain, number: int, advice: str, passes: Iterable[bytes], earliest: int, now: int, answer: NoticeAnswer
) -> frozenset[bytes]:
    """Check what the operator answers, before the authority signs the same notice.

    Args:
        domain: The domain, as it is pinned.
        number: The number that was asked for.
        advice: What the warrants of the answer's releases say.
        passes: The `u` (32 bytes) of all verified visits of these releases.
        earliest: The Unix time of the notice before, or 0.
        now: Unix time in seconds.
        answer: The operator's answer.

    Returns:
        Those of the passes that the notice is for.

    Raises:
        Malformed: The statement is none.
        InvalidSignature: Its signature does not hold.
        WrongDomain: It is of another domain.
        WrongNumber: It has another number.
        ReplayedRequest: It is of another time.
        InvalidNotice: It is over another list, has other advice, or warns somebody who was not released.
    """
    notice = verify_statement(Notice, answer.notice, domain.operator_key)  # step 1
    _check_place(domain, notice, number)  # steps 2, 3
    if not earliest <= notice.time <= now + REQUEST_TOLERANCE:  # step 4
        raise ReplayedRequest("the notice is older than the one before, or dated in the future")
    if notice.digests != answer.digests.digest:  # step 5
        raise InvalidNotice("the operator signed another list")
    if notice.advice != advice:  # step 6
        raise InvalidNotice("the operator signed another advice than that of the warrants")
    noticed = frozenset(u for u in passes if noticed_visit(number, u) in answer.digests)
    if list_passes(number, noticed, answer.seed) != answer.digests:  # step 7
        raise InvalidNotice("the operator signed a list that is not of released passes and its padding")
    return noticed


def verify_notice(domain: Domain, published: bytes, number: int | None = None) -> VerifiedNotice:
    """Check a notice of both parties.

    Args:
        domain: The domain, as it is pinned.
        published: The encoded `PublishedNotice`.
        number: The number that was asked for, or None for any.

    Returns:
        The notice.

    Raises:
        Malformed: The bytes are no such message.
        InvalidSignature: A signature does not hold.
        ConflictingStatements: The parties signed different notices.
        WrongDomain: It is of another domain.
        WrongNumber: It has another number.
        InvalidNotice: It is over another list.
    """
    message = PublishedNotice.from_bytes(published)  # step 1
    notice = verify_joint_statement(Notice, message.notice, domain.authority_key, domain.operator_key)  # step 2
    _check_place(domain, notice, number)  # steps 3, 4
    if notice.digests != message.digests.digest:  # step 5
        raise InvalidNotice("the parties signed another list")
    return VerifiedNotice(notice, message.digests)


def _check_place(domain: Domain, notice: Notice, number: int | None) -> None:
    if notice.domain != domain.number:
        raise WrongDomain("the notice is of another domain", notice.domain)
    if number not in {None, notice.number}:
        raise WrongNumber("the notice has another number", notice.number)
