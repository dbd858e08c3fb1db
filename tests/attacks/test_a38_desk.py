"""A38, at the desk itself: a stolen session, another page's requests, an answer that is used for something else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from escrow.desk.records import of_officers
from escrow.desk.sessions import CHALLENGE_SECONDS, IDLE_SECONDS, MOST_CHALLENGES, SESSION_SECONDS, SignInChallenges
from protocol.epochs import Role
from tests.support.authenticator import Authenticator, base64url, from_base64url
from tests.support.desk import Answer, Officer, invite, running_desk
from tests.support.officers import decide, establish
from tests.support.running import online
from tests.support.servers import World


class Desk:
    """The authority's desk with three officers, two of whom are signed in."""

    def __init__(self, world: World) -> None:
        self.world, self.party = world, world.authority
        self.devices = establish(self.party, "Kim", "Lee", "Park")
        self.kim, self.lee = (Officer(self.party.settings.desk_url, self.devices[name]) for name in ("Kim", "Lee"))

    def matter(self, ahead: int = 0) -> str:
        """Something to decide on: the erasure of an epoch."""
        return str(self.kim.post("erasures", {"epoch": self.world.today + ahead})["id"])

    def begin(self, officer: Officer, matter: str, decision: str = "approve", reason: str = "") -> dict[str, object]:
        """What a vote's passkey is asked with."""
        choice = {"decision": decision, "reason": reason}
        options: dict[str, object] = officer.post(f"matters/{matter}/vote/options", choice)["options"]
        return options


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(World(tmp_path))
    made.party.passed.confirm()
    made.party.epochs.publish_ahead()
    with running_desk(made.party):
        assert made.kim.sign_in().status == made.lee.sign_in().status == 200
        yield made


def cast(officer: Officer, matter: str, credential: object) -> Answer:
    return officer.ask("POST", f"/v1/desk/matters/{matter}/vote", {"credential": credential})


def votes(desk: Desk, matter: str) -> list[str]:
    return [vote["officer"] for vote in desk.kim.get(f"matters/{matter}")["votes"]]


def test_a38_a_stolen_session_votes_for_nobody(desk: Desk) -> None:
    """Whoever has the token has no passkey, or one of their own."""
    matter, thief = desk.matter(), Officer(desk.kim.origin, Authenticator(desk.kim.origin))
    thief.token = desk.kim.token
    options = desk.begin(thief, matter)
    for device in (thief.device, desk.devices["Park"]):
        refused = cast(thief, matter, device.get(options))
        assert refused.status in {403, 409}
        options = desk.begin(thief, matter)
    thief.device.credential_id = desk.kim.device.credential_id
    refused = cast(thief, matter, thief.device.get(options))
    assert (refused.status, refused.problem, votes(desk, matter)) == (403, "wrong-passkey", [])


def test_a38_what_a_passkey_answered_is_used_once(desk: Desk) -> None:
    matter = desk.matter()
    credential = desk.kim.device.get(desk.begin(desk.kim, matter))
    assert cast(desk.kim, matter, credential).status == 200
    for officer in (desk.kim, desk.lee):
        again = cast(officer, matter, credential)
        assert (again.status, again.problem) == (409, "challenge-used")
    assert votes(desk, matter) == ["Kim"]


def test_a38_an_answer_to_one_matter_is_none_to_another(desk: Desk) -> None:
    one, other = desk.matter(), desk.matter(1)
    refused = cast(desk.kim, other, desk.kim.device.get(desk.begin(desk.kim, one)))
    assert (refused.problem, votes(desk, one), votes(desk, other)) == ("challenge-used", [], [])


def test_a38_another_session_cannot_pass_on_an_answer(desk: Desk) -> None:
    matter = desk.matter()
    credential = desk.kim.device.get(desk.begin(desk.kim, matter))
    assert cast(desk.lee, matter, credential).problem == "challenge-used"
    elsewhere = Officer(desk.kim.origin, desk.kim.device)
    elsewhere.sign_in()
    credential = desk.kim.device.get(desk.begin(desk.kim, matter))
    assert cast(elsewhere, matter, credential).problem == "challenge-used"


def test_a38_an_answer_that_comes_late_is_none(desk: Desk) -> None:
    matter = desk.matter()
    credential = desk.kim.device.get(desk.begin(desk.kim, matter))
    desk.world.now += CHALLENGE_SECONDS + 1
    assert cast(desk.kim, matter, credential).problem == "challenge-used"


def test_a38_an_answer_to_signing_in_is_no_vote_and_the_other_way_round(desk: Desk) -> None:
    """Whoever shows an officer a sign-in has no approval by it."""
    matter = desk.matter()
    signing_in = desk.kim.device.get(desk.kim.post("sign-in/options")["options"])
    assert cast(desk.kim, matter, signing_in).problem == "challenge-used"
    voting = desk.kim.device.get(desk.begin(desk.kim, matter))
    assert desk.kim.ask("POST", "/v1/desk/sign-in", {"credential": voting}).problem == "challenge-used"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost:1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:8412"},
        {"Host": "localhost"},
    ],
    ids=str,
)
def test_a38_no_other_page_and_no_other_name_is_answered(desk: Desk, headers: dict[str, str]) -> None:
    """Another program's page on this machine, and a name that was bound to it afterwards (DNS rebinding)."""
    for method, path in (("GET", "/"), ("GET", "/v1/desk/info"), ("POST", "/v1/desk/erasures")):
        refused = desk.kim.ask(method, path, {"epoch": 0}, **headers)
        assert (refused.status, refused.problem) == (403, "wrong-origin")
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_a38_a_desk_sets_no_cookie_and_nothing_keeps_what_it_says(desk: Desk) -> None:
    """All ports of localhost share cookies, so that another program here would be sent them."""
    for answer in (desk.kim.ask("GET", "/v1/desk/officers"), desk.kim.sign_in()):
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("seconds", [IDLE_SECONDS, SESSION_SECONDS])
def test_a38_a_session_ends(desk: Desk, seconds: int) -> None:
    for _ in range(seconds // IDLE_SECONDS):
        desk.world.now += IDLE_SECONDS
        assert desk.kim.ask("GET", "/v1/desk/session").status == 200
    desk.world.now += IDLE_SECONDS + 1 if seconds == IDLE_SECONDS else 1
    assert desk.kim.ask("GET", "/v1/desk/session").status == 401
    desk.kim.sign_in()
    desk.kim.post("sign-out")
    assert desk.kim.ask("GET", "/v1/desk/matters").status == 401


def test_a38_whoever_leaves_the_set_is_signed_out(desk: Desk) -> None:
    made = desk.party.officers.changed(desk.kim.origin, (), ("Kim",), {})
    decide(desk.party, desk.devices, of_officers(made), "Lee", "Park")
    desk.party.change_officers(made)
    assert desk.kim.ask("GET", "/v1/desk/matters").status == 401
    assert desk.kim.sign_in().problem == "not-an-officer"
    assert desk.lee.ask("GET", "/v1/desk/matters").status == 200


@pytest.mark.parametrize("path", ["officers", "matters", "cases", "warrants", "venues", "journal", "health", "jobs"])
def test_a38_nobody_is_told_anything_without_a_session(desk: Desk, path: str) -> None:
    desk.kim.token = ""
    assert desk.kim.ask("GET", f"/v1/desk/{path}").status == 401
    desk.kim.token = "00" * 32
    assert desk.kim.ask("GET", f"/v1/desk/{path}").status == 401


def test_a38_a_copy_of_a_passkey_is_noticed(desk: Desk) -> None:
    """Whose counter did not grow: two devices have one key."""
    original, copy = desk.devices["Lee"], Authenticator(desk.lee.origin)
    original.counter, copy.counter = 10, 3
    copy.key, copy.credential_id = original.key, original.credential_id
    assert desk.lee.sign_in().status == 200
    desk.lee.device = copy
    refused = desk.lee.sign_in()
    assert (refused.status, refused.problem) == (403, "wrong-passkey")


def test_a38_a_passkey_that_verifies_nobody_neither_enrols_nor_signs_in(desk: Desk) -> None:
    lax = Authenticator(desk.kim.origin, verifies=False)
    newcomer = Officer(desk.kim.origin, lax)
    assert newcomer.enrol(invite(desk.party, "Choi")).problem == "wrong-passkey"
    desk.kim.device.verifies = False
    assert desk.kim.sign_in().problem == "wrong-passkey"


def test_a38_an_officer_of_one_party_is_nobody_at_the_other(desk: Desk) -> None:
    establish(desk.world.operator, "Kim", "Lee")
    with running_desk(desk.world.operator) as origin:
        at_operator = Officer(origin, desk.kim.device)
        desk.kim.device.origin = origin
        assert at_operator.sign_in().problem == "wrong-passkey"
        at_operator.token = desk.kim.token
        assert at_operator.ask("GET", "/v1/desk/officers").status == 401
    assert desk.world.operator.role is Role.OPERATOR


def test_a38_a_flood_of_sign_ins_locks_no_officer_out(desk: Desk) -> None:
    """Any program on the machine may ask. It neither uses up what officers have nor evicts a challenge of theirs."""
    options = desk.kim.post("sign-in/options")["options"]

    async def flood(session: ClientSession) -> set[int]:
        url, statuses = f"{desk.kim.origin}/v1/desk/sign-in/options", set()
        for _ in range(MOST_CHALLENGES + 1):
            async with session.post(url, headers={"Origin": desk.kim.origin}) as answer:
                statuses.add(answer.status)
        return statuses

    assert online(flood) == {200}
    credential = desk.kim.device.get(options)
    for status in (200, 409):  # once
        assert desk.kim.ask("POST", "/v1/desk/sign-in", {"credential": credential}).status == status
    assert desk.lee.sign_in().status == 200


@pytest.mark.parametrize("fault", ["made up", "of another desk", "late", "cut off"])
def test_a38_a_challenge_of_nobody_signs_in_nobody(desk: Desk, fault: str) -> None:
    options = desk.kim.post("sign-in/options")["options"]
    challenge = from_base64url(options["challenge"])
    if fault == "late":
        desk.world.now += CHALLENGE_SECONDS + 1
    wrong = {
        "made up": challenge[:16] + bytes(16),
        "of another desk": SignInChallenges(desk.party.clock).give(),
        "late": challenge,
        "cut off": challenge[:16],
    }[fault]
    credential = desk.kim.device.get(options | {"challenge": base64url(wrong)})
    assert desk.kim.ask("POST", "/v1/desk/sign-in", {"credential": credential}).problem == "challenge-used"
