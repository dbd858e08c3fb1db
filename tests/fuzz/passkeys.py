"""What officers' passkeys give, and the file that shows what they signed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from conformance.vectors import world
from escrow.desk.approvals import CastVote
from escrow.desk.errors import ChallengeUsed, WrongPasskey
from escrow.desk.evidence import check_evidence, evidence
from escrow.desk.passkeys import (
    Assertion,
    creation_options,
    request_options,
    verify_assertion,
    verify_new,
)
from escrow.desk.records import (
    ACTIONS,
    NOTHING,
    Decision,
    Officer,
    OfficerSet,
    Threshold,
    Vote,
    of_erasure,
    set_digest,
    vote_challenge,
)
from escrow.desk.register import KeptSet
from escrow.desk.sessions import SignInChallenges
from protocol.epochs import Role
from protocol.primitives.errors import SplitPassError
from protocol.primitives.statements import sign_statement
from service.errors import ConfigurationError
from tests.fuzz.trial import Decoder
from tests.support.authenticator import Authenticator

_ORIGIN = "http://localhost:8412"
_CHALLENGE = bytes(32)
_EXPECTED = WrongPasskey, SplitPassError


@dataclass
class _Made:
    """A passkey, its vote, and a set that has it."""

    device: Authenticator
    created: dict[str, Any]
    officers: OfficerSet
    cast: CastVote


def passkey_decoders(random: Random) -> Iterator[Decoder]:
    """The readers of new passkeys, of assertions, and of evidence."""
    made = _make(random)
    passkey = made.officers.officers[0].passkeys[0]
    signed_in = made.device.get(request_options(_ORIGIN, _CHALLENGE))
    yield Decoder(
        "new passkey",
        _of_json(lambda value: verify_new(_ORIGIN, _CHALLENGE, value)),
        _EXPECTED,
        (json.dumps(made.created).encode(),),
        cost=3,
    )
    yield Decoder(
        "assertion",
        _of_json(lambda value: verify_assertion(_ORIGIN, _CHALLENGE, passkey, 0, Assertion.of(value))),
        _EXPECTED,
        (json.dumps(signed_in).encode(),),
        cost=3,
    )
    challenges = SignInChallenges(lambda: world.NOW)
    yield Decoder("sign-in challenge", challenges.check, (ChallengeUsed,), (challenges.give(),))
    kept = KeptSet(made.officers, sign_statement(made.officers, world.AUTHORITY), world.NOW, by_custodians=True)
    yield Decoder(
        "officers' evidence",
        lambda data: check_evidence(world.DOMAIN, Role.AUTHORITY, data.decode(errors="replace")),
        (ConfigurationError,),
        (evidence(Role.AUTHORITY, [kept], [made.cast]).encode(),),
        cost=5,
    )


def _make(random: Random) -> _Made:
    device = Authenticator(_ORIGIN, credential_id=random.randbytes(16))
    created = device.create(creation_options(_ORIGIN, "Kim", bytes(32), _CHALLENGE, ()))
    passkey, _ = verify_new(_ORIGIN, _CHALLENGE, created)
    thresholds = tuple(Threshold(action, 1) for action in ACTIONS[Role.AUTHORITY])
    kim = Officer("Kim", (passkey,))
    officers = OfficerSet(world.NUMBER, Role.AUTHORITY, 1, NOTHING, _ORIGIN, (kim,), thresholds)
    subject, digest = of_erasure(world.EPOCH), set_digest(officers)
    nonce = random.randbytes(32)
    vote = Vote(
        Role.AUTHORITY,
        subject.action,
        Decision.APPROVE,
        "",
        subject.payload,
        subject.replaced,
        1,
        digest,
        nonce,
        world.NOW,
    )
    assertion = Assertion.of(device.get(request_options(_ORIGIN, vote_challenge(world.DOMAIN, vote))))
    signed = assertion.authenticator_data, assertion.client_data, assertion.signature
    return _Made(device, created, officers, CastVote(vote, "Kim", assertion.credential_id, *signed, world.NOW))


def _of_json(verify: Callable[[Any], object]) -> Callable[[bytes], object]:
    def decode(data: bytes) -> object:
        try:
            value = json.loads(data)
        except ValueError:
            raise WrongPasskey("no JSON") from None
        if not isinstance(value, dict):
            raise WrongPasskey("no object")
        return verify(value)

    return decode
