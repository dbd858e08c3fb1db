from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from client.errors import NotIssued, VisitorError
from client.passes import fetch_passes
from client.visitor import Visitor
from client.wallet_contents import Day, PendingHandle, Wallet
from protocol.epochs import Role, create_epoch
from protocol.handles import HandleGrant, open_entry, register_handle, seal_record, sign_receipt
from protocol.passes import PassAnswers, pass_signing_input
from protocol.primitives.errors import ConflictingStatements, InvalidEntry, InvalidReceipt, InvalidSignature, WrongEpoch
from protocol.primitives.group import B, Scalar
from protocol.primitives.signatures import SigningKey, verify
from service.problems import Problem
from tests.client.conftest import PASSPHRASE, Clock, enrol
from tests.support.domain import TODAY, found_domain, open_epoch
from tests.support.imitated import ALLOWANCE, ImitatedParties
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


@pytest.mark.parametrize("failure", [lose, spoil(ALLOWANCE), lambda answers: PassAnswers(answers.answers[1:])])
def test_a_failure_keeps_h_and_is_not_repeated_at_once(
    enrolled: Visitor, imitated: ImitatedParties, clock: Clock, failure: Alter
) -> None:
    imitated.alter_answers = failure
    with pytest.raises(NotIssued, match="ask again later"):
        fetch(enrolled)
    h = secret_of_handle(enrolled.wallet())
    imitated.alter_answers = lambda answers: answers
    clock.now += enrolled.settings.retry_seconds - 1
    with pytest.raises(NotIssued, match="asked for already"):
        fetch(enrolled)
    assert imitated.requests.count("passes") == 1

    clock.now += 1
    assert fetch(enrolled) == ALLOWANCE
    assert imitated.handles[enrolled.account().session.account_id, TODAY] == h * B
    first, second = imitated.allowances
    assert not {one.u0 for one in first.requests} & {one.u0 for one in second.requests}


def test_a_crash_between_question_and_answer_does_not_lose_the_day(
    enrolled: Visitor, imitated: ImitatedParties, clock: Clock
) -> None:
    def crash(_: PassAnswers) -> PassAnswers:
        raise Problem(500, "crash", "the power went")

    imitated.alter_answers = crash
    with pytest.raises(NotIssued):
        fetch(enrolled)
    imitated.alter_answers = lambda answers: answers
    clock.now += enrolled.settings.retry_seconds
    home = enrolled.epochs.directory.parent
    assert fetch(Visitor(home, PASSPHRASE, clock)) == ALLOWANCE


def test_a_bad_answer_spoils_only_itself(enrolled: Visitor, imitated: ImitatedParties) -> None:
    imitated.alter_answers = spoil(1)
    assert fetch(enrolled) == ALLOWANCE - 1
    assert enrolled.wallet().days[0].pending is None


def test_a_second_command_does_not_ask_as_well(enrolled: Visitor, imitated: ImitatedParties) -> None:
    """While one request is under way, another is refused."""

    async def both(session: ClientSession) -> list[int | BaseException]:
        return await asyncio.gather(*[fetch_passes(enrolled, session, TODAY) for _ in range(2)], return_exceptions=True)

    results = online(both)
    assert ALLOWANCE in results
    assert any(isinstance(result, NotIssued) or result == 0 for result in results)
    assert imitated.requests.count("passes") == 1
    assert len(enrolled.wallet().days[0].passes) == ALLOWANCE


@pytest.mark.parametrize("days", ["none", "those of another handle"])
def test_passes_for_an_account_that_was_changed_meanwhile_are_dropped(
    enrolled: Visitor, imitated: ImitatedParties, days: str
) -> None:
    h, registration = register_handle(imitated.epoch(TODAY).key, bytes(16))
    others = () if days == "none" else (Day(TODAY, PendingHandle(h, registration, None), ()),)

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
    assert enrolled.wallet().days == ()


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
    enrolled: Visitor, imitated: ImitatedParties, clock: Clock, role: Role
) -> None:
    imitated.alter_answers = lose
    with pytest.raises(NotIssued):
        fetch(enrolled)
    other = open_epoch(imitated.parties, TODAY)
    imitated.served[role, TODAY] = other.statements[role]
    clock.now += enrolled.settings.retry_seconds
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
    with pytest.raises(InvalidSignature):
        Visitor(home, PASSPHRASE, supplied.clock).epoch_key(TODAY)
