"""Telephone numbers as people give them. Spec: §4.2, §5.3."""

from __future__ import annotations

import re
from collections.abc import Collection

DEFAULT_REGION = "KR"
_KOREAN_MOBILE = re.compile(r"\+82(10)([0-9]{4})([0-9]{4})")


def international_number(text: str, region: str | None = None) -> str | None:
    """A phone number in the one form that E.164 gives it; None if `text` is no possible one with its country code.

    Takes the spaces, hyphens and brackets that people write. Without a country code it is a number of `region` (ISO
    3166, two letters) if there is one; `00` at its beginning may stand for `+` in every region.
    """
    import phonenumbers  # noqa: PLC0415 - it takes long to load

    readings, digits = [text], phonenumbers.normalize_digits_only(text)
    if region is not None and digits.startswith("00"):
        is_own = digits.startswith(f"00{phonenumbers.country_code_for_region(region)}")
        readings.insert(0 if is_own else 1, f"+{digits[2:]}")
    for typed in readings:
        try:
            number = phonenumbers.parse(typed, region)
        except phonenumbers.NumberParseException:
            continue
        if not number.extension and phonenumbers.is_possible_number(number):
            break
    else:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def written_at_home(phone: str, region: str) -> str | None:
    """A number in E.164 form as it is written in `region`; None for what is no number of it."""
    if region == "KR" and (mobile := _KOREAN_MOBILE.fullmatch(phone)):  # nearly all: of which no tables need be loaded
        return "0" + "-".join(mobile.groups())
    import phonenumbers  # noqa: PLC0415

    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None
    if number.country_code != phonenumbers.country_code_for_region(region):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def written_abroad(phone: str) -> tuple[str, str]:
    """The country code of a number in E.164 form, and the rest with hyphens; of what is no number, its digits alone."""
    import phonenumbers  # noqa: PLC0415

    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return "", "".join(digit for digit in phone if digit in "0123456789")
    _, _, rest = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL).partition(" ")
    return str(number.country_code), re.sub("[^0-9]+", "-", rest)


def is_called_at_the_usual_price(phone: str, regions: Collection[str]) -> bool:
    """Whether a number in E.164 form is of one of these countries, and is none that costs or answers otherwise.

    Satellite telephones are of no country. Premium and shared-cost numbers, those that no person carries, and those
    that nobody was given are none.
    """
    import phonenumbers  # noqa: PLC0415

    kinds, number = phonenumbers.PhoneNumberType, phonenumbers.parse(phone)
    special = {kinds.PREMIUM_RATE, kinds.SHARED_COST, kinds.TOLL_FREE, kinds.UAN, kinds.PAGER, kinds.VOICEMAIL}
    special.add(kinds.UNKNOWN)
    return phonenumbers.region_code_for_number(number) in regions and phonenumbers.number_type(number) not in special


def is_assigned(phone: str) -> bool:
    """Whether a number in E.164 form is of a range that its country has given to somebody."""
    import phonenumbers  # noqa: PLC0415

    return phonenumbers.is_valid_number(phonenumbers.parse(phone))


def is_region(code: str) -> bool:
    """Whether two letters stand for a country that has telephone numbers."""
    import phonenumbers  # noqa: PLC0415

    return code in phonenumbers.SUPPORTED_REGIONS
