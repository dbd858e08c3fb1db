"""Points and scalars: what is decoded is checked, and arithmetic is that of the curve."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.primitives.errors import IdentityElement, MalformedPoint, MalformedScalar
from protocol.primitives.group import B, Point, Scalar
from tests.support.edwards import BASE, IDENTITY, SMALL_ORDER, Affine, L, P, decode
from tests.support.strategies import scalar

integers = st.integers(1, L - 1)
torsion = st.sampled_from(SMALL_ORDER[1:])


@given(a=integers, b=integers)
def test_points_add_subtract_and_multiply_as_on_the_curve(a: int, b: int) -> None:
    left, right = scalar(a) * B, scalar(b) * B
    assert bytes(left) == bytes(a * BASE)
    assert bytes(scalar(b) * left) == bytes(b * (a * BASE))
    if (a + b) % L:
        assert bytes(left + right) == bytes(a * BASE + b * BASE)
    if a != b:
        assert bytes(left - right) == bytes(a * BASE + -(b * BASE))


@given(a=st.integers(0, L - 1), b=st.integers(0, L - 1), wide=st.binary(min_size=64, max_size=64))
def test_scalars_are_integers_modulo_the_order(a: int, b: int, wide: bytes) -> None:
    assert scalar(a) + scalar(b) == scalar((a + b) % L)
    assert scalar(a) * scalar(b) == scalar(a * b % L)
    assert Scalar.reduce(wide) == scalar(int.from_bytes(wide, "little") % L)
    assert (scalar(a) == scalar(b)) is (a == b)
    assert scalar(a) != bytes(scalar(a))


@given(a=integers)
def test_nothing_computes_the_identity(a: int) -> None:
    point = scalar(a) * B
    with pytest.raises(IdentityElement):
        point - point
    with pytest.raises(IdentityElement):
        point + scalar(L - a) * B
    with pytest.raises(IdentityElement):
        scalar(0) * point
    with pytest.raises(IdentityElement):
        scalar(0) * B


@pytest.mark.parametrize("point", SMALL_ORDER, ids=str)
def test_points_of_small_order_are_malformed(point: Affine) -> None:
    for encoding in (bytes(point), (point.y + P).to_bytes(33, "little")[:32], bytes(point)[:31] + b"\xff"):
        with pytest.raises(MalformedPoint):
            Point(encoding)


@given(a=integers, of=torsion)
def test_points_of_mixed_order_are_malformed(a: int, of: Affine) -> None:
    assert Point(bytes(a * BASE)) == scalar(a) * B
    with pytest.raises(MalformedPoint):
        Point(bytes(a * BASE + of))


@pytest.mark.parametrize("y", range(19))
@pytest.mark.parametrize("sign", [0, 1])
def test_points_with_y_above_the_field_are_malformed(y: int, sign: int) -> None:
    with pytest.raises(MalformedPoint):
        Point((y + P | sign << 255).to_bytes(32, "little"))


@given(encoding=st.binary(min_size=32, max_size=32))
def test_a_point_decodes_if_and_only_if_the_curve_has_it_in_the_subgroup(encoding: bytes) -> None:
    point = decode(encoding)
    if point and bytes(point) == encoding and L * point == IDENTITY != point:
        assert bytes(Point(encoding)) == encoding
    else:
        with pytest.raises(MalformedPoint):
            Point(encoding)


@given(value=st.one_of(st.integers(L, L + 2**20), st.integers(L, 2**256 - 1)))
def test_scalars_from_the_order_on_are_malformed(value: int) -> None:
    with pytest.raises(MalformedScalar):
        scalar(value)


@given(raw=st.binary(max_size=64).filter(lambda raw: len(raw) != 32))
def test_other_lengths_are_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedPoint):
        Point(raw)
    with pytest.raises(MalformedScalar):
        Scalar(raw)


def test_a_random_scalar_is_never_zero() -> None:
    draws = [bytes(64), L.to_bytes(64, "little"), (L + 5).to_bytes(64, "little")]
    assert Scalar.random(lambda size: draws.pop(0)) == scalar(5)
    assert draws == []


def test_a_scalar_hides_and_is_in_no_hash_table() -> None:
    secret = Scalar.random()
    assert repr(secret) == str(secret) == "Scalar(hidden)"
    with pytest.raises(TypeError):
        hash(secret)


def test_points_are_equal_by_encoding() -> None:
    assert Point(bytes(B)) == B
    assert bytes(B) != B
    assert {B, Point(bytes(B))} == {B}
    assert len({hash(scalar(x) * B) for x in range(1, 9)}) == 8
    assert repr(B) == f"Point(58{'66' * 31})"
