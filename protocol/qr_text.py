"""The text in a QR code: a prefix (`SP1:` for a present-mode check-in) and the base45 of a message. Spec: §4.3.

Base45 (RFC 9285) keeps to the QR alphanumeric alphabet; readers mangle raw binary.
"""

from __future__ import annotations

from base45 import b45decode, b45encode

from protocol.check_ins import MAX_CHECK_IN_BYTES, CheckInMessage
from protocol.primitives.errors import MalformedText

PREFIX = "SP1:"


def to_qr_text(message: CheckInMessage) -> str:
    """The text of a present-mode check-in: at most 310 characters of the QR alphanumeric alphabet."""
    return encode_text(PREFIX, message.to_bytes())


def from_qr_text(text: str) -> CheckInMessage:
    """Decode a QR code's text.

    Args:
        text: What the code says.

    Returns:
        The check-in, unverified.

    Raises:
        MalformedText: It is no text of a check-in.
        MalformedEncoding: It is no message of one.
    """
    # step 4; one that names a venue is longer than the limit
    return CheckInMessage.from_bytes(decode_text(PREFIX, text, MAX_CHECK_IN_BYTES))


def encode_text(prefix: str, encoding: bytes) -> str:
    """The text that a QR code carries for an encoded message."""
    return prefix + _base45(encoding)


def decode_text(prefix: str, text: str, max_bytes: int) -> bytes:
    """Read the message out of a QR code's text.

    Args:
        prefix: What the text must begin with.
        text: What the code says.
        max_bytes: How long the encoded message may be.

    Returns:
        The encoded message.

    Raises:
        MalformedText: It has another prefix, is not base45, or is too long.
    """
    if not text.startswith(prefix):  # step 1
        raise MalformedText("not a SplitPass code of this kind")
    try:
        encoding: bytes = b45decode(text.removeprefix(prefix))  # step 2
    except ValueError:
        raise MalformedText("not base45") from None
    if len(encoding) > max_bytes or _base45(encoding) != text.removeprefix(prefix):  # step 3
        raise MalformedText("not the base45 of a message")
    return encoding


def _base45(data: bytes) -> str:
    text: bytes = b45encode(data)
    return text.decode("ascii")
