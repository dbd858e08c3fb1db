from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from client.errors import NotIssued, PassesWithheld, VisitorError
from client.passes import fetch_passes
from client.visitor import Visitor
from client.wallet_contents import Day, PendingHandle, Wallet
from conformance.imitated import ALLOWANCE, ImitatedParties
from protocol.epochs import Role, create_epoch
from protocol.handles import HandleGrant, open_entry, register_handle, seal_record, sign_receipt
from protocol.passes import PassAnswers, pass_signing_input
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import (
    ConflictingStatements,
    InvalidEntry,
    InvalidReceipt,
    InvalidSignature,
    Malformed,
    WrongEpoch,
)
from protocol.primitives.group import B, Scalar
from protocol.primitives.signatures import SigningKey, verify
from service.problems import Problem
from tests.client.conftest import PASSPHRASE, Clock, enrol
from tests.support.domain import NOW, TODAY, found_domain, open_epoch
from tests.support.running import online

Alter = Callable[[PassAnswers], PassAnswers]


def fetch(visitor: Visitor, epoch: int = TODAY) -> int:
    return online(lambda session: fetch_passes(visitor, session, epoch))


def secret_of_handle(wallet: Wallet) -> Scalar:
    [day] = wallet.days
    assert day.pending is not None
    return day.pending.h


def lose(_: PassAnswers) -> PassAnswers:
    raise Problem(503, "try-later", "too few visitors are asking just now")


def spoil(number: int) -> Alter:
    def alter(answers: PassAnswers) -> PassAnswers:
        good = answers.answers
        return PassAnswers(tuple(bytes(len(one)) for one in good[:number]) + good[number:])

    return alter


def test_everyone_gets_the_same_number_of_good_passes(enrolled: Visitor, imitated: ImitatedParties) -> None:
    assert fetch(enrolled) == ALLOWANCE
    [day] = enrolled.wallet().days
    key = imitated.epoch(TODAY).key
    for stored in day.passes:
        owned = stored.owned
        assert bytes(owned.r * B) == owned.public.u == stored.u
        signed = pass_signing_input(key, owned.public.u, owned.public.v)
        assert verify(bytes(key.pass_key), signed, owned.public.signature)
    assert len({stored.u for stored in day.passes}) == ALLOWANCE


def test_h_leaves_the_wallet_when_the_passes_arrive(enrolled: Visitor, imitated: ImitatedParties) -> None:
    seen: list[Scalar] = []

    def watch(answers: PassAnswers) -> PassAnswers:
        seen.append(secret_of_handle(enrolled.wallet()))
        return answers

    imitated.alter_answers = watch
    fetch(enrolled)
    [h] = seen
    assert imitated.handles[enrolled.account().session.account_id, TODAY] == h * B
    wallet = enrolled.wallet()
    assert wallet.days[0].pending is None
    assert bytes(h) not in wallet.to_bytes()


def test_every_epoch_has_its_own_handle(supplied: Visitor, imitated: ImitatedParties) -> None:
    account = supplied.account().session.account_id
    assert imitated.handles[account, TODAY] != imitated.handles[account, TODAY + 1]


def test_passes_are_fetched_once(enrolled: Visitor, imitated: ImitatedParties) -> None:
    fetch(enrolled)
    asked = imitated.requests.count("passes"), imitated.requests.count("handle")
    assert fetch(enrolled) == 0
    assert (imitated.requests.count("passes"), imitated.requests.count("handle")) == asked == (1, 1)
    assert len(enrolled.wallet().days[0].passes) == ALLOWANCE


@pytest.fixture
def patient(enrolled: Visitor) -> Visitor:
    """A visitor who goes by drawn times, as everybody but a demonstration does."""
    settings = enrolled.home / "settings.toml"
    settings.write_text(settings.read_text().replace("at_once = true\n", ""))
    return Visitor(enrolled.home, PASSPHRASE, enrolled.clock)


def day_of(visitor: Visitor, epoch: int) -> Day:
    day = visitor.wallet().day(epoch)
    assert day is not None
    return day


def test_registering_and_asking_are_hours_apart_at_times_that_were_drawn_before(
    patient: Visitor, imitated: ImitatedParties, clock: Clock
) -> None:
    epoch = TODAY + 3
    drawn = []
    for asked, steps in (([], 0), (["handle"], 1), (["handle", "passes"], 2)):
        imitated.requests.clear()
        assert fetch(patient, epoch) == (ALLOWANCE if steps == 2 else 0)
        assert [one for one in imitated.requests if "epoch" not in one and "tile" not in one] == asked[-1:]
        drawn.append(day_of(patient, epoch).next_at)
        before = list(imitated.requests)
        clock.now = drawn[-1] - 1  # a run of the timer that comes before
        assert fetch(patient, epoch) == 0
        assert imitated.requests == before
        clock.now += 1
    first, second, _ = drawn
    left = patient.domain.epoch_begins(epoch) - NOW
    assert NOW + left // 18 <= first < NOW + left // 6
    assert first + 3600 <= second < patient.domain.epoch_begins(epoch)


def test_a_run_that_comes_late_takes_one_step(patient: Visitor, imitated: ImitatedParties, clock: Clock) -> None:
    """Also when both times are long over: the two never come together."""
    fetch(patient, TODAY + 1)
    clock.now += 50_000
    assert fetch(patient, TODAY + 1) == fetch(patient, TODAY + 1) == 0
    assert (imitated.requests.count("handle"), imitated.requests.count("passes")) == (1, 0)
    assert day_of(patient, TODAY + 1).next_at >= clock.now + 3600


def test_an_epoch_that_has_begun_is_asked_for_at_once_the_first_time_alone(
    patient: Visitor, imitated: ImitatedParties, clock: Clock
) -> None:
    clock.now = patient.domain.epoch_begins(TODAY)
    imitated.alter_grant = lambda grant: replace(grant, receipt=bytes(80))
    with pytest.raises(Malformed):
        fetch(patient)
    imitated.alter_grant = lambda grant: grant
    assert fetch(patient) == 0
    for asked in (0, 1):
        clock.now = day_of(patient, TODAY).next_at
        fetch(patient)
        assert imitated.requests.count("passes") == asked
    assert day_of(patient, TODAY).issued == ALLOWANCE


def test_what_is_drawn_does_not_depend_on_what_comes_of_the_step(
    patient: Visitor, imitated: ImitatedParties, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next time is on disk before anything is sent."""
    seen: list[int] = []

    def watch(answers: PassAnswers) -> PassAnswers:
        seen.append(day_of(patient, TODAY).next_at)
        return lose(answers)

    imitated.alter_answers = watch
    with pytest.raises(NotIssued, match="too few visitors"):
        fetch(patient)
    assert seen == [day_of(patient, TODAY).next_at]
    assert clock.now + 3600 <= seen[0] <= clock.now + 3 * 3600


def test_a_request_without_an_answer_is_repeated_at_the_next_drawn_time_with_the_same_handle(
    patient: Visitor, imitated: ImitatedParties, clock: Clock
) -> None:
    clock.now = patient.domain.epoch_begins(TODAY)
    imitated.alter_answers = lose
    with pytest.raises(NotIssued):
        fetch(patient)
    h = secret_of_handle(patient.wallet())
    imitated.alter_answers = lambda answers: answers
    assert fetch(patient) == 0
    assert imitated.requests.count("passes") == 1

    clock.now = day_of(patient, TODAY).next_at
    again = Visitor(patient.home, PASSPHRASE, clock)  # after a crash, too
    assert fetch(again) == ALLOWANCE
    assert imitated.handles[patient.account().session.account_id, TODAY] == h * B
    first, second = imitated.allowances
    assert not {one.u0 for one in first.requests} & {one.u0 for one in second.requests}


@pytest.mark.parametrize("good", range(ALLOWANCE))
def test_what_an_answer_held_is_told_and_never_asked_for_again(
    enrolled: Visitor, imitated: ImitatedParties, good: int
) -> None:
    imitated.alter_answers = spoil(ALLOWANCE - good)
    with pytest.raises(PassesWithheld, match=f"only {good} of {ALLOWANCE} passes came"):
        fetch(enrolled)
    day = day_of(enrolled, TODAY)
    assert (len(day.passes), day.issued, day.pending) == (good, good, None)
    assert fetch(enrolled) == 0
    assert imitated.requests.count("passes") == 1


class _Body(PassAnswers):
    """What an operator may send in the place of answers."""

    def to_bytes(self) -> bytes:
        return encode_item([list(self.answers)]) if self.answers else b"no message"


@pytest.mark.parametrize("count", [0, ALLOWANCE - 1, ALLOWANCE + 1])
def test_a_body_that_is_no_answer_is_never_asked_for_again_either(
    enrolled: Visitor, imitated: ImitatedParties, count: int
) -> None:
    imitated.alter_answers = lambda answers: _Body((answers.answers * 2)[:count])
    with pytest.raises(PassesWithheld, match="only 0 of"):
        fetch(enrolled)
    assert fetch(enrolled) == 0
    assert imitated.requests.count("passes") == 1


def test_a_second_command_does_not_ask_as_well(patient: Visitor, imitated: ImitatedParties) -> None:
    """While one request is under way, another is not due."""

    async def both(session: ClientSession) -> list[int | BaseException]:
        return await asyncio.gather(*[fetch_passes(patient, session, TODAY) for _ in range(2)], return_exceptions=True)

    assert sorted(online(both), key=str) == [0, ALLOWANCE]
    assert imitated.requests.count("passes") == 1
    assert len(patient.wallet().days[0].passes) == ALLOWANCE


@pytest.mark.parametrize("days", ["none", "those of another handle"])
def test_passes_for_an_account_that_was_changed_meanwhile_are_dropped(
    enrolled: Visitor, imitated: ImitatedParties, days: str
) -> None:
    h, registration = register_handle(imitated.epoch(TODAY).key, bytes(16))
    others = () if days == "none" else (Day(TODAY, NOW, PendingHandle(h, registration, 0), (), None),)

    def meanwhile(answers: PassAnswers) -> PassAnswers:
        enrolled.change(lambda wallet: (replace(wallet, days=others), None))
        return answers

    imitated.alter_answers = meanwhile
    with pytest.raises(NotIssued, match="account was changed"):
        fetch(enrolled)
    assert enrolled.wallet().days == others


@pytest.mark.parametrize("change", [{"name": "성춘향"}, {"phone": "+821087654321"}, {"handle": B}])
def test_a_grant_of_someone_else_is_refused(
    enrolled: Visitor, imitated: ImitatedParties, change: dict[str, object]
) -> None:
    imitated.alter_record = lambda record: replace(record, **change)  # type: ignore[arg-type]
    with pytest.raises(InvalidEntry):
        fetch(enrolled)
    assert "passes" not in imitated.requests


def test_a_sealed_record_that_is_not_the_signed_one_is_refused(enrolled: Visitor, imitated: ImitatedParties) -> None:
    """The visitor is shown its own name while the directory holds another."""

    def other_entry(grant: HandleGrant) -> HandleGrant:
        [handle] = imitated.handles.values()
        key = imitated.epoch(TODAY).key
        record = replace(open_entry(key, handle, grant.entry), name="성춘향")
        _, entry = seal_record(key, record, imitated.parties.keys[Role.OPERATOR])
        return HandleGrant(grant.record, entry, imitated.receipt(TODAY, entry))

    imitated.alter_grant = other_entry
    with pytest.raises(InvalidEntry):
        fetch(enrolled)
    assert "passes" not in imitated.requests


def test_a_receipt_for_another_entry_is_refused(enrolled: Visitor, imitated: ImitatedParties) -> None:
    imitated.alter_grant = lambda grant: replace(
        grant, receipt=imitated.receipt(TODAY, replace(grant.entry, nonce=bytes(24)))
    )
    with pytest.raises(InvalidReceipt):
        fetch(enrolled)


def test_a_receipt_that_the_operator_signed_is_refused(enrolled: Visitor, imitated: ImitatedParties) -> None:
    imitated.alter_grant = lambda grant: replace(
        grant, receipt=sign_receipt(imitated.epoch(TODAY).key, grant.entry, imitated.parties.keys[Role.OPERATOR])
    )
    with pytest.raises(InvalidSignature):
        fetch(enrolled)


@pytest.mark.parametrize("role", list(Role))
def test_a12_a_server_that_serves_its_own_key_is_refused(
    enrolled: Visitor, imitated: ImitatedParties, role: Role
) -> None:
    _, statement = create_epoch(imitated.domain, role, TODAY, SigningKey.generate())
    imitated.served[role, TODAY] = statement
    with pytest.raises(InvalidSignature):
        fetch(enrolled)
    assert not {"handle", "passes"} & set(imitated.requests)
    assert enrolled.wallet().days[0].pending is None


def test_a12_the_operator_cannot_speak_for_the_authority(enrolled: Visitor, imitated: ImitatedParties) -> None:
    _, statement = create_epoch(imitated.domain, Role.AUTHORITY, TODAY, imitated.parties.keys[Role.OPERATOR])
    imitated.served[Role.AUTHORITY, TODAY] = statement
    with pytest.raises(InvalidSignature):
        fetch(enrolled)


def test_a_statement_of_another_epoch_is_refused(enrolled: Visitor, imitated: ImitatedParties) -> None:
    imitated.served[Role.AUTHORITY, TODAY] = imitated.epoch(TODAY + 1).statements[Role.AUTHORITY]
    with pytest.raises(WrongEpoch):
        fetch(enrolled)


@pytest.mark.parametrize("role", list(Role))
def test_a_second_statement_for_one_epoch_is_refused_and_kept(
    enrolled: Visitor, imitated: ImitatedParties, role: Role
) -> None:
    imitated.alter_answers = lose
    with pytest.raises(NotIssued):
        fetch(enrolled)
    other = open_epoch(imitated.parties, TODAY)
    imitated.served[role, TODAY] = other.statements[role]
    with pytest.raises(ConflictingStatements):
        fetch(enrolled)
    assert imitated.requests.count("passes") == 1
    kept = {file.read_bytes() for file in enrolled.epochs.directory.iterdir()}
    assert {imitated.epoch(TODAY).statements[role], other.statements[role]} <= kept


def test_an_unpublished_epoch_is_a_404(enrolled: Visitor, imitated: ImitatedParties) -> None:
    imitated.publishes = False
    with pytest.raises(Problem) as caught:
        fetch(enrolled)
    assert caught.value.status == 404


def test_an_ended_session_says_so(enrolled: Visitor, imitated: ImitatedParties) -> None:
    imitated.sessions.clear()
    with pytest.raises(Problem, match="enrol again"):
        fetch(enrolled)
    enrol(enrolled, imitated)
    assert fetch(enrolled) == ALLOWANCE


def test_missing_epoch_keys_say_what_to_do(enrolled: Visitor) -> None:
    with pytest.raises(VisitorError, match="run fetch"):
        enrolled.epoch_key(TODAY)


def test_a_wallet_does_not_work_in_another_domain(supplied: Visitor) -> None:
    home = supplied.epochs.directory.parent
    settings = (home / "domain.toml").read_text()
    other = bytes(found_domain().domain.operator_key).hex()
    mine = bytes(supplied.domain.operator_key).hex()
    (home / "domain.toml").write_text(settings.replace(mine, other))
    with pytest.raises(VisitorError, match="keys"):
        Visitor(home, PASSPHRASE, supplied.clock).epoch_key(TODAY)
