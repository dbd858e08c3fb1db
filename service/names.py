"""Names as people give them. Spec: §4.2, §5.3."""

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


def canonical_name(text: str) -> str:
    """A name with single spaces, composed letters (NFC), and plain apostrophes, hyphens and dots."""
    return unicodedata.normalize("NFC", " ".join(text.translate(_TYPED_OTHERWISE).split()))


def is_name(text: str) -> bool:
    """Whether a name is letters, marks, digits, `-'.·` and joiners inside words, with single spaces between."""
    return text != "" and text == " ".join(text.split()) and unfit_in_name(text) == ""


def unfit_in_name(text: str) -> str:
    """The characters of a text that a name cannot have, each once."""
    unfit = (one for place, one in enumerate(text) if not (one.isalnum() or one in " -'.·" or joins(text, place)))
    return "".join(dict.fromkeys(one for one in unfit if not _is_mark(one)))


def joins(text: str, place: int) -> bool:
    """Whether a character is a joiner between letters, such as Persian and Hindi need."""
    if text[place] not in _JOINERS or not 0 < place < len(text) - 1:
        return False
    return all(beside.isalpha() or _is_mark(beside) for beside in (text[place - 1], text[place + 1]))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")
