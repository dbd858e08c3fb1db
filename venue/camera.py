"""A camera at the door: frames, and the codes that come into view. Spec: §4.3."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from protocol.http_messages import Decision
from protocol.primitives.errors import Malformed
from protocol.qr_text import from_qr_text
from service.errors import ConfigurationError
from venue.decoding import read_codes
from venue.verdicts import Verdict

OUT_OF_VIEW_SECONDS = 2
ADMITTED_SECONDS = 30
SKIPPED_FRAMES = 10
"""So many broken frames after each other are skipped; after more, a camera is opened again."""
ABSENT_SECONDS = 60
"""How long a camera that broke off may stay away."""
RETRY_SECONDS = 1

K = TypeVar("K")


class NoCamera(ConfigurationError):
    """A camera or film that does not open at first."""

    def __init__(self, source: str) -> None:
        super().__init__(f"the camera {source} does not open / 카메라를 열 수 없습니다")


class CameraLost(Exception):
    """A camera that gave frames, broke off, and did not come back."""


def camera_frames(source: str, tell: Callable[[str], None]) -> Iterator[Any]:
    """The frames of a camera or a film, as NumPy arrays; broken frames are skipped.

    `source` is a device's number, a URL or a video file. A film ends. A camera that breaks off is opened again, which
    `tell` is told. Raises `CameraLost` if it stays away for `ABSENT_SECONDS`, `NoCamera` if it does not open at first,
    and `ConfigurationError` if OpenCV is not installed.
    """
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # else broken frames fill the terminal of the door
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    try:
        import cv2  # noqa: PLC0415 - an optional library
    except ImportError:
        raise ConfigurationError(
            "a camera needs OpenCV; run: pip install 'splitpass[camera]' / 카메라를 쓰려면 OpenCV를 설치해 주세요"
        ) from None
    name = camera_name(source)
    try:
        capture = cv2.VideoCapture(int(source) if source.isdecimal() else source)
    except cv2.error:
        raise NoCamera(name) from None
    try:
        if not capture.isOpened():
            raise NoCamera(name)
        length = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))  # of a camera it is none
        is_film = Path(source).is_file() or length > 0
        last_seen, is_lost = time.monotonic(), False
        while True:
            for frame in _frames(capture, cv2.error, length):
                if is_lost:
                    tell(f"the camera {name} is back / 카메라가 다시 연결되었습니다")
                last_seen, is_lost = time.monotonic(), False
                yield frame
            if is_film:
                return
            if not is_lost:
                tell(f"the camera {name} broke off, trying again / 카메라 연결이 끊겨 다시 연결하는 중입니다")
            is_lost = True
            if time.monotonic() - last_seen > ABSENT_SECONDS:
                raise CameraLost(f"the camera {name} stays away / 카메라가 다시 연결되지 않습니다")
            time.sleep(RETRY_SECONDS)
            capture.release()
            capture = cv2.VideoCapture(int(source) if source.isdecimal() else source)
    finally:
        capture.release()


def camera_name(source: str) -> str:
    """A camera's source without the password that its URL may have."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return source
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else source


def _frames(capture: Any, failure: type[Exception], length: int) -> Iterator[Any]:
    """Frames until too many after each other fail: more than `SKIPPED_FRAMES`, and than a film has left."""
    seen = failed = 0
    while failed <= max(SKIPPED_FRAMES, length - seen):
        try:
            is_read, frame = capture.read()
        except failure:
            is_read = False
        if is_read:
            seen, failed = seen + failed + 1, 0
            yield frame
        else:
            failed += 1


class View:
    """What a camera sees, so that a code that is held up for a while is decided once.

    A phone makes its code anew every fifteen seconds, and shows those of a group in turn: once a pass is admitted, its
    codes are not decided until it was out of view for `ADMITTED_SECONDS`. Any other code is decided again as soon as it
    was out of view for `OUT_OF_VIEW_SECONDS`.
    """

    def __init__(self, decide: Callable[[str], Verdict], clock: Callable[[], float] = time.monotonic) -> None:
        self._decide, self._clock = decide, clock
        self._texts: dict[str, float] = {}
        self._admitted: dict[object, float] = {}

    def show(self, frame: Any) -> list[Verdict]:
        """Read a frame; returns the verdicts on what has come into view."""
        now = self._clock()
        self._texts = _seen_since(now - OUT_OF_VIEW_SECONDS, self._texts)
        self._admitted = _seen_since(now - ADMITTED_SECONDS, self._admitted)
        verdicts = []
        for text in read_codes(frame):
            what = _pass_of(text)
            admitted = what in self._admitted
            if text not in self._texts and not admitted:
                verdict = self._decide(text)
                verdicts.append(verdict)
                admitted = verdict.decision is Decision.ADMITTED
            self._texts[text] = now
            if admitted:
                self._admitted[what] = now
        return verdicts


def _seen_since(moment: float, last_seen: dict[K, float]) -> dict[K, float]:
    return {what: seen for what, seen in last_seen.items() if seen > moment}


def _pass_of(text: str) -> object:
    """What stays the same when a phone makes its code anew: the pass and the direction. Paper stays as it is."""
    try:
        message = from_qr_text(text)
    except Malformed:
        return text
    return message.u, message.direction
