"""`decode`: a line for each code, or why there is none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from click.testing import CliRunner
from PIL import Image

from service.qr import qr_image
from tests.venue.shown import beside
from tests.venue.test_camera import record
from venue.__main__ import cli
from venue.pictures import Fault


def decode(*files: Path) -> tuple[int, list[str]]:
    result = CliRunner().invoke(cli, ["decode", *map(str, files)])
    return result.exit_code, result.output.splitlines()


def test_pictures_and_films_without_a_home(tmp_path: Path, texts: list[str]) -> None:
    picture, film = tmp_path / "code.png", tmp_path / "door.avi"
    beside(*map(qr_image, texts[:2])).save(picture)
    frame = cv2.cvtColor(np.asarray(qr_image(texts[2]).convert("L").resize((480, 480))), cv2.COLOR_GRAY2BGR)
    record(film, [frame, frame])
    status, lines = decode(picture, film)
    assert status == 0
    assert sorted(lines) == sorted([f"code.png: {text}" for text in texts[:2]] + [f"door.avi: {texts[2]}"])


def test_what_has_no_code_says_why(tmp_path: Path, texts: list[str]) -> None:
    good, blank, words, empty, film = (tmp_path / name for name in ("a.png", "b.png", "c.txt", "d.png", "e.avi"))
    qr_image(texts[0]).save(good)
    Image.new("L", (300, 300), 255).save(blank)
    words.write_text("no picture")
    empty.touch()
    record(film, [np.zeros((480, 480, 3), np.uint8)])
    status, lines = decode(good, blank, words, empty, film)
    assert status == 1
    assert [line.split(" / ")[0] for line in lines] == [
        f"a.png: {texts[0]}",
        "b.png: there is no QR code in the picture",
        "c.txt: this is not a picture of a kind that can be read; save it as JPEG or PNG",
        "d.png: the file is empty",
        "e.avi: there is no QR code in the picture",
    ]


def test_a_film_is_read_as_far_as_it_goes(tmp_path: Path, texts: list[str]) -> None:
    film = tmp_path / "door.avi"
    frame = cv2.cvtColor(np.asarray(qr_image(texts[0]).convert("L").resize((480, 480))), cv2.COLOR_GRAY2BGR)
    record(film, [frame] * 6)
    content = film.read_bytes()
    for length in (len(content) // 2, len(content) - 1):
        film.write_bytes(content[:length])
        assert decode(film) == (0, [f"door.avi: {texts[0]}"])
    for length in (12, 500, 5_000):
        film.write_bytes(content[:length])
        assert decode(film) == (1, [f"door.avi: {Fault.CUT_OFF.value}"])


def test_a_code_cannot_command_a_terminal(tmp_path: Path) -> None:
    picture = tmp_path / "code.png"
    qr_image("a\x1b[31mred").save(picture)
    assert decode(picture) == (0, ["code.png: a?[31mred"])
