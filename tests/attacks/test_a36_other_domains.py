"""A36: what one domain says is used in another, or one domain's parties learn of another's visitors at a door."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sql
from aiohttp import ClientSession

from client.posters import read_poster
from client.visits import open_entry
from conformance.vectors.joint_notices import publish_notice
from conformance.vectors.venue_log import VenueLog
from lab.town import Place
from protocol.check_ins import CheckInMessage, Direction, sign_check_in
from protocol.commitments import check_in_digest, commitment_digest
from protocol.epochs import Role
from protocol.http_messages import Decision, NoticeRequest, ReleaseRequest, SharesRequest
from protocol.opening import create_shares, verify_party_shares
from protocol.paper_passes import from_paper_text, print_pass
from protocol.party_requests import sign_request
from protocol.primitives.errors import CommitmentMismatch, OutOfScope, WrongDomain
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement, statement_payload
from protocol.releases import Release, verify_release
from protocol.warrants import ValidWarrant, Warrant, sign_application
from service.files import private_directory
from service.http_client import call
from service.keys import store_secret
from tests.attacks.refusals import refusal
from tests.attacks.test_a35_lone_warnings import give_everyone
from tests.support.contacts import contacts
from tests.support.domain import OpenEpoch, Parties, Visitor, enrol, open_epoch
from tests.support.investigations import stored_release, warrant_around_now
from tests.support.running import online, run
from tests.support.servers import named, notice_for
from tests.support.town import Town, run_town
from venue.domain_setup import add_domain
from venue.membership import Membership
from venue.poster import poster_text
from venue.release import open_log

HERE, THERE = 7, 8


@dataclass(frozen=True)
class TwoDomains:
    """A club of two domains that have all keys in common: each party's, and against the rule the venue's.

    `parties` have those keys and stand for either domain.
    """

    club: Place
    parties: dict[int, Parties]
    epochs: dict[int, OpenEpoch]
    members: dict[int, Membership]


@pytest.fixture
def two(town: Town) -> TwoDomains:
    world, club = town.world, town.open_venue()
    add_domain(club.home, msgspec.structs.replace(world.settings, number=THERE).to_toml(), "second")
    members = {number: club.venue.membership(number) for number in (HERE, THERE)}
    first, second = (member for member in members.values() if member is not None)
    store_secret(private_directory(second.path) / "venue.key", bytes(first.signing_key))
    keys = {Role.OPERATOR: world.operator.identity, Role.AUTHORITY: world.authority.identity}
    parties = {
        number: Parties(member.pinned.domain, keys, member.record, first.signing_key)
        for number, member in ((HERE, first), (THERE, second))
    }
    second.keep_registration(parties[THERE].both_sign(second.record))
    theirs = open_epoch(parties[THERE], world.today)
    for role, statement in theirs.statements.items():
        second.pinned.epochs.keep(role, world.today, statement)
    ours = first.pinned.epochs.key(world.today)
    assert ours is not None
    return TwoDomains(club, parties, {HERE: OpenEpoch(ours, {}, {}), THERE: theirs}, {HERE: first, THERE: second})


@pytest.fixture
def stranger(two: TwoDomains) -> Visitor:
    """A visitor of the other domain."""
    return enrol(two.parties[THERE], two.epochs[THERE], "심청", "+821077777777")


def warrants_of_both(town: Town, two: TwoDomains) -> dict[int, Warrant]:
    """Warrants for the same venue, window and id."""
    town.world.now += 1
    warrant = warrant_around_now(town.world, two.club.id)
    return {number: replace(warrant, domain=number) for number in (HERE, THERE)}


def test_a36_a_pass_and_a_label_are_good_in_their_domain_alone(town: Town, two: TwoDomains, stranger: Visitor) -> None:
    """The attacker brings a pass of one domain to a door as a pass of the other: with its number in the code, with a
    label signed for it, on paper, and by the poster.

    Follows from the design: a door takes several domains. Answer: the domain is in the epoch context of every signature
    (§3.5); the number only chooses the keys (§3.8).
    """
    visitor, _ = town.visitors("홍길동", "성춘향")
    screen = open_entry(visitor.visitor)
    passes = {HERE: screen.stored.owned, THERE: stranger.passes[0]}
    gate = two.club.venue.gate
    for own, other in ((HERE, THERE), (THERE, HERE)):
        for venue_id, direction in product((None, two.club.id), Direction):
            signed = sign_check_in(two.epochs[own].key, passes[own], town.now, direction, venue_id)
            again = sign_check_in(two.epochs[other].key, passes[own], town.now, direction, venue_id)
            assert {gate.decide(one, town.now) for one in (replace(signed, domain=other), again)} == {Decision.FORGED}
        paper = from_paper_text(print_pass(two.epochs[own].key, passes[own]))
        moved = from_paper_text(print_pass(two.epochs[other].key, passes[own]))
        for one in (replace(paper, domain=other), moved):
            assert gate.decide_paper(one, town.now) is Decision.FORGED
    assert [member.store.days() for member in two.members.values()] == [[], []]
    for number, owned in passes.items():
        shown = sign_check_in(two.epochs[number].key, owned, town.now, Direction.ENTRY)
        assert gate.decide(shown, town.now) is Decision.ADMITTED


def test_a36_a_venue_releases_under_a_warrant_of_the_same_domain_alone(town: Town, two: TwoDomains) -> None:
    """The authority of both domains asks the venue in one domain with the warrant of the other.

    Follows from the design: one organisation may be two domains' authority, with one key. Answer: request and warrant
    name the domain, and the venue takes the one that the request names (§5.5).
    """
    warrants = warrants_of_both(town, two)
    for member in two.members.values():
        assert member.log.commit(member.record, member.signing_key, town.now) is not None

    async def ask(session: ClientSession) -> list[str]:
        outcomes = []
        for asked, shown in product(warrants, warrants):
            body = ReleaseRequest(two.parties[HERE].both_sign(warrants[shown])).to_bytes()
            domain, key = two.parties[asked].domain, town.world.authority.identity
            request = sign_request(domain, Role.AUTHORITY, two.club.id.hex(), "/v1/releases", town.now, body, key)
            outcomes.append(await refusal(call(session, "POST", f"{two.club.url}/v1/releases", request)))
        return outcomes

    assert online(ask) == ["granted", "wrong-domain", "wrong-domain", "granted"]


def test_a36_a_release_and_a_commitment_count_in_their_domain_alone(
    town: Town, two: TwoDomains, stranger: Visitor
) -> None:
    """The venue hands over what it admitted in one domain as a release of the other: as it is, under the other's
    number, and after it has committed to it there. It sends one domain's commitment to the other's parties.

    Follows from the design. Answer: statements name the domain; commitments are each domain's own; a check-in verifies
    under its own domain's keys alone (§3.9).
    """
    world, here, there = town.world, two.members[HERE], two.members[THERE]
    shown = sign_check_in(two.epochs[THERE].key, stranger.passes[0], town.now, Direction.ENTRY)
    assert two.club.venue.gate.decide(shown, town.now) is Decision.ADMITTED
    made = there.log.commit(there.record, there.signing_key, town.now)
    assert made is not None
    for role in Role:
        there.log.acknowledge(made[0], role)
        assert run(refusal(world.post(role, "/v1/commitments", made[1]))) == "wrong-domain"
    held = {one.opening.time: commitment_digest(one.opening.salt, one.tree) for one in there.log.commitments()}
    for party in (world.operator, world.authority):
        assert not set(held.values()) & set(party.commitments.of(two.club.id).values())
    warrants = warrants_of_both(town, two)
    theirs = open_log(there, ValidWarrant(warrants[THERE]))
    epochs = {world.today: two.epochs[HERE].key}
    venue = two.parties[HERE].registered_venue

    def verified_here(release: bytes, commitments: dict[int, bytes]) -> dict[str, int]:
        return dict(verify_release(ValidWarrant(warrants[HERE]), venue, epochs, commitments, release).set_aside)

    with pytest.raises(OutOfScope):
        verified_here(theirs, held)
    renamed = sign_statement(replace(Release.from_bytes(statement_payload(theirs)), domain=HERE), here.signing_key)
    with pytest.raises(CommitmentMismatch):
        verified_here(renamed, world.authority.commitments.of(two.club.id))
    assert verified_here(renamed, held) == {"WrongDomain": 1}
    log = VenueLog(here.record, here.signing_key)
    log.add(world.today, replace(shown, domain=HERE).to_bytes())
    log.commit(world.now)
    assert verified_here(log.release(ValidWarrant(warrants[HERE])), log.commitments) == {"InvalidSignature": 1}


def test_a36_shares_are_good_in_their_domain_alone(town: Town, two: TwoDomains, stranger: Visitor) -> None:
    """The operator of both domains hands out shares of one domain in the other, under the same warrant id.

    Follows from the design. Answer: shares name the domain, and their proof is in the epoch context (§3.10).
    """
    there, day = two.members[THERE], two.epochs[THERE]
    shown = sign_check_in(day.key, stranger.passes[0], town.now, Direction.ENTRY)
    assert two.club.venue.gate.decide(shown, town.now) is Decision.ADMITTED
    made = there.log.commit(there.record, there.signing_key, town.now)
    assert made is not None
    for role in Role:
        there.log.acknowledge(made[0], role)
    warrant = ValidWarrant(warrants_of_both(town, two)[THERE])
    held = {one.opening.time: commitment_digest(one.opening.salt, one.tree) for one in there.log.commitments()}
    epochs = {town.world.today: day.key}
    venue = two.parties[THERE].registered_venue
    verified = verify_release(warrant, venue, epochs, held, open_log(there, warrant))
    shares = {town.world.today: (day.key, day.secrets[Role.OPERATOR])}
    domains = {number: of.domain for number, of in two.parties.items()}
    given = create_shares(domains[THERE], Role.OPERATOR, verified, shares, town.world.operator.identity)
    assert verify_party_shares(domains[THERE], Role.OPERATOR, verified, epochs, given)
    with pytest.raises(OutOfScope):
        verify_party_shares(domains[HERE], Role.OPERATOR, verified, epochs, given)


def test_a36_no_party_takes_what_is_of_another_domain(town: Town, two: TwoDomains) -> None:
    """An application, a warrant, and requests for shares, entries, passes and notices of one domain are sent to the
    parties of the other, which know every key in them.

    Follows from the design. Answer: each names its domain (§3.9, §4.4).
    """
    world, here, there = town.world, two.members[HERE], two.members[THERE]
    warrants = warrants_of_both(town, two)
    of_there = two.parties[THERE].both_sign(warrants[THERE])
    notice = two.parties[THERE].both_sign(notice_for(warrants[THERE]))
    venue, held, release = here.registered, named(world, two.club.id), sign_statement(here.record, here.signing_key)

    def as_party_of(number: int, sender: Role, path: str, body: bytes) -> bytes:
        (recipient,) = set(Role) - {sender}
        key = two.parties[number].keys[sender]
        return sign_request(two.parties[number].domain, sender, recipient.name.lower(), path, town.now, body, key)

    application = sign_application(there.record, there.signing_key)
    asked = [(role, "/v1/venues", application) for role in Role]
    shown, to_warn = (
        SharesRequest(of_there, venue, release, held).to_bytes(),
        SharesRequest(notice, venue, release, held),
    )
    for number, sender, path, body in (
        (HERE, Role.AUTHORITY, "/v1/warrants", sign_statement(warrants[THERE], world.authority.identity)),
        (THERE, Role.AUTHORITY, "/v1/warrants", sign_statement(warrants[HERE], world.authority.identity)),
        (HERE, Role.AUTHORITY, "/v1/shares", shown),
        (THERE, Role.AUTHORITY, "/v1/shares", shown),
        (HERE, Role.AUTHORITY, "/v1/notices", NoticeRequest(1, town.now, (to_warn,)).to_bytes()),
        (THERE, Role.OPERATOR, "/v1/directory", b""),
        (THERE, Role.OPERATOR, "/v1/passes", b""),
    ):
        (recipient,) = set(Role) - {sender}
        asked.append((recipient, path, as_party_of(number, sender, path, body)))
    outcomes = [run(refusal(world.post(role, path, body))) for role, path, body in asked]
    assert outcomes == ["wrong-domain"] * len(asked)
    assert world.operator.warrants.all() == []


def test_a36_no_client_takes_what_is_of_another_domain(town: Town, two: TwoDomains) -> None:
    """Parties of both domains publish a notice of one domain in the other, and a venue's server gives one domain's
    record to the other's visitors.

    Follows from the design. Answer: a notice and a venue's record name their domain (§3.9, §3.12).
    """
    victim, _ = town.visitors("홍길동", "성춘향")
    assert town.scan(victim, two.club) is Decision.ADMITTED
    (visit,) = victim.visitor.wallet().visits
    domains = {number: of.domain for number, of in two.parties.items()}
    give_everyone(town, publish_notice(domains[THERE], two.parties[HERE].keys, 0, town.now, "전화하십시오", [visit.u]))
    with pytest.raises(WrongDomain):
        town.search(victim)
    assert victim.visitor.findings().notices == ()
    (_, link), record = poster_text(two.club.venue), two.members[THERE].registered.to_bytes()
    with pytest.raises(WrongDomain):
        read_poster(domains[HERE], link, record)
    assert read_poster(domains[THERE], link, record).key == town.venue(two.club).key


def test_a36_an_id_that_is_published_cannot_be_squatted(town: Town, tmp_path: Path) -> None:
    """A stranger reads a venue's id in one domain, and applies under it in another, before the venue does.

    Follows from the design: a venue has one id in all domains. Answer: a party keeps every application, and its officer
    signs the one whose fingerprint the venue tells (§3.9).
    """
    club = town.open_venue()
    with run_town(tmp_path / "other", THERE) as other:
        record = replace(town.membership(club).record, domain=THERE)
        for key in (SigningKey.generate() for _ in range(3)):
            application = sign_application(replace(record, key=public_key(key)), key)
            for role in Role:
                run(other.world.post(role, "/v1/venues", application))
        other.join(club)  # applies, and both officers approve by its fingerprint
        (visitor, _) = other.visitors("심청", "이몽룡")
        assert other.scan(visitor, club) is Decision.ADMITTED
        assert len(contacts(other.investigate(club))) == 1
        for party in (other.world.operator, other.world.authority):
            assert party.venues.get(club.id).record == other.membership(club).record


def test_a36_parties_learn_nothing_of_another_domains_visitors(town: Town, tmp_path: Path) -> None:
    """Both parties of a domain look for the visitors of another one in everything that they ever received: requests,
    answers, databases and files. At one of two venues there are some, at the other none.

    Follows from the design. Answer: a store, a log and commitments for each domain (§3.8, §3.9).
    """
    club, quiet = town.open_venue("클럽"), town.open_venue("카페")
    with run_town(tmp_path / "other", THERE) as other:
        other.join(club)
        ours, theirs = town.visitors("홍길동", "성춘향"), other.visitors("심청", "이몽룡", "춘향")
        other.world.now = town.now
        assert [town.scan(ours[0], club), town.scan(ours[1], quiet)] == [Decision.ADMITTED] * 2
        assert {other.scan(one, club) for one in theirs} == {Decision.ADMITTED}
        found = town.investigate(club), town.investigate(quiet)
        assert [len(contacts(one)) for one in found] == [1, 1]
        assert [one.set_aside for one in found] == [{}, {}]
        other.world.now = town.now
        assert len(contacts(other.investigate(club))) == len(theirs)
        visits = [visit for one in theirs for visit in one.visitor.wallet().visits]
        passes = {visit.u for visit in visits}
        traces = traces_of(passes, town)
        assert not looked_for(traces, received(town)), "the other domain's visitors"
        assert looked_for(passes, received(other)) == passes, "they would have been found"
    for one in ours:
        assert looked_for([one.visitor.wallet().visits[0].u], received(town))
    kept = [stored_release(town.world, one.record.warrant_id) for one in town.world.authority.warrants.all()]
    releases = [Release.from_bytes(statement_payload(release)) for release in kept]
    assert [release.openings[-1].size for release in releases] == [1, 1]
    assert [len(release.leaves) for release in releases] == [1, 1]
    sizes = {len(seen.body) for seen in town.traffic if seen.path == "/v1/commitments"}
    assert len(sizes) == 1, "a commitment is as long whoever came"


def traces_of(passes: set[bytes], town: Town) -> list[bytes]:
    """What visits leave: their passes, and what a venue's log has of the check-ins."""
    seen = [CheckInMessage.from_bytes(one.body) for one in town.traffic if one.path == "/v1/check-ins"]
    mine = [message for message in seen if message.u in passes]
    assert len(mine) == len(passes)
    return [*passes, *(check_in_digest(message.to_bytes()) for message in mine)]


def received(town: Town) -> list[bytes]:
    """All that both parties ever received: requests, and their disks, where the authority keeps releases."""
    requests = [repr(seen).encode() + seen.body for seen in town.traffic if seen.server in ("operator", "authority")]
    files = [path for role in Role for path in town.world.home(role).rglob("*") if path.is_file()]
    values = []
    for party in (town.world.operator, town.world.authority):
        with party.engine.connect() as connection:
            for table in sql.inspect(connection).get_table_names():
                rows = connection.execute(sql.text(f"SELECT * FROM {table}"))
                values += [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
    return requests + values + [path.read_bytes() for path in files]


def looked_for(traces: Iterable[bytes], where: list[bytes]) -> set[bytes]:
    """Which of these are there, as they are or in hexadecimal."""
    return {trace for trace in traces if any(trace in one or trace.hex().encode() in one for one in where)}
