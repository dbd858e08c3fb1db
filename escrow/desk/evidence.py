"""Votes as a file that anybody can check who has the domain's `domain.toml`. Spec: §6.9."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from escrow.desk.approvals import CastVote
from escrow.desk.errors import WrongPasskey
from escrow.desk.passkeys import Assertion, verify_vote
from escrow.desk.records import OfficerSet, Vote, set_digest
from escrow.desk.register import KeptSet
from protocol.epochs import Domain, Role
from protocol.primitives.errors import SplitPassError
from protocol.primitives.statements import verify_statement
from service.errors import ConfigurationError


class Checked(NamedTuple):
    """A vote that holds: whose it is, under which set, and when the party says that it was cast (Unix time)."""

    vote: Vote
    officer: str
    officers: OfficerSet
    time: int


def evidence(role: Role, sets: Sequence[KeptSet], votes: Sequence[CastVote]) -> str:
    """The votes, what the passkeys signed, and the sets that the votes are under, as JSON."""
    named = {cast.vote.officers for cast in votes}
    return json.dumps(
        {
            "party": role.name.lower(),
            "sets": [kept.statement.hex() for kept in sets if set_digest(kept.record) in named],
            "votes": [
                {"vote": cast.vote.to_bytes().hex(), "assertion": assertion_of(cast).to_json(), "time": cast.time}
                for cast in votes
            ],
        },
        indent=1,
    )


def check_evidence(domain: Domain, role: Role, text: str) -> list[Checked]:
    """The votes of a party's officers in such a file, each of which holds; raises `ConfigurationError`."""
    checked = []
    try:
        document = json.loads(text)
        kept = [verify_statement(OfficerSet, bytes.fromhex(one), domain.identity_key(role)) for one in document["sets"]]
        sets = {set_digest(one): one for one in kept}
        for one in document["votes"]:
            vote = Vote.from_bytes(bytes.fromhex(one["vote"]))
            name = verify_vote(domain, sets[vote.officers], vote, Assertion.of(one["assertion"]))
            checked.append(Checked(vote, name, sets[vote.officers], int(one["time"])))
    except (WrongPasskey, SplitPassError) as error:
        raise ConfigurationError(f"vote {len(checked) + 1} does not hold: {error}") from None
    except (KeyError, TypeError, ValueError):
        raise ConfigurationError("this is no evidence of votes, or the set of a vote is missing") from None
    return checked


def assertion_of(cast: CastVote) -> Assertion:
    """What a passkey signed for a vote."""
    return Assertion(cast.credential_id, cast.authenticator_data, cast.client_data, cast.signature)
