"""The ink of a sheet: what a printer puts on paper, whatever fonts the machine has."""

from __future__ import annotations

import pypdfium2
import pytest
from PIL import Image, ImageFont, ImageOps
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm

from client.picture import FONT
from client.sheet import ADVICE, CODE, CUT, MARGIN, sheet_pdf
from client.show import PICTURE_CAPTIONS
from service.qr import qr_image
from venue.decoding import read_codes

SIZE, SCALE = 8, 4
"""Of the letters in points, and pixels for each point."""


@pytest.mark.parametrize("number", range(len(ADVICE)))
def test_both_languages_are_printed_in_their_whole_width(number: int) -> None:
    page = pypdfium2.PdfDocument(sheet_pdf("2020-09-13", ["text"]))[0].render(scale=SCALE).to_pil().convert("L")
    font = ImageFont.truetype(FONT, SIZE * SCALE)
    for line, distance in zip(ADVICE[number], (10 + 8 * number, 13.5 + 8 * number), strict=True):
        baseline = MARGIN + CODE + distance * mm
        left, right = MARGIN + 2 * mm, A4[0] / 2 - 2 * mm
        band = page.crop(tuple(round(SCALE * at) for at in (left, baseline - SIZE * 0.75, right, baseline + 1)))
        box = ImageOps.invert(band).point(lambda ink: ink > 64 and 255).getbbox()
        assert box is not None, f"nothing is printed of {line!r}"
        assert box[2] - box[0] == pytest.approx(font.getlength(line), abs=SIZE)


def test_a_page_has_six_codes_each_in_its_cell_between_lines_to_cut_along() -> None:
    texts = [f"text number {number}" for number in range(7)]
    document = pypdfium2.PdfDocument(sheet_pdf("2020-09-13", texts))
    assert [page.get_size() for page in document] == [pytest.approx(A4, abs=0.01)] * 2
    assert document.get_metadata_value("Title") == "SplitPass"
    width, height = (A4[0] - 2 * MARGIN) / 2, (A4[1] - 2 * MARGIN) / 3
    pages = [page.render(scale=SCALE).to_pil().convert("L") for page in document]
    for number, text in enumerate(texts):
        page, place = pages[number // 6], number % 6
        left, top = MARGIN + place % 2 * width, MARGIN + place // 2 * height
        code_left, code_top = left + width / 2 - CODE / 2, top + CUT
        code = page.crop(pixels(code_left, code_top, code_left + CODE, code_top + CODE))
        assert read_codes(code) == [text]
        module = CODE / (qr_image(text).width / 6)
        box = dark(code.crop(pixels(0, 0, CODE, CODE - 3 * module))).getbbox()
        assert box == pytest.approx(pixels(*[4 * module] * 2, *[CODE - 4 * module] * 2), abs=SCALE)
        for line in (
            (left + 1, top - 1, left + width - 1, top + 1),
            (left + 1, top + height - 1, left + width - 1, top + height + 1),
            (left - 1, top + 1, left + 1, top + height - 1),
            (left + width - 1, top + 1, left + width + 1, top + height - 1),
        ):
            assert 0.3 < dashes(page.crop(pixels(*line))) < 0.7  # two cells share a line
    edge = pages[1].crop(pixels(MARGIN + 1, MARGIN - 1, MARGIN + width - 1, MARGIN + 1))
    assert dashes(edge) == pytest.approx(1 / 3, abs=0.04)
    assert dark(pages[1].crop(pixels(A4[0] / 2 + 2, 0, *A4))).getbbox() is None


def pixels(*box: float) -> tuple[int, ...]:
    return tuple(round(SCALE * at) for at in box)


def dark(picture: Image.Image) -> Image.Image:
    return ImageOps.invert(picture).point(lambda ink: ink > 128 and 255)


def dashes(line: Image.Image) -> float:
    """How much of a line is drawn."""
    ink = dark(line)
    places = [(at, 0, at + 1, line.height) for at in range(line.width)]
    if line.height > line.width:
        places = [(0, at, line.width, at + 1) for at in range(line.height)]
    return sum(ink.crop(place).getbbox() is not None for place in places) / len(places)


def test_the_font_has_all_that_is_written() -> None:
    font = ImageFont.truetype(FONT, 40)
    written = "".join([*(line for both in ADVICE for line in both), *PICTURE_CAPTIONS.values(), "0123456789-/()"])
    missing = bytes(font.getmask("\U0010fffd"))
    assert not [one for one in set(written) - {" "} if bytes(font.getmask(one)) in {missing, b""}]


def test_the_document_holds_its_font() -> None:
    assert b"/FontFile2" in sheet_pdf("2020-09-13", ["text"])
