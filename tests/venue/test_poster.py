"""What a poster looks like: a code in its full size, and lines in the middle that do not run into it."""

from __future__ import annotations

from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageChops, ImageOps

from service.qr import qr_image, qr_svg
from venue.decoding import read_codes
from venue.poster import poster_png, poster_svg

NAME, LONG_NAME = "Cafe", "A very long name of a place " * 3
LINK = "https://door.example/#" + "signature" * 30
SVG = "{http://www.w3.org/2000/svg}"


def test_the_svg_is_a_page_with_the_code_between_its_lines() -> None:
    root = ElementTree.fromstring(poster_svg(NAME, LINK))
    assert (root.tag, root.attrib) == (f"{SVG}svg", {"width": "148mm", "height": "210mm", "viewBox": "0 0 148 210"})
    paper, frame, *lines = root
    assert (paper.tag, paper.attrib) == (f"{SVG}rect", {"width": "148", "height": "210", "fill": "#fff"})
    code = ElementTree.fromstring(qr_svg(LINK))
    place = {"x": "12", "y": "34", "width": "124", "height": "124", "viewBox": code.attrib["viewBox"]}
    assert (frame.tag, frame.attrib) == (f"{SVG}svg", place)
    assert [(path.tag, path.attrib) for path in frame] == [(f"{SVG}path", code[0].attrib)]
    middle = {"x": "74", "text-anchor": "middle", "font-family": "sans-serif"}
    assert [(line.tag, line.text, line.attrib) for line in lines] == [
        (f"{SVG}text", NAME, {**middle, "y": "26", "font-size": "11.00"}),
        (f"{SVG}text", "SplitPass로 찍고 체크인하세요", {**middle, "y": "174", "font-size": "7.00"}),
        (f"{SVG}text", "Scan with SplitPass to check in", {**middle, "y": "186", "font-size": "6.67"}),
    ]


@pytest.mark.parametrize(("name", "size"), [("a" * 30, "6.89"), ("가" * 30, "4.13")])
def test_a_long_name_is_written_smaller_on_the_svg(name: str, size: str) -> None:
    """As wide as the code, where a Korean letter is as wide as it is high and another a little narrower."""
    line = ElementTree.fromstring(poster_svg(name, LINK))[2]
    assert (line.text, line.attrib["font-size"]) == (name, size)


def drawn(name: str) -> tuple[Image.Image, int]:
    """A poster, and how high the space above and below its code is."""
    page = Image.open(BytesIO(poster_png(name, LINK)))
    assert page.format == "PNG"
    return page, (page.height - page.width) // 2


def lines_of(page: Image.Image, top: int, bottom: int) -> list[tuple[int, int, int, int]]:
    """The boxes of ink in a part of a page, one for each line of text."""
    ink = ImageOps.invert(page.convert("L")).point(lambda grey: grey > 64 and 255)
    rows = [y for y in range(top, bottom) if ink.crop((0, y, page.width, y + 1)).getbbox()]
    boxes: list[tuple[int, int, int, int]] = []
    for begin in (y for y in rows if y - 1 not in rows):
        end = next(y for y in range(begin, bottom + 1) if y not in rows)
        left, _, right, _ = ink.crop((0, begin, page.width, end)).getbbox() or (0, 0, 0, 0)
        boxes.append((left, begin, right, end))
    return boxes


def test_the_picture_has_the_code_in_its_full_width() -> None:
    page, margin = drawn(NAME)
    code = qr_image(LINK).convert("L")
    code = code.resize((code.width * 2, code.height * 2), Image.Resampling.NEAREST)
    assert (page.size, margin) == ((code.width, code.height + 2 * (code.width // 6)), code.width // 6)
    shown = page.crop((0, margin, page.width, page.height - margin))
    box = ImageOps.invert(code).getbbox()  # in the quiet zone below it a line may begin
    assert ImageChops.difference(shown.crop(box), code.crop(box)).getbbox() is None
    assert read_codes(page) == [LINK]


@pytest.mark.parametrize("name", [NAME, LONG_NAME])
def test_the_pictures_lines_are_in_the_middle_and_clear_of_the_code(name: str) -> None:
    page, margin = drawn(name)
    size = page.width / 18
    above, below = lines_of(page, 0, margin), lines_of(page, page.height - margin, page.height)
    (title,), english = above, below[-1]
    for (left, top, right, bottom), middle in ((title, margin / 2), (english, page.height - margin + 2 * size)):
        assert (left + right) / 2 == pytest.approx(page.width / 2, abs=4)
        assert (top + bottom) / 2 == pytest.approx(middle, abs=size / 4)
        assert bottom - top < 1.2 * size
    width = title[2] - title[0]
    if name is LONG_NAME:
        assert 0.85 * page.width < width < 0.91 * page.width
    else:
        assert title[3] - title[1] == pytest.approx(0.75 * size, abs=0.1 * size), "the letters have their full size"
