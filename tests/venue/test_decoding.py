"""Codes from real pictures, through zbar."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from protocol.check_ins import Direction, sign_check_in
from protocol.http_messages import Decision
from protocol.paper_passes import print_pass
from protocol.qr_text import to_qr_text
from service.errors import ConfigurationError
from service.qr import qr_image
from tests.support.domain import NOW, OpenEpoch, Visitor
from venue import decoding
from venue.camera import ADMITTED_SECONDS, Verdict, View, camera_frames
from venue.decoding import UnreadableImage, read_codes, read_file, watch_folder
from venue.home import ServedVenue


@pytest.fixture
def texts(today: OpenEpoch, visitor: Visitor) -> list[str]:
    return [to_qr_text(sign_check_in(today.key, owned, NOW, Direction.ENTRY)) for owned in visitor.passes]


def test_codes_read_back_from_images_and_frames(texts: list[str]) -> None:
    for text in texts:
        picture = qr_image(text).convert("L")
        assert read_codes(picture) == [text]
        assert read_codes(np.asarray(picture)) == [text]
        assert read_codes(cv2.cvtColor(np.asarray(picture), cv2.COLOR_GRAY2BGR)) == [text]


def test_two_codes_in_one_picture_and_none(texts: list[str]) -> None:
    codes = [qr_image(text) for text in texts[:2]]
    both = Image.new("L", (codes[0].width + codes[1].width, max(code.height for code in codes)), 255)
    both.paste(codes[0], (0, 0))
    both.paste(codes[1], (codes[0].width, 0))
    assert sorted(read_codes(both)) == sorted(texts[:2])
    assert read_codes(Image.new("L", (300, 300), 255)) == []


def test_a_code_with_other_text(tmp_path: Path) -> None:
    assert read_codes(qr_image("https://example.com/?a=b").convert("L")) == ["https://example.com/?a=b"]
    assert "\ufffd" in read_codes(qr_image("안녕하세요").convert("L"))[0]


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif"])
def test_image_files(tmp_path: Path, texts: list[str], suffix: str) -> None:
    path = tmp_path / f"code.{suffix}"
    qr_image(texts[0]).convert("L").save(path)
    assert read_file(path) == [texts[0]]


def test_files_that_are_no_pictures(tmp_path: Path, texts: list[str]) -> None:
    whole = tmp_path / "whole.png"
    qr_image(texts[0]).save(whole)
    for content in (b"", b"no picture", whole.read_bytes()[:-100], b"\x89PNG\r\n\x1a\n" + bytes(50)):
        broken = tmp_path / "broken.png"
        broken.write_bytes(content)
        with pytest.raises(UnreadableImage):
            read_file(broken)


def test_a_picture_too_large_to_unpack(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(bomb)
    with pytest.raises(UnreadableImage, match="DecompressionBomb"):
        read_file(bomb)


def test_a_watched_folder_gives_each_file_once(tmp_path: Path, texts: list[str]) -> None:
    def save(number: int, name: str) -> None:
        qr_image(texts[number]).save(tmp_path / name)

    save(0, "a.png")
    seen = watch_folder(tmp_path)
    assert next(seen) == (tmp_path / "a.png", [texts[0]])
    save(0, ".hidden.png")
    (tmp_path / "folder").mkdir()
    save(1, "b.png")
    assert next(seen) == (tmp_path / "b.png", [texts[1]])
    (tmp_path / "a.png").touch()
    save(2, "c.png")
    assert next(seen) == (tmp_path / "c.png", [texts[2]])


def test_a_half_written_file_is_waited_for(tmp_path: Path, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "PATIENCE_SECONDS", 1_000)
    whole = tmp_path / "whole"
    qr_image(texts[0]).save(whole, "PNG")
    content = whole.read_bytes()
    folder = tmp_path / "folder"
    folder.mkdir()
    slow = folder / "slow.png"
    slow.write_bytes(content[: len(content) // 2])
    seen = watch_folder(folder)
    polls = 0

    def poll(_seconds: float) -> None:
        """In place of the pause between two polls: the writer goes on at the second."""
        nonlocal polls
        polls += 1
        if polls == 2:
            slow.write_bytes(content)
        assert polls < 5

    monkeypatch.setattr(time, "sleep", poll)
    assert next(seen) == (slow, [texts[0]])
    assert polls == 2


def test_a_file_that_stays_broken_is_reported_once(
    tmp_path: Path, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "PATIENCE_SECONDS", 0)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    seen = watch_folder(tmp_path)
    assert next(seen) == (tmp_path / "broken.png", None)
    qr_image(texts[0]).save(tmp_path / "c.png")
    assert next(seen) == (tmp_path / "c.png", [texts[0]])


class TestCamera:
    def frame(self, text: str) -> np.ndarray:
        return cv2.cvtColor(np.asarray(qr_image(text).convert("L").resize((480, 480))), cv2.COLOR_GRAY2BGR)

    def test_frames_of_a_video(self, tmp_path: Path, texts: list[str]) -> None:
        film = tmp_path / "door.avi"
        writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 10, (480, 480))
        for text in texts[:2]:
            for _ in range(3):
                writer.write(self.frame(text))
        writer.release()
        assert [read_codes(frame) for frame in camera_frames(str(film))] == [
            [text] for text in texts[:2] for _ in "123"
        ]

    def test_a_source_that_is_not_there(self) -> None:
        with pytest.raises(ConfigurationError, match="does not open"):
            next(camera_frames("/nowhere.avi"))

    def test_a_code_in_view_is_decided_once(
        self, venue: ServedVenue, today: OpenEpoch, visitor: Visitor, texts: list[str]
    ) -> None:
        clock = [0.0]
        view = View(lambda text: venue.gate.decide_text(text, NOW + int(clock[0])), lambda: clock[0])

        def show(seconds: float, text: str) -> list[Verdict]:
            clock[0] = seconds
            return view.show(self.frame(text))

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
        view = View(lambda text: venue.gate.decide_text(text, NOW + int(clock[0])), lambda: clock[0])
        verdicts: list[Verdict] = []
        for turn in range(9):
            clock[0] = 2.0 * turn
            message = sign_check_in(today.key, visitor.passes[turn % 3], NOW + 2 * turn, Direction.ENTRY)
            verdicts += view.show(self.frame(to_qr_text(message)))
        assert verdicts == [Decision.ADMITTED] * 3

    def test_a_paper_that_stays_in_view_comes_in_and_does_not_leave(
        self, venue: ServedVenue, today: OpenEpoch, visitor: Visitor
    ) -> None:
        clock = [0.0]
        view = View(lambda text: venue.gate.decide_text(text, NOW + int(clock[0])), lambda: clock[0])
        frame = self.frame(print_pass(today.key, visitor.passes[0]))
        verdicts = []
        for clock[0] in (0.0, 1.0, 20.0, 45.0, 70.0, 110.0):
            verdicts.append(view.show(frame))
        assert verdicts == [[Decision.ADMITTED], [], [], [], [], [Decision.ADMITTED]]

    def test_a_refused_code_may_become_good_in_view(
        self, venue: ServedVenue, today: OpenEpoch, visitor: Visitor, texts: list[str]
    ) -> None:
        renewed = to_qr_text(sign_check_in(today.key, visitor.passes[0], NOW + 60, Direction.ENTRY))
        view = View(lambda text: venue.gate.decide_text(text, NOW + 60), lambda: 0.0)
        assert view.show(self.frame(texts[0])) == [Decision.TOO_OLD]
        assert view.show(self.frame(renewed)) == [Decision.ADMITTED]
