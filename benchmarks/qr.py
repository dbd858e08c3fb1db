"""The QR code of a present-mode check-in: its size, and the time to render it and to read it back."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from PIL.Image import Image
from pyzbar.pyzbar import ZBarSymbol, decode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from protocol.check_ins import CheckInMessage
from protocol.qr_text import from_qr_text, to_qr_text

MODULE_PIXELS = 4


@dataclass(frozen=True)
class QRResult:
    """Sizes are the largest of all codes, times the medians; `read_back` counts codes that gave the same check-in."""

    message_bytes: int
    characters: int
    version: int
    modules: int
    render_milliseconds: float
    read_milliseconds: float
    codes: int
    read_back: int


def measure_qr(check_ins: list[CheckInMessage]) -> QRResult:
    """Render and read the code of every check-in."""
    texts = [to_qr_text(message) for message in check_ins]
    versions, modules, render, read, read_back = [], [], [], [], 0
    for message, text in zip(check_ins, texts, strict=True):
        begin = time.perf_counter()
        code, image = _render(text)
        rendered = time.perf_counter()
        symbols = decode(image, symbols=[ZBarSymbol.QRCODE])
        read.append(time.perf_counter() - rendered)
        render.append(rendered - begin)
        versions.append(code.version)
        modules.append(code.modules_count)
        if [from_qr_text(symbol.data.decode("ascii")) for symbol in symbols] == [message]:
            read_back += 1
    return QRResult(
        max(len(message.to_bytes()) for message in check_ins),
        max(map(len, texts)),
        max(versions),
        max(modules),
        statistics.median(render) * 1e3,
        statistics.median(read) * 1e3,
        len(check_ins),
        read_back,
    )


def _render(text: str) -> tuple[QRCode, Image]:
    code = QRCode(error_correction=ERROR_CORRECT_M, box_size=MODULE_PIXELS)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    code.make(fit=True)
    return code, code.make_image().get_image()
