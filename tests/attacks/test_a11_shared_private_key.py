"""A11: one private key that all health offices share."""

from __future__ import annotations

from client.visits import open_entry
from escrow.authority.authority import Authority
from escrow.operator.operator import Operator
from lab.coalition import (
    candidates,
    opened_by,
    recognised_by_authority,
    recognised_by_operator,
    stored_check_ins,
)
from protocol.epochs import Role
from protocol.http_messages import Decision
from tests.support.town import Town


def test_a11_no_key_of_one_party_opens_anything(town: Town) -> None:
    """The thief copies the whole disk of one party, all its keys among it, and the databases of all venues.

    Happened: luca's health offices shared one private key of a day. Answer: a day's key is split between two parties,
    and a share alone opens nothing (§3.5, §3.10).
    """
    club, cafe = town.open_venue("클럽"), town.open_venue("카페")
    people = town.visitors("홍길동", "성춘향")
    for person in people:
        assert town.show(open_entry(person.visitor).text(town.now), club) is Decision.ADMITTED
        assert town.scan(person, cafe) is Decision.ADMITTED
    check_ins = stored_check_ins(place.venue.home.engine for place in (club, cafe))
    assert len(check_ins) == 4

    world, today = town.world, town.world.today
    homes = {role: town.steal(world.home(role)) for role in Role}
    authority, operator = Authority(homes[Role.AUTHORITY]), Operator(homes[Role.OPERATOR])
    key = authority.epochs.cache.key(today)
    assert key is not None
    recognise = {
        Role.AUTHORITY: recognised_by_authority(authority, key),
        Role.OPERATOR: recognised_by_operator(operator),
    }
    secrets = {
        role: [party.epochs.secret(epoch) for epoch in party.epochs.vault.epochs()]
        for role, party in ((Role.AUTHORITY, authority), (Role.OPERATOR, operator))
    }
    for role in Role:
        assert len(secrets[role]) > 1
        assert opened_by(secrets[role], check_ins, recognise[role]) == 0

    # The attempt can succeed: with both shares of the day, and of that day alone.
    of_today = [secret for role in Role for secret in secrets[role] if secret.epoch == today]
    of_other_days = [secret for role in Role for secret in secrets[role] if secret.epoch != today]
    assert opened_by(of_today, check_ins, recognise[Role.AUTHORITY]) == 4
    assert opened_by(of_other_days, check_ins, recognise[Role.AUTHORITY]) == 0
    assert len(set(candidates(of_today, check_ins[0]))) == 5
