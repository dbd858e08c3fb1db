"""Votes as a file that anybody can check who has the domain's `domain.toml`. Spec: §6.9."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from escrow.desk.approvals import CastVote
from escrow.desk.errors import WrongPasskey
from escrow.desk.passkeys import Assertion, verify_vote
from escrow.desk.records import Action, Decision, OfficerSet, Subject, Vote, of_officers, set_digest
from escrow.desk.register import KeptSet
from protocol.epochs import Domain, Role
from protocol.primitives.errors import SplitPassError
from protocol.primitives.statements import verify_statement
from service.errors import ConfigurationError


class CheckedSet(NamedTuple):
    """A set of officers that the party signed, and which officers of the set before approved it.

    `is_approved`: these are as many as that one demands. Otherwise custodians have to stand behind it.
    """

    record: OfficerSet
    approved_by: tuple[str, ...]
    is_approved: bool


class Checked(NamedTuple):
    """A vote that holds: whose it is, under which set, and when the party says that it was cast (Unix time)."""

    vote: Vote
    officer: str
    officers: OfficerSet
    time: int


def evidence(role: Role, sets: Sequence[KeptSet], votes: Sequence[CastVote]) -> str:
    """The votes, what the passkeys signed, and every set that was in force, as JSON."""
    return json.dumps(
        {
            "party": role.name.lower(),
            "sets": [kept.statement.hex() for kept in sets],
            "votes": [
                {"vote": cast.vote.to_bytes().hex(), "assertion": assertion_of(cast).to_json(), "time": cast.time}
                for cast in votes
            ],
        },
        indent=1,
    )


def check_evidence(domain: Domain, role: Role, text: str) -> tuple[list[CheckedSet], list[Checked]]:
    """The sets and votes of a party's officers in such a file; raises `ConfigurationError` if one does not hold."""
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
    return [_checked_set(one, sets, checked) for one in kept], checked


def _checked_set(officers: OfficerSet, sets: dict[bytes, OfficerSet], votes: Sequence[Checked]) -> CheckedSet:
    before, subject = sets.get(officers.replaces), of_officers(officers)
    last = {
        one.officer: one.vote.decision
        for one in votes
        if one.vote.officers == officers.replaces
        and Subject(one.vote.action, one.vote.payload, one.vote.replaced) == subject
    }
    names = tuple(name for name, decision in last.items() if decision is Decision.APPROVE)
    return CheckedSet(officers, names, before is not None and len(names) >= before.needed(Action.OFFICERS))


def assertion_of(cast: CastVote) -> Assertion:
    """What a passkey signed for a vote."""
    return Assertion(cast.credential_id, cast.authenticator_data, cast.client_data, cast.signature)
