"""A camera at the door: frames, and the codes that come into view. Spec: §4.3."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from protocol.http_messages import Decision
from protocol.primitives.errors import Malformed
from protocol.qr_text import from_qr_text
from service.errors import ConfigurationError
from venue.decoding import read_codes

OUT_OF_VIEW_SECONDS = 2
ADMITTED_SECONDS = 30

K = TypeVar("K")

Verdict = Decision | str
"""A door's decision, or why there is none."""


def camera_frames(source: str) -> Iterator[Any]:
    """The frames of a camera, as NumPy arrays, until it stops.

    `source` is a device's number, a URL or a video file. Raises `ConfigurationError` if OpenCV is not installed or the
    source does not open.
    """
    try:
        import cv2  # noqa: PLC0415 - an optional library
    except ImportError:
        raise ConfigurationError("a camera needs OpenCV; run: pip install 'splitpass[camera]'") from None
    capture = cv2.VideoCapture(int(source)) if source.isdecimal() else cv2.VideoCapture(source)
    try:
        if not capture.isOpened():
            raise ConfigurationError(f"the camera {source} does not open")
        while (result := capture.read())[0]:
            yield result[1]
    finally:
        capture.release()


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
                admitted = verdict is Decision.ADMITTED
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
