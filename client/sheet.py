"""A sheet of paper passes to print and cut: A4 pages with what their users have to know. Spec: §4.3."""

from __future__ import annotations

import io
from collections.abc import Iterator

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from client.picture import FONT
from service.qr import qr_image

ACROSS, DOWN = 2, 3
MARGIN, CUT, CODE = 10 * mm, 1 * mm, 58 * mm
ADVICE = (
    ("Use it on this day, for one visit.", "이날 하루, 한 번 들어갈 때 쓸 수 있습니다."),
    ("Show it again when you leave, a minute or more later.", "나갈 때, 들어온 지 1분이 지난 뒤에 다시 보여 주세요."),
    ("Whoever copies it can use it: show it to nobody else.", "복사하면 누구나 쓸 수 있으니 남에게 보이지 마세요."),
)


def sheet_pdf(day: str, texts: list[str]) -> bytes:
    """A PDF document with the codes of `texts`, six on a page, for the day of this name (`YYYY-MM-DD`).

    It holds the glyphs of its font, so that no reader or printer needs a Korean one.
    """
    registerFont(TTFont("Sheet", str(FONT)))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=True)  # no time of printing in the file
    canvas.setTitle("SplitPass")
    for number, text in enumerate(texts):
        place = number % (ACROSS * DOWN)
        if number and not place:
            canvas.showPage()
        width, height = (A4[0] - 2 * MARGIN) / ACROSS, (A4[1] - 2 * MARGIN) / DOWN
        left, top = MARGIN + place % ACROSS * width, A4[1] - MARGIN - place // ACROSS * height
        canvas.setDash(2, 4)
        canvas.rect(left, top - height, width, height)
        middle = left + width / 2
        canvas.drawImage(ImageReader(qr_image(text)), middle - CODE / 2, top - CUT - CODE, CODE, CODE)
        for distance, size, line in _lines(day):
            canvas.setFont("Sheet", size)
            canvas.drawCentredString(middle, top - CODE - distance, line)
    canvas.save()
    return buffer.getvalue()


def _lines(day: str) -> Iterator[tuple[float, float, str]]:
    """The lines below a code: distance from it, size in points, text."""
    yield 4 * mm, 12, f"SplitPass  {day}"
    for number, (english, korean) in enumerate(ADVICE):
        yield (10 + 8 * number) * mm, 8, english
        yield (13.5 + 8 * number) * mm, 8, korean
