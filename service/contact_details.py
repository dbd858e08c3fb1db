"""Names and telephone numbers as people give them. Spec: §4.2, §5.3."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection


def international_number(text: str, region: str | None = None) -> str | None:
    """A phone number in the one form that E.164 gives it; None if `text` is no possible one with its country code.

    Takes the spaces, hyphens and brackets that people write. Without a country code it is a number of `region` (ISO
    3166, two letters) if there is one.
    """
    import phonenumbers  # noqa: PLC0415 - an authority has no use for it

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_called_at_the_usual_price(phone: str, regions: Collection[str]) -> bool:
    """Whether a number in E.164 form is of one of these countries, and is none that costs or answers otherwise.

    Satellite telephones are of no country. Premium and shared-cost numbers, and those that no person carries, are none.
    """
    import phonenumbers  # noqa: PLC0415

    kinds, number = phonenumbers.PhoneNumberType, phonenumbers.parse(phone)
    special = {kinds.PREMIUM_RATE, kinds.SHARED_COST, kinds.TOLL_FREE, kinds.UAN, kinds.PAGER, kinds.VOICEMAIL}
    return phonenumbers.region_code_for_number(number) in regions and phonenumbers.number_type(number) not in special


def is_region(code: str) -> bool:
    """Whether two letters stand for a country that has telephone numbers."""
    import phonenumbers  # noqa: PLC0415

    return code in phonenumbers.SUPPORTED_REGIONS


DEFAULT_REGION = "KR"
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
