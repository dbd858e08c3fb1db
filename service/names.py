"""Names, and other lines of text, as people give them. Spec: §4.2, §5.3."""

from __future__ import annotations

import unicodedata

MAX_NAME_BYTES = 128
_TYPED_OTHERWISE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u2032\u00b4\u0060\uff07", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2022\u2027\u2219\u22c5\u30fb\uff65", "·"),
        "\uff0e": ".",
    }
)
"""Apostrophes, hyphens and dots that keyboards and other programs write, by the plain one."""
_JOINERS = "\u200c\u200d"
_FILLERS = "\u115f\u1160\u3164\uffa0"
"""Hangul fillers: Unicode counts them as letters, and nobody sees them."""


def canonical_name(text: str) -> str:
    """A name with single spaces, composed letters (NFC), and plain apostrophes, hyphens and dots.

    What nobody sees is left out, as programs put it around what is copied from them.
    """
    plain = text.translate(_TYPED_OTHERWISE).translate(dict.fromkeys(map(ord, _FILLERS), " "))
    seen = "".join(one for one in plain if one in _JOINERS or unicodedata.category(one) != "Cf")
    seen = "".join(one for place, one in enumerate(seen) if one not in _JOINERS or joins(seen, place))
    return unicodedata.normalize("NFC", " ".join(seen.split()))


def is_name(text: str) -> bool:
    """Whether a name is letters, marks, digits, `-'.·` and joiners inside words, with single spaces between.

    At least one is a letter or digit.
    """
    return any(map(str.isalnum, text)) and text == " ".join(text.split()) and unfit_in_name(text) == ""


def is_line(text: str, most: int) -> bool:
    """Whether a text is one line of 1 to `most` bytes, all printable."""
    return text.isprintable() and 0 < len(text.encode()) <= most


def unfit_in_name(text: str) -> str:
    """The characters of a text that a name cannot have, each once."""
    return "".join(dict.fromkeys(one for place, one in enumerate(text) if not _is_fit(text, place)))


def _is_fit(text: str, place: int) -> bool:
    one = text[place]
    return one not in _FILLERS and (one.isalnum() or one in " -'.·" or _is_mark(one) or joins(text, place))


def fault_of(name: str) -> str | None:
    """What is wrong with a name that is in its canonical form, in English and Korean; None if nothing is."""
    if unfit := unfit_in_name(name):
        shown = " ".join(one if one.isprintable() else f"U+{ord(one):04X}" for one in unfit)
        return (
            f"a name has letters, digits, spaces and - ' . · alone; leave out {shown} / "
            f"이름에 쓸 수 없는 글자가 있습니다: {shown}"
        )
    if not is_name(name):
        return "a name has at least one letter or digit / 이름을 입력해 주세요"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"a name has at most {MAX_NAME_BYTES} bytes of UTF-8 / 이름이 너무 깁니다"
    return None


def joins(text: str, place: int) -> bool:
    """Whether a character is a joiner between letters, such as Persian and Hindi need."""
    if text[place] not in _JOINERS or not 0 < place < len(text) - 1:
        return False
    return all(beside.isalpha() or _is_mark(beside) for beside in (text[place - 1], text[place + 1]))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")
