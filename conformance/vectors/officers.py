"""Vectors of §6.9: what an officer's passkey signs."""

from __future__ import annotations

from dataclasses import replace

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import pinned
from conformance.vectors.world import DOMAIN, TIME, VENUE
from escrow.desk.records import (
    ACTIONS,
    NOTHING,
    Action,
    Decision,
    Officer,
    OfficerSet,
    Passkey,
    Subject,
    Threshold,
    Vote,
    of_erasure,
    of_officers,
    of_venue,
    set_digest,
    vote_challenge,
)
from protocol.epochs import Role

KIM, LEE = (
    Officer(name, (Passkey(pinned(f"credential of {name}", 16), pinned(f"key of {name}", 77)),))
    for name in ("김", "Lee")
)


def officers_approval() -> VectorFile:
    """`set_digest` and `vote_challenge`."""
    file = VectorFile(
        "officers-approval",
        "What a passkey signs when an officer approves or refuses",
        "§6.9",
        {
            "check.domain": "a Domain message",
            "check.officers": "the present OfficerSet",
            "check.vote": "the Vote",
            "result.officers_digest": "`set_digest` of the set",
            "result.challenge": "`vote_challenge` of the vote",
            "result.fingerprints": "of each passkey of the set, in its order",
        },
    )
    sets = {role: _officers(role) for role in Role}
    present = sets[Role.AUTHORITY]
    following = replace(present, version=2, replaces=set_digest(present), officers=(LEE,), thresholds=_thresholds(1))
    for name, role, subject, decision, reason in [
        ("an erasure at the authority", Role.AUTHORITY, of_erasure(20_000), Decision.APPROVE, ""),
        ("the same at the operator", Role.OPERATOR, of_erasure(20_000), Decision.APPROVE, ""),
        ("the same, refused", Role.OPERATOR, of_erasure(20_000), Decision.REFUSE, "아직 이릅니다"),
        ("a venue", Role.AUTHORITY, of_venue(VENUE, None), Decision.APPROVE, ""),
        ("a venue in the place of another record", Role.AUTHORITY, of_venue(VENUE, VENUE), Decision.APPROVE, ""),
        ("another set", Role.AUTHORITY, of_officers(following), Decision.APPROVE, ""),
    ]:
        vote = _vote(name, sets[role], subject, decision, reason)
        file.accept(
            name,
            check={"domain": DOMAIN, "officers": sets[role], "vote": vote},
            result={
                "officers_digest": set_digest(sets[role]),
                "challenge": vote_challenge(DOMAIN, vote),
                "fingerprints": [passkey.fingerprint for one in sets[role].officers for passkey in one.passkeys],
            },
        )
    return file


def _thresholds(approvals: int, role: Role = Role.AUTHORITY) -> tuple[Threshold, ...]:
    return tuple(Threshold(action, approvals) for action in ACTIONS[role])


def _officers(role: Role) -> OfficerSet:
    origin = "http://localhost:8412" if role is Role.AUTHORITY else "https://desk.example"
    thresholds = tuple(replace(one, approvals=0) if one.action is Action.VENUE else one for one in _thresholds(2, role))
    return OfficerSet(DOMAIN.number, role, 1, NOTHING, origin, (LEE, KIM), thresholds)


def _vote(name: str, officers: OfficerSet, subject: Subject, decision: Decision, reason: str) -> Vote:
    return Vote(
        officers.role,
        subject.action,
        decision,
        reason,
        subject.payload,
        subject.replaced,
        officers.version,
        set_digest(officers),
        pinned(f"nonce of {name}", 32),
        TIME + 300,
    )
