"""A38: somebody decides in the place of officers: with an approval of something else, twice, alone, or with no set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from escrow.desk.errors import BadSet, ChallengeUsed, NotApproved, WrongPasskey
from escrow.desk.passkeys import Assertion, request_options, verify_vote
from escrow.desk.records import Action, Decision, Vote, of_erasure, of_officers, of_warrant, vote_challenge
from escrow.housekeeping import keep_house
from escrow.party import Party
from protocol.epochs import Role
from protocol.warrants import Warrant
from tests.support.authenticator import Authenticator
from tests.support.domain import opening_warrant
from tests.support.officers import cast, decide, enrol, establish, new_vote, present, sign
from tests.support.servers import World


class Desk:
    """The authority with three officers, of whom two have to approve."""

    def __init__(self, world: World) -> None:
        self.world, self.party = world, world.authority
        self.devices = establish(self.party, "Kim", "Lee", "Park")
        self.warrant = self.new_warrant()
        self.subject = of_warrant(self.warrant)

    def new_warrant(self) -> Warrant:
        now = self.world.now
        return opening_warrant(self.world.settings.number, bytes(16), now - 3600, now, now)

    def approved(self) -> bool:
        try:
            self.party.approvals.demand(self.subject)
        except NotApproved:
            return False
        return True


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(World(tmp_path))


def test_a38_honest_officers_approve(desk: Desk) -> None:
    decide(desk.party, desk.devices, desk.subject, "Kim")
    assert not desk.approved()
    decide(desk.party, desk.devices, desk.subject, "Lee")
    assert desk.approved()


@pytest.mark.parametrize("times", [2, 3])
def test_a38_one_officer_has_one_vote(desk: Desk, times: int) -> None:
    decide(desk.party, desk.devices, desk.subject, *["Kim"] * times)
    assert not desk.approved()
    with pytest.raises(NotApproved, match=r"2 of the officers .* so far Kim"):
        desk.party.approvals.demand(desk.subject)


def test_a38_two_passkeys_of_one_officer_are_one_vote(desk: Desk) -> None:
    """Kim has a second one, in a safe, and uses both."""
    party, devices = desk.party, desk.devices
    second = enrol(party, "Kim")
    made = party.officers.changed(party.settings.desk_url, ("Kim",), (), {})
    assert [len(one.passkeys) for one in made.officers] == [2, 1, 1]
    decide(party, devices, of_officers(made), "Lee", "Park")
    party.change_officers(made)
    for device in (devices["Kim"], second):
        decide(party, {"Kim": device}, desk.subject, "Kim")
    assert not desk.approved()
    decide(party, devices, desk.subject, "Lee")
    assert desk.approved()


def test_a38_an_officers_last_word_counts(desk: Desk) -> None:
    decide(desk.party, desk.devices, desk.subject, "Kim", "Lee")
    decide(desk.party, desk.devices, desk.subject, "Kim", decision=Decision.REFUSE, reason="no")
    assert not desk.approved()
    decide(desk.party, desk.devices, desk.subject, "Kim")
    assert desk.approved()


def other_payload(desk: Desk, vote: Vote) -> Vote:
    return replace(vote, payload=replace(desk.warrant, max_records=desk.warrant.max_records + 1).to_bytes())


CHANGES: dict[str, Callable[[Desk, Vote], Vote]] = {
    "another payload": other_payload,
    "another decision": lambda _, vote: replace(vote, decision=Decision.REFUSE),
    "another reason": lambda _, vote: replace(vote, reason="because"),
    "another action": lambda _, vote: replace(vote, action=Action.ERASE),
    "another role": lambda _, vote: replace(vote, role=Role.OPERATOR),
    "something else that is replaced": lambda _, vote: replace(vote, replaced=bytes(32)),
    "another set's number": lambda _, vote: replace(vote, version=vote.version + 1),
    "another set": lambda _, vote: replace(vote, officers=bytes(32)),
    "another nonce": lambda _, vote: replace(vote, nonce=bytes(32)),
    "more time": lambda _, vote: replace(vote, expires=vote.expires + 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a38_an_approval_is_of_nothing_else(desk: Desk, change: str) -> None:
    """Whoever has the database puts a passkey's answer to one vote beside another one."""
    vote = new_vote(desk.party, desk.subject)
    assertion = sign(desk.party, desk.devices["Kim"], vote)
    changed = CHANGES[change](desk, vote)
    assert changed != vote
    assert verify_vote(desk.party.domain, present(desk.party), vote, assertion) == "Kim"
    with pytest.raises(WrongPasskey):
        verify_vote(desk.party.domain, present(desk.party), changed, assertion)


def test_a38_an_approval_is_of_no_other_domain(desk: Desk) -> None:
    """Also one of the same number."""
    vote = new_vote(desk.party, desk.subject)
    assertion = sign(desk.party, desk.devices["Kim"], vote)
    other = replace(desk.party.domain, operator_key=desk.party.domain.authority_key)
    assert other.number == desk.party.domain.number
    with pytest.raises(WrongPasskey, match="challenge"):
        verify_vote(other, present(desk.party), vote, assertion)


def test_a38_rows_without_a_passkeys_signature_do_not_count(desk: Desk) -> None:
    """Whoever can write into the table of votes invents two."""
    for name in ("Kim", "Lee"):
        vote, stranger = new_vote(desk.party, desk.subject), Authenticator(desk.party.settings.desk_url)
        stranger.credential_id = desk.devices[name].credential_id
        cast(desk.party, vote, sign(desk.party, stranger, vote), name)
    assert len(desk.party.approvals.of(desk.subject)) == 2
    assert not desk.approved()


def test_a38_a_vote_counts_for_the_passkeys_owner(desk: Desk) -> None:
    """Kim's own vote is stored once more under Lee's name."""
    for name in ("Kim", "Lee"):
        vote = new_vote(desk.party, desk.subject)
        cast(desk.party, vote, sign(desk.party, desk.devices["Kim"], vote), name)
    assert not desk.approved()


@pytest.mark.parametrize("origin", ["http://localhost:1", "https://localhost:8412", "http://desk.example"])
def test_a38_a_page_of_another_origin_has_no_approval(desk: Desk, origin: str) -> None:
    """A page that looks like the desk, on another port of this machine or under a name that was bound again."""
    desk.devices["Kim"].origin = origin
    vote = new_vote(desk.party, desk.subject)
    with pytest.raises(WrongPasskey, match="origin"):
        verify_vote(desk.party.domain, present(desk.party), vote, sign(desk.party, desk.devices["Kim"], vote))


def test_a38_a_passkey_of_another_name_has_no_approval(desk: Desk) -> None:
    vote, device = new_vote(desk.party, desk.subject), desk.devices["Kim"]
    options = request_options("https://desk.example", vote_challenge(desk.party.domain, vote))
    with pytest.raises(WrongPasskey, match="RP ID"):
        verify_vote(desk.party.domain, present(desk.party), vote, Assertion.of(device.get(options)))


def test_a38_a_passkey_that_verified_nobody_approves_nothing(desk: Desk) -> None:
    """A telephone that lies about, unlocked: its passkey is there, and its owner is not."""
    desk.devices["Kim"].verifies = False
    vote = new_vote(desk.party, desk.subject)
    with pytest.raises(WrongPasskey, match="verif"):
        verify_vote(desk.party.domain, present(desk.party), vote, sign(desk.party, desk.devices["Kim"], vote))


def test_a38_a_challenge_is_answered_once_and_in_time(desk: Desk) -> None:
    vote = new_vote(desk.party, desk.subject)
    assertion = sign(desk.party, desk.devices["Kim"], vote)
    cast(desk.party, vote, assertion, "Kim")
    with pytest.raises(ChallengeUsed):
        cast(desk.party, vote, assertion, "Kim")
    late = new_vote(desk.party, desk.subject)
    desk.world.now = late.expires + 1
    with pytest.raises(ChallengeUsed):
        cast(desk.party, late, sign(desk.party, desk.devices["Lee"], late), "Lee")


def test_a38_a_set_is_changed_by_its_threshold_alone(desk: Desk) -> None:
    """One officer puts two friends into the set, or makes one vote enough."""
    party = desk.party
    for made in (
        party.officers.changed(party.settings.desk_url, (), ("Lee", "Park"), dict.fromkeys(Action, 1)),
        party.officers.changed(party.settings.desk_url, (), (), {Action.WARRANT: 1}),
    ):
        decide(party, desk.devices, of_officers(made), "Kim")
        with pytest.raises(NotApproved):
            party.change_officers(made)
    assert present(party).version == 1
    decide(party, desk.devices, of_officers(made), "Lee")
    party.change_officers(made)
    assert present(party).needed(Action.WARRANT) == 1
    with pytest.raises(BadSet):
        party.officers.install(made, by_custodians=False)


def test_a38_approvals_of_an_earlier_set_do_not_count(desk: Desk) -> None:
    """Two officers approve in advance, and one of them is dismissed before anything is signed."""
    decide(desk.party, desk.devices, desk.subject, "Kim", "Lee")
    assert desk.approved()
    made = desk.party.officers.changed(desk.party.settings.desk_url, (), ("Kim",), {})
    decide(desk.party, desk.devices, of_officers(made), "Lee", "Park")
    desk.party.change_officers(made)
    assert not desk.approved()
    decide(desk.party, desk.devices, desk.subject, "Lee", "Park")
    assert desk.approved()


@pytest.mark.parametrize("role", Role)
def test_a38_nothing_is_erased_before_its_time_by_one(tmp_path: Path, role: Role) -> None:
    world = World(tmp_path)
    party: Party = world.operator if role is Role.OPERATOR else world.authority
    party.passed.confirm()
    keep_house(party)
    devices, today = establish(party, "Kim", "Lee"), world.today
    decide(party, devices, of_erasure(today + 1), "Kim", "Lee")
    decide(party, devices, of_erasure(today), "Kim")
    with pytest.raises(NotApproved):
        party.erase_early(today)
    assert today in party.epochs.vault.epochs()
    decide(party, devices, of_erasure(today), "Lee")
    party.erase_early(today)
    assert today in party.epochs.vault.erased_epochs()
