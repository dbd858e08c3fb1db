"""The poster at a door: the venue's name, and the link by which its visitors find it. Spec: §4.3."""

from __future__ import annotations

import functools
import io
from xml.etree import ElementTree

from PIL import Image, ImageDraw, ImageFont

from protocol.warrants import verify_venue
from service.errors import ConfigurationError
from service.qr import qr_image, qr_svg
from venue.errors import NotRegistered
from venue.home import ServedVenue

_WIDTH, _HEIGHT, _CODE = 148, 210, 124
_ADVICE = ("SplitPass로 찍고 체크인하세요", "Scan with SplitPass to check in")
MAX_LINK_BYTES = 106
"""What a QR code of version 6 with error correction M holds."""
_DRAWN = 256
"""How many posters are kept: drawing one takes as long as admitting many visitors, and anyone may ask for it."""
_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansKR-Regular.ttf",
    "NotoSansKR-Regular.otf",
    "NanumGothic.ttf",
    "malgun.ttf",
    "AppleSDGothicNeo.ttc",
    "DejaVuSans.ttf",
)


def poster_text(venue: ServedVenue) -> tuple[str, str]:
    """The title and the link of a registered venue's poster, which is for the visitors of every domain.

    Raises what `verify_venue` raises, `NotRegistered` if no domain's parties have signed the venue's record, and
    `ConfigurationError` for a venue without a server, or with a URL that is too long.
    """
    joined = [membership for membership in venue.memberships if membership.registration is not None]
    if not joined:
        raise NotRegistered(venue.venue_id)
    record = verify_venue(joined[0].pinned.domain, joined[0].registered).record
    if not record.url:
        raise ConfigurationError("the venue was registered without a URL, so nobody can check in by a poster")
    link = f"{record.url.rstrip('/')}/v/{venue.venue_id.hex()}"
    if (longer := len(link.encode()) - MAX_LINK_BYTES) > 0:
        raise ConfigurationError(
            f"the venue's URL is {longer} bytes too long for a poster that can be read from where a queue stands"
        )
    return record.name, link


@functools.lru_cache(_DRAWN)
def poster_svg(name: str, link: str) -> str:
    """The poster as an SVG document of 148 by 210 mm; whoever shows it brings the fonts."""
    size = {"width": f"{_WIDTH}mm", "height": f"{_HEIGHT}mm", "viewBox": f"0 0 {_WIDTH} {_HEIGHT}"}
    root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
    ElementTree.SubElement(root, "rect", {"width": str(_WIDTH), "height": str(_HEIGHT), "fill": "#fff"})
    code = ElementTree.fromstring(qr_svg(link))  # noqa: S314 - the document was made here
    place = {"x": str((_WIDTH - _CODE) // 2), "y": "34", "width": str(_CODE), "height": str(_CODE)}
    frame = ElementTree.SubElement(root, "svg", {**place, "viewBox": code.attrib["viewBox"]})
    ElementTree.SubElement(frame, "path", code[0].attrib)
    for text, y, height in ((name, 26, 11), (_ADVICE[0], 174, 7), (_ADVICE[1], 186, 7)):
        width = sum(1 if ord(character) > 0x2E7F else 0.6 for character in text)
        attributes = {
            "x": str(_WIDTH // 2),
            "y": str(y),
            "text-anchor": "middle",
            "font-family": "sans-serif",
            "font-size": f"{min(height, _CODE / width):.2f}",
        }
        ElementTree.SubElement(root, "text", attributes).text = text
    return ElementTree.tostring(root, encoding="unicode")


@functools.lru_cache(_DRAWN)
def poster_png(name: str, link: str) -> bytes:
    """The poster as a PNG file. A line for which this machine has no font is left out (see `can_draw`)."""
    code = qr_image(link)
    code = code.resize((code.width * 2, code.height * 2), Image.Resampling.NEAREST)
    size, margin = code.width // 18, code.width // 6
    page = Image.new("L", (code.width, code.height + 2 * margin), 255)
    page.paste(code, (0, margin))
    draw = ImageDraw.Draw(page)
    lines = ((name, margin // 2), (_ADVICE[0], page.height - margin), (_ADVICE[1], page.height - margin + 2 * size))
    for text, y in lines:
        font = _font(text, size)
        if font is None:
            continue
        scale = min(1, 0.9 * page.width / draw.textlength(text, font))
        draw.text((page.width // 2, y), text, 0, _font(text, int(size * scale)), anchor="mm")
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


def can_draw(name: str) -> bool:
    """Whether a font on this machine has every character of a name, so that a PNG poster shows it."""
    return _font(name, 20) is not None


def _font(text: str, size: int) -> ImageFont.FreeTypeFont | None:
    for file in (None, *_FONTS):
        font = _load_font(file, size)
        if font is not None and _has_glyphs(font, text):
            return font
    return None


@functools.cache
def _load_font(file: str | None, size: int) -> ImageFont.FreeTypeFont | None:
    """A font of the system by its file's name, or Pillow's own; None if it is not installed."""
    if file is None:
        font = ImageFont.load_default(size)
        return font if isinstance(font, ImageFont.FreeTypeFont) else None
    try:
        return ImageFont.truetype(file, size)
    except OSError:
        return None


def _has_glyphs(font: ImageFont.FreeTypeFont, text: str) -> bool:
    missing = bytes(font.getmask("\U0010fffd"))
    return all(character.isspace() or bytes(font.getmask(character)) != missing for character in text)
