"""Pictures made of others."""

from __future__ import annotations

from PIL import Image


def beside(*pictures: Image.Image) -> Image.Image:
    """Pictures side by side on white paper."""
    page = Image.new(
        "L", (sum(picture.width for picture in pictures), max(picture.height for picture in pictures)), 255
    )
    left = 0
    for picture in pictures:
        page.paste(picture, (left, 0))
        left += picture.width
    return page
