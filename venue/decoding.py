"""From grey pictures to the texts of their QR codes. Spec: §4.3.

Two decoders look at every picture. zbar is the first. zxing adds what zbar does not read: codes that are tilted,
inverted or beside something that zbar fails on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from service.errors import ConfigurationError
from venue.code_text import is_ours

_QR_CODES = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
COLOURED = 4
"""By how much, of 255, a picture has another colour than one on average."""
Grey = NDArray[Any]
"""A picture of one channel: height by width, 0 is black."""


def read_codes(picture: Image.Image | NDArray[Any]) -> list[str]:
    """The texts of the QR codes in a picture, or a camera's frame as an array of bytes; each once.

    Bytes outside ASCII, which no SplitPass code has, come as U+FFFD. Raises `ConfigurationError` if the zbar library
    is not installed.
    """
    texts: list[str] = []
    for grey in _greys(picture):
        texts += _read_with_both(grey)
        if any(map(is_ours, texts)):
            break
    return list(dict.fromkeys(texts))


def _read_with_both(grey: Grey) -> list[str]:
    texts = read_with_zbar(grey)
    others = read_with_zxing(grey)
    # The two spell a foreign code differently, so that the second one's counts only where nothing else is.
    return texts + ([text for text in others if is_ours(text)] or ([] if texts else others))


def _greys(picture: Image.Image | NDArray[Any]) -> Iterator[Grey]:
    if isinstance(picture, Image.Image):
        yield np.asarray(picture.convert("L"))
    elif picture.ndim == 2:
        yield picture
    else:
        yield from channels(picture)


def channels(colours: NDArray[Any]) -> Iterator[Grey]:
    """A picture in colours as the channel in which it has the most contrast, and as the lightest of all channels.

    Under red, amber or green light the code of a sheet of paper is in one channel alone, which is not the one with the
    most contrast if a lamp of another colour is in view. Without colours the two are the same, and it comes once.
    """
    sample = colours[::8, ::8].reshape(-1, colours.shape[2])
    best = int(sample.std(axis=0).argmax())
    yield colours[:, :, best]
    if (sample.max(axis=1) - sample[:, best]).mean() > COLOURED:
        yield np.maximum.reduce([colours[:, :, channel] for channel in range(colours.shape[2])])


def read_with_zbar(grey: Grey) -> list[str]:
    """What zbar reads, which is nothing where it fails; raises `ConfigurationError` if it is not installed."""
    try:
        from pyzbar import pyzbar  # noqa: PLC0415 - it loads a system library, which may be missing
    except ImportError:
        raise ConfigurationError(
            "the zbar library is missing; run: apt install libzbar0 (macOS: brew install zbar) / zbar를 설치해 주세요"
        ) from None
    height, width = grey.shape
    try:
        symbols = pyzbar.decode((grey.tobytes(), width, height), symbols=[pyzbar.ZBarSymbol.QRCODE])
    except Exception:  # noqa: BLE001 - of one part of a structured append it makes a ValueError; a door goes on
        return []
    return [_text(symbol.data) for symbol in symbols]


def read_with_zxing(grey: Grey) -> list[str]:
    """What zxing reads, which is nothing where it fails."""
    try:
        codes = zxingcpp.read_barcodes(np.ascontiguousarray(grey), formats=_QR_CODES)
    except Exception:  # noqa: BLE001 - whatever somebody shows to a door, it goes on
        return []
    return [_text(code.bytes) for code in codes]


def _text(data: bytes) -> str:
    return data.decode("ascii", "replace")
