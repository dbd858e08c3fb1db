"""A1: the phone is verified in the client only, so anyone enrols any number."""

from __future__ import annotations

from secrets import token_bytes

import sqlalchemy as sql

from protocol.epochs import Role
from protocol.handles import register_handle
from protocol.http_messages import VerificationAnswer, VerificationRequest
from protocol.passes import request_allowance
from tests.attacks.refusals import refusal
from tests.support.running import run
from tests.support.servers import World

VICTIM = "+821099999999"


def test_a01_a_client_that_skips_the_verification_enrols_nobody(world: World) -> None:
    """The attacker's client leaves out the code, invents one, or uses the code of the attacker's own phone.

    Happened: luca, CVE-2021-33840. Answer: the operator draws the code and compares it; no account without it (§5.3).
    """

    async def attack() -> None:
        attacker = await world.enrol(1)
        await world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(attacker.phone))
        own_code = world.last_code(attacker.phone)

        async def enrol(code: str) -> str:
            answer = VerificationAnswer(VICTIM, code, "피해자")
            return await refusal(world.post(Role.OPERATOR, "/v1/sessions", answer))

        assert await enrol(own_code) == "code-expired"
        await world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(VICTIM))
        sent = world.last_code(VICTIM)
        guesses = {own_code, "000000", "123456"} - {sent}
        assert {await enrol(code) for code in guesses} == {"wrong-code"}

    run(attack())
    with world.operator.engine.begin() as connection:
        phones = set(connection.scalars(sql.text("SELECT phone FROM accounts")))
    assert VICTIM not in phones
    assert len(phones) == 1


def test_a01_without_a_session_nothing_is_issued(world: World) -> None:
    """The attacker skips enrolment altogether, or registers a handle for another account with its own session.

    Happened: as above. Answer: a session opens for whoever had the code, and a handle is bound to its account (§3.6).
    """

    async def attack() -> None:
        key = await world.epoch_key()
        attacker, victim = await world.enrol(1), await world.enrol(2)
        h, mine = register_handle(key, attacker.session.account_id)
        _, for_victim = register_handle(key, victim.session.account_id)
        _, allowance = request_allowance(key, h)
        for token in (None, token_bytes(32), attacker.session.account_id * 2):
            for path, body in (("/v1/handles", mine), ("/v1/passes", allowance)):
                assert await refusal(world.post(Role.OPERATOR, path, body, token)) == "unauthenticated"
        own = attacker.session.token
        assert await refusal(world.post(Role.OPERATOR, "/v1/handles", for_victim, own)) == "invalid-proof"
        assert await refusal(world.post(Role.OPERATOR, "/v1/passes", allowance, own)) == "no-handle"
        assert await refusal(world.post(Role.OPERATOR, "/v1/handles", mine, own)) == "granted"

    run(attack())
