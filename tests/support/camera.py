"""Reading what the client shows as a door's camera would."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image
from pyzbar.pyzbar import ZBarSymbol, decode

from protocol.check_ins import CheckInMessage
from protocol.qr_text import from_qr_text

BLOCKS = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), "\xa0": (0, 0)}


def read_texts(image: Image.Image) -> list[str]:
    """The texts of all codes in a picture."""
    return [found.data.decode() for found in decode(image, [ZBarSymbol.QRCODE])]


def read_image(image: Image.Image) -> CheckInMessage:
    """The check-in in a picture that holds one code."""
    [text] = read_texts(image)
    return from_qr_text(text)


def read_png(path: Path) -> CheckInMessage:
    with Image.open(path) as image:
        return read_image(image)


def read_group(path: Path) -> list[CheckInMessage]:
    """The check-ins in a picture that holds several codes."""
    with Image.open(path) as image:
        return [from_qr_text(text) for text in read_texts(image)]


def read_terminal(output: str) -> CheckInMessage:
    """The last code in a terminal's output: white blocks on a black background."""
    lines = re.findall("[█▀▄\xa0]{50,}", output)[-33:]
    rows = [[BLOCKS[character][half] for character in line] for line in lines for half in (0, 1)]
    image = Image.new("L", (len(rows[0]), len(rows)))
    image.putdata([pixel for row in rows for pixel in row])
    return read_image(image.resize((image.width * 6, image.height * 6), Image.Resampling.NEAREST))
