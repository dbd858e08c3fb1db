"""A camera at the door: frames, and the codes that come into view. Spec: §4.3."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from protocol.errors import Malformed
from protocol.exchanges import Decision
from protocol.qrtext import from_qr_text
from service.settings import ConfigurationError
from venue.reader import read_codes

OUT_OF_VIEW_SECONDS = 2

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

    A phone makes its code anew every fifteen seconds; once its pass is admitted, new codes of the same pass are not
    decided until it was out of view for `OUT_OF_VIEW_SECONDS`.
    """

    def __init__(self, decide: Callable[[str], Verdict], clock: Callable[[], float] = time.monotonic) -> None:
        self._decide, self._clock = decide, clock
        self._last_seen: dict[object, float] = {}

    def show(self, frame: Any) -> list[Verdict]:
        """Read a frame; returns the verdicts on what has come into view."""
        now = self._clock()
        self._last_seen = {what: seen for what, seen in self._last_seen.items() if now - seen < OUT_OF_VIEW_SECONDS}
        decisions = []
        for text in read_codes(frame):
            known = {text, _pass_of(text)} & self._last_seen.keys()
            if not known:
                decision = self._decide(text)
                decisions.append(decision)
                known = {text, _pass_of(text)} if decision is Decision.ADMITTED else {text}
            self._last_seen.update(dict.fromkeys(known, now))
        return decisions


def _pass_of(text: str) -> object:
    """What stays the same when a phone makes its code anew: the pass and the direction."""
    try:
        message = from_qr_text(text)
    except Malformed:
        return text
    return message.u, message.direction
