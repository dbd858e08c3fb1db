"""A16: points outside the prime-order subgroup, the identity, non-canonical encodings, scalars from L up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nacl import bindings as sodium

from protocol.check_ins import Direction, label_signing_input, sign_check_in
from protocol.epochs import Role
from protocol.http_messages import Decision, DoorAnswer
from protocol.opening import Shares, create_shares, verify_party_shares
from protocol.passes import pass_signing_input
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import FaultyShares, MalformedPoint
from protocol.primitives.group import B, Point, Scalar
from protocol.primitives.statements import TAG_18, _signing_input, statement_payload
from service.http_client import call, new_session
from tests.attacks.malicious import invent_request, issued_to_operator
from tests.attacks.refusals import refusal
from tests.support import edwards
from tests.support.domain import NOW, OpenEpoch, Parties, Visitor
from tests.support.edwards import IDENTITY, SMALL_ORDER, TORSION, L, P
from tests.support.running import run
from tests.support.servers import World
from tests.support.town import Town


def mixed(point: Point) -> bytes:
    """The point with a component of order 8: on the curve, not of small order, and outside the subgroup."""
    decoded = edwards.decode(bytes(point))
    assert decoded is not None
    return bytes(decoded + TORSION)


def bad_points(point: Point) -> list[bytes]:
    """What somebody might send in the place of a point."""
    negative_zero = bytes(31) + b"\x80"
    return [
        mixed(point),
        bytes(IDENTITY),
        *(bytes(one) for one in SMALL_ORDER),
        (P + 1).to_bytes(32, "little"),  # the identity, non-canonically
        (1 + (1 << 255)).to_bytes(32, "little"),
        negative_zero,
        b"\xff" * 32,
        (2).to_bytes(32, "little"),  # not on the curve
        bytes(point)[:31],
        bytes(point) + b"\0",
    ]


def too_large(scalar: bytes) -> list[bytes]:
    """Other encodings of the same scalar."""
    value = int.from_bytes(scalar, "little")
    return [(value + k * L).to_bytes(32, "little") for k in range(1, 15) if value + k * L < 2**256]


def test_a16_the_operator_decodes_handles_strictly(world: World) -> None:
    """The visitor registers handles that are no points of the group, and proofs with scalars from L up.

    Happened: CVE-2025-69277, and others before. Answer: decoding checks everything, once (§3.1).
    """

    async def attack() -> set[str]:
        key, visitor = await world.epoch_key(), await world.enrol(1)
        _, registration, _ = await world.register(visitor, key)
        proof = bytes(registration.knowledge)
        bodies = [[key.epoch, bad, proof] for bad in bad_points(registration.handle)]
        bodies += [[key.epoch, bytes(registration.handle), large + proof[32:]] for large in too_large(proof[:32])]
        bodies += [[key.epoch, bytes(registration.handle), proof[:32] + large] for large in too_large(proof[32:])]
        assert len(bodies) > 40
        token = visitor.session.token
        return {await refusal(world.post(Role.OPERATOR, "/v1/handles", encode_item(body), token)) for body in bodies}

    assert run(attack()) == {"malformed-point", "malformed-scalar"}


def test_a16_the_authority_answers_no_request_with_bad_points(world: World) -> None:
    """The operator puts points outside the subgroup into a batch, to learn about the authority's secrets from answers.

    Happened: as above. Answer: a bad request gets an answer of random bytes (§3.7).
    """

    async def attack() -> int:
        key = await world.epoch_key()
        good = [invent_request(key, Scalar.random()) for _ in range(2)]
        pending, request = invent_request(key, Scalar.random())
        encoded = bytes(request)
        bad = [one + encoded[32:] for one in bad_points(request.u0) if len(one) == 32]
        bad += [encoded[:32] + one + encoded[64:] for one in bad_points(request.v0) if len(one) == 32]
        bad += [encoded[:64] + one + encoded[96:] for one in too_large(encoded[64:96])]
        bad += [encoded[:128] + one for one in too_large(encoded[128:])]
        return len(await issued_to_operator(world, key, [*good, *((pending, one) for one in bad)]))

    assert run(attack()) == 2


def test_a16_the_door_keeps_the_one_rule_for_signatures(town: Town) -> None:
    """The authority signs a pass whose `u` has small order: under a lax rule anybody can sign with it, and nobody is
    found. The visitor's own signatures are re-encoded with S + L.

    Happened: libraries disagree, and disagreement is a way in. Answer: one rule, checked at a door's start (§3.4).
    """
    club, world = town.open_venue(), town.world

    async def attack() -> list[Decision]:
        (_, passes), _ = await world.visitors_with_passes(2)
        key = await world.epoch_key()
        pass_key = world.authority.epochs.secret(key.epoch).pass_signing_key
        honest = sign_check_in(key, passes[0], town.now, Direction.ENTRY)
        tried = []
        for u in map(bytes, SMALL_ORDER):
            public = u + passes[0].public.v
            public += pass_key.sign(pass_signing_input(key, u, passes[0].public.v)).signature
            signature = bytes(IDENTITY) + bytes(32)
            signing_input = label_signing_input(key, honest.time, Direction.ENTRY, None, public)
            assert edwards.verify_anyhow(u, signing_input, signature)
            tried.append(replace(honest, signed_pass=public + signature))
        for start in (64, 128):
            R, S = honest.signed_pass[start : start + 32], honest.signed_pass[start + 32 : start + 64]
            for large in too_large(S):
                whole = honest.signed_pass[:start] + R + large + honest.signed_pass[start + 64 :]
                tried.append(replace(honest, signed_pass=whole))
        async with new_session() as session:
            url, token = f"{club.url}/v1/check-ins", club.token
            answers = [await call(session, "POST", url, message, token) for message in [*tried, honest]]
        return [DoorAnswer.from_bytes(answer).decision for answer in answers]

    *tried, honest = run(attack())
    assert set(tried) == {Decision.FORGED}
    assert len(tried) > 20
    assert honest is Decision.ADMITTED


def test_a16_shares_outside_the_subgroup_are_blamed(parties: Parties, today: OpenEpoch, visitor: Visitor) -> None:
    """A party adds a component of small order to its shares, so that what they open to is no handle.

    Happened: as above. Answer: as above; what a party signs and does not decode is its fault (§3.10).
    """
    key = today.key
    warrant = parties.warrant(NOW - 60, NOW + 60)
    encoded = [sign_check_in(key, visitor.passes[0], NOW, Direction.ENTRY).to_bytes()]
    release = parties.verify(warrant, {key.epoch: key}, parties.release(warrant, {key.epoch: encoded}))
    for role in Role:
        honest = create_shares(
            parties.domain, role, release, {key.epoch: (key, today.secrets[role])}, parties.keys[role]
        )
        payload = statement_payload(honest)
        (part,) = Shares.from_bytes(payload).epochs
        for bad in bad_points(part.shares[0]):
            if len(bad) == 32:
                changed = payload.replace(bytes(part.shares[0]), bad)
                signature = parties.keys[role].sign(_signing_input(Shares.TAG, changed)).signature
                statement = TAG_18 + encode_item([bytes.fromhex("a10127"), {}, changed, signature])
                with pytest.raises(FaultyShares):
                    verify_party_shares(parties.domain, role, release, {key.epoch: key}, statement)


def test_a16_works_where_points_are_taken_as_they_come() -> None:
    """A decoder that only asks whether a point is on the curve lets the mixed one in, and its multiples tell a
    secret's last three bits."""
    secret = Scalar.random()
    with pytest.raises(MalformedPoint):
        Point(mixed(B))
    lax = Point._computed(mixed(B))  # what a decoder without the check makes of it
    answer = sodium.crypto_core_ed25519_sub(multiplied(secret, lax), bytes(secret * B))
    last_bits = next(bits for bits in range(8) if bytes(bits * TORSION) == answer)
    assert last_bits == bytes(secret)[0] & 7


def multiplied(secret: Scalar, point: Point) -> bytes:
    """`secret * point` for a point outside the subgroup, which libsodium refuses to multiply."""
    decoded = edwards.decode(bytes(point))
    assert decoded is not None
    return bytes(int.from_bytes(bytes(secret), "little") * decoded)
