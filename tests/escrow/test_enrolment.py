"""Phones are verified by the server, and codes cannot be guessed (A1, A2, A6)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import phonenumbers
import pytest
import sqlalchemy as sql

from escrow.operator.code_sender import load_sender
from lab.processes import free_ports
from protocol.epochs import Role
from protocol.http_messages import Session, VerificationAnswer, VerificationRequest
from protocol.primitives.hashing import digest32
from service.phone_numbers import is_called_at_the_usual_price
from service.problems import Problem
from service.refusals import Unauthenticated
from tests.escrow.gateway import broken_gateway
from tests.support.alone import alone
from tests.support.running import run
from tests.support.servers import World

PHONE = "+821012345678"
DAY = 86_400
GATEWAY = "tests.escrow.gateway:GatewaySender"


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


async def answer(world: World, code: str, name: str = "홍길동") -> Session:
    body = await world.post(Role.OPERATOR, "/v1/sessions", VerificationAnswer(PHONE, code, name))
    return Session.from_bytes(body)


async def ask_code(world: World) -> str:
    await world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(PHONE))
    return world.last_code(PHONE)


async def refused(world: World, code: str, name: str = "홍길동") -> str:
    with pytest.raises(Problem) as refusal:
        await answer(world, code, name)
    return refusal.value.name


def test_the_code_opens_a_session_once(world: World) -> None:
    async def story() -> None:
        code = await ask_code(world)
        assert (await answer(world, code)).account_id
        assert await refused(world, code) == "code-expired"

    run(story())


def test_without_a_code_nobody_enrols(world: World) -> None:
    assert run(refused(world, "000000")) == "code-expired"


def test_a_code_is_tried_a_limited_number_of_times(world: World) -> None:
    async def story() -> None:
        code = await ask_code(world)
        attempts = world.operator.settings.code_attempts
        names = [await refused(world, wrong(code)) for _ in range(attempts)]
        assert names == ["wrong-code"] * attempts
        assert await refused(world, code) == "too-many-attempts"

    run(story())


def test_guesses_at_once_get_no_more_tries(world: World) -> None:
    async def story() -> list[str]:
        code = await ask_code(world)
        return list(await asyncio.gather(*(refused(world, wrong(code)) for _ in range(20))))

    names = run(story())
    assert names.count("wrong-code") == world.operator.settings.code_attempts
    assert names.count("too-many-attempts") == 20 - world.operator.settings.code_attempts


def test_codes_are_sent_a_limited_number_of_times_a_day(world: World) -> None:
    async def story() -> None:
        for _ in range(world.operator.settings.codes_per_day):
            await ask_code(world)
        with pytest.raises(Problem) as refusal:
            await ask_code(world)
        assert refusal.value.name == "too-many-codes"
        world.now += 86_400
        await ask_code(world)

    run(story())


def test_enrolling_successfully_does_not_reset_the_daily_limit(world: World) -> None:
    async def story() -> None:
        for _ in range(world.operator.settings.codes_per_day):
            await answer(world, await ask_code(world))
        with pytest.raises(Problem) as refusal:
            await ask_code(world)
        assert refusal.value.name == "too-many-codes"

    run(story())


@contextmanager
def no_messages(world: World, why: str) -> Iterator[None]:
    """A sender that really fails: nobody listens, the service is broken, or the file cannot be written."""
    home, sender = world.home(Role.OPERATOR), world.operator.sender
    with broken_gateway() as url:
        nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
        (home / "gateway.url").write_text(url if why == "GatewayFailed" else nobody)
        (home / "outbox.txt").mkdir()
        broken = "escrow.operator.code_sender:OutboxSender" if why == "IsADirectoryError" else GATEWAY
        world.operator.sender = load_sender(broken, home)
        yield
    (home / "outbox.txt").rmdir()
    world.operator.sender = sender


@pytest.mark.parametrize("why", ["GatewayFailed", "GatewayFailed, nobody listens", "IsADirectoryError"])
def test_a_code_that_cannot_be_sent_does_not_count(world: World, why: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    limit = world.operator.settings.codes_per_day

    async def story() -> None:
        with no_messages(world, why):
            for _ in range(limit + 1):
                with pytest.raises(Problem) as refusal:
                    await ask_code(world)
                assert (refusal.value.status, refusal.value.name) == (503, "code-not-sent")
        for _ in range(limit):
            await ask_code(world)
        with pytest.raises(Problem) as refusal:
            await ask_code(world)
        assert refusal.value.name == "too-many-codes"

    run(story())
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert {record.getMessage() for record in told} == {f"a code could not be sent: {why.partition(',')[0]}"}
    assert len(told) == limit + 1
    written = "".join(str(vars(record)) + str(record.exc_text) for record in caplog.records)
    assert PHONE[1:] not in written


def test_a_code_expires(world: World) -> None:
    async def story() -> None:
        code = await ask_code(world)
        world.now += world.operator.settings.code_seconds + 1
        assert await refused(world, code) == "code-expired"

    run(story())


def test_a_number_is_verified_again_every_month(world: World) -> None:
    async def story() -> None:
        visitor = await world.enrol(1)
        world.now += 31 * 86_400
        await asyncio.to_thread(world.operator.epochs.publish_ahead)
        await asyncio.to_thread(world.authority.epochs.publish_ahead)
        with pytest.raises(Problem) as refusal:
            await world.register(visitor, await world.epoch_key())
        assert refusal.value.name == "verification-expired"
        await world.register(await world.enrol(1), await world.epoch_key())

    run(story())


def test_enrolling_again_ends_the_old_session(world: World) -> None:
    async def story() -> None:
        first = await world.enrol(1)
        second = await world.enrol(1)
        assert first.session.account_id == second.session.account_id
        with pytest.raises(Problem) as refusal:
            await world.register(first, await world.epoch_key())
        assert refusal.value.status == 401

    run(story())


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "a\tb",
        "a,b",
        "a;=b",
        '"',
        "<b>",
        " ",
        "길동  홍",
        "a\nb",
        "@sum",
        "\u202egnp",
        "a/b",
        "’",
        "\u200c길",
        "길\u200d",
        "길 \u200d동",
        "a.\u200cb",
        "길\u200d\u200d동",
        "\u3164",
        "홍\u3164길동",
        "-",
        "'",
    ],
)
def test_a_name_that_a_spreadsheet_could_run_is_refused(world: World, name: str) -> None:
    async def story() -> str:
        return await refused(world, await ask_code(world), name)

    assert run(story()) == "invalid-name"


@pytest.mark.parametrize(
    "name", ["홍길동", "Anne-Marie O'Neill", "José Ñ.", "李小龍", "नरेन्द्र", "علی\u200cرضا", "श्री\u200dराम", "ක්\u200dරිස්ටි"]
)
def test_names_of_people_are_accepted(world: World, name: str) -> None:
    async def story() -> Session:
        return await answer(world, await ask_code(world), name)

    assert run(story()).token


@pytest.mark.parametrize(
    "phone", ["01012345678", "+0123456789", "+82 10 1234", "+82abc", "++821012345", "+8201012345678"]
)
def test_what_is_no_phone_number_is_sent_nothing(world: World, phone: str) -> None:
    with pytest.raises(Problem) as refusal:
        run(world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(phone)))
    assert refusal.value.name == "invalid-phone"
    assert not (world.home(Role.OPERATOR) / "outbox.txt").exists()


def example(region: str, kind: int) -> str:
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize("abroad", ["+819012345678", "+12015550123", "+447400123456", "+8613123456789"])
def test_numbers_of_other_countries_are_sent_nothing_unless_the_operator_says_so(abroad: str) -> None:
    assert not is_called_at_the_usual_price(abroad, ("KR",))
    assert is_called_at_the_usual_price(abroad, ("KR", "JP", "US", "GB", "CN"))


@pytest.mark.parametrize("number", ["+82112", "+82119", "+821012345", "+8213012345678", "+447700900123"])
def test_numbers_that_nobody_was_given_are_never_sent_codes(number: str) -> None:
    assert not is_called_at_the_usual_price(number, phonenumbers.SUPPORTED_REGIONS)


@pytest.mark.parametrize("kind", ["PREMIUM_RATE", "TOLL_FREE", "UAN", "SHARED_COST", "PAGER", "VOICEMAIL"])
def test_numbers_that_cost_extra_are_never_sent_codes(kind: str) -> None:
    tried = 0
    for region in phonenumbers.SUPPORTED_REGIONS:
        if phonenumbers.example_number_for_type(region, getattr(phonenumbers.PhoneNumberType, kind)) is not None:
            tried += 1
            phone = example(region, getattr(phonenumbers.PhoneNumberType, kind))
            assert not is_called_at_the_usual_price(phone, phonenumbers.SUPPORTED_REGIONS)
    assert tried > 2


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS))
def test_satellite_telephones_are_never_sent_codes(code: int) -> None:
    number = phonenumbers.example_number_for_non_geo_entity(code)
    assert number is not None
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert not is_called_at_the_usual_price(phone, phonenumbers.SUPPORTED_REGIONS)


def test_an_operator_sends_codes_to_its_countries(world: World) -> None:
    def asked(phone: str) -> str:
        try:
            run(world.post(Role.OPERATOR, "/v1/verifications", VerificationRequest(phone)))
        except Problem as problem:
            return problem.name
        return world.last_code(phone)

    premium = example("KR", phonenumbers.PhoneNumberType.PREMIUM_RATE)
    assert [asked(phone) for phone in ("+819012345678", premium, "+870773111632")] == ["invalid-phone"] * 3
    assert not (world.home(Role.OPERATOR) / "outbox.txt").exists()
    assert len(asked("+821012345678")) == 6


def test_the_database_holds_neither_codes_nor_tokens(world: World) -> None:
    visitor = run(world.enrol(1))
    code, token = world.last_code(visitor.phone), visitor.session.token
    with world.operator.engine.connect() as connection:
        tables = sql.inspect(connection).get_table_names()
        rows = [row for table in tables for row in connection.execute(sql.text(f"SELECT * FROM {table}"))]
    values = [
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for row in rows for value in row
    ]
    stored = b"\n".join(values + [path.read_bytes() for path in world.home(Role.OPERATOR).glob("*.db*")])
    assert visitor.phone.encode() in stored
    assert token not in stored
    assert token.hex().encode() not in stored
    assert code.encode() not in stored
    for key in ((), (b"",)):  # there are a million codes, so that a digest without a secret tells the code
        assert digest32("operator/code", *key, visitor.phone.encode(), code.encode()) not in stored


def test_numbers_without_an_account_are_forgotten_the_next_day(world: World) -> None:
    run(ask_code(world))
    world.operator.forget_old(world.now + DAY // 2 - 1)
    assert rows(world, "verifications") == 1
    world.operator.forget_old(world.now + DAY)
    assert rows(world, "verifications") == 0


def test_accounts_whose_numbers_are_not_verified_again_are_forgotten(world: World) -> None:
    days = world.operator.settings.verification_days + world.operator.settings.account_retention_days
    assert days == 90

    async def story() -> tuple[bytes, bytes]:
        (first, _), (second, _) = await world.visitors_with_passes(2)
        world.now += 40 * DAY
        again = await world.enrol(1)
        assert again.session.account_id == second.session.account_id
        return first.session.token, again.session.token

    leaving, staying = run(story())
    world.operator.forget_old(world.now + 50 * DAY)
    assert (rows(world, "accounts"), rows(world, "sessions"), rows(world, "handles")) == (2, 2, 2)
    world.operator.forget_old(world.now + 50 * DAY + 1)
    assert (rows(world, "accounts"), rows(world, "sessions"), rows(world, "handles")) == (1, 1, 1)
    with pytest.raises(Unauthenticated, match="unknown"):
        alone(world.operator.engine, world.operator.accounts.authenticate, (leaving, world.now))
    account = alone(world.operator.engine, world.operator.accounts.authenticate, (staying, world.now))
    assert account.phone == "+821000000001"


def rows(world: World, table: str) -> int:
    with world.operator.engine.begin() as connection:
        return int(connection.execute(sql.text(f"SELECT count(*) FROM {table}")).scalar_one())
