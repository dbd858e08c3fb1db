"""Notices as both parties make them, for vectors and tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from protocol.epochs import Domain, Role
from protocol.notices import NoticeAnswer, PublishedNotice, list_passes, sign_notice
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import JointStatement

SEED = bytes(32)


def publish_notice(
    domain: Domain,
    keys: Mapping[Role, SigningKey],
    number: int,
    time: int,
    advice: str,
    passes: Iterable[bytes],
    seed: bytes = SEED,
) -> bytes:
    """The encoded notice of both parties, with these identity keys, for passes (each a `u`)."""
    digests = list_passes(number, passes, seed)
    signed = {role: sign_notice(domain, number, time, advice, digests, keys[role]) for role in Role}
    return PublishedNotice(JointStatement(signed[Role.AUTHORITY], signed[Role.OPERATOR]), digests).to_bytes()


def answer_notice(
    domain: Domain,
    operator: SigningKey,
    number: int,
    time: int,
    advice: str,
    passes: Iterable[bytes],
    releases: tuple[bytes, ...] = (),
    seed: bytes = SEED,
) -> NoticeAnswer:
    """What the operator answers to a request for a notice."""
    digests = list_passes(number, passes, seed)
    return NoticeAnswer(releases, seed, sign_notice(domain, number, time, advice, digests, operator), digests)
