"""Codes in pictures, through two decoders."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import pytest
import qrcode
from PIL import Image
from qrcode.base import rs_blocks

from service.qr import qr_image
from tests.venue.shown import beside
from venue.decoding import read_codes, read_with_zbar, read_with_zxing

PART = Path(__file__).with_name("pictures") / "structured-append-1-of-2.png"
"""A legal QR code that says "HELLO" and that it is the first of two. pyzbar raises a ValueError of it."""
TILTED = Path(__file__).with_name("pictures") / "oblique.jpg"
"""A photograph at 40 degrees."""


def test_codes_read_back_from_images_and_frames(texts: list[str]) -> None:
    for text in texts:
        picture = qr_image(text).convert("L")
        assert read_codes(picture) == [text]
        assert read_codes(np.asarray(picture)) == [text]
        assert read_codes(np.asarray(picture.convert("RGB"))) == [text]


def test_two_codes_in_one_picture_and_none(texts: list[str]) -> None:
    assert sorted(read_codes(beside(*map(qr_image, texts[:2])))) == sorted(texts[:2])
    assert read_codes(Image.new("L", (300, 300), 255)) == []


def test_one_code_twice_in_a_picture_is_one(texts: list[str]) -> None:
    assert read_codes(beside(qr_image(texts[0]), qr_image(texts[0]))) == [texts[0]]


def test_a_code_with_other_text() -> None:
    assert read_codes(qr_image("https://example.com/?a=b")) == ["https://example.com/?a=b"]
    [text] = read_codes(qr_image("안녕하세요"))
    assert "\ufffd" in text


def test_part_of_a_structured_append_does_not_stop_a_door(texts: list[str]) -> None:
    with Image.open(PART) as part:
        assert read_codes(part) == ["HELLO"]
        assert read_codes(beside(part, qr_image(texts[0]))) in ([texts[0]], ["HELLO", texts[0]])


MODES = {
    "numeric": "0001",
    "alphanumeric": "0010",
    "structured append": "0011",
    "bytes": "0100",
    "FNC1 in first position": "0101",
    "ECI": "0111",
    "kanji": "1000",
    "FNC1 in second position": "1001",
    "hanzi": "1101",
    "nothing": "0000",
    "none that there is": "1111",
}


@pytest.mark.parametrize("mode", MODES)
def test_whatever_a_code_holds_the_one_beside_it_is_read(
    mode: str, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(mode)

    def any_bits(version: int, correction: int, _data: object) -> Any:
        """In place of the encoding of a text: bits that begin with a mode, with good error correction."""
        blocks, bits = rs_blocks(version, correction), qrcode.util.BitBuffer()
        for bit in MODES[mode]:
            bits.put(int(bit), 1)
        while len(bits) < 8 * sum(block.data_count for block in blocks):
            bits.put(random.getrandbits(1), 1)
        return qrcode.util.create_bytes(bits, blocks)

    valid = qr_image(texts[0])
    monkeypatch.setattr("qrcode.util.create_data", any_bits)
    for _ in range(6):
        odd = qrcode.QRCode(version=random.randint(1, 6), box_size=6)
        odd.add_data("x")
        odd.make(fit=False)
        assert texts[0] in read_codes(beside(odd.make_image().get_image(), valid))


@pytest.mark.parametrize("library", ["pyzbar.pyzbar.decode", "zxingcpp.read_barcodes"])
def test_a_decoder_that_fails_leaves_the_picture_to_the_other(
    library: str, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(library, fail)
    assert read_codes(qr_image(texts[0])) == [texts[0]]


def test_the_second_decoder_reads_what_the_first_does_not(texts: list[str]) -> None:
    with Image.open(TILTED) as tilted:
        grey = np.asarray(tilted.convert("L"))
    assert read_with_zbar(grey) == []
    assert read_with_zxing(grey) == read_codes(grey) != []
    inverted = 255 - np.asarray(qr_image(texts[0]).convert("L"))
    assert read_with_zbar(inverted) == []
    assert read_codes(inverted) == [texts[0]]


@pytest.mark.parametrize("light", [(0, 0, 255), (0, 255, 0), (255, 0, 0), (0, 120, 255), (40, 90, 255), (130, 0, 130)])
def test_a_frame_in_coloured_light(light: tuple[int, int, int], texts: list[str]) -> None:
    grey = np.asarray(qr_image(texts[0]).convert("L"))
    frame = cv2.merge([(grey * (channel / 255)).astype(np.uint8) for channel in light])
    noise = np.random.default_rng(1).integers(0, 30, frame.shape, np.uint8)
    assert read_codes(cv2.add(frame, noise)) == [texts[0]]
    with_a_blue_lamp = cv2.copyMakeBorder(frame, 0, 600, 0, 0, cv2.BORDER_CONSTANT, value=(255, 0, 0))
    assert read_codes(with_a_blue_lamp) == [texts[0]]
