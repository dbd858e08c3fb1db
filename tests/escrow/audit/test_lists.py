"""An audit of notices and disclosures, at parties that keep back, alter or invent what they publish (C8, A22, A25)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql

from conformance.vectors.joint_notices import publish_notice
from escrow.audit.findings import Fault
from escrow.authority import investigation
from escrow.operator.notices import give_notice
from escrow.party import Party
from protocol.disclosures import Disclosure, OpeningRecord, verify_disclosure
from protocol.epochs import EPOCH_SECONDS, Role
from protocol.http_messages import NoticeRequest
from protocol.notices import list_digest, notice_digest
from protocol.primitives.signatures import SigningKey
from protocol.primitives.statements import sign_statement
from protocol.releases import VerifiedRelease
from protocol.transparency.log_entries import (
    DisclosurePublished,
    LogEntry,
    NoticePublished,
    WarrantDecided,
    WarrantDecision,
    log_entry,
)
from service.problems import Problem
from tests.escrow.audit.test_audit import (
    UNMATCHED,
    alive,
    audit,
    entries_of,
    found,
    in_front,
    open_something,
    party_of,
    rewrite,
)
from tests.support.running import online, run
from tests.support.servers import World

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY


def days(world: World, count: int = 1, *, warned: bool = True) -> None:
    """So many days pass, and both parties do what is to be done; unless `warned`, apart from notices."""
    for _ in range(count):
        world.now += EPOCH_SECONDS
        alive(world, warned=warned)


def keys(world: World) -> dict[Role, SigningKey]:
    return {role: party_of(world, role).identity for role in Role}


def other_notice(world: World, number: int) -> bytes:
    """A second notice of a number, signed by both parties."""
    return publish_notice(world.settings.domain, keys(world), number, world.now, "", [], b"another seed")


def constantly(other: bytes) -> Callable[[bytes], bytes]:
    return lambda _: other


def execute(party: Party, statement: str, **values: Any) -> None:
    with party.engine.begin() as connection:
        connection.execute(sql.text(statement), values)


def publish(party: Party, made: Disclosure) -> None:
    """A disclosure that the party makes up, in the place of the one of its number."""
    statement = sign_statement(made, party.identity)
    entry = party.log.append(DisclosurePublished(made.number, list_digest(statement)), party.clock())
    _store(party, "disclosures", made.number, made.time, statement, entry)


def publish_together(world: World, number: int, time: int, *on_record: Role) -> bytes:
    """A notice that both parties make up, on record at these."""
    published = publish_notice(world.settings.domain, keys(world), number, time, "", [])
    entry = 0
    for role in on_record:
        entry = party_of(world, role).log.append(NoticePublished(number, notice_digest(published)), world.now)
    _store(world.authority, "notices", number, time, published, entry)
    return published


def _store(party: Party, kind: str, number: int, time: int, statement: bytes, entry: int) -> None:
    execute(
        party,
        "INSERT INTO published_lists (kind, number, time, statement, entry) VALUES (:k, :n, :t, :s, :e)",
        k=kind, n=number, t=time, s=statement, e=entry,
    )  # fmt: skip
    party.published.write_list(kind, number, statement)


def _lose(party: Party, kind: str, number: int) -> None:
    execute(party, "DELETE FROM published_lists WHERE kind = :k AND number = :n", k=kind, n=number)
    (party.home / "published" / kind / f"{number}.cbor").unlink()


def newest(party: Party) -> Disclosure:
    return verify_disclosure(party.domain, party.role, party.disclosures.lists.get(None).statement)


def test_lists_of_honest_parties_are_in_order(world: World, tmp_path: Path) -> None:
    open_something(world)
    days(world, 3)
    phone = tmp_path / "phone"
    phone.mkdir()
    (phone / "notices.authority").write_bytes(run(world.get(AUTHORITY, "/v1/notices/2")))
    (phone / "disclosures.operator").write_bytes(run(world.get(OPERATOR, "/v1/disclosures")))
    (phone / "disclosures.operator.conflict").write_bytes(b"what no party has signed")
    assert found(world, seen=(phone,)) == set()


def test_a_notice_that_one_visitor_was_given_is_found(world: World, tmp_path: Path) -> None:
    """A24: marked by a list of its own. What the visitor's client has kept is enough."""
    days(world)
    phone = tmp_path / "phone"
    phone.mkdir()
    (phone / "notices.authority.conflict").write_bytes(other_notice(world, 1))
    findings = audit(world, seen=(phone,)).findings
    named = [(finding.role, finding.fault) for finding in findings]
    assert named == [(role, Fault.UNLOGGED_LIST) for role in (AUTHORITY, OPERATOR)], "both have signed it"
    assert str(phone / "notices.authority.conflict") in findings[0].detail


def test_a_server_that_gives_auditors_another_list_is_found(world: World) -> None:
    days(world)
    others = {"/v1/notices": other_notice(world, 1), "/v1/notices/0": other_notice(world, 0)}
    for path, other in others.items():
        shutil.rmtree(world.directory / "audit", ignore_errors=True)  # an auditor who comes for the first time
        with in_front(world, AUTHORITY, {path: constantly(other)}) as urls:
            assert {(role, Fault.UNLOGGED_LIST) for role in Role} <= found(world, urls=urls)


def test_a_list_that_nobody_is_given_is_found(world: World) -> None:
    days(world, 2)
    _lose(world.authority, "notices", 1)
    assert found(world) == {(AUTHORITY, Fault.MISSING_LIST)}
    _lose(world.operator, "disclosures", 2)
    (world.home(OPERATOR) / "published" / "disclosures" / "newest.cbor").unlink()
    assert found(world) == {(OPERATOR, Fault.MISSING_LIST)}, "the notice was found missing before"


def test_a_number_that_was_left_out_is_found(world: World) -> None:
    party = world.authority
    party.log.append(NoticePublished(2, bytes(32)), world.now)
    alive(world)
    found_now = audit(world).findings
    assert (AUTHORITY, Fault.MISSING_LIST) in {(one.role, one.fault) for one in found_now}
    assert "number 1 of its notices is not on record" in {one.detail for one in found_now}


def test_two_lists_of_one_number_on_record_are_found(world: World) -> None:
    world.operator.log.append(DisclosurePublished(0, bytes(32)), world.now)
    alive(world)
    assert (OPERATOR, Fault.FALSE_LIST) in found(world)


def test_lists_that_are_not_continued_are_found(world: World) -> None:
    """A25"""
    with pytest.MonkeyPatch.context() as patch:
        for party in (world.operator, world.authority):
            patch.setattr(party, "publish_lists", lambda: None)
        days(world, 2, warned=False)
        assert found(world) == set()
        days(world, warned=False)
        stale = [(one.role, one.fault) for one in audit(world).findings]
    assert sorted(stale) == [(role, Fault.STALE_LISTS) for role in (OPERATOR, OPERATOR, AUTHORITY, AUTHORITY)]


@pytest.mark.parametrize("role", Role)
def test_one_party_alone_that_does_not_continue_its_lists_is_named(world: World, role: Role) -> None:
    party = world.operator if role is OPERATOR else world.authority
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(party, "publish_lists", lambda: None)
        days(world, 3)
        assert found(world) == {(role, Fault.STALE_LISTS)}


def test_who_is_late_with_notices_is_named_or_both(world: World) -> None:
    """A25: the authority does not ask, or the operator does not sign; or what it signed is not published."""
    days(world, 3, warned=False)
    findings = audit(world).findings
    assert [(one.role, one.fault) for one in findings] == [(role, Fault.STALE_LISTS) for role in (AUTHORITY, OPERATOR)]
    assert "or the operator did not sign one" in findings[0].detail
    assert "or the authority did not ask for one" in findings[1].detail
    request = NoticeRequest(1, world.now, ())
    online(lambda session: give_notice(world.operator, session, request))
    alive(world, warned=False)
    assert found(world) == {(AUTHORITY, Fault.STALE_LISTS)}
    days(world)
    assert found(world) == set()


@pytest.mark.parametrize("role", Role)
def test_a_party_that_has_not_on_record_what_it_signed_is_found(world: World, role: Role) -> None:
    """C10: whoever signs a notice that nobody can see has warned somebody in secret."""
    days(world)
    published = publish_together(world, 2, world.now, role)
    world.now += 7200
    alive(world)
    (finding,) = {(one.role, one.fault, one.statement) for one in audit(world).findings}
    other = AUTHORITY if role is OPERATOR else OPERATOR
    assert finding == (other, Fault.UNLOGGED_LIST, published)
    assert found(world) == {(other, Fault.UNLOGGED_LIST)}


def test_two_notices_of_one_number_on_the_operators_record_are_found(world: World) -> None:
    world.operator.log.append(NoticePublished(0, bytes(32)), world.now)
    alive(world)
    assert found(world) == {(OPERATOR, Fault.FALSE_LIST)}


def test_disclosures_are_fetched_once(world: World) -> None:
    """§6.7 step 1: what was found good need not be read again, and is still compared."""
    fetched: list[str] = []
    paths = [f"/v1/disclosures/{number}" for number in range(4)]

    def noting(path: str) -> Callable[[bytes], bytes]:
        def note(body: bytes) -> bytes:
            fetched.append(path)
            return body

        return note

    open_something(world)
    days(world, 2)
    with in_front(world, OPERATOR, {path: noting(path) for path in paths}) as urls:
        assert found(world, urls=urls) == set()
        assert fetched == paths[:3]
        days(world)
        assert found(world, urls=urls) == set()
        assert fetched == paths
        kept = world.directory / "audit" / "disclosures" / "operator.1"
        kept.write_bytes(b"damaged")
        assert found(world, urls=urls) == set()
        assert fetched == [*paths, paths[1]]


def test_an_opening_that_is_not_disclosed_is_found(world: World) -> None:
    """A22: a party is silent about what it has on record, and then remembers."""
    open_something(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.authority.openings, "due", lambda *_: iter(()))
        days(world, 2)
        assert found(world) == set(), "it has a day for it"
        days(world)
        (finding,) = audit(world).findings
        assert (finding.role, finding.fault) == (AUTHORITY, Fault.UNDISCLOSED)
        assert finding.detail.endswith(", nor is now")
    days(world)
    (finding,) = audit(world).findings
    assert (finding.role, finding.fault) == (AUTHORITY, Fault.UNDISCLOSED)
    assert finding.detail.endswith("was not disclosed 49 hours after it had to be")
    assert found(world) == set()


def test_a_disclosure_of_something_else_is_found(world: World) -> None:
    open_something(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.operator, "publish_lists", lambda: None)
        days(world)
    (opening,) = newest(world.authority).openings  # of the same passes
    execute(world.operator, "UPDATE openings SET disclosure = 1")
    changes: list[dict[str, Any]] = [{"digests": (bytes(10),)}, {"salt": bytes(32)}, {"legal_reference": "제1조"}]
    made_up = tuple(replace(opening, record=replace(opening.record, **change)) for change in changes)
    elsewhere = replace(made_up[0], entry=10_000)
    publish(world.operator, Disclosure(world.settings.number, OPERATOR, 1, world.now, (*made_up, elsewhere)))
    days(world, 2)
    named = [(one.role, one.fault) for one in audit(world).findings]
    assert sorted(named) == [*[(OPERATOR, Fault.FALSE_LIST)] * 4, (OPERATOR, Fault.UNDISCLOSED)]


def test_an_opening_that_is_disclosed_during_its_embargo_is_found(world: World) -> None:
    """A person under investigation is told, by whom the warrant's officers did not want to be told yet."""
    open_something(world)
    with pytest.MonkeyPatch.context() as patch:
        due = world.operator.openings.due
        patch.setattr(world.operator.openings, "due", lambda connection, now: due(connection, now + EPOCH_SECONDS))
        world.now += 3600
        alive(world)
    (finding,) = audit(world).findings
    assert (finding.role, finding.fault) == (OPERATOR, Fault.DISCLOSED_EARLY)
    days(world, 3)
    assert found(world) == set()


def open_under(world: World, party: Party, warrant_id: bytes) -> None:
    """Open something; the party commits to the record, and will disclose it, as of another warrant."""
    honest = party.openings.record

    def record(release: VerifiedRelease) -> OpeningRecord:
        return honest(replace(release, warrant=replace(release.warrant, warrant_id=warrant_id)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(party.openings, "record", record)
        open_something(world)


@pytest.mark.long
@pytest.mark.parametrize("role", Role)
def test_an_opening_that_is_disclosed_under_a_false_warrant_is_found(world: World, role: Role) -> None:
    """C8: whom it concerned would look for it in vain. Who lied, an audit cannot tell."""
    open_under(world, party_of(world, role), bytes(16))
    days(world, 2)
    assert found(world) == set(), "each has a day for it"
    days(world)
    findings = audit(world).findings
    assert [(one.role, one.fault) for one in findings] == [(one, Fault.FALSE_LIST) for one in Role]
    assert all(bytes(16).hex() in one.detail and "under different warrants" in one.detail for one in findings)


@pytest.mark.long
@pytest.mark.parametrize("role", Role)
def test_an_opening_that_is_disclosed_under_the_warrant_of_another_is_found(world: World, role: Role) -> None:
    open_something(world)
    (opened,) = [drawn.record.warrant_id for drawn in world.authority.warrants.all()]
    days(world)
    open_under(world, party_of(world, role), opened)
    days(world, 3)
    other = AUTHORITY if role is OPERATOR else OPERATOR
    assert found(world) == {(other, Fault.PARTIAL_DISCLOSURE), *((one, Fault.FALSE_LIST) for one in Role)}


@pytest.mark.long
def test_shares_under_a_warrant_that_was_never_countersigned_are_found(world: World) -> None:
    """The operator has something else on record in the place of its decision."""
    open_something(world)
    entries = []
    for one in map(LogEntry.from_bytes, entries_of(world.operator)):
        decided = isinstance(one.contents, WarrantDecided)
        contents = WarrantDecided(WarrantDecision.REFUSED, bytes(32)) if decided else one.contents
        entries.append(log_entry(one.time, contents).to_bytes())
    rewrite(world, world.operator, entries)
    assert found(world) == set(), "until it is disclosed"
    days(world, 2)
    assert found(world) == {(OPERATOR, Fault.UNLOGGED_WARRANT)}


@pytest.mark.long
@pytest.mark.parametrize("role", Role)
def test_a_list_of_another_time_is_found(world: World, role: Role) -> None:
    """C10: a client that fetches lists for the first time stops at one that seems to be too old to concern it."""
    party = party_of(world, role)
    days(world, 2)
    last = newest(party)
    publish(party, replace(last, number=last.number + 1, time=last.time - 86_400, openings=()))
    days(world)
    assert found(world) == {(role, Fault.FALSE_LIST)}


@pytest.mark.long
@pytest.mark.parametrize("shift", [-86_400, 86_400])
def test_a_notice_of_another_time_is_found_by_whoever_audits_daily(world: World, shift: int) -> None:
    """Such an audit does not fetch the one before it again."""
    days(world, 2)
    assert found(world) == set()
    last = world.authority.notices.get(None)
    publish_together(world, last.number + 1, last.time + shift, *Role)
    days(world)
    assert found(world) == {(AUTHORITY, Fault.FALSE_LIST)}
    days(world)
    assert found(world) == set()


@pytest.mark.long
def test_what_the_operator_hid_is_found_in_the_authoritys_disclosures(world: World) -> None:
    entries = entries_of(world.operator)
    open_something(world)
    rewrite(world, world.operator, entries)
    days(world, 3)
    assert found(world) == {*UNMATCHED[OPERATOR], (OPERATOR, Fault.PARTIAL_DISCLOSURE)}


@pytest.mark.long
def test_an_operator_that_is_silent_is_named_alone(world: World) -> None:
    open_something(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.operator.openings, "due", lambda *_: iter(()))
        days(world, 3)
        assert found(world) == {(OPERATOR, Fault.UNDISCLOSED)}


@pytest.mark.long
def test_what_the_authority_did_not_open_is_no_false_disclosure(world: World) -> None:
    """It had the operator's shares and added none of its own."""
    with pytest.MonkeyPatch.context() as patch:

        async def fail(*_: object) -> bytes:
            raise Problem(503, "storage-failed", "the disk is full")

        patch.setattr(investigation, "record_and_share", fail)
        with pytest.raises(Problem):
            open_something(world)
    days(world, 3)
    assert found(world) == UNMATCHED[AUTHORITY]


@pytest.mark.long
def test_a_party_that_had_other_passes_on_record_is_found(world: World) -> None:
    """It commits to, and discloses, another pass instead of one that it opened. Who lied, an audit cannot tell."""
    honest = world.operator.openings.record

    def record(release: VerifiedRelease) -> OpeningRecord:
        ((epoch, visits),) = release.visits.items()
        first, *others = visits
        return honest(replace(release, visits={epoch: {bytes(32): visits[first], **{u: visits[u] for u in others}}}))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.operator.openings, "record", record)
        open_something(world)
    days(world, 3)
    assert found(world) == {(one, Fault.PARTIAL_DISCLOSURE) for one in Role}
