"""Vectors of §3.10: decryption shares and the handles that they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any

from nacl.bindings import crypto_core_ed25519_add, crypto_core_ed25519_is_valid_point

from conformance.vectors.files import VectorFile
from conformance.vectors.group import ORDER_8
from conformance.vectors.judged_releases import ONE_ALONE, TwoViews
from conformance.vectors.pinned import Draws, drawing_first, pinned, pinned_scalar
from conformance.vectors.releases import (
    EPOCH_KEYS,
    RELEASE_KEYS,
    RELEASED,
    VERIFIED_RELEASE,
    committed_log,
    printed,
    release_check,
    verified,
)
from conformance.vectors.warrants import REGISTERED_VENUE, VALID_WARRANT, sign_item
from conformance.vectors.world import (
    ASSERTED,
    ASSISTED,
    DOMAIN,
    EPOCH,
    EPOCH_KEY,
    IDENTITY,
    NUMBER,
    OPERATOR,
    PASS_KEY,
    PASSES,
    SECRETS,
    SETTING,
    SHOWN,
    STRANGER,
    TIME,
    VENUE,
    H,
)
from protocol.assisted_check_ins import seal_assisted
from protocol.check_ins import CheckInMessage, Direction, sign_check_in, verify_check_in
from protocol.epochs import Role
from protocol.opening import EpochShares, Shares, create_shares
from protocol.passes import OwnedPass, Pass, pass_signing_input
from protocol.primitives.encoding import decode_item, encode_item
from protocol.primitives.errors import FaultyShares, InvalidSignature, MalformedEncoding, OutOfScope
from protocol.primitives.group import B, Point
from protocol.primitives.hashing import frame
from protocol.primitives.proofs import prove_shares
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement, statement_payload
from protocol.releases import Judgement, VerifiedRelease, judge_release


def _shares(role: Role, release: VerifiedRelease = VERIFIED_RELEASE) -> tuple[Draws, bytes]:
    draws = Draws(f"shares {role.name}")
    epochs = {EPOCH: (EPOCH_KEY, SECRETS[role])}
    return draws, create_shares(DOMAIN, role, release, epochs, IDENTITY[role], draws)


def _context(role: Role, release: VerifiedRelease) -> bytes:
    warrant_id, judgement = release.warrant.warrant_id, release.judgement.to_bytes()
    return frame("shares", EPOCH_KEY.context, bytes([role]), warrant_id, judgement)


def _signed(role: Role, key: SigningKey | None = None, /, **changed: Any) -> bytes:
    """A party's statement with fields changed, signed again."""
    release = VERIFIED_RELEASE
    message = Shares(NUMBER, role, release.warrant.warrant_id, release.judgement, (_steps(role),))
    return sign_statement(replace(message, **changed), key or IDENTITY[role])


def _steps(role: Role, release: VerifiedRelease = VERIFIED_RELEASE) -> EpochShares:
    """A party's shares, made as the spec writes them."""
    x = SECRETS[role].share
    passes = [Point(u) for u in sorted(release.visits[EPOCH]) if crypto_core_ed25519_is_valid_point(u)]
    D = [x * u for u in passes]
    proof = prove_shares(_context(role, release), x, EPOCH_KEY.shares[role], passes, D, Draws(f"shares {role.name}"))
    return EpochShares(EPOCH, tuple(passes), tuple(D), proof)


def _part(role: Role, passes: Sequence[Point], D: Sequence[Point]) -> EpochShares:
    """Shares for some of the passes."""
    context, x = _context(role, VERIFIED_RELEASE), SECRETS[role].share
    proof = prove_shares(context, x, EPOCH_KEY.shares[role], passes, D, Draws(f"shares {role.name} of some"))
    return EpochShares(EPOCH, tuple(passes), tuple(D), proof)


def _exit() -> bytes:
    return sign_check_in(EPOCH_KEY, PASSES[0], TIME, Direction.EXIT, None, Draws("an exit alone")).to_bytes()


def _wrong_steps(role: Role, error: Point) -> EpochShares:
    """The same with an error in the first share."""
    good = _steps(role)
    return replace(good, shares=(good.shares[0] + error, *good.shares[1:]))


def _signed_by_a_cheating_authority(u: bytes, v: bytes) -> bytes:
    """A check-in that verifies, with a pass that no honest authority would sign.

    With a `u` outside the subgroup one signature in eight holds: that whose challenge is a multiple of eight.
    """
    owned = OwnedPass(Pass(u, v, PASS_KEY.sign(pass_signing_input(EPOCH_KEY, u, v)).signature), _CHEATING_R)
    for attempt in count():
        message = sign_check_in(EPOCH_KEY, owned, TIME, Direction.ENTRY, None, Draws(f"cheating {attempt}"))
        with suppress(InvalidSignature):
            verify_check_in(EPOCH_KEY, message)
            break
    return message.to_bytes()


_CHEATING_R = pinned_scalar("cheating r")
_U = bytes(_CHEATING_R * B)
NOBODY = _signed_by_a_cheating_authority(_U, bytes(_CHEATING_R * EPOCH_KEY.X))
INVALID_V = _signed_by_a_cheating_authority(_U, bytes(32))
INVALID_U = _signed_by_a_cheating_authority(crypto_core_ed25519_add(_U, ORDER_8), bytes(B))


def shares() -> VectorFile:
    """`create_shares` and `verify_party_shares`."""
    file = VectorFile(
        "shares",
        "A party's decryption shares for a release, with one proof per epoch, signed",
        "§3.10",
        {
            "make.seed": "the party's identity key, an Ed25519 seed",
            "make.share": "its share x of the epoch's key",
            **RELEASE_KEYS,
            "make.operator_commitments": "the commitments that the operator received, by their time",
            "check.commitments": "those that the authority received, and named when it asked for the shares",
            "check.role": "1 operator, 2 authority",
            "check.statement": "the signed statement of shares",
            "intermediate.context": "what the proof is bound to",
            "intermediate.passes": "the one-time public keys u, sorted",
            "intermediate.shares": "x * u for each",
            "intermediate.proof": "the proof for all, from the draw",
            "result.shares": "the shares, in the order of epoch and u",
        },
        SETTING,
    )

    def add(name: str, role: Role, views: TwoViews) -> VerifiedRelease:
        signed = views.log.release(VALID_WARRANT)
        release = judge_release(VALID_WARRANT, REGISTERED_VENUE, EPOCH_KEYS, views.judgement, signed)
        draws, statement = _shares(role, release)
        steps = _steps(role, release)
        message = Shares(NUMBER, role, release.warrant.warrant_id, release.judgement, (steps,))
        assert statement == sign_statement(message, IDENTITY[role])
        file.accept(
            name,
            make={
                "seed": bytes(IDENTITY[role]),
                "share": SECRETS[role].share,
                "random": draws.drawn,
                "operator_commitments": views.operator,
            },
            check={**release_check(views.log), "commitments": views.authority, "role": role, "statement": statement},
            intermediate={
                "context": _context(role, release),
                "passes": steps.passes,
                "shares": steps.shares,
                "proof": steps.proof,
            },
            result={
                "shares": [{"epoch": EPOCH, "u": u, "D": D} for u, D in zip(steps.passes, steps.shares, strict=True)]
            },
        )
        return release

    for name, role, check_ins in [
        ("operator", Role.OPERATOR, RELEASED),
        ("authority", Role.AUTHORITY, RELEASED),
        ("a pass whose u is no valid point gets no share", Role.OPERATOR, [*RELEASED, INVALID_U]),
    ]:
        add(name, role, TwoViews(committed_log({EPOCH: check_ins})))
    operator = Role.OPERATOR
    error = pinned_scalar("error") * B
    good = _steps(operator)
    reject = file.reject
    reject(
        "operator",
        "one wrong share",
        FaultyShares,
        statement=_signed(operator, epochs=(_wrong_steps(operator, error),)),
    )
    reject(
        "operator",
        "the authority's shares",
        FaultyShares,
        statement=_signed(operator, epochs=(_steps(Role.AUTHORITY),)),
    )
    reject("operator", "one epoch twice", FaultyShares, statement=_signed(operator, epochs=(good, good)))
    reject(
        "operator",
        "an epoch that is not known",
        FaultyShares,
        statement=_signed(operator, epochs=(replace(good, epoch=EPOCH + 1),)),
    )
    reject(
        "operator",
        "a share left out",
        FaultyShares,
        statement=_signed(operator, epochs=(replace(good, shares=good.shares[:1]),)),
    )
    stranger = (error, *good.passes[1:])
    reject(
        "operator",
        "a pass that is not in the release",
        FaultyShares,
        statement=_signed(operator, epochs=(replace(good, passes=stranger),)),
    )
    record = VALID_WARRANT.record
    halves = [[bytes(point) for point in points] for points in (good.passes, good.shares)]
    judgement = decode_item(VERIFIED_RELEASE.judgement.to_bytes())
    item = [NUMBER, operator, record.warrant_id, judgement]
    no_point = [*item, [[EPOCH, halves[0], [bytes(32), *halves[1][1:]], bytes(good.proof)]]]
    reject(
        "operator",
        "a share that is no valid point, well signed",
        FaultyShares,
        statement=sign_item("shares", no_point, OPERATOR),
    )
    reject("operator", "nothing, well signed", FaultyShares, statement=sign_item("shares", [], OPERATOR))
    reject("operator", "no statement", MalformedEncoding, statement=pinned("noise", 80))
    reject(
        "operator",
        "another release",
        OutOfScope,
        statement=_signed(operator, judgement=replace(VERIFIED_RELEASE.judgement, release=pinned("release"))),
    )
    reject("operator", "another warrant", OutOfScope, statement=_signed(operator, warrant_id=pinned("warrant 2", 16)))
    reject("operator", "another role", OutOfScope, statement=_signed(operator, role=Role.AUTHORITY))
    reject("operator", "another domain", OutOfScope, statement=_signed(operator, domain=NUMBER + 1))
    reject("operator", "signed by another key", InvalidSignature, statement=_signed(operator, STRANGER))
    reject("operator", "expected of the authority", InvalidSignature, role=2)
    foreign = [*good.passes, Point(PASSES[2].public.u)]
    D = [SECRETS[operator].share * u for u in foreign]
    context = _context(operator, VERIFIED_RELEASE)
    proof = prove_shares(context, SECRETS[operator].share, EPOCH_KEY.shares[operator], foreign, D, Draws("foreign"))
    reject(
        "operator",
        "a true share of a pass that is not in the release",
        FaultyShares,
        statement=_signed(operator, epochs=(EpochShares(EPOCH, tuple(foreign), tuple(D), proof),)),
    )
    ascending = sorted(RELEASED[:2], key=lambda encoding: CheckInMessage.from_bytes(encoding).u)
    for order, in_order in (("ascending", ascending), ("descending", ascending[::-1])):
        add(f"passes that were released in {order} order", operator, TwoViews(committed_log({EPOCH: in_order})))
    _reject_judgements(file, add)
    return file


def _reject_judgements(file: VectorFile, add: Callable[[str, Role, TwoViews], VerifiedRelease]) -> None:
    """What a party may sign of how the release was judged."""
    operator, base = Role.OPERATOR, "the operator alone holds a commitment that forbids a visit"
    judged = add(base, operator, ONE_ALONE)
    add("the same, of the authority", Role.AUTHORITY, ONE_ALONE)
    wider = judge_release(
        VALID_WARRANT,
        REGISTERED_VENUE,
        EPOCH_KEYS,
        replace(judged.judgement, operator=judged.judgement.authority),
        ONE_ALONE.log.release(VALID_WARRANT),
    )
    assert len(wider.visits[EPOCH]) == len(judged.visits[EPOCH]) + 1

    def claiming(release: VerifiedRelease, judgement: Judgement) -> bytes:
        return _shares(operator, replace(release, judgement=judgement))[1]

    reject = file.reject
    reject(
        base,
        "a share of the visit that its own commitments forbid",
        FaultyShares,
        statement=claiming(wider, judged.judgement),
    )
    last = judged.judgement.operator[-1]
    false = replace(judged.judgement, operator=(*judged.judgement.operator[:-1], replace(last, commitment=bytes(32))))
    reject(base, "commitments that admit nothing", FaultyShares, statement=claiming(judged, false))
    nothing = sign_statement(Shares(NUMBER, operator, judged.warrant.warrant_id, judged.judgement, ()), OPERATOR)
    file.accept(
        "no shares",
        check=next(one for one in file.vectors if one["name"] == base)["check"] | {"statement": nothing},
        result={"shares": []},
    )
    reject(base, "the authority named others", OutOfScope, statement=claiming(wider, wider.judgement), commitments={})
    exchanged = replace(judged.judgement, operator=judged.judgement.authority, authority=judged.judgement.operator)
    reject(base, "the commitments exchanged", OutOfScope, statement=claiming(judged, exchanged))
    message = Shares.from_bytes(statement_payload(claiming(judged, judged.judgement)))
    bound = replace(message, judgement=wider.judgement)
    reject(base, "a proof for another judgement", FaultyShares, statement=sign_statement(bound, OPERATOR))
    disordered = replace(message, judgement=judged.judgement).to_bytes()
    item = decode_item(disordered)
    item[3][1].reverse()
    reject(base, "commitments that are not in order", FaultyShares, statement=sign_item("shares", item, OPERATOR))
    part, x = message.epochs[0], SECRETS[operator].share
    context = frame("shares", EPOCH_KEY.context, bytes([operator]), judged.warrant.warrant_id, encode_item(item[3]))
    proof = prove_shares(context, x, EPOCH_KEY.shares[operator], part.passes, part.shares, Draws("disordered"))
    item[4][0][3] = bytes(proof)
    bound_to_it = sign_item("shares", item, OPERATOR)
    reject(base, "commitments that are not in order, and a proof for them", FaultyShares, statement=bound_to_it)


def opening() -> VectorFile:
    """`open_release`."""
    file = VectorFile(
        "opening",
        "The handle of every check-in of a release, from both parties' shares: U = v - D_operator - D_authority",
        "§3.10",
        {
            **RELEASE_KEYS,
            "check.operator_shares": "the operator's signed shares",
            "check.authority_shares": "the authority's signed shares",
            "result.opened": "for each check-in with shares, in the order of epoch and u: its u and its handle (of an "
            "assisted one, S = D_operator + D_authority), or null where v is no valid point or the difference is the "
            "identity",
        },
        SETTING,
    )

    def add(name: str, check_ins: list[bytes], *, is_assisted: bool = False) -> None:
        log = committed_log({EPOCH: check_ins})
        release = verified(log)
        handles = dict.fromkeys((owned.public.u for owned in PASSES), H * B)
        D_operator, D_authority = (SECRETS[role].share * ASSISTED.u for role in Role)
        handles[bytes(ASSISTED.u)] = D_operator + D_authority
        if is_assisted:
            handles[SHOWN.u] = PASSES[0].r * EPOCH_KEY.X
        file.accept(
            name,
            check={
                **release_check(log),
                "operator_shares": _shares(Role.OPERATOR, release)[1],
                "authority_shares": _shares(Role.AUTHORITY, release)[1],
            },
            result={
                "opened": [
                    {"u": bytes(u), "handle": handles.get(bytes(u))} for u in _steps(Role.OPERATOR, release).passes
                ]
            },
        )

    for name, check_ins in {
        "ordinary": RELEASED,
        "an assisted check-in": [*RELEASED, ASSISTED.to_bytes()],
        "a paper check-in": [*RELEASED, *printed()],
        "a check-in whose difference is the identity": [*RELEASED, NOBODY],
        "a check-in whose v is no valid point": [*RELEASED, INVALID_V],
        "a check-in whose u is no valid point": [*RELEASED, INVALID_U],
        "an exit alone": [_exit()],
    }.items():
        add(name, check_ins)
    ordinary = next(vector for vector in file.vectors if vector["name"] == "ordinary")
    for role in Role:
        party, whole = role.name.lower(), _steps(role)
        statement = _signed(role, epochs=(_part(role, whole.passes[:1], whole.shares[:1]),))
        file.accept(
            f"a visit without a share of the {party}",
            check=ordinary["check"] | {f"{party}_shares": statement},
            result={"opened": ordinary["result"]["opened"][:1]},
        )
    file.reject(
        "ordinary",
        "a wrong share of the authority",
        FaultyShares,
        authority_shares=_signed(Role.AUTHORITY, epochs=(_wrong_steps(Role.AUTHORITY, B),)),
    )
    other = committed_log({EPOCH: RELEASED[:1]})
    file.reject(
        "ordinary",
        "shares for another release",
        OutOfScope,
        commitments=other.commitments,
        release=other.release(VALID_WARRANT),
    )
    same = seal_assisted(EPOCH_KEY, ASSERTED, SHOWN.time, VENUE.venue_id, drawing_first(bytes(PASSES[0].r) + bytes(32)))
    assert bytes(same.u) == SHOWN.u
    add("an assisted check-in after one with the same u and time", [SHOWN.to_bytes(), same.to_bytes()])
    add(
        "an assisted check-in before one with the same u and time",
        [same.to_bytes(), SHOWN.to_bytes()],
        is_assisted=True,
    )
    return file
