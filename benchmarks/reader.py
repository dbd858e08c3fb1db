"""How many altered frames a door's reader and its page read, and how long that takes, by decoder."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from service.qr import qr_image
from venue.decoding import Grey, channels, read_codes, read_with_zbar, read_with_zxing

Frame = NDArray[Any]
WIDTH, HEIGHT = 640, 480
CODE_PIXELS = 340
"""The side of a code in the frame: a phone that is held a hand's breadth before a camera."""


@dataclass(frozen=True)
class ReaderResult:
    """How many of `frames` of one kind were read, and the median milliseconds a frame, by decoder."""

    kind: str
    frames: int
    read: dict[str, int]
    milliseconds: dict[str, float]


Decode = Callable[[Grey], tuple[list[str], float]]
"""The texts in a frame, and how many milliseconds it took to read them."""

WEB = Path(__file__).parents[1] / "web"
DECODERS = ("zbar", "zxing", "both", "page")
"""The last one is `zxing-wasm` in the doors' page, measured under Node.js where there is one."""


def measure_reader(texts: list[str], frames_of_a_kind: int) -> Iterator[ReaderResult]:
    """Alter the codes of `texts` in every way, `frames_of_a_kind` frames each, and have each decoder read them."""
    with _decoders() as decoders:
        for kind, alter in ALTERATIONS.items():
            read = dict.fromkeys(decoders, 0)
            times: dict[str, list[float]] = {name: [] for name in decoders}
            for number in range(frames_of_a_kind):
                text = texts[number % len(texts)]
                altered = alter(_frame(text), (number + 1) / frames_of_a_kind, np.random.default_rng(number))
                frame = next(channels(altered))
                for name, decode in decoders.items():
                    found, taken = decode(frame)
                    times[name].append(taken)
                    read[name] += text in found
            medians = {name: statistics.median(taken) for name, taken in times.items()}
            yield ReaderResult(kind, frames_of_a_kind, read, medians)


@contextmanager
def _decoders() -> Iterator[dict[str, Decode]]:
    here = {"zbar": _timed(read_with_zbar), "zxing": _timed(read_with_zxing), "both": _timed(read_codes)}
    node = shutil.which("node")
    if node is None:
        yield here
        return
    command = [node, "test/frames.js", str(WIDTH), str(HEIGHT)]
    with subprocess.Popen(command, cwd=WEB, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as page:  # noqa: S603

        def read_in_page(frame: Grey) -> tuple[list[str], float]:
            assert page.stdin is not None
            assert page.stdout is not None
            page.stdin.write(frame.tobytes())
            page.stdin.flush()
            answer = json.loads(page.stdout.readline())
            return [answer["text"]], answer["milliseconds"]

        yield here | {"page": read_in_page}


def _timed(read: Callable[[Grey], list[str]]) -> Decode:
    def decode(frame: Grey) -> tuple[list[str], float]:
        begin = time.perf_counter()
        return read(frame), (time.perf_counter() - begin) * 1e3

    return decode


def _frame(text: str) -> Frame:
    """A code on a screen in a dark room, as a camera sees it."""
    frame = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    code = np.asarray(qr_image(text).convert("RGB").resize((CODE_PIXELS, CODE_PIXELS)))
    top, left = (HEIGHT - CODE_PIXELS) // 2, (WIDTH - CODE_PIXELS) // 2
    frame[top : top + CODE_PIXELS, left : left + CODE_PIXELS] = code
    return frame


Random = np.random.Generator
Alter = Callable[[Frame, float, Random], Frame]
"""A frame, how strongly to alter it (0 to 1), randomness."""


def _tilted(frame: Frame, strength: float, _random: Random) -> Frame:
    """Up to 55 degrees about the vertical axis, seen by a camera with a field of view of 60 degrees."""
    angle, focus = np.radians(55 * strength), WIDTH / 2 / np.tan(np.radians(30))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * CODE_PIXELS / 2
    middle = np.array([WIDTH / 2, HEIGHT / 2], np.float32)
    depth = focus + corners[:, 0] * np.sin(angle)
    seen = np.stack([corners[:, 0] * np.cos(angle), corners[:, 1]], axis=1) * (focus / depth)[:, None]
    bend = cv2.getPerspectiveTransform((corners + middle).astype(np.float32), (seen + middle).astype(np.float32))
    return np.asarray(cv2.warpPerspective(frame, bend, (WIDTH, HEIGHT), borderValue=(60, 60, 60)))


def _turned(frame: Frame, strength: float, _random: Random) -> Frame:
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 360 * strength, 1)
    return np.asarray(cv2.warpAffine(frame, turn, (WIDTH, HEIGHT), borderValue=(60, 60, 60)))


def _far(frame: Frame, strength: float, _random: Random) -> Frame:
    """From a side of 340 pixels down to 120: two pixels a module."""
    size = 1 - 0.65 * strength
    small = cv2.resize(frame, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
    page = np.full_like(frame, 60)
    page[: small.shape[0], : small.shape[1]] = small
    return page


def _blurred(frame: Frame, strength: float, _random: Random) -> Frame:
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), 0.1 + 2.9 * strength))


def _moved(frame: Frame, strength: float, _random: Random) -> Frame:
    """Smeared along the width, as by a hand that moves."""
    length = 1 + round(8 * strength)
    return np.asarray(cv2.blur(frame, (length, 1)))


def _noisy(frame: Frame, strength: float, random: Random) -> Frame:
    return np.asarray((frame + random.normal(0, 40 * strength, frame.shape)).clip(0, 255), np.uint8)


def _faint(frame: Frame, strength: float, _random: Random) -> Frame:
    """Down to a twelfth of the contrast."""
    return np.asarray(128 + (frame.astype(float) - 128) * (1 - 0.92 * strength), np.uint8)


def _coloured(frame: Frame, strength: float, random: Random) -> Frame:
    """Light of one hue, more and more of it."""
    light = 1 - strength * np.array([1.0, 0.7, 0.1])[random.permutation(3)]
    return np.asarray(frame * light, np.uint8)


def _glaring(frame: Frame, strength: float, random: Random) -> Frame:
    """A lamp's reflection on the screen."""
    lit = frame.copy()
    middle = (int(random.integers(220, 420)), int(random.integers(140, 340)))
    cv2.circle(lit, middle, round(12 + 26 * strength), (255, 255, 255), -1)
    return np.asarray(cv2.GaussianBlur(lit, (0, 0), 1))


def _covered(frame: Frame, strength: float, random: Random) -> Frame:
    """A finger on the code, up to a tenth of it."""
    hidden = frame.copy()
    side = round(CODE_PIXELS * (0.1 * strength) ** 0.5)
    left, top = int(random.integers(260, 400 - side)), int(random.integers(180, 320 - side))
    hidden[top : top + side, left : left + side] = (90, 120, 180)
    return hidden


def _compressed(frame: Frame, strength: float, _random: Random) -> Frame:
    quality = round(60 - 52 * strength)
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1))


def _striped(frame: Frame, strength: float, _random: Random) -> Frame:
    """The moire of a screen before a camera."""
    wave = 1 + 0.6 * strength * np.sin(np.arange(HEIGHT)[:, None] / 3 + np.arange(WIDTH)[None, :] / 7)
    return np.asarray((frame * wave[:, :, None]).clip(0, 255), np.uint8)


def _shaded(frame: Frame, strength: float, _random: Random) -> Frame:
    """A shadow that deepens along the width."""
    light = 1 - 0.9 * strength * np.linspace(0, 1, WIDTH)
    return np.asarray(frame * light[None, :, None], np.uint8)


ALTERATIONS: dict[str, Alter] = {
    "as shown": lambda frame, _strength, _random: frame,
    "tilted": _tilted,
    "turned": _turned,
    "far away": _far,
    "blurred": _blurred,
    "moved": _moved,
    "noisy": _noisy,
    "faint": _faint,
    "coloured light": _coloured,
    "glare": _glaring,
    "covered": _covered,
    "compressed": _compressed,
    "moire": _striped,
    "shaded": _shaded,
    "dark mode": lambda frame, _strength, _random: np.asarray(255 - frame),
    "no code": lambda frame, strength, random: _noisy(np.full_like(frame, 90), strength, random),
}
