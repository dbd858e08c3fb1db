"""A12: the server hands out its own key as the venue's or the authority's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from client.passes import fetch_passes
from client.visitor import Visitor
from escrow.audit.findings import Fault
from escrow.authority.reading import OpeningResult
from protocol.epochs import Role, create_epoch
from protocol.http_messages import Decision
from protocol.primitives.errors import ConflictingStatements, InvalidSignature, NotLogged, SplitPassError
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement
from service.epoch_cache import EpochCache
from service.settings import load_domain
from tests.attacks.auditing import found
from tests.attacks.impostor import impostor, redirect
from tests.support.contacts import contacts
from tests.support.investigations import trace
from tests.support.running import online, run
from tests.support.town import Town
from tests.support.venues import only


def forged_statements(town: Town, role: Role) -> list[bytes]:
    """An impostor's share of the day, with what signatures it can get."""
    world, today = town.world, town.world.today
    parties = {Role.OPERATOR: world.operator, Role.AUTHORITY: world.authority}
    (other,) = set(Role) - {role}
    honest, tomorrows = (parties[role].epochs.cache.statement(role, epoch) for epoch in (today, today + 1))
    others = parties[other].epochs.cache.statement(other, today)
    assert honest is not None
    assert tomorrows is not None
    assert others is not None
    _, own = create_epoch(world.settings.domain, role, today, SigningKey.generate())
    return [own, own[:-64] + honest[-64:], tomorrows, others]


@pytest.mark.parametrize("role", Role)
def test_a12_neither_client_nor_door_takes_keys_that_are_not_pinned(town: Town, role: Role) -> None:
    """Whoever answers in the place of a party gives out an epoch key of its own, to read what is encrypted to it.

    Happened: luca, unauthenticated keys. Answer: statements are verified under pinned identity keys (§3.4, §3.5).
    """
    person, today, settings = town.enrol(), town.world.today, town.world.settings
    path = f"/v1/epochs/{today}"
    for number, statement in enumerate(forged_statements(town, role)):
        door = town.directory / f"door-{number}"
        door.mkdir()
        with impostor({path: statement}) as (url, asked):
            for home in (person.home, door):
                redirect(settings, home, role, url)
            visitor = Visitor(person.home, b"passphrase", lambda: town.now)
            cache = EpochCache(door / "epochs", load_domain(door))
            with pytest.raises(SplitPassError):
                online(lambda session: fetch_passes(visitor, session, today))  # noqa: B023
            with pytest.raises(SplitPassError):
                online(lambda session: cache.fetch(session, today))  # noqa: B023
        assert asked == [path, path]
        assert visitor.epochs.statement(role, today) is None
        assert cache.key(today) is None
        assert [day for day in visitor.wallet().days if day.pending or day.passes] == []


@pytest.mark.parametrize("role", Role)
def test_a12_a_key_that_is_signed_and_not_on_record_is_not_taken(town: Town, role: Role) -> None:
    """A thief of a party's identity key, or the party itself, gives one visitor a key of its own.

    Happened: as above, by whoever could sign. Answer: a client uses no key that is not in the party's log, which the
    other party has cosigned (§3.11); what the visitor was shown is evidence (§6.7).
    """
    person, today, world = town.enrol(), town.world.today, town.world
    party = world.operator if role is Role.OPERATOR else world.authority
    signed = create_epoch(party.domain, role, today, party.identity)[1]
    with impostor({f"/v1/epochs/{today}": signed}, behind=world.urls[role]) as (url, _):
        redirect(world.settings, person.home, role, url)
        visitor = Visitor(person.home, b"passphrase", lambda: town.now)
        with pytest.raises(NotLogged):
            online(lambda session: fetch_passes(visitor, session, today))
    assert [day for day in visitor.wallet().days if day.pending or day.passes] == []
    online(world.operator.peer.have_log_cosigned)
    online(world.authority.peer.have_log_cosigned)
    assert found(town, person.home / "epochs") == {(role, Fault.UNLOGGED_KEY)}


@pytest.mark.parametrize("signed_by_operator", [False, True])
def test_a12_an_exchanged_venue_key_releases_nothing(town: Town, signed_by_operator: bool) -> None:
    """The operator's server gives the authority a venue record with another key, to slip in a release of its own.

    Happened: luca's server could give out any key as a venue's. Answer: a venue counts once both parties have signed
    one record (§3.9).
    """
    club, world = town.open_venue(), town.world
    visitor, _ = town.visitors("홍길동", "성춘향")
    assert town.scan(visitor, club) is Decision.ADMITTED
    own = SigningKey.generate()
    record = replace(only(club.venue).record, key=public_key(own))
    forged = sign_statement(record, world.operator.identity if signed_by_operator else own)
    path = f"/v1/venues/{club.venue.venue_id.hex()}"

    def investigate() -> OpeningResult:
        return run(trace(world, club.venue.venue_id))[1]

    honest = world.authority.peer.url
    with impostor({path: forged}, behind=world.urls[Role.OPERATOR]) as (url, _):
        world.authority.peer.url = url
        with pytest.raises(ConflictingStatements if signed_by_operator else InvalidSignature):
            investigate()
    world.authority.peer.url = honest
    assert len(contacts(investigate())) == 1
