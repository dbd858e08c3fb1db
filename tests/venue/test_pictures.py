"""Picture files of every kind, and a watched folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from service.qr import qr_image
from venue import pictures
from venue.pictures import Fault, UnreadableImage, read_file, watch_folder


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif"])
def test_image_files(tmp_path: Path, texts: list[str], suffix: str) -> None:
    path = tmp_path / f"code.{suffix}"
    qr_image(texts[0]).convert("L").save(path)
    assert read_file(path) == [texts[0]]


def grey_of(text: str) -> Image.Image:
    return qr_image(text).convert("L")


def transparent(text: str, ink: int) -> Image.Image:
    """A code in one colour on nothing."""
    picture = Image.new("LA", grey_of(text).size, (ink, 0))
    picture.putalpha(ImageOps.invert(grey_of(text)) if ink == 0 else grey_of(text))
    return picture


def sixteen_bits(text: str) -> Image.Image:
    return Image.fromarray(np.asarray(grey_of(text), dtype=np.uint16) * 257)


def dark(text: str) -> Image.Image:
    return ImageOps.invert(grey_of(text))


def in_a_corner(text: str, side: int) -> Image.Image:
    page = Image.new("L", (side, side), 255)
    page.paste(grey_of(text), (side // 2, side // 2))
    return page


KINDS: dict[str, Callable[[str], Image.Image]] = {
    "dark mode": dark,
    "dark mode in colours": lambda text: ImageOps.colorize(grey_of(text), "white", "#102040"),
    "grey on grey": lambda text: ImageOps.colorize(grey_of(text), "#606060", "#a0a0a0"),
    "black on nothing": lambda text: transparent(text, 0),
    "white on nothing": lambda text: transparent(text, 255),
    "transparent in a palette": lambda text: transparent(text, 0).convert("RGBA").quantize(8),
    "sixteen bits": sixteen_bits,
    "palette": lambda text: grey_of(text).convert("P"),
    "palette of few colours": lambda text: grey_of(text).convert("RGB").quantize(4),
    "one bit": lambda text: grey_of(text).convert("1"),
    "in colours": lambda text: grey_of(text).convert("RGB"),
    "two pixels a module": lambda text: grey_of(text).resize((130, 130), Image.Resampling.NEAREST),
    "turned": lambda text: grey_of(text).rotate(31, expand=True, fillcolor=255),
    "mirrored": lambda text: ImageOps.mirror(grey_of(text)),
    "small in a large one": lambda text: in_a_corner(text, 4_000),
    "very large": lambda text: grey_of(text).resize((5_000, 5_000)),
    "narrow margin": lambda text: grey_of(text).crop((18, 18, grey_of(text).width - 18, grey_of(text).height - 18)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_of_every_kind(kind: str, tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "code.png"
    KINDS[kind](texts[0]).save(path)
    assert read_file(path) == [texts[0]]


@pytest.mark.parametrize(
    ("suffix", "mode"), [("tiff", "F"), ("tiff", "CMYK"), ("jpg", "CMYK"), ("tiff", "LAB"), ("bmp", "P"), ("tiff", "I")]
)
def test_other_kinds_of_colour(suffix: str, mode: str, tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / f"code.{suffix}"
    picture = grey_of(texts[0])
    if mode == "LAB":
        picture = ImageCms.profileToProfile(  # type: ignore[assignment]
            picture.convert("RGB"), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    picture.convert(mode).save(path)
    assert read_file(path) == [texts[0]]


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tiff", "mpo"])
def test_what_comes_later_in_an_animation_or_document_is_read(suffix: str, tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / f"code.{suffix}"
    codes = [grey_of(text).convert("RGB") for text in texts[:2]]
    Image.new("RGB", codes[0].size).save(path, save_all=True, append_images=codes)
    assert read_file(path) == texts[:2]


def test_an_animation_is_not_looked_at_for_ever(
    tmp_path: Path, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "code.gif"
    blank = Image.new("L", (480, 480), 255)
    blank.save(path, save_all=True, append_images=[Image.new("L", (480, 480), 100), grey_of(texts[0])])
    assert read_file(path) == [texts[0]]
    monkeypatch.setattr(pictures, "MAX_FRAMES", 2)
    assert read_file(path) == []
    monkeypatch.undo()
    monkeypatch.setattr(pictures, "MAX_PIXELS", 480 * 480)
    assert read_file(path) == []


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, -1.0])
def test_a_picture_of_any_numbers(odd: float, tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "code.tiff"
    numbers = np.asarray(grey_of(texts[0]), dtype=np.float32) / 255 - 1
    numbers[0, 0] = odd
    Image.fromarray(numbers).save(path)
    assert read_file(path) == [texts[0]]


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "avif", "bmp", "tiff", "jp2", "ppm", "ico"])
def test_a_file_that_is_cut_anywhere_is_read_or_said_to_be_cut(suffix: str, tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / f"code.{suffix}"
    grey_of(texts[0]).convert("RGB").resize((256, 256)).save(path)
    content = path.read_bytes()
    for length in (1, 4, 12, 30, 100, len(content) // 3, len(content) // 2, len(content) - 20, len(content) - 1):
        path.write_bytes(content[:length])
        assert read_or_fault(path) in ([texts[0]], Fault.CUT_OFF, Fault.NO_PICTURE)


def read_or_fault(path: Path) -> list[str] | Fault:
    try:
        return read_file(path)
    except UnreadableImage as error:
        return error.fault


def test_a_thin_picture_is_not_enlarged(tmp_path: Path) -> None:
    path = tmp_path / "thin.png"
    Image.new("1", (60_000_000, 1)).save(path)
    assert read_file(path) == []


def test_a_jpeg_that_lacks_its_end(tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "code.jpg"
    grey_of(texts[0]).save(path)
    content = path.read_bytes()
    for missing in (1, 2, 20):  # the mark of the end is two bytes: all pixels are there without it
        path.write_bytes(content[:-missing])
        assert read_file(path) == [texts[0]]
    with pytest.raises(UnreadableImage):
        read_file(path, whole=True)


def test_a_jpeg_larger_than_can_be_unpacked_whole(tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "code.jpg"
    grey_of(texts[0]).resize((9_000, 9_000)).save(path)
    assert read_file(path) == [texts[0]]


def test_files_that_cannot_be_read_are_said_to_be_what_they_are(tmp_path: Path, texts: list[str]) -> None:
    whole, bomb = tmp_path / "whole.png", tmp_path / "bomb.png"
    grey_of(texts[0]).save(whole)
    Image.new("1", (20_000, 20_000)).save(bomb)
    for content, fault in (
        (b"", Fault.EMPTY),
        (b"no picture", Fault.NO_PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Fault.NO_PICTURE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", Fault.NO_PICTURE),
        (b"PK\x03\x04" + whole.read_bytes(), Fault.NO_PICTURE),
        (whole.read_bytes()[:200], Fault.CUT_OFF),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), Fault.CUT_OFF),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", Fault.HEIC),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", Fault.HEIC),
        (b"\x00\x00\x00\x18ftyphevx\x00\x00\x00\x00", Fault.HEIC),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", Fault.CUT_OFF),
        (bomb.read_bytes(), Fault.TOO_LARGE),
    ):
        file = tmp_path / "file"
        file.write_bytes(content)
        assert read_or_fault(file) is fault
    file.unlink()  # somebody else took it away
    assert read_or_fault(file) is Fault.NO_FILE


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
    monkeypatch.setattr(pictures, "PATIENCE_SECONDS", 1_000)
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
    monkeypatch.setattr(pictures, "PATIENCE_SECONDS", 0)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    seen = watch_folder(tmp_path)
    assert next(seen) == (tmp_path / "broken.png", Fault.NO_PICTURE)
    qr_image(texts[0]).save(tmp_path / "c.png")
    assert next(seen) == (tmp_path / "c.png", [texts[0]])
