"""Names and telephone numbers as people give them. Spec: §4.2, §5.3."""

from __future__ import annotations

import unicodedata


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


def is_region(code: str) -> bool:
    """Whether two letters stand for a country that has telephone numbers."""
    import phonenumbers  # noqa: PLC0415

    return code in phonenumbers.SUPPORTED_REGIONS


def canonical_name(text: str) -> str:
    """A name with single spaces and composed letters (NFC)."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def is_name(text: str) -> bool:
    """Whether a name is letters, marks, digits and `-'.·`, with single spaces between."""
    clean = all(character.isalnum() or character in " -'.·" or _is_mark(character) for character in text)
    return clean and text != "" and text == " ".join(text.split())


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")
