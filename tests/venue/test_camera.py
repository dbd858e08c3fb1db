"""A camera's frames, and what comes into its view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from protocol.check_ins import Direction, sign_check_in
from protocol.http_messages import Decision
from protocol.paper_passes import print_pass
from protocol.qr_text import to_qr_text
from service.qr import qr_image
from tests.support.domain import NOW, OpenEpoch, Visitor
from tests.venue.test_decoding import PART
from venue import camera
from venue.camera import ADMITTED_SECONDS, CameraLost, NoCamera, View, camera_frames, camera_name
from venue.decoding import read_codes
from venue.home import ServedVenue
from venue.verdicts import Verdict, gate_verdict

Frame = NDArray[Any]


def decisions(verdicts: list[Verdict]) -> list[Decision | None]:
    return [verdict.decision for verdict in verdicts]


def record(film: Path, frames: list[Frame]) -> None:
    """Write a film of JPEG frames."""
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 10, (480, 480))
    for frame in frames:
        writer.write(frame)
    writer.release()


@contextmanager
def network_camera(frames: list[Frame], connections: int | None = None) -> Iterator[str]:
    """The URL of a camera that sends its frames and breaks off, on each of so many connections."""
    opened = count()

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if connections is not None and next(opened) >= connections:
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            for frame in frames:
                jpeg = cv2.imencode(".jpg", frame)[1].tobytes()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
            self.wfile.write(b"--frame\r\n")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/video.mjpg"
        finally:
            server.shutdown()


class TestCamera:
    def frame(self, text: str) -> Frame:
        return cv2.cvtColor(np.asarray(qr_image(text).convert("L").resize((480, 480))), cv2.COLOR_GRAY2BGR)

    def test_frames_of_a_video(self, tmp_path: Path, texts: list[str]) -> None:
        film = tmp_path / "door.avi"
        record(film, [self.frame(text) for text in texts[:2] for _ in "123"])
        said: list[str] = []
        assert [read_codes(frame) for frame in camera_frames(str(film), said.append)] == [
            [text] for text in texts[:2] for _ in "123"
        ]
        assert said == []

    @pytest.mark.parametrize("damaged", [{1}, {0}, {1, 2, 4}, {2, 3}])
    def test_broken_frames_of_a_film_are_skipped(self, damaged: set[int], tmp_path: Path, texts: list[str]) -> None:
        film = tmp_path / "door.avi"
        record(film, [self.frame(text) for text in (*texts, *texts)])
        content = bytearray(film.read_bytes())
        starts = [place.start() for place in re.finditer(b"00dc....\xff\xd8", bytes(content), re.DOTALL)]
        assert len(starts) == 6
        for number in damaged:
            content[starts[number] + 8 : starts[number] + 300] = bytes(292)
        film.write_bytes(content)
        left = [[text] for number, text in enumerate((*texts, *texts)) if number not in damaged]
        assert [read_codes(frame) for frame in camera_frames(str(film), print)] == left

    def test_a_part_of_a_structured_append_does_not_end_a_film(self, tmp_path: Path, texts: list[str]) -> None:
        film = tmp_path / "door.avi"
        with Image.open(PART) as part:
            shown = cv2.cvtColor(np.asarray(part.convert("L").resize((480, 480))), cv2.COLOR_GRAY2BGR)
        record(film, [shown, shown, self.frame(texts[0])])
        decided: list[str] = []

        def decide(text: str) -> Verdict:
            decided.append(text)
            return Verdict(Decision.UNREADABLE, "")

        view = View(decide)
        for frame in camera_frames(str(film), print):
            view.show(frame)
        assert decided == ["HELLO", texts[0]]

    def test_a_camera_that_breaks_off_is_opened_again(self, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(camera, "RETRY_SECONDS", 0.01)
        said: list[str] = []
        with network_camera([self.frame(text) for text in texts[:2]]) as url:
            frames = camera_frames(url, said.append)
            seen = [read_codes(next(frames)) for _ in range(6)]
        assert seen == [[texts[0]], [texts[1]]] * 3
        assert ["broke off" in line or "is back" in line for line in said] == [True] * 4

    def test_a_camera_that_stays_away_is_said_to_be_lost(
        self, texts: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(camera, "RETRY_SECONDS", 0.01)
        monkeypatch.setattr(camera, "ABSENT_SECONDS", 0.2)
        said: list[str] = []
        with network_camera([self.frame(texts[0])], connections=1) as url:
            frames = camera_frames(url, said.append)
            assert read_codes(next(frames)) == [texts[0]]
            with pytest.raises(CameraLost, match="away"):
                next(frames)
        assert len(said) == 1

    def test_a_source_that_is_not_there(self) -> None:
        for source in ("/nowhere.avi", "9" * 12, "-1", "", "/dev/null", "rtsp://127.0.0.1:9/door"):
            with pytest.raises(NoCamera, match="does not open"):
                next(camera_frames(source, print))

    def test_no_password_of_a_camera_is_shown(self) -> None:
        assert camera_name("rtsp://staff:secret@10.0.0.9:554/a?b") == "rtsp://10.0.0.9:554/a?b"
        for source in ("0", "/dev/video0", "door.avi", "rtsp://10.0.0.9/a", "a@b.avi", "http://["):
            assert camera_name(source) == source
        with pytest.raises(NoCamera) as caught:
            next(camera_frames("rtsp://staff:secret@127.0.0.1:9/door", print))
        assert "secret" not in str(caught.value)

    def test_a_code_in_view_is_decided_once(
        self, venue: ServedVenue, today: OpenEpoch, visitor: Visitor, texts: list[str]
    ) -> None:
        clock = [0.0]
        view = View(lambda text: gate_verdict(venue.gate, text, NOW + int(clock[0])), lambda: clock[0])

        def show(seconds: float, text: str) -> list[Decision | None]:
            clock[0] = seconds
            return decisions(view.show(self.frame(text)))

        renewed = to_qr_text(sign_check_in(today.key, visitor.passes[0], NOW + 15, Direction.ENTRY))
        assert show(13.5, texts[0]) == [Decision.ADMITTED]
        assert show(14.9, texts[0]) == []
        assert show(15.1, renewed) == []
        assert show(18, renewed) == []
        assert show(18.2, texts[1]) == [Decision.ADMITTED]
        clock[0] = 18.2 + ADMITTED_SECONDS
        again = to_qr_text(sign_check_in(today.key, visitor.passes[0], NOW + 45, Direction.ENTRY))
        assert show(clock[0], again) == [Decision.ALREADY_SPENT]
        assert show(clock[0] + 0.1, again) == []

    def test_a_group_in_turn_is_decided_once_each(self, venue: ServedVenue, today: OpenEpoch, visitor: Visitor) -> None:
        clock = [0.0]
        view = View(lambda text: gate_verdict(venue.gate, text, NOW + int(clock[0])), lambda: clock[0])
        verdicts: list[Decision | None] = []
        for turn in range(9):
            clock[0] = 2.0 * turn
            message = sign_check_in(today.key, visitor.passes[turn % 3], NOW + 2 * turn, Direction.ENTRY)
            verdicts += decisions(view.show(self.frame(to_qr_text(message))))
        assert verdicts == [Decision.ADMITTED] * 3

    def test_a_paper_that_stays_in_view_comes_in_and_does_not_leave(
        self, venue: ServedVenue, today: OpenEpoch, visitor: Visitor
    ) -> None:
        clock = [0.0]
        view = View(lambda text: gate_verdict(venue.gate, text, NOW + int(clock[0])), lambda: clock[0])
        frame = self.frame(print_pass(today.key, visitor.passes[0]))
        verdicts = []
        for clock[0] in (0.0, 1.0, 20.0, 45.0, 70.0, 110.0):
            verdicts.append(decisions(view.show(frame)))
        assert verdicts == [[Decision.ADMITTED], [], [], [], [], [Decision.ADMITTED]]

    def test_a_refused_code_may_become_good_in_view(
        self, venue: ServedVenue, today: OpenEpoch, visitor: Visitor, texts: list[str]
    ) -> None:
        renewed = to_qr_text(sign_check_in(today.key, visitor.passes[0], NOW + 60, Direction.ENTRY))
        view = View(lambda text: gate_verdict(venue.gate, text, NOW + 60), lambda: 0.0)
        assert decisions(view.show(self.frame(texts[0]))) == [Decision.TOO_OLD]
        assert decisions(view.show(self.frame(renewed))) == [Decision.ADMITTED]
