"""The text of QR codes."""

from __future__ import annotations

from typing import Any

from protocol.qr_text import from_qr_text, to_qr_text
from tests.vectors.replay import Operation


def check(*, text: str) -> dict[str, Any]:
    message = from_qr_text(text)
    assert to_qr_text(message) == text
    return {"message": message}


OPERATIONS = {"qr-text": Operation(check)}
