"""Codes as a picture to show on a screen, each with a line that says what it is. Spec: §4.3."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from service.qr import qr_image, tiled_png

FONT = Path(__file__).with_name("fonts") / "sheet.ttf"
"""A TrueType font with ASCII and the Korean that pictures and sheets need."""
SIZE = 24
"""The height of a caption's letters, in pixels; a code has six to each module."""


def codes_png(codes: Sequence[tuple[str, str]]) -> bytes:
    """The QR codes of some texts, each above its caption, beside and below each other, as a PNG file."""
    return tiled_png([_captioned(text, caption) for text, caption in codes])


def _captioned(text: str, caption: str) -> Image.Image:
    code = qr_image(text)
    picture = Image.new("1", (code.width, code.height + 2 * SIZE), 1)
    picture.paste(code, (0, 0))
    place = picture.width // 2, code.height + SIZE // 2
    ImageDraw.Draw(picture).text(place, caption, 0, ImageFont.truetype(FONT, SIZE), anchor="mm")
    return picture
