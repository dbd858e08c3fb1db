"""Paper passes: burned, printed, read back from the paper, and used by a door."""

from __future__ import annotations

import stat
from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner
from PIL import Image

from client.__main__ import main
from client.errors import NoPassLeft
from client.papers import print_papers
from client.sheet import sheet_pdf
from client.visitor import Visitor
from client.visits import open_entry
from client.wallet_contents import Paper
from conformance.imitated import ALLOWANCE, ImitatedParties
from protocol.check_ins import Direction
from protocol.paper_check_ins import sign_paper_check_in, verify_paper_check_in
from protocol.paper_passes import from_paper_text, verify_paper
from tests.client.conftest import PASSPHRASE
from tests.client.test_commands import Run, fails, ready, run  # noqa: F401 - fixtures
from tests.client.test_visits import left_today
from tests.support.camera import read_texts
from tests.support.domain import NOW, TODAY


def pages(document: bytes) -> list[Image.Image]:
    """A PDF document as a scanner at 150 dots per inch sees it on paper."""
    return [page.render(scale=150 / 72).to_pil() for page in pypdfium2.PdfDocument(document)]


def test_a_door_signs_for_what_was_printed(supplied: Visitor, imitated: ImitatedParties) -> None:
    for text in print_papers(supplied, TODAY + 1, 2):
        key = imitated.epoch(TODAY + 1).key
        delegated = verify_paper(key, from_paper_text(text))
        message = sign_paper_check_in(key, delegated, NOW + 86_400, Direction.ENTRY, imitated.venue().venue_id)
        assert verify_paper_check_in(key, message).epoch == TODAY + 1


def test_a_printed_pass_is_burned_and_its_keys_gone(supplied: Visitor) -> None:
    before = supplied.wallet().day(TODAY)
    assert before is not None
    texts = print_papers(supplied, TODAY, 2)
    papers = [from_paper_text(text) for text in texts]
    wallet = supplied.wallet()
    assert wallet.papers == tuple(Paper(TODAY, paper.u) for paper in papers)
    assert left_today(supplied) == ALLOWANCE - 2
    assert open_entry(supplied).stored.u not in {paper.u for paper in papers}
    stored = supplied.wallet().to_bytes()
    own = [bytes(one.r) for one in before.passes if one.u in {paper.u for paper in papers}]
    assert len(own) == 2
    assert not [key for key in [*own, *(bytes(paper.k) for paper in papers)] if key in stored]
    assert not [key for key in own for paper in papers if key in paper.to_bytes()]


def test_there_are_passes_for_all_papers_or_none(supplied: Visitor) -> None:
    before = supplied.wallet().to_bytes()
    for epoch, count in ((TODAY, ALLOWANCE + 1), (TODAY + 2, 1), (TODAY - 1, 1)):
        with pytest.raises(NoPassLeft):
            print_papers(supplied, epoch, count)
    assert supplied.wallet().to_bytes() == before


def test_every_code_is_read_back_from_the_sheet(supplied: Visitor) -> None:
    texts = print_papers(supplied, TODAY, 3) * 3
    scanned = pages(sheet_pdf("2020-09-13", texts))
    assert [len(read_texts(page)) for page in scanned] == [6, 3]
    assert {text for page in scanned for text in read_texts(page)} == set(texts)


def test_the_sheet_says_in_two_languages_what_it_is_good_for(supplied: Visitor) -> None:
    document = sheet_pdf("2020-09-13", print_papers(supplied, TODAY, 1))
    words = pypdfium2.PdfDocument(document)[0].get_textpage().get_text_range()
    for sentence in (
        "2020-09-13",
        "for one visit",
        "이날 하루, 한 번",
        "when you leave",
        "나갈 때",
        "copies",
        "복사하면",
    ):
        assert sentence in words
    for claim in ("one door", "한 곳"):  # which no door can hold: another one does not know that it was used
        assert claim not in words
    assert document == sheet_pdf("2020-09-13", read_texts(pages(document)[0]))  # nothing else is in it


def test_the_command_writes_sheets_for_the_owner_alone(ready: Run, home: Path, tmp_path: Path) -> None:  # noqa: F811
    visitor = Visitor(home, PASSPHRASE)
    today = visitor.domain.epoch_at(visitor.clock())
    day = visitor.day_name(today)
    pdf, png = tmp_path / "sheet.pdf", tmp_path / "sheet.png"
    for output, count in ((pdf, 2), (png, 1)):
        result = ready("paper", "--day", day, "--count", count, "--output", output)
        assert (result.exit_code, f"wrote {output}: {count} for {day}. Delete" in result.output) == (0, True)
        assert f"{day}의 종이 출입증 {count}장을 만들었습니다." in result.output
        assert stat.S_IMODE(output.stat().st_mode) == 0o600
    with Image.open(png) as image:
        texts = [*read_texts(image), *read_texts(pages(pdf.read_bytes())[0])]
    papers = [from_paper_text(text) for text in texts]
    assert {paper.epoch for paper in papers} == {today}
    assert {paper.u for paper in papers} == {paper.u for paper in visitor.wallet().papers}
    assert f"{day}: {len(papers)} printed on paper" in ready("status").output
    assert not [text for text in texts if text in result.output]


def test_a_sheet_that_cannot_be_written_costs_no_pass(ready: Run, home: Path, tmp_path: Path) -> None:  # noqa: F811
    visitor = Visitor(home, PASSPHRASE)
    day = visitor.day_name(visitor.domain.epoch_at(visitor.clock()))
    before = visitor.wallet().to_bytes()
    fails(ready("paper", "--day", day, "--output", tmp_path / "nowhere" / "sheet.pdf"), "cannot be written")
    assert ready("paper", "--day", day, "--output", tmp_path / "sheet.doc").exit_code == 2
    assert ready("paper", "--day", "tomorrow", "--output", tmp_path / "sheet.pdf").exit_code == 2
    assert visitor.wallet().to_bytes() == before
    fails(
        ready("paper", "--day", day, "--count", ALLOWANCE + 1, "--output", tmp_path / "sheet.pdf"), "passes are needed"
    )
    assert not (tmp_path / "sheet.pdf").exists()
    assert CliRunner().invoke(main, ["paper", "--help"]).exit_code == 0
