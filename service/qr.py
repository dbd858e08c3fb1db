"""QR codes as images and in a terminal. Spec: §4.3."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import qrcode
import qrcode.image.svg
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M


def qr_image(text: str) -> Image.Image:
    """A QR code at error correction M as a black and white picture, four modules of margin."""
    image: Image.Image = _code(text).make_image().get_image()
    return image


def qr_png(*texts: str) -> bytes:
    """QR codes beside and below each other, as a PNG file."""
    return tiled_png([qr_image(text) for text in texts])


def tiled_png(pictures: Sequence[Image.Image]) -> bytes:
    """Black and white pictures, at least one, beside and below each other, as a PNG file."""
    columns = math.ceil(math.sqrt(len(pictures)))
    width, height = max(picture.width for picture in pictures), max(picture.height for picture in pictures)
    page = Image.new("1", (columns * width, -(-len(pictures) // columns) * height), 1)
    for number, picture in enumerate(pictures):
        page.paste(picture, (number % columns * width, number // columns * height))
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


def qr_svg(text: str) -> str:
    """A QR code as an SVG document."""
    document: str = _code(text).make_image(qrcode.image.svg.SvgPathImage).to_string(encoding="unicode")
    return document


def qr_terminal(text: str) -> str:
    """A QR code in block characters, to be printed in white on black."""
    buffer = io.StringIO()
    _code(text).print_ascii(out=buffer, invert=True)
    return buffer.getvalue()


def _code(text: str) -> qrcode.QRCode:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, box_size=6)
    code.add_data(text)
    code.make()
    return code
