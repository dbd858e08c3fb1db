"""CBOR items and typed messages."""

from __future__ import annotations

from typing import Any

from protocol.check_ins import CheckInMessage
from protocol.primitives.encoding import decode_item, encode_item
from tests.vectors.replay import Operation


def item(*, encoding: bytes) -> dict[str, Any]:
    decoded = decode_item(encoding)
    assert encode_item(decoded) == encoding
    return {"item": _readable(decoded)}


def _readable(decoded: Any) -> Any:
    if isinstance(decoded, bytes):
        return {"bytes": decoded.hex()}
    return [_readable(one) for one in decoded] if isinstance(decoded, list) else decoded


def message(*, encoding: bytes) -> dict[str, Any]:
    decoded = CheckInMessage.from_bytes(encoding)
    assert decoded.to_bytes() == encoding
    return {
        "domain": decoded.domain,
        "time": decoded.time,
        "direction": decoded.direction,
        "venue": decoded.venue_id,
        "signed_pass": decoded.signed_pass,
    }


OPERATIONS = {"items": Operation(item), "messages": Operation(message)}
