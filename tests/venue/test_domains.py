"""Several domains at one home: a key, a store and a log for each, and each one's visitors are let in."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client import REGISTRY

from protocol.assisted_check_ins import AssertedRecord
from protocol.check_ins import Direction, sign_check_in
from protocol.epochs import MAX_STAY, Role
from protocol.http_messages import Decision
from protocol.paper_passes import from_paper_text, print_pass
from protocol.primitives.errors import CommitmentMismatch
from protocol.qr_text import to_qr_text
from protocol.releases import COMMITMENT_MARGIN
from protocol.warrants import verify_venue
from service.errors import ConfigurationError
from service.http import create_app
from service.http_client import new_session
from service.settings import DomainSettings, PartySettings
from tests.support.domain import NOW, OpenEpoch, Parties, Released, Visitor, enrol, found_domain, open_epoch
from tests.support.venue_server import decisions, post, serving
from tests.venue.conftest import NOBODY, MakeVenue, commit_in, invoke_venue, known_in
from venue.domain_setup import add_domain
from venue.expiry import Expiry
from venue.gate import Gate
from venue.home import ServedVenue, VenueHome
from venue.membership import Membership
from venue.poster import poster_text
from venue.release import open_log
from venue.store import DayCount

ENTRY, EXIT = Direction
DAY = 86_400


def text_of(parties: Parties, url: str = NOBODY) -> str:
    """The `domain.toml` of a domain whose servers are all at `url`."""
    servers = {
        role.name.lower(): PartySettings(key=bytes(parties.domain.identity_key(role)).hex(), url=url) for role in Role
    }
    domain = parties.domain
    return DomainSettings(
        number=domain.number, utc_offset=domain.utc_offset, allowance=domain.allowance, **servers
    ).to_toml()


@pytest.fixture(scope="module")
def others() -> Parties:
    """Another domain, with the number 7."""
    return found_domain(7)


@pytest.fixture(scope="module")
def their_day(others: Parties) -> OpenEpoch:
    return open_epoch(others, others.domain.epoch_at(NOW))


@pytest.fixture(scope="module")
def guest(others: Parties, their_day: OpenEpoch) -> Visitor:
    """A visitor of the other domain."""
    return enrol(others, their_day, "심청", "+821077777777")


def pin(venue: ServedVenue, others: Parties, day: OpenEpoch | None = None, url: str = NOBODY) -> Membership:
    """Pin another domain, whose keys of a day are known, in the venue's home; the venue there."""
    add_domain(venue.home.path, text_of(others, url), "second")
    membership = venue.membership(others.domain.number)
    assert membership is not None
    if day is not None:
        for role, statement in day.statements.items():
            membership.pinned.epochs.keep(role, day.key.epoch, statement)
    return membership


@pytest.fixture
def second(venue: ServedVenue, others: Parties, their_day: OpenEpoch) -> Membership:
    """The venue in a second domain, with a key."""
    membership = pin(venue, others, their_day)
    membership.draw_first_key()
    return membership


@pytest.fixture
def first(venue: ServedVenue, second: Membership) -> Membership:
    assert [one.pinned.name for one in venue.memberships] == ["first", "second"]
    return venue.memberships[0]


def test_a_door_takes_the_codes_of_every_domain_that_it_pins(
    venue: ServedVenue,
    first: Membership,
    second: Membership,
    today: OpenEpoch,
    their_day: OpenEpoch,
    visitor: Visitor,
    guest: Visitor,
) -> None:
    """Entries, exits and papers; each is kept, counted and committed to in its own domain alone."""
    ours, theirs = ((day.key, one.passes) for day, one in ((today, visitor), (their_day, guest)))
    for key, passes in (ours, theirs):
        entry, left = (sign_check_in(key, passes[0], NOW, direction) for direction in (ENTRY, EXIT))
        paper = from_paper_text(print_pass(key, passes[1]))
        assert venue.gate.decide_text(to_qr_text(entry), NOW) is Decision.ADMITTED
        assert venue.gate.decide(entry, NOW) is Decision.ALREADY_SPENT
        assert venue.gate.decide(left, NOW) is Decision.ADMITTED
        assert venue.gate.decide_paper(paper, NOW) is Decision.ADMITTED
        assert venue.gate.paper_direction(paper, NOW + 60) is EXIT
    assert venue.gate.decide(sign_check_in(theirs[0], theirs[1][2], NOW, ENTRY), NOW) is Decision.ADMITTED
    assert [one.store.days() for one in (first, second)] == [
        [DayCount(today.key.epoch, 2, 1)],
        [DayCount(their_day.key.epoch, 3, 1)],
    ]
    for one in (first, second):
        commit_in(one, NOW)
    assert [one.log.commitments()[-1].opening.size for one in (first, second)] == [3, 4]


def test_a_code_says_by_its_number_which_keys_count(
    venue: ServedVenue, first: Membership, today: OpenEpoch, visitor: Visitor
) -> None:
    """A pass of one domain under the number of another is forged there, and of a number that nobody pins unknown."""
    shown = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
    for number, decision in ((7, Decision.FORGED), (8, Decision.UNKNOWN_DOMAIN), (255, Decision.ADMITTED)):
        moved = type(shown)(number, shown.time, shown.direction, shown.venue_id, shown.signed_pass)
        assert venue.gate.decide(moved, NOW) is decision
    assert len(first.store.days()) == 1


def test_each_domain_has_its_own_tolerance_and_retention(
    make_venue: MakeVenue, others: Parties, today: OpenEpoch, their_day: OpenEpoch, visitor: Visitor, guest: Visitor
) -> None:
    venue = make_venue([today])
    pin(venue, others, their_day)
    (venue.home.path / "settings.toml").write_text("[domains.second]\ntolerance = 60\nretention_days = 3\n")
    venue = VenueHome(venue.home.path).venues[0]
    late = NOW + 60
    assert venue.gate.decide(sign_check_in(today.key, visitor.passes[0], NOW, ENTRY), late) is Decision.TOO_OLD
    assert venue.gate.decide(sign_check_in(today.key, visitor.passes[0], late - 15, ENTRY), late) is Decision.ADMITTED
    assert venue.gate.decide(sign_check_in(their_day.key, guest.passes[0], NOW, ENTRY), late) is Decision.ADMITTED
    for pinned in venue.home.domains:
        pinned.passed_file.write_text(f"{NOW + 4 * DAY}\n")
    Expiry(venue.home, lambda: NOW + 5 * DAY).delete()
    assert [len(one.store.days()) for one in venue.memberships] == [1, 0]


def test_no_domains_parties_delete_what_is_anothers(
    make_venue: MakeVenue,
    parties: Parties,
    others: Parties,
    today: OpenEpoch,
    their_day: OpenEpoch,
    visitor: Visitor,
    guest: Visitor,
) -> None:
    """Their clock confirms the venue's wrong one; the first domain's parties do not answer."""
    later = NOW + 365 * DAY

    async def story() -> ServedVenue:
        async with TestServer(create_app([], lambda: later)) as party, new_session() as session:
            venue = make_venue([today])
            pin(venue, others, their_day, str(party.make_url("")).rstrip("/"))
            for day, one in ((today, visitor), (their_day, guest)):
                assert venue.gate.decide(sign_check_in(day.key, one.passes[0], NOW, ENTRY), NOW) is Decision.ADMITTED
            await Expiry(venue.home, lambda: later).check_and_delete(session)
            return venue

    assert [len(one.store.days()) for one in asyncio.run(story()).memberships] == [1, 0]


def test_a_venue_has_another_key_in_each_domain(make_venue: MakeVenue, parties: Parties, others: Parties) -> None:
    """`register` draws it; a key is nobody's but one domain's."""
    venue = make_venue()
    second = pin(venue, others)
    failed = invoke_venue(venue.home.path, "register")  # nobody answers, in either domain
    assert failed.exit_code == 1
    assert [line.split(":")[0] for line in failed.stderr.splitlines()] == ["first", "second"]
    first = venue.memberships[0]
    assert bytes(first.signing_key) != bytes(second.signing_key)
    assert (first.record.venue_id, first.record.domain) == (second.record.venue_id, parties.domain.number)
    assert second.record.domain == 7
    with pytest.raises(ConfigurationError, match="another record"):
        second.keep_registration(others.both_sign(replace(first.record, domain=7)))


def test_one_poster_is_for_every_domain_and_each_has_a_record(
    venue: ServedVenue, first: Membership, second: Membership, parties: Parties, others: Parties
) -> None:
    second.draw_first_key()
    for membership, of in ((first, parties), (second, others)):
        membership.keep_registration(of.both_sign(membership.record))
    assert poster_text(venue) == (parties.venue.name, f"{parties.venue.url}v/{venue.venue_id.hex()}")

    async def run() -> list[tuple[int, bytes]]:
        async with serving(venue) as (session, url):
            answers = []
            for number in (255, 7, 8, "07", 256):
                async with session.get(f"{url}/v1/venues/{venue.venue_id.hex()}/{number}") as answer:
                    answers.append((answer.status, await answer.read()))
            return answers

    (_, ours), (_, theirs), *unknown = asyncio.run(run())
    for joint, of in ((ours, parties), (theirs, others)):
        assert verify_venue(of.domain, type(of.both_sign(of.venue)).from_bytes(joint)).record.venue_id == venue.venue_id
    assert [status for status, _ in unknown] == [404, 404, 404]


def test_a_reader_serves_every_domain_of_its_venue(
    venue: ServedVenue,
    first: Membership,
    second: Membership,
    today: OpenEpoch,
    their_day: OpenEpoch,
    visitor: Visitor,
    guest: Visitor,
) -> None:
    token = token_bytes(32)
    venue.home.reader_tokens.add(venue.venue_id, "front door", token, NOW)
    shown = [sign_check_in(day.key, one.passes[0], NOW, ENTRY) for day, one in ((today, visitor), (their_day, guest))]
    assert decisions(post(venue, "/v1/check-ins", *shown, token=token)) == [Decision.ADMITTED] * 2
    assert [len(one.store.days()) for one in (first, second)] == [1, 1]


def test_what_staff_take_down_is_sealed_for_the_domain_that_the_venue_chose(
    make_venue: MakeVenue, others: Parties, today: OpenEpoch, their_day: OpenEpoch
) -> None:
    venue = make_venue([today])
    assert venue.assisted.pinned.name == "first"
    pin(venue, others, their_day)
    refused = invoke_venue(venue.home.path, "admit")
    assert "assisted_domain = NAME, one of first, second" in refused.stderr
    (venue.home.path / "settings.toml").write_text('assisted_domain = "second"\n')
    venue = VenueHome(venue.home.path).venues[0]
    entry = venue.gate.admit(venue.assisted.door, AssertedRecord("홍길동", "+821012345678"), NOW)
    assert entry is not None
    assert entry.message.domain == 7
    assert [len(one.store.days()) for one in venue.memberships] == [0, 1]


def settle(home: VenueHome) -> None:
    """Have a minute pass after the second domain was closed."""
    closed = home.path / "domains" / "second.closed"
    os.utime(closed, (closed.stat().st_atime, closed.stat().st_mtime - 60))


class TestComingAndGoing:
    """Domains are added and removed while the others go on."""

    def test_a_running_door_notices(
        self,
        venue: ServedVenue,
        others: Parties,
        today: OpenEpoch,
        their_day: OpenEpoch,
        visitor: Visitor,
        guest: Visitor,
    ) -> None:
        gate, home = venue.gate, venue.home.path
        theirs = [sign_check_in(their_day.key, one, NOW, ENTRY) for one in guest.passes]
        assert gate.decide(theirs[0], NOW) is Decision.UNKNOWN_DOMAIN
        pin(venue, others)
        assert gate.decide(theirs[0], NOW) is Decision.UNKNOWN_EPOCH
        pin(venue, others, their_day)
        assert gate.decide(theirs[0], NOW) is Decision.ADMITTED
        assert "1 check-ins of it are kept" in invoke_venue(home, "domains", "remove", "second").stdout
        assert gate.decide(theirs[1], NOW) is Decision.UNKNOWN_DOMAIN
        assert "lets nobody in any more" in invoke_venue(home, "domains", "list").stdout
        (membership,) = (one for one in venue.memberships if one.pinned.closed)
        membership.draw_first_key()
        commit_in(membership, NOW)
        assert gate.decide(sign_check_in(today.key, visitor.passes[0], NOW, ENTRY), NOW) is Decision.ADMITTED
        pin(venue, others)  # takes its codes again
        assert gate.decide(theirs[1], NOW) is Decision.ADMITTED

    def test_who_is_inside_can_leave_while_the_domain_is_being_removed(
        self, venue: ServedVenue, second: Membership, their_day: OpenEpoch, guest: Visitor
    ) -> None:
        gate, passes = venue.gate, guest.passes
        papers = [from_paper_text(print_pass(their_day.key, owned)) for owned in passes[1:]]
        assert gate.decide(sign_check_in(their_day.key, passes[0], NOW, ENTRY), NOW) is Decision.ADMITTED
        assert gate.decide_paper(papers[0], NOW) is Decision.ADMITTED
        invoke_venue(venue.home.path, "domains", "remove", "second")
        later = NOW + 600
        for owned, direction, decision in (
            (passes[0], EXIT, Decision.ADMITTED),
            (passes[2], EXIT, Decision.NO_ENTRY),
            (passes[2], ENTRY, Decision.UNKNOWN_DOMAIN),
        ):
            shown = sign_check_in(their_day.key, owned, later, direction)
            assert gate.decide_text(to_qr_text(shown), later) is decision
        assert gate.decide_paper(papers[0], later) is Decision.ADMITTED
        assert gate.decide_paper(papers[1], later) is Decision.UNKNOWN_DOMAIN
        assert gate.decide_paper(papers[0], NOW + MAX_STAY + 60) is Decision.UNKNOWN_DOMAIN  # an entry again
        closed = next(one for one in venue.memberships if one.pinned.closed)
        assert closed.store.days() == [DayCount(their_day.key.epoch, 2, 2)]

    def test_a_code_that_a_door_read_before_is_kept(
        self, venue: ServedVenue, second: Membership, their_day: OpenEpoch, guest: Visitor
    ) -> None:
        """It found the domain, then somebody removes it, and only then it keeps what it admits."""
        shown = sign_check_in(their_day.key, guest.passes[0], NOW, ENTRY)
        slow = Gate(venue.venue_id, lambda _number: second.door)
        said = invoke_venue(venue.home.path, "domains", "remove", "second").stdout
        assert said.splitlines()[-1].startswith("nothing of it is kept; run this again in a minute")
        assert slow.decide(shown, NOW) is Decision.ADMITTED
        settle(venue.home)
        assert "1 check-ins of it are kept" in invoke_venue(venue.home.path, "domains", "remove", "second").stdout
        assert second.store.days() == [DayCount(their_day.key.epoch, 1, 0)]

    def test_when_nothing_is_kept_everything_of_it_goes(self, make_venue: MakeVenue, others: Parties) -> None:
        venue = make_venue()
        membership = pin(venue, others, open_epoch(others, 1))
        membership.draw_first_key()
        membership.pinned.passed_file.write_text("1\n")
        commit_in(membership, NOW)
        commit_in(venue.memberships[0], NOW)
        for _ in range(2):
            assert "in a minute" in invoke_venue(venue.home.path, "domains", "remove", "second").stdout
        settle(venue.home)
        removed = invoke_venue(venue.home.path, "domains", "remove", "second")
        assert removed.stdout == "second is removed; nothing of it was kept\n"
        assert [one.pinned.name for one in venue.memberships] == ["first"]
        assert not list(venue.home.path.rglob("*second*"))
        assert membership.log.commitments() == []
        assert len(venue.memberships[0].log.commitments()) == 1

    def test_a_domain_that_is_added_again_has_new_logs(self, venue: ServedVenue, others: Parties) -> None:
        """Its parties still hold the commitments to those before, which a release from the beginning leaves out."""
        before = pin(venue, others)
        before.draw_first_key()
        commit_in(before, NOW)
        held = known_in(before)
        assert "in a minute" in invoke_venue(venue.home.path, "domains", "remove", "second").stdout
        settle(venue.home)
        assert "is removed" in invoke_venue(venue.home.path, "domains", "remove", "second").stdout
        again, first = pin(venue, others), NOW + 3600
        again.draw_first_key()
        for hours in range(16):
            commit_in(again, first + 3600 * hours)
        held |= known_in(again)
        parties, released_from = replace(others, venue=again.record), first + MAX_STAY + COMMITMENT_MARGIN
        for begins in (first, released_from - 1):
            warrant = parties.warrant(begins, begins + 60, later=DAY)
            with pytest.raises(CommitmentMismatch):
                parties.verify(warrant, {}, Released(open_log(again, warrant), held))
        warrant = parties.warrant(released_from, released_from + 60, later=DAY)
        assert parties.verify(warrant, {}, Released(open_log(again, warrant), held)).visits == {}

    def test_a_door_goes_on_with_the_domains_before_when_a_file_is_wrong(
        self, venue: ServedVenue, today: OpenEpoch, visitor: Visitor, caplog: pytest.LogCaptureFixture
    ) -> None:
        (venue.home.path / "domains" / "second.toml").write_text("number = 1\n")
        with caplog.at_level(logging.ERROR):
            shown = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
            assert venue.gate.decide(shown, NOW) is Decision.ADMITTED
            assert venue.gate.decide(shown, NOW) is Decision.ALREADY_SPENT
        assert [record.getMessage() for record in caplog.records if "those before go on" in record.getMessage()]
        with pytest.raises(ConfigurationError, match=r"second\.toml"):
            VenueHome(venue.home.path)

    def test_the_server_fetches_what_a_new_domain_needs(
        self, make_venue: MakeVenue, parties: Parties, others: Parties, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Within a minute, although what the others need was fetched just now."""
        monkeypatch.setattr("venue.server.MINUTE", 0.01)
        is_asked = asyncio.Event()

        async def answer(_request: web.Request) -> web.Response:
            is_asked.set()
            return web.Response(status=404)

        async def run() -> None:
            party = web.Application()
            party.router.add_get("/v1/epochs/{epoch}", answer)
            async with TestServer(party) as server, serving(venue):
                await asyncio.sleep(0.1)
                pin(venue, others, url=str(server.make_url("")).rstrip("/"))
                async with asyncio.timeout(20):
                    await is_asked.wait()

        venue = make_venue([open_epoch(parties, parties.domain.epoch_at(NOW) + day) for day in (0, 1)])
        asyncio.run(run())

    def test_what_is_measured_of_a_domain_goes_with_it(
        self, make_venue: MakeVenue, others: Parties, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("venue.server.MINUTE", 0.01)
        venue = make_venue()
        pin(venue, others)

        def measured() -> list[float | None]:
            return [REGISTRY.get_sample_value("splitpass_epochs_ahead", {"domain": one}) for one in ("7", "255")]

        async def until_measured(*values: float | None) -> None:
            async with asyncio.timeout(20):
                while measured() != list(values):
                    await asyncio.sleep(0.01)

        async def run() -> None:
            async with serving(venue):
                await until_measured(-1, -1)
                assert invoke_venue(venue.home.path, "domains", "remove", "second").exit_code == 0
                settle(venue.home)
                assert invoke_venue(venue.home.path, "domains", "remove", "second").exit_code == 0
                await until_measured(None, -1)

        asyncio.run(run())

    def test_a_file_that_is_edited_is_noticed_within_a_minute(
        self, make_venue: MakeVenue, others: Parties, their_day: OpenEpoch, guest: Visitor
    ) -> None:
        """Nothing comes into the directory or leaves it then."""
        venue = make_venue()
        pin(venue, others, their_day)
        shown = sign_check_in(their_day.key, guest.passes[0], NOW, ENTRY)
        file = venue.home.path / "domains" / "second.toml"
        assert len(venue.memberships) == 2
        file.write_text(file.read_text().replace("number = 7", "number = 9"))
        venue.home.domains.look()
        assert venue.gate.decide(shown, NOW) is Decision.UNKNOWN_DOMAIN
        assert venue.membership(9) is not None


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("third", lambda text: text, "the domain second has the number 7 already"),
        ("second", lambda text: text.replace("number = 7", "number = 9"), "another domain of the name second"),
        ("Third", lambda text: text.replace("number = 7", "number = 9"), "small letters"),
        ("../third", lambda text: text.replace("number = 7", "number = 9"), "small letters"),
        ("third", lambda _text: "number = ", "domain.toml"),
        ("third", lambda text: text.replace("number = 7", "number = 256"), "domain.toml: number"),
    ],
)
def test_what_cannot_be_pinned_is_refused(
    make_venue: MakeVenue, others: Parties, tmp_path: Path, name: str, change: Callable[[str], str], said: str
) -> None:
    venue = make_venue()
    pin(venue, others)
    file = tmp_path / "domain.toml"
    file.write_text(change(text_of(others)))
    result = invoke_venue(venue.home.path, "domains", "add", str(file), "--name", name)
    assert said in result.stderr
    assert [pinned.name for pinned in venue.home.domains] == ["first", "second"]


def test_two_files_with_one_number_are_refused(make_venue: MakeVenue, parties: Parties) -> None:
    home = make_venue().home.path
    (home / "domains" / "copy.toml").write_text(text_of(found_domain(parties.domain.number)))
    with pytest.raises(ConfigurationError, match="copy and first both have the number 255"):
        VenueHome(home)


def test_settings_name_domains_that_are_pinned(make_venue: MakeVenue, others: Parties) -> None:
    home = make_venue().home.path
    pin(VenueHome(home).venues[0], others)
    for settings in ('assisted_domain = "third"\n', "[domains.third]\nretention_days = 3\n"):
        (home / "settings.toml").write_text(settings)
        assert "names domains that are not pinned here: third" in invoke_venue(home, "status").stderr
    (home / "settings.toml").write_text("[domains.second]\nretention_days = 3\n")
    assert "take it out there first" in invoke_venue(home, "domains", "remove", "second").stderr
    assert "no domain of the name third" in invoke_venue(home, "domains", "remove", "third").stderr


def test_a_home_that_pins_nothing_says_what_to_do(tmp_path: Path, others: Parties) -> None:
    home = tmp_path / "venue"
    assert "venue init" in invoke_venue(home, "domains", "add", "-", "--name", "first").stderr
    assert invoke_venue(home, "init", "--name", "클럽").exit_code == 0
    assert "domains add" in invoke_venue(home, "status").stderr


@pytest.mark.parametrize(("known", "ready"), [((), 503), (("first",), 200), (("second",), 200)])
def test_a_domain_without_keys_does_not_close_the_door_for_others(
    make_venue: MakeVenue, parties: Parties, others: Parties, known: tuple[str, ...], ready: int
) -> None:
    days = {
        name: [open_epoch(of, of.domain.epoch_at(NOW) + ahead) for ahead in (0, 1)] if name in known else []
        for name, of in (("first", parties), ("second", others))
    }
    venue = make_venue(days["first"])
    membership = pin(venue, others)
    for day in days["second"]:
        for role, statement in day.statements.items():
            membership.pinned.epochs.keep(role, day.key.epoch, statement)

    async def run() -> None:
        async with serving(venue) as (session, url), session.get(f"{url}/readyz") as answer:
            assert answer.status == ready
            if ready == 503:
                detail = (await answer.json(content_type=None))["detail"]
                assert [name for name in ("first: ", "second: ") if name in detail] == ["first: ", "second: "]

    asyncio.run(run())


class TestAdopting:
    """A home of an earlier version, which pinned one domain in `domain.toml`."""

    @pytest.fixture
    def earlier(self, venue: ServedVenue, parties: Parties, today: OpenEpoch, visitor: Visitor) -> Path:
        """Files as they were, and a check-in."""
        (membership,) = venue.memberships
        membership.keep_registration(parties.both_sign(parties.venue))
        shown = sign_check_in(today.key, visitor.passes[0], NOW, ENTRY)
        assert venue.gate.decide(shown, NOW) is Decision.ADMITTED
        venue.home.engine.dispose()
        home, pinned = venue.home.path, membership.pinned
        (home / "domains" / "first.toml").rename(home / "domain.toml")
        (home / "domains").rmdir()
        for file in pinned.epochs.directory.iterdir():
            file.rename(home / "epochs" / file.name)
        pinned.epochs.directory.rmdir()
        for file in membership.path.iterdir():
            file.rename(venue.path / file.name)
        membership.path.rmdir()
        (home / "passed.time").write_text(f"{NOW}\n")
        return home

    def test_it_is_brought_over_by_one_command(
        self, earlier: Path, parties: Parties, today: OpenEpoch, visitor: Visitor
    ) -> None:
        assert "domains adopt NAME" in invoke_venue(earlier, "status").stderr
        assert "domains adopt NAME" in invoke_venue(earlier, "domains", "add", "-", "--name", "second").stderr
        assert invoke_venue(earlier, "domains", "adopt", "mint").exit_code == 0
        (venue,) = VenueHome(earlier).venues
        (membership,) = venue.memberships
        assert membership.pinned.name == "mint"
        assert membership.registration is not None
        assert bytes(membership.signing_key) == bytes(parties.venue_key)
        assert membership.pinned.passed_file.read_text() == f"{NOW}\n"
        shown = [sign_check_in(today.key, owned, NOW, ENTRY) for owned in visitor.passes[:2]]
        assert [venue.gate.decide(one, NOW) for one in shown] == [Decision.ALREADY_SPENT, Decision.ADMITTED]
        assert {path.name for path in earlier.iterdir()} >= {"domains", "epochs", "venues"}
        assert not (earlier / "domain.toml").exists()
        again = invoke_venue(earlier, "domains", "adopt", "mint")
        assert "has no domain.toml" in again.stderr

    def test_it_goes_on_where_it_was_interrupted(
        self, earlier: Path, parties: Parties, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At each file that it moves."""
        moved, replace_file = 0, Path.replace

        def replace_once(path: Path, target: Path) -> Path:
            nonlocal moved
            moved += 1
            if moved > 1:
                raise OSError("a power cut")
            return replace_file(path, target)

        interruptions = -1
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", replace_once)
            done = False
            while not done:
                moved, interruptions = 0, interruptions + 1
                done = invoke_venue(earlier, "domains", "adopt", "mint").exit_code == 0
        assert interruptions > 3
        (membership,) = VenueHome(earlier).memberships
        assert membership.registration is not None
        assert bytes(membership.signing_key) == bytes(parties.venue_key)
