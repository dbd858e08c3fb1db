"""A21: the authority marks visitors by using different keys for different people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from client.passes import fetch_passes
from client.visitor import Visitor
from escrow.audit.findings import Fault
from lab.town import Person
from protocol.epochs import EpochStatement, Role, create_epoch
from protocol.passes import IssueBatch, accept_answers, issue_batch, request_allowance
from protocol.primitives.errors import ConflictingStatements, NotLogged
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement, statement_payload
from protocol.transparency.log_entries import EpochPublished
from service.problems import Problem
from tests.attacks.auditing import found
from tests.attacks.impostor import impostor, redirect
from tests.support.domain import OpenEpoch
from tests.support.domain import Visitor as ProtocolVisitor
from tests.support.running import online
from tests.support.town import Town


def tagged_statement(town: Town, what: str) -> bytes:
    """A second statement of the authority for today, validly signed and proven, with a mark in one of its keys."""
    authority, today = town.world.authority, town.world.today
    honest = authority.epochs.cache.statement(Role.AUTHORITY, today)
    assert honest is not None
    if what == "key share":
        return create_epoch(authority.domain, Role.AUTHORITY, today, authority.identity)[1]
    marked = replace(EpochStatement.from_bytes(statement_payload(honest)), pass_key=public_key(SigningKey.generate()))
    return sign_statement(marked, authority.identity)


def mark(town: Town, victim: Person, what: str) -> Visitor:
    """The authority shows one visitor other keys than everyone else; returns what the visitor is left with."""
    today = town.world.today
    with impostor({f"/v1/epochs/{today}": tagged_statement(town, what)}, town.world.urls[Role.AUTHORITY]) as (url, _):
        redirect(town.world.settings, victim.home, Role.AUTHORITY, url)
        visitor = Visitor(victim.home, b"passphrase", lambda: town.now)
        with pytest.raises(NotLogged):
            online(lambda session: fetch_passes(visitor, session, today))
    return visitor


@pytest.mark.parametrize("what", ["key share", "pass key"])
def test_a21_a_marked_visitor_gets_nothing(town: Town, what: str) -> None:
    """The authority hands one visitor a statement of its own, so that the visitor's passes can be told from others.

    Happened: key tagging, discussed for Privacy Pass. Answer: a client uses no statement that is not in its party's
    log (§3.11); and the epoch context is made of both statements, so that nothing fits another one (§3.5).
    """
    victim = town.enrol()
    town.traffic.clear()
    visitor = mark(town, victim, what)
    assert not [seen for seen in town.traffic if seen.method == "POST" and not seen.path.startswith("/v1/witness/")]
    assert [day for day in visitor.wallet().days if day.pending or day.passes] == []


@pytest.mark.parametrize("what", ["key share", "pass key"])
def test_a21_two_statements_are_evidence(town: Town, what: str) -> None:
    """The visitor asks again elsewhere, and holds two statements of the authority for one day.

    Happened: as above. Answer: both are kept (§3.5).
    """
    victim, today = town.enrol(), town.world.today
    mark(town, victim, what)
    redirect(town.world.settings, victim.home, Role.AUTHORITY, town.world.urls[Role.AUTHORITY])
    visitor = Visitor(victim.home, b"passphrase", lambda: town.now)
    with pytest.raises(ConflictingStatements):
        online(lambda session: fetch_passes(visitor, session, today))
    first = visitor.epochs.statement(Role.AUTHORITY, today)
    (second,) = (path.read_bytes() for path in (victim.home / "epochs").glob("*.conflict"))
    assert first is not None
    kept = [EpochStatement.from_bytes(statement_payload(one)) for one in (first, second)]
    assert kept[0] != kept[1]
    assert [one.epoch for one in kept] == [today, today]


def test_a21_an_epoch_with_two_statements_is_not_used(town: Town) -> None:
    """The authority shows a visitor another key after its passes were issued. The visitor should stop using the day.

    Happened: as above. Answer: §3.5 demands it; the cache of the statements should give no key for such an epoch.
    """
    victim, companion = town.enrol(), town.enrol()
    town.supply(victim, companion)
    today = town.world.today
    with pytest.raises(ConflictingStatements):
        victim.visitor.epochs.keep(Role.AUTHORITY, today, tagged_statement(town, "key share"))
    visitor = Visitor(victim.home, b"passphrase", lambda: town.now)
    assert visitor.epochs.key(today) is None


def test_a21_the_evidence_against_both_parties_is_kept(town: Town) -> None:
    """Both parties show second statements for one day; the evidence against the one should not replace the other's."""
    victim, companion = town.enrol(), town.enrol()
    town.supply(victim, companion)
    today, domain = town.world.today, town.world.settings.domain
    for party in (town.world.operator, town.world.authority):
        second = create_epoch(domain, party.role, today, party.identity)[1]
        with pytest.raises(ConflictingStatements):
            victim.visitor.epochs.keep(party.role, today, second)
    assert len(list((victim.home / "epochs").glob("*.conflict"))) == 2


def test_a21_passes_signed_with_another_key_are_refused(today: OpenEpoch, visitor: ProtocolVisitor) -> None:
    """The authority shows everyone one statement, and signs one visitor's passes with a key of its own.

    Happened: as above. Answer: the visitor verifies its passes under the published key (§3.7).
    """
    pending, request = request_allowance(today.key, visitor.h)
    batch = IssueBatch(today.key.epoch, tuple(bytes(one) for one in request.requests))
    marked = issue_batch(today.key, SigningKey.generate(), batch)
    assert accept_answers(today.key, pending, marked) == []


@pytest.mark.parametrize("what", ["key share", "pass key"])
def test_a21_somebody_else_finds_out(town: Town, what: str) -> None:
    """The marked visitor gives up and never sees another statement; others learn of it from what it kept.

    Happened: as above. Answer: whatever a party has signed and not put on record is evidence (§3.11, §6.7).
    """
    victim, bystander, companion = town.enrol(), town.enrol(), town.enrol()
    mark(town, victim, what)
    town.supply(bystander, companion)
    honest = [bystander.home / "epochs", companion.home / "epochs"]
    assert found(town, *honest) == set()
    assert found(town, *honest, victim.home / "epochs") == {(Role.AUTHORITY, Fault.UNLOGGED_KEY)}


def test_a21_a_second_key_on_record_is_seen_by_everybody(town: Town) -> None:
    """The authority puts the victim's key on record as well, so that its proof holds.

    Happened: as above. Answer: the log is one list, and everybody reads it (§6.7).
    """
    victim, today = town.enrol(), town.world.today
    authority, tagged = town.world.authority, tagged_statement(town, "key share")
    index = authority.log.append(EpochPublished(tagged, town.now + 86_400), town.now)
    online(authority.peer.have_log_cosigned)
    proof = authority.log.inclusion(index)
    assert proof is not None
    answers = {f"/v1/epochs/{today}": tagged, f"/v1/epochs/{today}/inclusion": proof.to_bytes()}
    with impostor(answers, town.world.urls[Role.AUTHORITY]) as (url, _):
        redirect(town.world.settings, victim.home, Role.AUTHORITY, url)
        visitor = Visitor(victim.home, b"passphrase", lambda: town.now)
        with pytest.raises(Problem, match="proof"):  # the operator knows the other key
            online(lambda session: fetch_passes(visitor, session, today))
    assert visitor.epochs.key(today) is not None
    assert (Role.AUTHORITY, Fault.TWO_KEYS) in found(town)
