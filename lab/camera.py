"""What is before a door's camera: Chromium's fake one, which plays a film of ours."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from service.qr import qr_image

FRAME = (1280, 720)
"""Width and height of a picture, in pixels."""
SIDE = 300
"""Of a code, in pixels, with its white margin. It is in the middle."""
PER_SECOND = 30


class FakeCamera:
    """A file that Chromium plays as what a camera sees, from its beginning whenever a page opens the camera."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "camera.mjpeg"
        self.see(None)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What Chromium is told."""
        return (
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={self.file}",
        )

    def see(self, *codes: str | None) -> None:
        """Have codes, or nothing, before the camera, each for a second, over and over."""
        self.play((code, 1) for code in codes)

    def play(self, scenes: Iterable[tuple[str | None, float]]) -> None:
        """Have codes, or nothing, before the camera, each for so many seconds, over and over."""
        new = self.file.with_suffix(".new")
        with new.open("wb") as film:
            for code, seconds in scenes:
                film.write(_frame(code) * round(seconds * PER_SECOND))
        new.replace(self.file)


def _frame(code: str | None) -> bytes:
    picture = Image.new("RGB", FRAME, (60, 60, 60))
    if code is not None:
        shown = qr_image(code).convert("RGB").resize((SIDE, SIDE))
        picture.paste(shown, ((FRAME[0] - SIDE) // 2, (FRAME[1] - SIDE) // 2))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
