"""Pictures of codes with captions: each caption is in the middle of the strip below its code."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageOps

from client.picture import SIZE, codes_png
from service.qr import qr_image

TEXTS = ("text one", "text two", "text six")
CAPTIONS = ("1/3", "2/3 SplitPass", "3/3")


def test_each_code_has_its_caption_below_it() -> None:
    page = Image.open(BytesIO(codes_png(list(zip(TEXTS, CAPTIONS, strict=True)))))
    code = qr_image(TEXTS[0])
    width, height = code.width, code.height + 2 * SIZE
    assert (page.format, page.size) == ("PNG", (2 * width, 2 * height))
    grey = page.convert("L")
    for number, text in enumerate(TEXTS):
        left, top = number % 2 * width, number // 2 * height
        shown = grey.crop((left, top, left + width, top + code.height))
        assert ImageChops.difference(shown, qr_image(text).convert("L")).getbbox() is None
        strip = ImageOps.invert(grey.crop((left, top + code.height, left + width, top + height)))
        box = strip.getbbox()
        assert box is not None
        assert (box[0] + box[2]) / 2 == pytest.approx(width / 2, abs=3)
        assert (box[1] + box[3]) / 2 == pytest.approx(0.65 * SIZE, abs=2)
        assert box[3] - box[1] == pytest.approx(1.06 * SIZE, abs=2), "with the slash"
    assert ImageOps.invert(grey.crop((width, height, 2 * width, 2 * height))).getbbox() is None
