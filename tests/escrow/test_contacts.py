"""The contact list that no spreadsheet executes (A8)."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escrow.authority.contacts import HEADER, contacts_csv
from escrow.authority.investigation import Contact
from protocol.handles import IdentityRecord
from protocol.primitives.group import B

SEOUL = 9 * 3600
DANGEROUS = "=+-@\t\r\n＝＋－＠|%;,\"'`"


def listed(name: str, phone: str = "+821012345678") -> list[list[str]]:
    contact = Contact(
        IdentityRecord(1, 20_000, B, phone, name, 19_900), ((1_700_017_200, 1_700_020_800), (1_700_024_400, None))
    )
    return list(csv.reader(io.StringIO(contacts_csv([contact], SEOUL))))


def test_a_contact_is_a_line_that_reads_well() -> None:
    header, row = listed("홍길동")
    assert tuple(header) == HEADER
    stays = "2023-11-15T12:00:00+09:00/2023-11-15T13:00:00+09:00 2023-11-15T14:00:00+09:00/.."
    assert row == ["홍길동", "tel:+821012345678", "2024-06-26", stays]


@pytest.mark.parametrize("name", ["Anne-Marie O'Neill", "José Ñ.", "李小龍", "नरेन्द्र", "علی\u200cرضا"])
def test_names_of_people_stay_as_they_are(name: str) -> None:
    assert listed(name)[1][0] == name


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=16))
def test_no_cell_can_begin_a_formula_or_end_itself(name: str, phone: str) -> None:
    """Whatever an operator signs: no cell begins with a sign, and none holds a separator of any spreadsheet."""
    rows = listed(name, phone)
    assert [len(row) for row in rows] == [len(HEADER)] * 2
    for cell in rows[1]:
        assert cell[0] not in DANGEROUS + " "
        assert not set(cell) & set('\t\r\n;,|"=@')
    assert rows[1][1].removeprefix("tel:+").isdigit() or rows[1][1] == "tel:+"


@pytest.mark.parametrize("sign", list(DANGEROUS))
def test_every_dangerous_sign_is_defused_at_the_start(sign: str) -> None:
    assert listed(f"{sign}1+1")[1][0][0] == "\N{REPLACEMENT CHARACTER}"
