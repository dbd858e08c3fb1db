"""One encoding of every message, and no other. Spec: §4.1.

Each server is sent a message that it would refuse for what it says, in an encoding that it must refuse before.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from secrets import token_bytes

from conformance.check import Checks
from conformance.conventions import POST_PATHS
from conformance.statements import application
from conformance.tester import Server, Tester
from protocol.check_ins import SIGNED_PASS_BYTES, CheckInMessage, Direction
from protocol.http_messages import VerificationRequest
from protocol.primitives.encoding import decode_item, encode_item
from protocol.primitives.statements import TAG_18

checks = Checks()

SELF_DESCRIBED = bytes.fromhex("d9d9f7")
"""Tag 55799, which says nothing but that CBOR follows."""


def sample(server: Server) -> tuple[bytes, bytes]:
    """A message that is well formed and good for nothing: what stands before the array, and the array."""
    match server:
        case Server.OPERATOR:
            return b"", VerificationRequest("+0123456789").to_bytes()
        case Server.AUTHORITY:
            return TAG_18, application(0, sign=lambda *_: bytes(64))[1:]
        case Server.VENUE:
            label = CheckInMessage(0, 0, Direction.ENTRY, token_bytes(16), bytes(SIGNED_PASS_BYTES))
            return b"", label.to_bytes()


def _fields(array: bytes) -> list[object]:
    fields: list[object] = decode_item(array)
    return fields


ENCODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "empty": ("Step 2: an array is there", lambda _array: b""),
    "no-cbor": ("Step 2: the bytes are CBOR", lambda array: b"\xff" + array),
    "truncated": ("Step 2: the item is whole", lambda array: array[:-1]),
    "trailing-bytes": ("Step 2: nothing stands behind the item", lambda array: array + b"\0"),
    "tagged": ("Step 2: there are no tags", lambda array: SELF_DESCRIBED + array),
    "indefinite-length": ("Step 2: there are no indefinite lengths", lambda array: b"\x9f" + array[1:] + b"\xff"),
    "deep-nesting": ("Step 2: arrays are nested at most 8 deep", lambda _array: b"\x81" * 4000 + b"\0"),
    "longer-head": (
        "Step 3: lengths are written in the shortest form",
        lambda array: bytes([0x98, array[0] - 0x80]) + array[1:],
    ),
    "map": ("Step 4: a message is an array", lambda array: encode_item(dict(enumerate(_fields(array))))),
    "missing-field": ("Step 4: no field is left out", lambda array: encode_item(_fields(array)[:-1])),
    "additional-field": (
        "Step 4: there is no field beyond those of the message",
        lambda array: bytes([array[0] + 1]) + array[1:] + b"\xf6",
    ),
    "other-type": (
        "Step 5: each item is of the type that its field declares",
        lambda array: encode_item([*_fields(array)[:-1], 0]),
    ),
    "other-size": (
        "Step 5: each item is of the size that its field declares",
        lambda array: encode_item([*_fields(array)[:-1], type(_fields(array)[-1])()]),
    ),
}
"""What a good message must be, and a change of its array that makes it otherwise."""


async def refused(tester: Tester, server: Server, change: Callable[[bytes], bytes]) -> None:
    """Demand that the sample is refused in another encoding."""
    tag, array = sample(server)
    (await tester.post(server, POST_PATHS[server], tag + change(array))).expect_problem(400, "malformed-encoding")


for _name, (_rule, _change) in ENCODINGS.items():
    checks.add_at(Server, f"4.1/{_name}", requirement=f"{_rule}; else `malformed-encoding`.")(
        functools.partial(refused, change=_change)
    )
