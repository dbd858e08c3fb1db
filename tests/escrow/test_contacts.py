"""The lists that an officer takes out of the system: no spreadsheet executes them (A8) or changes them. Spec: §6.8."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escrow.authority.arrivals_chart import arrivals_svg
from escrow.authority.contacts import DAYS, NOT_VERIFIED, PEOPLE, VISITS, days_csv, people_csv, telephone, visits_csv
from escrow.authority.findings import write_all, write_visits
from escrow.authority.found_visits import CountedPeople, FoundVisit, FoundVisits, Identity, Person, Source
from escrow.authority.settings import AuthoritySettings
from service.phone_numbers import international_number, written_at_home

SEOUL = 9 * 3600
NOON = 1_700_017_200
DANGEROUS = "=+-@\t\r\n＝＋－＠|%;,\"'`"
WARRANT = bytes(16)
CAFE, OTHER_CAFE = bytes([1] * 16), bytes([2] * 16)


def verified(name: str = "홍길동", phone: str = "+821012345678") -> Identity:
    return Identity(phone, name, 19_900)


def visit(
    u: int,
    identity: Identity | None,
    entered: int | None = NOON,
    left: int | None = NOON + 3600,
    **place: Any,
) -> FoundVisit:
    """A visit to a club, in one domain, or to another `place`."""
    source = Source("사건", WARRANT, "클럽", bytes(16), "1 a.example", SEOUL)._replace(**place)
    return FoundVisit(source, 20_000, bytes([u]), entered, left, identity)


def found(visits: Iterable[FoundVisit]) -> FoundVisits:
    found = FoundVisits()
    found.add(visits)
    return found


def people_of(visits: Iterable[FoundVisit]) -> list[Person]:
    return list(found(visits).people())


def rows(lines: Iterable[str]) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(lines))))


def test_a_row_of_a_visit_reads_well() -> None:
    visits = [visit(1, verified()), visit(2, verified(), NOON + 7200, None), visit(3, verified(), None, NOON - 60)]
    header, *listed = rows(visits_csv(people_of(visits), "KR"))
    assert tuple(header) == VISITS
    same = ["1", "사건", "00" * 16, "클럽", "1 a.example"]
    whose = ["1", "verified 2024-06-26", "010-1234-5678", "홍길동"]
    assert listed == [
        [*same, "", "2023-11-15 11:59:00", "", *whose],
        [*same, "2023-11-15 12:00:00", "2023-11-15 13:00:00", "60", *whose],
        [*same, "2023-11-15 14:00:00", "", "", *whose],
    ]


def test_who_came_with_one_phone_and_left_together_is_one_row_with_the_size_of_the_party() -> None:
    visits = [visit(number, verified()) for number in range(3)]
    visits.append(visit(3, verified(), NOON, NOON + 1800))
    header, *listed = rows(visits_csv(people_of(visits), "KR"))
    assert [row[header.index("party size")] for row in listed] == ["1", "3"]


def test_a_person_with_two_operators_and_at_several_venues_stands_once_with_every_name() -> None:
    other = verified("Gildong Hong")
    visits = [
        visit(1, verified(), NOON + 60),
        visit(2, other, domain="2 b.example", venue="카페", venue_id=bytes([1] * 16)),
        visit(3, verified("성춘향", "+821087654321"), NOON + 120),
    ]
    people = people_of(visits)
    header, *listed = rows(people_csv(people, "KR"))
    assert tuple(header) == PEOPLE
    assert listed == [
        [
            "1",
            "010-1234-5678",
            "Gildong Hong · 홍길동",
            "verified 2024-06-26",
            "2 b.example · 1 a.example",
            "카페 · 클럽",
            "2",
            "2023-11-15 12:00:00",
        ],
        ["2", "010-8765-4321", "성춘향", "verified 2024-06-26", "1 a.example", "클럽", "1", "2023-11-15 12:02:00"],
    ]
    names = [(row[0], row[-1], row[4]) for row in rows(visits_csv(people, "KR"))[1:]]
    assert names[:2] == [("1", "Gildong Hong", "2 b.example"), ("1", "홍길동", "1 a.example")]


def test_people_whom_a_venue_asserted_are_never_merged() -> None:
    asserted = Identity("+821012345678", "홍길동", None)
    people = people_of([visit(1, asserted), visit(2, verified()), visit(3, asserted)])
    assert [(person.is_verified, len(person.visits)) for person in people] == [(True, 1), (False, 1), (False, 1)]
    assert [row[3] for row in rows(people_csv(people, "KR"))[1:]] == ["verified 2024-06-26", NOT_VERIFIED, NOT_VERIFIED]


def test_a_visit_that_was_opened_under_two_warrants_counts_once() -> None:
    first, again = visit(1, verified(), left=None), visit(1, verified(), warrant_id=bytes([1] * 16))
    for both in ([first, again], [again, first]):
        ((person,),) = [people_of(both)]
        assert [group.visit for group in person.visits] == [again]
    elsewhere = (
        visit(1, verified(), domain="2 b.example"),
        visit(1, verified(), venue_id=bytes([1] * 16)),
        again._replace(epoch=20_001),
        again._replace(u=b"other"),
    )
    for other in elsewhere:
        (person,) = people_of([first, other])
        assert sum(group.party_size for group in person.visits) == 2


def test_a_list_is_in_no_file_that_has_a_name() -> None:
    """Nothing of it is left when the process ends, also by `kill -9`, and nobody else can open it meanwhile."""
    long = found(visit(0, verified())._replace(u=number.to_bytes(2, "big")) for number in range(30_000))
    files = [Path("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    (file,) = [file for file in files if file.is_symlink() and "/etilqs_" in os.readlink(file)]
    assert os.readlink(file).endswith(" (deleted)")
    assert Path(os.readlink(file)).parent == Path(tempfile.gettempdir())  # the one that is told when it is full
    assert file.stat().st_size > 1_000_000
    assert file.stat().st_mode & 0o777 == 0o600
    assert long.count() == (1, 0)


def test_to_be_counted_people_need_no_name_or_number() -> None:
    counted, visits = CountedPeople(), [visit(1, verified()), visit(2, verified("김")), visit(3, None)]
    counted.add([*visits, visit(4, verified(phone="+821000000000")), visit(5, Identity("+821012345678", "홍", None))])
    assert counted.count() == (2, 1)
    stored = str(counted._connection.execute("SELECT phone, name FROM visits").fetchall())
    assert not re.search(r"\+82|12345678|홍|김", stored)


def test_what_a_killed_export_left_is_deleted_by_the_next(tmp_path: Path) -> None:
    """It holds people's names, where no file can be without a name while it is written."""
    left = [tmp_path / f".{name}.csv.0123abcd.tmp" for name in ("visits", "people", "days", "summary")]
    for file in left:
        file.write_text("홍길동")
    write_visits(found([visit(1, verified())]), "KR", tmp_path / "visits.csv")
    assert not left[0].exists()
    write_all(found([visit(1, verified())]), [], "KR", SEOUL, tmp_path)
    assert not any(file.exists() for file in left)


def test_no_room_for_a_list_is_said() -> None:
    full = FoundVisits()
    full._connection.execute("PRAGMA max_page_count = 20")
    with pytest.raises(OSError, match="no room for the list; make some, or set TMPDIR"):
        full.add(visit(0, verified())._replace(u=number.to_bytes(2, "big")) for number in range(30_000))


def test_the_days_say_how_many_were_where_and_how_many_lead_to_nobody() -> None:
    visits = [
        visit(1, verified()),
        visit(2, verified(), NOON + 60),
        visit(3, Identity("+821012345678", "홍길동", None)),
        visit(4, None),
        visit(5, verified(), NOON + 86_400, None),
        visit(6, verified(), venue="카페", venue_id=CAFE),
        visit(7, verified("김철수", "+821087654321"), venue="카페", venue_id=OTHER_CAFE),
        visit(8, verified(), venue="카페", venue_id=OTHER_CAFE),
    ]
    assert rows(days_csv(found(visits).days())) == [
        list(DAYS),
        ["카페", CAFE.hex(), "2023-11-15", "1", "0", "1", "0"],
        ["카페", OTHER_CAFE.hex(), "2023-11-15", "2", "0", "2", "0"],
        ["클럽", bytes(16).hex(), "2023-11-15", "1", "1", "4", "1"],
        ["클럽", bytes(16).hex(), "2023-11-16", "1", "0", "1", "0"],
    ]


def test_two_venues_of_one_name_are_two_places_where_somebody_was() -> None:
    cafes = [visit(number, verified(), venue="카페", venue_id=cafe) for number, cafe in enumerate((CAFE, OTHER_CAFE))]
    (row,) = rows(people_csv(people_of([*cafes, cafes[0]._replace(u=b"another")]), "KR"))[1:]
    assert row[PEOPLE.index("venues")] == "카페 · 카페"


@pytest.mark.parametrize(
    ("phone", "written"),
    [
        ("+821012345678", "010-1234-5678"),
        ("+82212345678", "02-1234-5678"),
        ("+82311234567", "031-123-4567"),
        ("+8215881234", "(+82) 1588-1234"),
        ("+442079460958", "(+44) 20-7946-0958"),
        ("+12015550123", "(+1) 201-555-0123"),
        ("+85212345678", "(+852) 12345678"),
    ],
)
def test_a_phone_number_can_be_dialled_as_it_stands(phone: str, written: str) -> None:
    assert telephone(phone, "KR") == written
    assert international_number(written, "KR") == phone


@given(number=st.from_regex(r"\+82(10|11|2|31|15|70)[0-9]{6,9}", fullmatch=True, alphabet="+0123456789"))
def test_numbers_that_are_written_without_tables_are_written_as_with_them(number: str) -> None:
    parsed = phonenumbers.parse(number)
    assert written_at_home(number, "KR") == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def test_a_phone_number_of_elsewhere_has_its_country() -> None:
    assert telephone("+821012345678", "GB") == "(+82) 10-1234-5678"


def test_the_region_of_phone_numbers_is_a_country() -> None:
    assert AuthoritySettings(region="GB").region == "GB"
    with pytest.raises(ValueError, match="no country has the region's code 'XX'"):
        AuthoritySettings(region="XX")


@pytest.mark.parametrize("name", ["Anne-Marie O'Neill", "José Ñ.", "李小龍", "नरेन्द्र", "علی\u200cرضا"])
def test_names_of_people_stay_as_they_are(name: str) -> None:
    assert rows(visits_csv(people_of([visit(1, verified(name))]), "KR"))[1][-1] == name


TEXTS = st.text(min_size=1, max_size=60)


def test_lists_are_made_line_by_line() -> None:
    """A list of a million visits is never in memory as a whole."""
    read: list[Person] = []

    def people() -> Iterator[Person]:
        for number in range(9):
            (person,) = people_of([visit(number, verified(phone=f"+82101234567{number}"))])
            read.append(person)
            yield person

    for table in (visits_csv, people_csv):
        read.clear()
        lines = table(people(), "KR")
        assert next(lines).startswith('"person"')
        assert "010-1234-5670" in next(lines)
        assert len(read) == 1


@given(TEXTS, st.text(min_size=1, max_size=16), TEXTS, TEXTS)
def test_no_cell_can_begin_a_formula_or_end_itself(name: str, phone: str, venue: str, domain: str) -> None:
    """Whatever others sign: no cell begins with a sign, and none holds a separator of any spreadsheet."""
    listed = found([visit(1, verified(name, phone), venue=venue, domain=domain)])
    for text in (
        visits_csv(listed.people(), "KR"),
        people_csv(listed.people(), "KR"),
        days_csv(listed.days()),
    ):
        header, row = rows(text)
        assert len(row) == len(header)
        for cell in row:
            assert cell
            assert cell[0] not in DANGEROUS + " "
            assert not set(cell) & set('\t\r\n;,|"=@')


@given(st.text(max_size=16))
def test_no_phone_number_is_taken_for_a_number_a_day_or_a_formula(phone: str) -> None:
    written = telephone(phone, "KR")
    assert written.startswith(("0", "(+"))
    assert written.isascii()
    assert "-" in written or written.startswith("(+")


@pytest.mark.parametrize("sign", list(DANGEROUS))
def test_every_dangerous_sign_is_defused_at_the_start(sign: str) -> None:
    assert (
        rows(visits_csv(people_of([visit(1, verified(f"{sign}1+1"))]), "KR"))[1][-1][0] == "\N{REPLACEMENT CHARACTER}"
    )


def test_the_chart_has_a_bar_for_each_hour_and_is_well_formed() -> None:
    svg = arrivals_svg([NOON, NOON + 60, NOON + 2 * 3600], SEOUL)
    bars = [node for node in ElementTree.fromstring(svg) if node.tag.endswith("rect")]
    assert [node[0].text for node in bars] == ["2023-11-15 12:00, 2", "2023-11-15 13:00, 0", "2023-11-15 14:00, 1"]
    assert [node.get("height") for node in bars] == ["200", "0", "100"]
    assert "Arrivals in each hour (3 in all)" in svg
    assert labels(arrivals_svg([], SEOUL)) == []


def labels(svg: str) -> list[str]:
    """The hours that are written below the bars."""
    texts = (node.text or "" for node in ElementTree.fromstring(svg) if node.tag.endswith("text"))
    return [text for text in texts if re.fullmatch("[0-9]{2}-[0-9]{2} [0-9]{2}:00", text)]


@pytest.mark.parametrize("hours", [0, 1, 5, 100])
def test_a_chart_of_every_length_has_room_for_its_title_and_labels(hours: int) -> None:
    """A sans-serif letter of a size is hardly wider than 0.6 of it; a label leans over by half a right angle."""
    drawn = ElementTree.fromstring(arrivals_svg([NOON, NOON + hours * 3600], SEOUL))
    width, height = (int(drawn.get(name, "")) for name in ("width", "height"))
    assert drawn.get("viewBox") == f"0 0 {width} {height}"
    bars = [node for node in drawn if node.tag.endswith("rect")]
    last = int(bars[-1].get("x", ""))
    assert width >= last + 8 + len("11-15 12:00") * 6 * 0.71
    title = next(node for node in drawn if "Arrivals in each hour" in (node.text or ""))
    assert width >= int(title.get("x", "")) + len(title.text or "") * 12 * 0.6
    assert "arrivals" in [node.text for node in drawn]


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (-1, -1, ["11-15 11:00"]),
        (-1, 0, ["11-15 12:00"]),
        (-3, 2, ["11-15 12:00"]),
        (-3, -1, ["11-15 09:00"]),
        (-4, 6, ["11-15 08:00", "11-15 12:00", "11-15 18:00"]),
        (0, 1, ["11-15 12:00"]),
    ],
)
def test_two_labels_are_never_on_top_of_each_other(first: int, last: int, shown: list[str]) -> None:
    assert labels(arrivals_svg([NOON + first * 3600, NOON + last * 3600], SEOUL)) == shown
