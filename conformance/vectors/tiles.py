"""Vectors of §3.11: the paths of tiles and entry bundles, and what is in them."""

from __future__ import annotations

from conformance.vectors.files import VectorFile
from conformance.vectors.logs import ENTRIES, LEAVES
from protocol.primitives.errors import MalformedEncoding
from protocol.transparency.tiles import join_entries


def tiles() -> VectorFile:
    """`Tile.at`, `split_hashes` and `split_entries`."""
    file = VectorFile(
        "tiles",
        "Tiles of a log and bundles of its entries: what their paths say, and what they hold",
        "§3.11",
        {
            "check.path": "the path below `tile/`",
            "check.data": "what stands there",
            "result.level": "the level of a tile, or null for a bundle",
            "result.index": "which of this level it is",
            "result.width": "how many hashes or entries it has",
            "result.items": "the hashes or entries",
        },
    )
    hashes, bundle = b"".join(LEAVES), join_entries(ENTRIES)
    full = [bytes([number]) * 32 for number in range(256)]
    cases: list[tuple[str, str, bytes, int | None, int, list[bytes]]] = [
        ("a partial tile", "0/000.p/9", hashes, 0, 0, LEAVES),
        ("a partial bundle", "entries/000.p/9", bundle, None, 0, ENTRIES),
        ("a full tile far behind", "1/x001/x234/067", b"".join(full), 1, 1_234_067, full),
        ("the highest level", "63/999.p/1", LEAVES[0], 63, 999, LEAVES[:1]),
        ("an index of four digits", "entries/x001/000.p/1", join_entries([b""]), None, 1000, [b""]),
        ("the widest partial tile", "0/255.p/255", b"".join(full[:255]), 0, 255, full[:255]),
        ("the longest entry", "entries/000.p/1", join_entries([bytes(65_535)]), None, 0, [bytes(65_535)]),
    ]
    for name, path, data, level, index, items in cases:
        file.accept(
            name,
            check={"path": path, "data": data},
            result={"level": level, "index": index, "width": len(items), "items": items},
        )
    for change, path in {
        "a level above 63": "64/000.p/9",
        "a level with a zero in front": "00/000.p/9",
        "an index of two digits": "0/00.p/9",
        "an index of four digits in one": "0/0000.p/9",
        "a group too many": "0/x000/000.p/9",
        "no x": "0/001/000.p/9",
        "an x before the last group": "0/x000.p/9",
        "a width of none": "0/000.p/0",
        "a width with a zero in front": "0/000.p/09",
        "a width of a full tile": "0/000.p/256",
        "another word": "entry/000.p/9",
        "a slash at its end": "0/000.p/9/",
        "digits of another script": "0/\uff10\uff100.p/9",
        "a full tile's path": "0/000",
    }.items():
        file.reject("a partial tile", change, MalformedEncoding, path=path)
    for change, data in {
        "a hash too few": hashes[:-32],
        "a hash too many": hashes + bytes(32),
        "a byte too many": hashes + b"0",
        "nothing": b"",
    }.items():
        file.reject("a partial tile", change, MalformedEncoding, data=data)
    for change, data in {
        "an entry too few": join_entries(ENTRIES[:-1]),
        "an entry too many": join_entries([*ENTRIES, b""]),
        "a byte too many": bundle + b"0",
        "cut short": bundle[:-1],
    }.items():
        file.reject("a partial bundle", change, MalformedEncoding, data=data)
    return file
