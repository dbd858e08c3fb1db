"""The text in a QR code: `SP1:` and the base45 of a present-mode check-in. Spec: §4.3.

Base45 (RFC 9285) keeps to the QR alphanumeric alphabet; readers mangle raw binary.
"""

from __future__ import annotations

from base45 import b45decode, b45encode

from protocol.checkins import MAX_CHECK_IN_BYTES, CheckInMessage
from protocol.errors import MalformedText

PREFIX = "SP1:"


def to_qr_text(message: CheckInMessage) -> str:
    """The text of a present-mode check-in: at most 310 characters of the QR alphanumeric alphabet."""
    return PREFIX + _base45(message.to_bytes())


def from_qr_text(text: str) -> CheckInMessage:
    """The check-in in a QR code's text; raises `MalformedText` or `MalformedEncoding`."""
    if not text.startswith(PREFIX):  # step 1
        raise MalformedText("not a SplitPass code")
    try:
        encoding = b45decode(text.removeprefix(PREFIX))  # step 2
    except ValueError:
        raise MalformedText("not base45") from None
    if len(encoding) > MAX_CHECK_IN_BYTES or _base45(encoding) != text.removeprefix(PREFIX):  # step 3
        raise MalformedText("not the base45 of a check-in")
    return CheckInMessage.from_bytes(encoding)  # step 4; one that names a venue is longer than the limit


def _base45(data: bytes) -> str:
    text: bytes = b45encode(data)
    return text.decode("ascii")
