"""Picture files, and the texts of the codes in them. Spec: §4.3.

A picture can be dark, transparent, very large, of 16 bits, moving or cut off. It is read if it can be; else a fault
says what it is.
"""

from __future__ import annotations

import struct
import time
import warnings
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageSequence

from venue.decoding import Grey, channels, read_codes

POLL_SECONDS = 0.2
PATIENCE_SECONDS = 5
"""How long a file in a watched folder may stay unreadable: who writes it may not be done."""
MAX_PIXELS = 64_000_000
"""Few enough for a door's memory. A larger JPEG is unpacked at a fraction of its size, and so is read."""
MAX_JPEG_PIXELS = 64 * MAX_PIXELS
"""A JPEG can be unpacked at an eighth of its width and height."""
MAX_FRAMES = 32
"""So many pictures of an animation, or pages of a document, are looked at."""
WORKING_SIDE = 2048
"""A larger picture is also tried at this size: what is sharp or blurred at one size may be neither at another."""
Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit warns below ours, and refuses large JPEGs before they can be reduced
SMALL_SIDE = 300
"""In a smaller picture a module is hardly a pixel: it is also tried enlarged."""
LEAST_SIDE = 21
"""The smallest QR code has so many modules in a row."""
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "DIB", "TIFF", "JPEG2000", "PPM", "ICO")
"""What Pillow unpacks itself: for some others it would start another program."""
_DEEP = {"I", "F", "I;16", "I;16L", "I;16B", "I;16N"}
_FAILURES = (OSError, ValueError, SyntaxError, EOFError, OverflowError, IndexError, TypeError, struct.error)
"""What Pillow makes of files that are not what they say."""
_PICTURES = (b"\x89PNG", b"\xff\xd8", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}


class Fault(Enum):
    """Why a picture cannot be read."""

    NO_CODE = "there is no QR code in the picture / QR 코드를 찾을 수 없습니다"
    EMPTY = "the file is empty / 빈 파일입니다"
    NO_FILE = "the file cannot be opened / 파일을 열 수 없습니다"
    NO_PICTURE = (
        "this is not a picture of a kind that can be read; save it as JPEG or PNG / "
        "읽을 수 있는 이미지 파일이 아닙니다. JPEG나 PNG로 저장하세요"
    )
    CUT_OFF = "the picture is cut off or damaged / 잘렸거나 손상된 이미지입니다"
    HEIC = "this is a HEIC picture; save it as JPEG or PNG / HEIC 이미지입니다. JPEG나 PNG로 저장하세요"
    TOO_LARGE = (
        f"the picture has more than {MAX_PIXELS // 10**6} megapixels; make it smaller / "
        f"이미지가 {MAX_PIXELS // 10**6}메가픽셀보다 큽니다. 줄여 주세요"
    )


class UnreadableImage(Exception):
    """A file whose codes cannot be read; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def read_file(path: Path, *, whole: bool = False) -> list[str]:
    """The texts of the QR codes in a picture file.

    Of a picture that is cut off, what is there is read. With `whole`, nothing of it is: who writes the file may not be
    done. Raises `UnreadableImage`.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow's, about files that are cut off
            try:
                return _texts(path)
            except OSError:
                if whole:
                    raise
                if texts := _texts_of_what_is_there(path):
                    return texts
                raise UnreadableImage(Fault.CUT_OFF) from None
    except MemoryError:
        raise UnreadableImage(Fault.TOO_LARGE) from None
    except _FAILURES:
        raise UnreadableImage(_fault_of(path)) from None


def watch_folder(folder: Path) -> Iterator[tuple[Path, list[str] | Fault]]:
    """Every file of a folder once, those there already and then each new one, with the texts of its codes.

    A file that cannot be read whole is tried again whenever it grows. If it stays so for `PATIENCE_SECONDS`, what is
    there is read, or the fault takes the place of the texts. Hidden files are passed over. Never ends.
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
            has_changed = version != known
            if not has_changed and now - since < PATIENCE_SECONDS:
                continue
            texts: list[str] | Fault
            try:
                texts = read_file(path, whole=has_changed)
            except UnreadableImage as error:
                if has_changed:
                    waiting[path] = version, now
                    continue
                texts = error.fault
            done.add(path)
            yield path, texts
        time.sleep(POLL_SECONDS)


def _texts(path: Path) -> list[str]:
    """The texts in a picture, or in those of an animation or document; raises one of `_FAILURES` if it is cut off."""
    with Image.open(path, formats=_FORMATS) as image:
        if _is_too_large(image):
            raise UnreadableImage(Fault.TOO_LARGE)
        image.draft("L", _fitting(image))
        return list(dict.fromkeys(text for frame in _frames(image) for text in _read(frame)))


def _texts_of_what_is_there(path: Path) -> list[str]:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        return _texts(path)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    """The picture, and those that come after it in its file, as far as `MAX_PIXELS` goes for all together."""
    pixels = 0
    for number, frame in enumerate(ImageSequence.Iterator(image)):
        pixels += frame.width * frame.height
        if number == MAX_FRAMES or (number and pixels > MAX_PIXELS):
            return
        frame.load()
        yield frame


def _is_too_large(image: Image.Image) -> bool:
    return image.width * image.height > (MAX_JPEG_PIXELS if image.format in {"JPEG", "MPO"} else MAX_PIXELS)


def _fitting(image: Image.Image) -> tuple[int, int]:
    """The size at which a picture has at most `MAX_PIXELS`."""
    halvings = 0
    while image.width * image.height >> 2 * halvings > MAX_PIXELS:
        halvings += 1
    return image.width >> halvings, image.height >> halvings


def _read(image: Image.Image) -> list[str]:
    """What the first way of looking at a picture reads that reads anything."""
    for grey in _ways_to_look(image):
        if texts := read_codes(grey):
            return texts
    return []


def _ways_to_look(image: Image.Image) -> Iterator[Grey]:
    """The picture in grey: as it is, smaller, larger; where it is transparent, on white and on black paper."""
    if min(image.size) < LEAST_SIDE:
        return
    has_alpha = image.has_transparency_data
    for paper in (255, 0) if has_alpha else (255,):
        grey = _on_paper(image, paper)
        yield grey
        if max(grey.shape) > WORKING_SIDE:
            yield _resized(grey, WORKING_SIDE / max(grey.shape))
        elif min(grey.shape) < SMALL_SIDE:
            yield _resized(grey, 3)
    if image.mode == "RGB":
        yield from channels(np.asarray(image))


def _on_paper(image: Image.Image, paper: int) -> Grey:
    if image.mode in _DEEP:
        return _flattened(np.array(image, dtype=np.float32))
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        below = Image.new("L", image.size, paper)
        return np.asarray(Image.composite(image.convert("L"), below, image.getchannel("A")))
    return np.asarray((image if image.mode in {"1", "L", "RGB"} else image.convert("RGB")).convert("L"))


def _flattened(deep: NDArray[np.float32]) -> Grey:
    """A picture of any numbers with its darkest at 0 and its lightest at 255; what is no number is dark."""
    is_number = np.isfinite(deep)
    dark, light = (
        float(bound)
        for bound in (deep.min(where=is_number, initial=np.inf), deep.max(where=is_number, initial=-np.inf))
    )
    deep -= dark
    deep *= 255 / max(light - dark, 1e-9)
    deep[~is_number] = 0
    return deep.astype(np.uint8)


def _resized(grey: Grey, factor: float) -> Grey:
    height, width = grey.shape
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(
        Image.fromarray(grey).resize(size, Image.Resampling.LANCZOS if factor > 1 else Image.Resampling.BOX)
    )


def _fault_of(path: Path) -> Fault:
    """What a file is that cannot be opened as a picture."""
    try:
        with path.open("rb") as file:
            head = file.read(32)
    except OSError:
        return Fault.NO_FILE
    if not head:
        return Fault.EMPTY
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS and b"avif" not in head:
        return Fault.HEIC
    is_picture = head.startswith(_PICTURES) or head[8:12] == b"WEBP" or (head[4:8] == b"ftyp" and b"avif" in head)
    return Fault.CUT_OFF if is_picture else Fault.NO_PICTURE
