"""Notices: the authority warns everyone who was at a venue, and opens nothing. Spec: §3.12.

A notice is a list of digests of the passes that were used there, filled up with random ones. Every client fetches the
same list and looks for its own passes in it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from operator import ge
from struct import unpack
from typing import Annotated, ClassVar

from protocol.epochs import Domain
from protocol.primitives.encoding import Message, Size, Uint8, Uint32
from protocol.primitives.errors import MalformedEncoding, WrongDomain, WrongNumber
from protocol.primitives.group import RandomBytes, secure_random
from protocol.primitives.hashing import digest, digest32
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, statement_payload, verify_statement

VISIT_DIGEST_BYTES = 10
MIN_DIGESTS = 2**10
MAX_DIGESTS = 2**20
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

    def _at(self, place: int) -> bytes:
        return self.encoding[place : place + VISIT_DIGEST_BYTES]


@dataclass(frozen=True, slots=True)
class Notice(Message):
    """One of the authority's notices, which are numbered from 0 on.

    `time`: Unix time of its publication. `advice`: what those concerned should do; empty if the notice is.
    """

    TAG: ClassVar[str] = "notice"

    domain: Uint8
    number: Uint32
    time: Uint32
    advice: Annotated[str, Size(0, 1000)]
    digests: PaddedDigests

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
        statement: The signed statement.

    Returns:
        32 bytes.

    Raises:
        MalformedEncoding: It is no statement.
    """
    return digest32("published-list", statement_payload(statement))


def sign_notice(
    domain: Domain,
    number: int,
    time: int,
    advice: str,
    passes: Iterable[bytes],
    identity: SigningKey,
    random_bytes: RandomBytes = secure_random,
) -> bytes:
    """Sign the authority's notice for the passes of verified check-ins.

    Args:
        domain: The domain, as it is pinned.
        number: The notice's number, from 0 on.
        time: Unix time in seconds.
        advice: What those concerned should do.
        passes: The `u` of each pass, 32 bytes.
        identity: The authority's identity key.
        random_bytes: Asked for all padding at once: 10 bytes for each digest that is missing.

    Returns:
        The signed notice.

    Raises:
        MalformedEncoding: There are more than 2^20 passes.
    """
    digests = {noticed_visit(number, u) for u in passes}  # step 1
    if len(digests) > MAX_DIGESTS:
        raise MalformedEncoding(f"a notice is for at most {MAX_DIGESTS} passes, and these are {len(digests)}")
    size = max(MIN_DIGESTS, 1 << (len(digests) - 1).bit_length())
    while missing := size - len(digests):  # step 2
        padding = random_bytes(VISIT_DIGEST_BYTES * missing)
        digests |= {padding[start : start + VISIT_DIGEST_BYTES] for start in range(0, len(padding), VISIT_DIGEST_BYTES)}
    padded = PaddedDigests(b"".join(sorted(digests)))  # step 3
    return sign_statement(Notice(domain.number, number, time, advice, padded), identity)  # step 4


def verify_notice(domain: Domain, statement: bytes, number: int | None = None) -> Notice:
    """Check a notice of the authority.

    Args:
        domain: The domain, as it is pinned.
        statement: The signed statement.
        number: The number that was asked for, or None for any.

    Returns:
        The notice.

    Raises:
        Malformed: The bytes are no such statement.
        InvalidSignature: The signature does not hold.
        WrongDomain: It is of another domain.
        WrongNumber: It has another number.
    """
    notice = verify_statement(Notice, statement, domain.authority_key)  # step 1
    if notice.domain != domain.number:  # step 2
        raise WrongDomain("the notice is of another domain", notice.domain)
    if number not in {None, notice.number}:  # step 3
        raise WrongNumber("the notice has another number", notice.number)
    return notice
