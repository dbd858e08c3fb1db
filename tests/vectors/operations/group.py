"""Scalars and points."""

from __future__ import annotations

from typing import Any

from protocol.primitives.group import B, Point, Scalar
from tests.vectors.replay import Operation


def scalar(*, encoding: Scalar) -> dict[str, Any]:
    return {"encoding": encoding}


def scalar_arithmetic(*, a: Scalar, b: Scalar, wide: bytes) -> dict[str, Any]:
    return {"sum": a + b, "product": a * b, "reduced": Scalar.reduce(wide)}


def point(*, encoding: Point) -> dict[str, Any]:
    return {"encoding": encoding}


def point_arithmetic(*, a: Scalar, P: Point, Q: Point) -> dict[str, Any]:
    return {"sum": P + Q, "difference": P - Q, "multiple": a * P, "base_multiple": a * B}


OPERATIONS = {
    "scalars": Operation(scalar),
    "scalar-arithmetic": Operation(scalar_arithmetic),
    "points": Operation(point),
    "point-arithmetic": Operation(point_arithmetic),
}
