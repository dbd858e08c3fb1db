"""The desk: officers enrol, sign in, and take a warrant from its draft to its contacts, each with their own passkey."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sql
from aiohttp import ClientError

from escrow.audit.state import AuditState
from escrow.desk.evidence import check_evidence
from escrow.desk.health import health
from escrow.desk.records import OfficerSet, Vote, vote_challenge
from escrow.operator.operator import Operator
from escrow.venues import VenueRegister
from protocol.epochs import Role
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement
from protocol.warrants import Venue, sign_application
from service import pages
from service import serving as serving_module
from service.clock import DAY
from service.keys import fingerprint
from service.problems import Problem
from service.settings import ServerSettings
from tests.support.authenticator import Authenticator, base64url, from_base64url
from tests.support.desk import Officer, invite, running_desk
from tests.support.domain import opening_warrant
from tests.support.officers import custodians_shares, decide, establish, venue_subject
from tests.support.processes import real_world
from tests.support.running import run
from tests.support.servers import Door, World, open_door, run_world

CASE, LAW = "5월 클럽", "감염병예방법 제76조의2, 2023-11"


class Desks:
    """Both parties' desks, each with two officers who are signed in, and a club with two visitors."""

    def __init__(self, door: Door) -> None:
        self.door, self.world = door, door.world
        self.officers: dict[Role, list[Officer]] = {}
        for party in (self.world.authority, self.world.operator):
            devices = establish(party, "Kim", "Lee")
            self.officers[party.role] = [Officer(party.settings.desk_url, one) for one in devices.values()]

    @property
    def authority(self) -> list[Officer]:
        return self.officers[Role.AUTHORITY]

    @property
    def operator(self) -> list[Officer]:
        return self.officers[Role.OPERATOR]

    def sign_in(self) -> None:
        for officer in (*self.authority, *self.operator):
            assert officer.sign_in().status == 200


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[Desks]:
    with run_world(tmp_path) as world, open_door(world) as door:
        made = Desks(door)
        with running_desk(world.authority), running_desk(world.operator):
            made.sign_in()
            yield made


async def arrive(door: Door) -> None:
    for _, passes in await door.world.visitors_with_passes(2):
        await door.admit(passes[0])
    door.world.now += 1
    await door.commit()


def test_a_case_from_its_windows_to_its_contacts(desks: Desks) -> None:
    world, (kim, lee) = desks.world, desks.authority
    run(arrive(desks.door))
    venue, now = desks.door.record.venue_id.hex(), world.now
    assert kim.post("cases", {"name": CASE, "legal_reference": LAW})["states"] == {}
    window = {"begins": now - 600, "ends": now + 600}
    whole = kim.post(f"cases/{CASE}/windows", {"venues": [venue], "windows": [window]})
    assert [part["state"] for part in whole["parts"]] == ["not drawn"]
    odd = kim.post(f"cases/{CASE}/draw", {})
    assert (odd["drawn"], odd["impossible"]) == ([], [])
    assert odd["odd"]
    (warrant,) = kim.post(f"cases/{CASE}/draw", {"confirmed": True})["drawn"]
    (matter,) = kim.get("matters")["matters"]
    assert (matter["kind"], matter["state"], matter["needed"]) == ("warrant", "waiting", 2)
    assert matter["title"]["warrant"] == warrant
    assert matter["payload"] == matter["title"]["record"]
    assert kim.vote(matter["id"])["job"] is None
    assert world.operator.warrants.all() == []
    given = lee.vote(matter["id"])
    assert (given["job"]["what"], given["job"]["state"]) == ("propose", "done")

    (queued,) = desks.operator[0].get("warrants")["warrants"]
    assert (queued["warrant"], queued["state"], queued["record"]) == (warrant, "pending", matter["payload"])
    assert desks.operator[0].vote(queued["matter"])["job"] is None
    assert desks.operator[1].vote(queued["matter"])["job"]["what"] == "countersign"
    assert desks.operator[0].get(f"warrants/{warrant}")["record_index"] is not None

    for step, state in (("look", "countersigned"), ("release", "released"), ("open", "opened")):
        done = kim.finished(kim.post(f"cases/{CASE}/{step}")["job"])
        assert (done["state"], done["problems"]) == ("done", []), done
        (part,) = lee.get(f"cases/{CASE}")["parts"]
        assert part["state"] == state
    assert (done["done"], done["of"]) == (1, 1), "parts"
    assert kim.post(f"cases/{CASE}/open") == {"job": None}

    summary = kim.get(f"cases/{CASE}/summary")
    assert [count for _, count in summary["arrivals"]] == [2]
    assert "phone" not in str(summary)
    contacts = lee.post(f"cases/{CASE}/contacts")
    assert sorted(person["phone"] for person in contacts["people"]) == ["+821000000000", "+821000000001"]
    assert all(person["verified"] and person["visits"][0]["warrant"] == warrant for person in contacts["people"])
    assert lee.post(f"warrants/{warrant}/contacts")["people"] == contacts["people"]
    exported = kim.ask("POST", f"/v1/desk/cases/{CASE}/export", {})
    with zipfile.ZipFile(io.BytesIO(exported.body)) as archive:
        assert set(archive.namelist()) == {"arrivals.svg", "days.csv", "people.csv", "summary.csv", "visits.csv"}
        visits = list(csv.DictReader(io.StringIO(archive.read("visits.csv").decode("utf-8-sig"))))
    assert len(visits) == 2
    assert exported.headers["Cache-Control"] == "no-store"
    table = kim.ask("POST", f"/v1/desk/warrants/{warrant}/export", {})
    assert table.body.startswith("\N{ZERO WIDTH NO-BREAK SPACE}".encode())
    journal = [(entry["officer"], entry["action"]) for entry in lee.get(f"cases/{CASE}")["journal"]]
    assert ("Lee", "show contacts") in journal
    assert ("Kim", "export case") in journal
    assert kim.post(f"cases/{CASE}/close")["closed"] is not None


def test_nothing_is_drawn_while_a_window_of_a_case_cannot_be(desks: Desks) -> None:
    """Its day was kept when it was added, and is erased since."""
    world, (kim, _) = desks.world, desks.authority
    venue, now = desks.door.record.venue_id.hex(), world.now
    world.now += DAY
    kim.sign_in()
    kim.post("cases", {"name": CASE, "legal_reference": LAW})
    windows = [{"begins": ends - 600, "ends": ends} for ends in (now, world.now)]
    kim.post(f"cases/{CASE}/windows", {"venues": [venue], "windows": windows})
    world.authority.epochs.erase(world.today - 1)
    for confirmed in (False, True):
        told = kim.post(f"cases/{CASE}/draw", {"confirmed": confirmed})
        assert (told["drawn"], len(told["impossible"])) == ([], 1)
    first, second = kim.get(f"cases/{CASE}")["parts"]
    assert "erased" in first["why"]
    assert second["why"] is None
    kim.post(f"cases/{CASE}/windows/remove", {"venue": venue, "begins": now - 600, "ends": now})
    assert len(kim.post(f"cases/{CASE}/draw", {"confirmed": True})["drawn"]) == 1


def test_officers_read_in_the_vote_what_they_sign(desks: Desks) -> None:
    world, (kim, _) = desks.world, desks.authority
    asked = kim.post("erasures", {"epoch": world.today})
    begun = kim.post(f"matters/{asked['id']}/vote/options", {"decision": "approve"})
    vote = Vote.from_bytes(bytes.fromhex(begun["vote"]))
    assert (vote.payload.hex(), vote.role, vote.reason) == (asked["payload"], Role.AUTHORITY, "")
    assert from_base64url(begun["challenge"]) == vote_challenge(world.settings.domain, vote)
    assert begun["options"]["userVerification"] == "required"


def test_a_refusal_is_told_with_the_reason_on_which_officers_agree(desks: Desks) -> None:
    world, (kim, lee) = desks.world, desks.authority
    venue, now = desks.door.record.venue_id.hex(), world.now
    asked = {"venue": venue, "begins": now - 600, "ends": now, "legal_reference": LAW, "confirmed": True}
    (warrant,) = kim.post("warrants", asked)["drawn"]
    matter = kim.get(f"warrants/{warrant}")["matter"]
    kim.vote(matter)
    lee.vote(matter)
    choi, jung = desks.operator
    first = choi.vote(matter, "refuse", "창이 너무 넓습니다")["matter"]
    assert (first["refusals"], first["state"], first["mine"]) == (1, "waiting", "refuse")
    assert jung.vote(matter, "refuse", first["votes"][0]["reason"])["job"]["what"] == "refuse"
    looked = kim.finished(kim.post(f"warrants/{warrant}/look")["job"])
    assert "창이 너무 넓습니다" in looked["results"][0]["line"]
    assert kim.get(f"warrants/{warrant}")["state"] == "refused"
    refused = choi.ask("POST", f"/v1/desk/matters/{matter}/vote/options", {"decision": "approve"})
    assert (refused.status, refused.problem) == (409, "matter-closed")


def test_a_draft_that_officers_refuse_is_withdrawn_and_never_proposed(desks: Desks) -> None:
    world, (kim, lee) = desks.world, desks.authority
    venue, now = desks.door.record.venue_id.hex(), world.now
    asked = {"venue": venue, "begins": now - 600, "ends": now, "legal_reference": LAW, "confirmed": True}
    (warrant,) = kim.post("warrants", asked)["drawn"]
    matter = kim.get(f"warrants/{warrant}")["matter"]
    kim.vote(matter, "refuse", "no")
    assert lee.vote(matter, "refuse", "no")["job"]["what"] == "withdraw"
    assert kim.get(f"warrants/{warrant}")["state"] == "withdrawn"
    assert world.operator.warrants.all() == []


@pytest.mark.parametrize("role", Role)
def test_a_venues_new_key_is_approved_by_its_fingerprint(desks: Desks, role: Role) -> None:
    world, (kim, lee) = desks.world, desks.officers[role]
    key, door = SigningKey.generate(), desks.door
    record = replace(door.record, key=public_key(key))
    run(world.post(role, "/v1/venues", sign_application(record, key, door.key)))
    (listed,) = kim.get("venues")["venues"]
    (change,) = listed["changes"]
    assert (listed["key"], change["key"], change["agreed"]) == (
        fingerprint(door.record.key),
        fingerprint(record.key),
        True,
    )
    kim.vote(change["matter"])
    assert lee.vote(change["matter"])["job"]["state"] == "done"
    (listed,) = kim.get("venues")["venues"]
    assert (listed["key"], listed["changes"]) == (fingerprint(record.key), [])


def test_a_venue_that_the_operator_has_not_approved_has_no_name_in_its_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the desk as on the command line; and nothing that is not approved is read for the names."""
    world, key = World(tmp_path), SigningKey.generate()
    operator, record = world.operator, Venue(world.settings.number, b"v" * 16, "카페", "", public_key(key))
    operator.venues.apply(sign_application(record, key))
    warrant = opening_warrant(world.settings.number, record.venue_id, world.now - 60, world.now, world.now)
    operator.warrants.propose(sign_statement(warrant, world.authority.identity), world.now)
    commands = ("list",), ("show", warrant.warrant_id.hex())
    devices = establish(operator, "Kim", "Lee")
    monkeypatch.setattr(VenueRegister, "all", None)
    with running_desk(operator):
        kim = Officer(operator.settings.desk_url, devices["Kim"])
        kim.sign_in()
        for name in ("unknown venue", "카페"):
            told = [world.officer(Role.OPERATOR, "warrants", *command).stdout for command in commands]
            (waiting,) = (one for one in kim.get("matters")["matters"] if one["kind"] == "warrant")
            shown = (*kim.get("warrants")["warrants"], kim.get(f"warrants/{waiting['title']['warrant']}"))
            assert all(name in one for one in told)
            assert {one["venue_name"] for one in (*shown, waiting["title"])} == {name}
            decide(operator, devices, venue_subject(operator, record), "Kim", "Lee")
            operator.venues.approve(record, operator.identity)


@pytest.mark.parametrize("role", Role)
def test_what_strangers_apply_for_is_refused_and_delays_nothing_else(tmp_path: Path, role: Role) -> None:
    """Whoever asks for one matter waits for no others: as many queries as before."""
    world = World(tmp_path)
    party = world.operator if role is Role.OPERATOR else world.authority
    devices, queries = establish(party, "Kim", "Lee"), list[str]()
    party.passed.confirm()
    party.epochs.publish_ahead()
    sql.event.listen(party.engine, "before_cursor_execute", lambda *asked: queries.append(asked[2]))
    with running_desk(party):
        kim, lee = (Officer(party.settings.desk_url, device) for device in devices.values())
        assert kim.sign_in().status == lee.sign_in().status == 200
        matter, counts = kim.post("erasures", {"epoch": world.today})["id"], []
        for number in range(2):
            queries.clear()
            kim.get(f"matters/{matter}")
            counts.append(len(queries))
            for stranger in range(20 * (1 - number)):
                key = SigningKey.generate()
                record = Venue(party.domain.number, bytes([stranger]) * 16, "술집", "", public_key(key))
                party.venues.apply(sign_application(record, key))
        assert counts[0] == counts[1]
        waiting = kim.get("venues")["venues"][0]
        kim.vote(waiting["matter"], "refuse", "nobody knows it")
        assert lee.vote(waiting["matter"], "refuse", "nobody knows it")["job"]["what"] == "refuse venue"
        assert waiting not in kim.get("venues")["venues"]
        assert kim.ask("GET", f"/v1/desk/matters/{waiting['matter']}").problem == "unknown-matter"
        assert len(party.venues.all()) == 19


def test_another_officer_joins_at_the_desk(desks: Desks) -> None:
    world, (kim, lee) = desks.world, desks.authority
    park = Officer(kim.origin, Authenticator(kim.origin))
    enrolled = park.enrol(invite(world.authority, "Park"))
    assert enrolled.value["name"] == "Park"
    again = park.sign_in()
    assert (again.status, again.problem) == (403, "not-an-officer")
    told = kim.get("officers")
    assert [(one["name"], one["fingerprint"]) for one in told["enrolled"]] == [("Park", enrolled.value["fingerprint"])]
    matter = kim.post("officers/change", {"add": ["Park"], "approvals": {"warrant": 3}})
    assert (matter["title"]["added"], matter["title"]["approvals"]["warrant"]) == (["Park"], 3)
    kim.vote(matter["id"])
    assert lee.vote(matter["id"])["job"]["state"] == "done"
    assert park.sign_in().status == 200
    told = park.get("officers")
    assert (told["version"], len(told["officers"])) == (2, 3)
    assert OfficerSet.from_bytes(bytes.fromhex(told["set"])).version == 2


def test_an_epoch_is_erased_by_both_and_the_evidence_holds(desks: Desks) -> None:
    world, (kim, lee) = desks.world, desks.operator
    epoch = world.today
    matter = kim.post("erasures", {"epoch": epoch})["id"]
    too_early = kim.ask("POST", f"/v1/desk/matters/{matter}/carry-out", {})
    assert (too_early.status, too_early.problem) == (403, "not-approved")
    kim.vote(matter)
    assert lee.vote(matter)["job"]["state"] == "done"
    states = {one["epoch"]: one["state"] for one in kim.get("health")["epochs"]}
    assert states[epoch] == "erased"
    file = kim.ask("GET", f"/v1/desk/matters/{matter}/evidence").body.decode()
    _, votes = check_evidence(world.settings.domain, Role.OPERATOR, file)
    assert [one.officer for one in votes] == ["Kim", "Lee"]


def test_a_desk_tells_how_the_party_is(desks: Desks) -> None:
    for officer in (desks.authority[0], desks.operator[0]):
        told = officer.get("health")
        assert told["log"]["entries"] > 0
        assert told["audit"] is None
        assert {one["state"] for one in told["epochs"]} == {"current", "ahead"}
        assert officer.get("session")["officer"] == "Kim"


def test_a_desk_tells_of_the_last_audit(tmp_path: Path) -> None:
    """By what the party's own audit keeps: when it was made, and how much it found, whatever proves it."""
    world, kept = World(tmp_path), tmp_path / "audit"
    file = world.home(Role.OPERATOR) / "settings.toml"
    file.write_text(file.read_text() + f'desk_audit = "{kept}"\n')
    party = Operator(world.home(Role.OPERATOR), clock=lambda: world.now)
    assert health(party)["audit"] is None
    AuditState(kept, party.domain).note_end(world.now - 1, 2)
    assert health(party)["audit"] == {"time": world.now - 1, "faults": 2}


def test_the_time_line_shows_when_a_venue_committed(desks: Desks) -> None:
    run(arrive(desks.door))
    now, venue = desks.world.now, desks.door.record.venue_id.hex()
    told = desks.authority[0].get(f"venues/{venue}/arrivals?from={now - 3600}&until={now}")
    assert (len(told["commitments"]), told["newest"]) == (1, told["commitments"][0])
    assert told["kept"] == [desks.world.today]
    assert desks.authority[0].get(f"venues/{venue}/arrivals?from=0&until=60")["commitments"] == []


def test_a_notice_takes_its_own_approvals(desks: Desks) -> None:
    world, (kim, lee) = desks.world, desks.authority
    run(arrive(desks.door))
    venue, now = desks.door.record.venue_id.hex(), world.now
    asked = {"venue": venue, "begins": now - 600, "ends": now + 600, "legal_reference": LAW, "confirmed": True}
    (warrant,) = kim.post("warrants", asked | {"purpose": "notice", "advice": "검사를 받으십시오."})["drawn"]
    matter = kim.get(f"warrants/{warrant}")["matter"]
    for officer in (kim, lee, *desks.operator):
        officer.vote(matter)
    assert kim.finished(kim.post(f"warrants/{warrant}/release")["job"])["state"] == "done"
    notice = kim.post("notices", {"warrants": [warrant]})
    assert (notice["kind"], notice["title"]["advice"]) == ("notice", "검사를 받으십시오.")
    before = len(kim.get("notices")["notices"])
    kim.vote(notice["id"])
    assert "2 passes" in lee.vote(notice["id"])["job"]["results"][0]["line"]
    assert len(kim.get("notices")["notices"]) == before + 1


def test_the_first_officers_come_by_their_links_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    with running_desk(world.authority) as origin:
        kim = Officer(origin, Authenticator(origin))
        link = invite(world.authority, "Kim")
        assert kim.ask("GET", "/v1/desk/info").value["set"] is None
        assert kim.enrol(link).status == 200
        used = kim.enrol(link)
        assert (used.status, used.problem) == (404, "unknown-invitation")
        assert kim.sign_in().problem == "not-an-officer"
        shares = custodians_shares(world.authority, tmp_path)
        assert world.officer(Role.AUTHORITY, "officers", "establish", "--yes", *shares).exit_code == 0
        assert kim.sign_in().status == 200
        assert kim.ask("GET", "/v1/desk/info").value["set"]["version"] == 1


def test_what_is_nested_too_deep_is_refused(tmp_path: Path) -> None:
    """Before anybody has signed in."""
    nested = b"[" * 20_000 + b"]" * 20_000
    client_data = base64url(b'{"challenge":' + nested + b"}")
    world = World(tmp_path)
    with running_desk(world.authority) as origin:
        stranger = Officer(origin, Authenticator(origin))
        for path, more in (("sign-in", {}), ("enrolment", {"secret": "00" * 32})):
            for response, problem in ((msgspec.Raw(nested), "malformed"), ({"clientDataJSON": client_data}, "wrong")):
                fields = {"rawId": "", "response": response}
                refused = stranger.ask("POST", f"/v1/desk/{path}", {**more, "credential": fields})
                assert refused.problem.startswith(problem), refused.body


def test_the_public_servers_have_no_route_of_the_desk(tmp_path: Path) -> None:
    with run_world(tmp_path) as world:
        for role in Role:
            for path in ("/v1/desk/info", "/desk/"):
                with pytest.raises(Problem) as refused:
                    run(world.get(role, path))
                assert refused.value.name == "not-found"


def test_a_desk_listens_on_this_machine_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the public server listens everywhere, with TLS."""
    world, served = World(tmp_path), list[ServerSettings]()
    for setting in ('host = "0.0.0.0"\n', 'tls_certificate = "/nowhere"\ntls_key = "/nowhere"\n'):
        file = world.home(Role.OPERATOR) / "settings.toml"
        file.write_text(setting + file.read_text())

    def serve(app: Coroutine[object, object, object], settings: ServerSettings) -> None:
        app.close()
        served.append(settings)

    monkeypatch.setattr(serving_module, "serve", serve)
    ran = world.officer(Role.OPERATOR, "desk")
    assert ran.exit_code == 0, ran.output
    (settings,) = served
    assert (settings.host, settings.port) == ("127.0.0.1", world.operator.settings.desk_port)
    assert settings.tls() is None


def test_a_desk_without_its_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "DIST", tmp_path)
    world = World(tmp_path)
    with running_desk(world.authority) as origin:
        shown = Officer(origin, Authenticator(origin)).ask("GET", "/")
        assert "make web" in shown.body.decode()
        assert Officer(origin, Authenticator(origin)).ask("GET", "/desk/").status == 404


def test_a_desk_serves_its_page_with_a_strict_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"<!doctype html><title>desk</title>"
    (tmp_path / "dist" / "desk").mkdir(parents=True)
    (tmp_path / "dist" / "desk" / "index.html").write_bytes(body)
    listed = {"index.html": {"type": "text/html", "sha256": sha256(body).hexdigest(), "cache": "revalidate"}}
    (tmp_path / "dist" / "desk" / "manifest.json").write_text(json.dumps(listed))
    monkeypatch.setattr(pages, "DIST", tmp_path / "dist")
    world = World(tmp_path)
    with running_desk(world.authority) as origin:
        officer = Officer(origin, Authenticator(origin))
        shown = officer.ask("GET", "/desk/")
        assert shown.body == body
        policy = shown.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "connect-src 'self';" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert officer.ask("GET", "/desk/domain.json").value["role"] == "authority"


@pytest.mark.long
def test_what_an_officer_decided_survives_a_kill(tmp_path: Path) -> None:
    world = real_world(tmp_path)
    party = world.authority
    party.passed.confirm()
    party.epochs.publish_ahead()
    kim, lee = (Officer(party.settings.desk_url, one) for one in establish(party, "Kim", "Lee").values())
    command = [sys.executable, "-m", "escrow", "authority", "--home", str(world.home(Role.AUTHORITY)), "desk"]
    with killed_at_the_end(command, kim):
        kim.sign_in()
        matter = kim.post("erasures", {"epoch": world.today})["id"]
        kim.vote(matter)
    with killed_at_the_end(command, kim):
        assert kim.ask("GET", "/v1/desk/session").status == 401
        lee.sign_in()
        assert [vote["officer"] for vote in lee.get(f"matters/{matter}")["votes"]] == ["Kim"]
        assert lee.vote(matter)["job"]["state"] == "done"
    assert world.today in party.epochs.vault.erased_epochs()


@contextmanager
def killed_at_the_end(command: list[str], officer: Officer) -> Iterator[None]:
    """A desk's process, which is killed without warning."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            while True:
                assert process.poll() is None
                with suppress(ClientError):
                    officer.ask("GET", "/v1/desk/info")
                    break
                time.sleep(0.1)
            yield
        finally:
            process.kill()
