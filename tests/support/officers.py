"""Officers with passkeys: enrolled and in a set, voting without a server between."""

from __future__ import annotations

from pathlib import Path
from secrets import token_bytes

import sqlalchemy as sql

from escrow.custody import PartyKeys, split_keys
from escrow.desk.approvals import Approvals, CastVote
from escrow.desk.passkeys import Assertion, creation_options, request_options, verify_new, verify_vote
from escrow.desk.records import Decision, OfficerSet, Subject, Vote, of_venue, set_digest, vote_challenge
from escrow.desk.register import OfficerRegister
from escrow.party import Party
from escrow.vault_key import load_vault_key
from protocol.epochs import Domain, Role
from protocol.primitives.signatures import SigningKey
from protocol.warrants import Venue
from service.clock import unix_time
from service.keys import load_secret
from tests.support.authenticator import Authenticator


def nobody(engine: sql.Engine, domain: Domain) -> Approvals:
    """The approvals of an operator without a set of officers: none are needed."""
    register = OfficerRegister(engine, domain, Role.OPERATOR, SigningKey.generate(), unix_time)
    return Approvals(engine, register, domain, "http://localhost:8411", unix_time)


def enrol(party: Party, name: str) -> Authenticator:
    """A new passkey of somebody, enrolled with an invitation."""
    device, challenge = Authenticator(party.settings.desk_url), token_bytes(32)
    secret = party.officers.invite(name)
    created = device.create(creation_options(device.origin, name, token_bytes(32), challenge, ()))
    party.officers.enrol(secret, *verify_new(device.origin, challenge, created))
    return device


def establish(party: Party, *names: str) -> dict[str, Authenticator]:
    """A first set of officers; as many as two have to approve each action."""
    devices = {name: enrol(party, name) for name in names}
    made = party.officers.next_set(party.settings.desk_url, party.officers.passkeys_by_name(), {})
    party.officers.install(made, by_custodians=True)
    return devices


def present(party: Party) -> OfficerSet:
    """The set that is in force."""
    officers = party.officers.present()
    assert officers is not None
    return officers


def new_vote(party: Party, subject: Subject, decision: Decision = Decision.APPROVE, reason: str = "") -> Vote:
    """A vote as the desk would have it signed now."""
    officers = present(party)
    return Vote(
        party.role,
        subject.action,
        decision,
        reason,
        subject.payload,
        subject.replaced,
        officers.version,
        set_digest(officers),
        token_bytes(32),
        party.clock() + 300,
    )


def sign(party: Party, device: Authenticator, vote: Vote) -> Assertion:
    """What a passkey says to a vote."""
    return Assertion.of(device.get(request_options(device.origin, vote_challenge(party.domain, vote))))


def cast(party: Party, vote: Vote, assertion: Assertion, officer: str) -> None:
    """Store a vote, whether it holds or not."""
    signed = assertion.authenticator_data, assertion.client_data, assertion.signature
    party.approvals.cast(vote, CastVote(vote, officer, assertion.credential_id, *signed, party.clock()))


def venue_subject(party: Party, record: Venue) -> Subject:
    """What officers approve when they approve a record: it, in the place of what is approved now."""
    return of_venue(record, party.venues.get(record.venue_id).approved)


def decide(
    party: Party,
    devices: dict[str, Authenticator],
    subject: Subject,
    *names: str,
    decision: Decision = Decision.APPROVE,
    reason: str = "",
) -> None:
    """Have these officers vote, each with its own passkey."""
    for name in names:
        vote = new_vote(party, subject, decision, reason)
        assertion = sign(party, devices[name], vote)
        assert verify_vote(party.domain, present(party), vote, assertion) == name
        cast(party, vote, assertion, name)


def custodians_shares(party: Party, directory: Path) -> list[str]:
    """Files with the shares of two custodians, which are enough."""
    keys = PartyKeys(load_vault_key(party.home, party.settings), load_secret(party.home / "identity.key"))
    files = []
    for number, share in enumerate(split_keys(party.domain, party.role, keys, 2, 3)[:2]):
        file = directory / f"{party.role.name.lower()}-{number}.share"
        file.write_bytes(share)
        files.append(str(file))
    return files
