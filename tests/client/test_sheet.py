"""The ink of a sheet: what a printer puts on paper, whatever fonts the machine has."""

from __future__ import annotations

import pypdfium2
import pytest
from PIL import ImageFont, ImageOps
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm

from client.picture import FONT
from client.sheet import ADVICE, CODE, MARGIN, sheet_pdf
from client.show import PICTURE_CAPTIONS

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


def test_the_font_has_all_that_is_written() -> None:
    font = ImageFont.truetype(FONT, 40)
    written = "".join([*(line for both in ADVICE for line in both), *PICTURE_CAPTIONS.values(), "0123456789-/()"])
    missing = bytes(font.getmask("\U0010fffd"))
    assert not [one for one in set(written) - {" "} if bytes(font.getmask(one)) in {missing, b""}]


def test_the_document_holds_its_font() -> None:
    assert b"/FontFile2" in sheet_pdf("2020-09-13", ["text"])
