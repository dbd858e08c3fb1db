"""Vectors of §4.1: what is deterministic CBOR, and what is a message."""

from __future__ import annotations

from typing import Any

from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import pinned
from conformance.vectors.world import NUMBER, TIME, VENUE
from protocol.check_ins import Direction
from protocol.primitives.encoding import MAX_DEPTH, decode_item, encode_item
from protocol.primitives.errors import MalformedEncoding


def readable(item: Any) -> Any:
    """An item as JSON, a byte string as an object with its `bytes`."""
    if isinstance(item, bytes):
        return {"bytes": item.hex()}
    return [readable(part) for part in item] if isinstance(item, list) else item


def items() -> VectorFile:
    """`decode_item` and `encode_item`."""
    file = VectorFile(
        "items",
        "Deterministic CBOR items: exactly one encoding each",
        "§4.1",
        {
            "check.encoding": "what is decoded",
            "result.item": "the item as JSON, a byte string as an object with its `bytes`; encoding it gives "
            "the same bytes",
        },
    )
    for name, item in {
        "zero": 0,
        "largest in one byte": 23,
        "smallest in two bytes": 24,
        "largest in two bytes": 255,
        "smallest in three bytes": 256,
        "smallest in five bytes": 65_536,
        "largest in five bytes": 2**32 - 1,
        "minus one": -1,
        "minus 50400": -50_400,
        "null": None,
        "no bytes": b"",
        "24 bytes": bytes(24),
        "no text": "",
        "Korean text": "홍길동",
        "a text that begins with U+FEFF": "\ufeffname",
        "a text beyond the basic plane": "𠮷",
        "no items": [],
        "items of every kind": [1, b"bytes", "text", None, [2, []]],
    }.items():
        file.accept(name, check={"encoding": encode_item(item)}, result={"item": readable(item)})
    nested = b"\x81" * MAX_DEPTH + b"\x00"
    file.accept("eight arrays deep", check={"encoding": nested}, result={"item": readable(decode_item(nested))})
    file.reject("eight arrays deep", "nine arrays deep", MalformedEncoding, encoding=b"\x81" + nested)
    file.reject("eight arrays deep", "a thousand arrays deep", MalformedEncoding, encoding=b"\x81" * 1000 + b"\x00")
    for change, encoding in {
        "no bytes at all": "",
        "in two bytes instead of one": "1800",
        "in three bytes": "190000",
        "in five bytes": "1a00000000",
        "in nine bytes": "1b0000000000000000",
        "a length in two bytes instead of one": "580100",
        "an array's length in two bytes": "980100",
        "a text's length in two bytes": "780161",
        "a byte behind it": "0000",
        "a byte string that ends early": "4200",
        "an array that ends early": "820000"[:4],
        "an array of 2 to the 64, less one": "9bffffffffffffffff",
        "a byte string of 2 to the 32, less one": "5affffffff00",
        "a byte string of indefinite length": "5f4100ff",
        "a text of indefinite length": "7f6161ff",
        "an array of indefinite length": "9f00ff",
        "a map of indefinite length": "bf0000ff",
        "a break alone": "ff",
        "a break in an array": "81ff",
        "a map with one key twice": "a200000000",
        "a text that is not UTF-8": "61ff",
        "a text with a surrogate": "63eda080",
        "a date": "c11a5ee0d7c6",
        "a big number": "c24101",
        "a negative big number": "c34101",
        "a decimal fraction": "c482211903e8",
        "a shared value": "d81c80",
        "a set": "d9010280",
        "self-described CBOR": "d9d9f700",
        "a length of reserved form 28": "1c",
        "a length of reserved form 31": "1f",
        "a reserved simple value": "f800",
        "false in two bytes": "f814",
        "a half-precision zero": "f90000",
        "a half-precision one": "f93c00",
        "a single-precision one": "fa3f800000",
    }.items():
        file.reject("zero", change, MalformedEncoding, encoding=bytes.fromhex(encoding))
    return file


def messages() -> VectorFile:
    """Typed fields, on the example of `CheckInMessage`, whose signatures are not looked at here."""
    file = VectorFile(
        "messages",
        "Messages: arrays whose fields have the declared type and size, on the example of a check-in",
        "§4.2",
        {
            "check.encoding": "what is decoded as a CheckInMessage",
            "result.domain": "the domain's number",
            "result.time": "Unix time in seconds",
            "result.direction": "1 for an entry, 2 for an exit",
            "result.venue": "16 bytes or null",
            "result.signed_pass": "192 bytes",
        },
    )
    venue, signed_pass = VENUE.venue_id, pinned("signed pass", 192)
    time = TIME - TIME % 15
    names = ("domain", "time", "direction", "venue", "signed_pass")
    for name, fields in {
        "shown": (NUMBER, time, Direction.ENTRY, None, signed_pass),
        "scanned exit": (NUMBER, time, Direction.EXIT, venue, signed_pass),
        "smallest numbers": (0, 0, Direction.ENTRY, None, signed_pass),
        "largest numbers": (255, 2**32 - 1 - (2**32 - 1) % 15, Direction.EXIT, None, signed_pass),
    }.items():
        encoding = encode_item(list(fields))
        file.accept(name, check={"encoding": encoding}, result=dict(zip(names, fields, strict=True)))

    good: list[Any] = [NUMBER, time, 1, None, signed_pass]

    def reject(change: str, position: int, value: Any) -> None:
        items = [*good[:position], value, *good[position + 1 :]]
        file.reject("shown", change, MalformedEncoding, encoding=encode_item(items))

    reject("a domain of 256", 0, 256)
    reject("a negative domain", 0, -1)
    reject("a domain that is true", 0, True)
    reject("a domain that is a text", 0, "7")
    reject("a domain that is a float", 0, 1.5)
    reject("a domain that is undefined", 0, _UNDEFINED)
    reject("a time of 33 bits", 1, 2**32 + 14)
    reject("a time of 64 bits", 1, 2**64 - 1)
    reject("a time between two steps", 1, time + 1)
    reject("a time that is null", 1, None)
    reject("direction 0", 2, 0)
    reject("direction 3", 2, 3)
    reject("a direction that is true", 2, True)
    reject("a venue of 15 bytes", 3, venue[:15])
    reject("a venue of no bytes", 3, b"")
    reject("a venue that is a text", 3, "a venue, 16 char")
    reject("a venue that is false", 3, False)
    reject("a signed pass of 191 bytes", 4, signed_pass[:191])
    reject("a signed pass of 193 bytes", 4, signed_pass + b"\0")
    reject("a signed pass in an array", 4, [signed_pass])
    file.reject("shown", "four fields", MalformedEncoding, encoding=encode_item(good[:4]))
    file.reject("shown", "six fields", MalformedEncoding, encoding=encode_item([*good, None]))
    file.reject("shown", "a map", MalformedEncoding, encoding=encode_item(dict(enumerate(good))))
    file.reject("shown", "a byte string", MalformedEncoding, encoding=encode_item(encode_item(good)))
    file.reject("shown", "its fields alone", MalformedEncoding, encoding=b"".join(map(encode_item, good)))
    return file


_UNDEFINED = decode_item(b"\xf7")
