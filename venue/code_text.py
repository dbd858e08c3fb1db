"""What the text of a QR code says. Spec: §3.8, §4.3."""

from __future__ import annotations

from protocol.check_ins import CheckInMessage
from protocol.paper_passes import PAPER_PREFIX, PaperPass, from_paper_text
from protocol.qr_text import PREFIX, from_qr_text


def parse_code(text: str) -> CheckInMessage | PaperPass:
    """What the text of a code says, on a screen or on paper; raises `Malformed`."""
    return from_paper_text(text) if text.startswith(PAPER_PREFIX) else from_qr_text(text)


def is_ours(text: str) -> bool:
    """Whether a text says that it is a SplitPass code, on a screen or on paper."""
    return text.startswith((PREFIX, PAPER_PREFIX))
