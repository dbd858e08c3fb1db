"""A2: any six-digit code is accepted, or codes can be guessed without limit."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from escrow.operator.errors import CodeExpired, TooManyAttempts, WrongCode
from escrow.operator.operator import Operator
from protocol.epochs import Role
from protocol.http_messages import VerificationAnswer, VerificationRequest
from protocol.primitives.encoding import encode_item
from tests.attacks.refusals import refusal
from tests.support.codes import code_in_force
from tests.support.running import run
from tests.support.servers import World

VICTIM = "+821099999999"


def test_a02_a_day_of_guessing_gives_fifty_guesses(world: World) -> None:
    """The attacker asks for codes for the victim's number and guesses, several at once, for as long as it is let.

    Happened: luca, April 2021. Answer: attempts and codes are counted before anything is compared or sent (§5.3).
    """
    settings = world.operator.settings

    async def guess(code: str) -> str:
        return await refusal(world.post(Role.OPERATOR, "/v1/sessions", VerificationAnswer(VICTIM, code, "나")))

    async def attack() -> Counter[str]:
        outcomes: Counter[str] = Counter()
        while await refusal(world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(VICTIM))) == "granted":
            sent = int(world.last_code(VICTIM))
            wrong = [f"{(sent + step) % 10**6:06}" for step in range(1, 9)]
            outcomes.update(await asyncio.gather(*map(guess, wrong)))
            outcomes[await guess(f"{sent:06}")] += 1  # the right one, after the attempts are used up
        return outcomes

    compared = settings.codes_per_day * settings.code_attempts
    assert compared == 50
    assert run(attack()) == Counter({"wrong-code": compared, "too-many-attempts": 4 * settings.codes_per_day})


def test_a02_a_code_that_was_not_sent_opens_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attacker asks while messages cannot be sent, which is not counted, and guesses during and after each try.

    Answer: a code is put in force when it was sent, and never if it was not (§5.3).
    """
    tried: list[VerificationAnswer] = []

    class FailingSender:
        def send(self, phone: str, message: str) -> None:
            tried.append(VerificationAnswer(phone, message[-6:], "나"))
            with pytest.raises(CodeExpired):
                world.operator.accounts.verify(tried[-1], world.now)
            raise OSError

    monkeypatch.setattr(world.operator, "sender", FailingSender())
    for _ in range(world.operator.settings.codes_per_day + 1):
        asked = run(refusal(world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(VICTIM))))
        assert asked == "code-not-sent"
        assert run(refusal(world.post(Role.OPERATOR, "/v1/sessions", tried[-1]))) == "code-expired"


def test_a02_a_restart_gives_no_further_guesses(world: World) -> None:
    """The attacker makes the server restart, or waits for it: the counts are on disk.

    Happened: general. Answer: as above.
    """
    code = code_in_force(world.operator.accounts, VICTIM, world.now)
    wrong = VerificationAnswer(VICTIM, f"{(int(code) + 1) % 10**6:06}", "나")
    for _ in range(world.operator.settings.code_attempts):
        with pytest.raises(WrongCode):
            Operator(world.home(Role.OPERATOR)).accounts.verify(wrong, world.now)
    with pytest.raises(TooManyAttempts):
        Operator(world.home(Role.OPERATOR)).accounts.verify(VerificationAnswer(VICTIM, code, "나"), world.now)


@pytest.mark.parametrize("code", ["", "0", "0000000", "１２３４５６", "%%%%%%", "      ", None, 123456, b"123456"])
def test_a02_what_is_no_code_is_not_accepted(world: World, code: object) -> None:
    """The attacker sends what a lax comparison might take for any code: wildcards, nulls, numbers, other digits.

    Happened: luca, April 2021. Answer: strict types (§4.1), a comparison of digests in constant time (§5.3).
    """
    code_in_force(world.operator.accounts, VICTIM, world.now)
    body = encode_item([VICTIM, code, "나"])
    assert run(refusal(world.post(Role.OPERATOR, "/v1/sessions", body))) in {"malformed-encoding", "wrong-code"}


@pytest.mark.parametrize("phone", [VICTIM + "\n", VICTIM + " ", " " + VICTIM, VICTIM.replace("9", "９"), VICTIM + "\0"])
def test_a02_another_spelling_of_a_number_gives_no_further_guesses(world: World, phone: str) -> None:
    """The attacker writes the victim's number in another way, to be counted anew.

    Happened: general. Answer: a number has one spelling (§4.2).
    """
    asked = run(refusal(world.post(Role.OPERATOR, "/v1/verifications", encode_item([phone]))))
    assert asked in {"invalid-phone", "malformed-encoding"}
