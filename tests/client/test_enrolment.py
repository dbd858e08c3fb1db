from __future__ import annotations

import unicodedata

import pytest
from msgspec.structs import replace

from client.enrolment import checked_code, checked_name, confirm_code, international_number, request_code
from client.errors import VisitorError
from client.passes import fetch_passes
from client.visitor import Visitor
from conformance.imitated import ALLOWANCE, ImitatedParties
from service.names import canonical_name, is_name
from service.problems import Problem, Unreachable
from tests.client.conftest import NAME, PHONE, enrol
from tests.support.domain import TODAY
from tests.support.running import online


def test_the_account_is_kept(newcomer: Visitor, imitated: ImitatedParties) -> None:
    enrol(newcomer, imitated)
    account = newcomer.account()
    assert (account.phone, account.name) == (PHONE, NAME)
    assert imitated.sessions[account.session.token] == (account.session.account_id, PHONE, NAME)


def test_numbers_are_taken_as_people_write_them(newcomer: Visitor, imitated: ImitatedParties) -> None:
    online(lambda session: request_code(newcomer, session, "+82 (10) 1234-5678"))
    assert list(imitated.codes) == [PHONE]


@pytest.mark.parametrize(
    "number", ["", "12", "+0 10 1234 5678", "+82", "+82101234567890123456", "+82x12", "112", "010-12345"]
)
def test_what_is_no_number_is_refused(newcomer: Visitor, imitated: ImitatedParties, number: str) -> None:
    with pytest.raises(VisitorError, match="country code"):
        online(lambda session: request_code(newcomer, session, number))
    assert imitated.requests == []


@pytest.mark.parametrize(
    "number",
    [
        "010-1234-5678",
        "01012345678",
        "010 1234 5678",
        "(010) 1234-5678",
        "０１０－１２３４－５６７８",
        "+82 (0)10-1234-5678",
        "0082 10-1234-5678",
        "0082 (0)10-1234-5678",
        "001-82-10-1234-5678",
        "\u202a+82\u00a010\u20111234\u20115678\u202c",
    ],
)
def test_numbers_of_ones_region_need_no_country(newcomer: Visitor, imitated: ImitatedParties, number: str) -> None:
    online(lambda session: request_code(newcomer, session, number))
    assert list(imitated.codes) == [PHONE]


def test_the_region_is_a_setting(newcomer: Visitor, imitated: ImitatedParties) -> None:
    newcomer.settings = replace(newcomer.settings, region="JP")
    online(lambda session: request_code(newcomer, session, "090-1234-5678"))
    assert list(imitated.codes) == ["+819012345678"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Hong, Gildong", "leave out ,"),
        ("홍/길동", "leave out /"),
        ("홍\x07길동", r"leave out U\+0007"),
        ("Zoë 😀", "쓸 수 없는 글자가 있습니다: 😀"),
        *((nothing, "at least one letter or digit") for nothing in ("", " ", "\u3164", "\u200d", "-", "·", "...")),
        ("가" * 43, "너무 깁니다"),
    ],
)
def test_what_is_no_name_is_told_before_it_is_sent(
    newcomer: Visitor, imitated: ImitatedParties, name: str, said: str
) -> None:
    with pytest.raises(VisitorError, match=said):
        checked_name(name)
    with pytest.raises(VisitorError):
        online(lambda session: confirm_code(newcomer, session, PHONE, name, "123456"))
    assert imitated.requests == []


def test_names_have_one_spelling() -> None:
    assert canonical_name(unicodedata.normalize("NFD", "  홍   길동\n")) == "홍 길동"
    assert international_number("+82-10.1234 5678") == PHONE


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        *((f"O{apostrophe}Neill", "O'Neill") for apostrophe in "’‘‛′´`＇"),
        *((f"Anne{hyphen}Marie", "Anne-Marie") for hyphen in "‐‑‒–—−﹣－"),
        *((f"マリ{dot}キュリー", "マリ·キュリー") for dot in "・･•‧∙⋅"),
        ("홍\u3000길동", "홍 길동"),
        ("J． Doe", "J. Doe"),
        ("Kapi\u02bbolani", "Kapi\u02bbolani"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        *((f"홍{unseen}길동{unseen}", "홍길동") for unseen in "\u200b\u200e\u202e\u2060\ufeff\u00ad"),
        ("\u200d홍 \u200c길동\u200d", "홍 길동"),
        *((f"홍{filler}길동", "홍 길동") for filler in "\u115f\u3164\uffa0\u00a0"),
    ],
)
def test_what_keyboards_make_of_a_name(typed: str, kept: str) -> None:
    assert canonical_name(typed) == kept
    assert is_name(kept)


def test_a_wrong_code_changes_nothing(newcomer: Visitor, imitated: ImitatedParties) -> None:
    online(lambda session: request_code(newcomer, session, PHONE))
    wrong = f"{(int(imitated.codes[PHONE]) + 1) % 10**6:06}"
    with pytest.raises(Problem, match="not the one that was sent"):
        online(lambda session: confirm_code(newcomer, session, PHONE, NAME, wrong))
    with pytest.raises(VisitorError, match="run enrol"):
        newcomer.account()


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "123456 654321", "인증 번호"])
def test_what_is_no_code_is_not_sent(newcomer: Visitor, imitated: ImitatedParties, code: str) -> None:
    with pytest.raises(VisitorError, match="six digits"):
        online(lambda session: confirm_code(newcomer, session, PHONE, NAME, code))
    assert imitated.requests == []


@pytest.mark.parametrize(
    "code", [" 123456 ", "123 456", "123-456", "1 2 3 4 5 6", "１２３４５６", "١٢٣٤٥٦", "[SplitPass] 인증 번호 123456."]
)
def test_a_code_is_taken_as_it_is_copied_or_typed(code: str) -> None:
    assert checked_code(code) == "123456"


def test_nothing_is_fetched_before_enrolment(newcomer: Visitor, imitated: ImitatedParties) -> None:
    with pytest.raises(VisitorError, match="run enrol"):
        online(lambda session: fetch_passes(newcomer, session, TODAY))
    assert imitated.requests == []


def test_enrolling_again_keeps_ones_passes(supplied: Visitor, imitated: ImitatedParties) -> None:
    before = supplied.account().session.token
    enrol(supplied, imitated)
    assert supplied.account().session.token != before
    assert [len(day.passes) for day in supplied.wallet().days] == [ALLOWANCE, ALLOWANCE]


def test_another_person_does_not_get_them(supplied: Visitor, imitated: ImitatedParties) -> None:
    enrol(supplied, imitated, "+821087654321", "성춘향")
    assert supplied.wallet().days == ()


def test_a_silent_operator_is_unreachable(newcomer: Visitor) -> None:
    operator = replace(newcomer.servers.operator, url="http://127.0.0.1:9")
    newcomer.servers = replace(newcomer.servers, operator=operator)
    with pytest.raises(Unreachable):
        online(lambda session: request_code(newcomer, session, PHONE))
