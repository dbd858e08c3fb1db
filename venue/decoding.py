"""From pictures to the texts of their QR codes, and what those say: image files and a watched folder. Spec: §4.3."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from protocol.check_ins import CheckInMessage
from protocol.paper_passes import PAPER_PREFIX, PaperPass, from_paper_text
from protocol.qr_text import from_qr_text
from service.errors import ConfigurationError

POLL_SECONDS = 0.2
PATIENCE_SECONDS = 5
"""How long a file in a watched folder may stay unreadable: who writes it may not be done."""
MAX_PIXELS = 32_000_000
"""More than a door's camera has, and few enough for its memory."""


class UnreadableImage(Exception):
    """A file that is not a whole picture."""


def read_codes(image: Any) -> list[str]:
    """The texts of the QR codes in a picture: a Pillow image, or a frame as a NumPy array of bytes.

    Bytes outside ASCII, which no SplitPass code has, come as U+FFFD. Raises `ConfigurationError` if the zbar library
    is not installed.
    """
    try:
        from pyzbar import pyzbar  # noqa: PLC0415 - it loads a system library, which may be missing
    except ImportError:
        raise ConfigurationError(
            "the zbar library is missing; run: apt install libzbar0 (macOS: brew install zbar)"
        ) from None
    symbols = pyzbar.decode(image, symbols=[pyzbar.ZBarSymbol.QRCODE])
    return [symbol.data.decode("ascii", "replace") for symbol in symbols]


def parse_code(text: str) -> CheckInMessage | PaperPass:
    """What the text of a code says, on a screen or on paper; raises `Malformed`."""
    return from_paper_text(text) if text.startswith(PAPER_PREFIX) else from_qr_text(text)


def read_file(path: Path) -> list[str]:
    """The texts of the QR codes in an image file; raises `UnreadableImage`."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableImage(f"a picture has at most {MAX_PIXELS // 10**6} megapixels")
            return read_codes(image.convert("L"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableImage(f"not a whole picture ({type(error).__name__})") from None


def watch_folder(folder: Path) -> Iterator[tuple[Path, list[str] | None]]:
    """Every file of a folder once, those there already and then each new one, with the texts of its codes.

    A file that is no whole picture is tried again whenever it grows; the texts are None if it stays so for
    `PATIENCE_SECONDS`. Hidden files are passed over. Never ends.
    """
    done: set[Path] = set()
    waiting: dict[Path, tuple[tuple[int, int], float]] = {}
    while True:
        files = {path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file()}
        done &= files  # a name that went away may come again
        waiting = {path: state for path, state in waiting.items() if path in files}
        for path in sorted(files - done):
            try:
                state = path.stat()
            except FileNotFoundError:
                continue
            version, now = (state.st_mtime_ns, state.st_size), time.monotonic()
            known, since = waiting.get(path, (None, now))
            if version != known:
                try:
                    texts = read_file(path)
                except UnreadableImage:
                    waiting[path] = version, now
                    continue
            elif now - since < PATIENCE_SECONDS:
                continue
            else:
                texts = None
            done.add(path)
            yield path, texts
        time.sleep(POLL_SECONDS)
