"""Ed25519's edge cases: the table of the protocol, where it comes from, and what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha512

import pytest
from hypothesis import given
from hypothesis import strategies as st

import protocol.primitives.ed25519_selftest
from protocol.primitives.ed25519_selftest import EDGE_CASES, EdgeCase, UnfitLibrary, run_selftest
from protocol.primitives.signatures import verify
from tests.support.edwards import BASE, IDENTITY, SMALL_ORDER, TORSION, Affine, L, P, challenge, decode
from tests.support.edwards import verify_anyhow as lax_verify
from tests.support.edwards import verify_by_the_rule as exact_verify

SECRET = int.from_bytes(sha512(b"SplitPass edge cases: secret key").digest(), "little") % L
NONCE = int.from_bytes(sha512(b"SplitPass edge cases: nonce").digest(), "little") % L
KEY, COMMITMENT = SECRET * BASE, NONCE * BASE
LONG_IDENTITY = (P + 1).to_bytes(32, "little")
"""The identity with `y = p + 1` in place of 1."""
NEGATIVE_IDENTITY = (1 | 1 << 255).to_bytes(32, "little")
"""The identity with `x = -0`."""


def forge(
    name: str,
    A: Affine | bytes,
    R: Affine | bytes,
    *,
    secret: int = SECRET,
    nonce: int = NONCE,
    valid: bool,
    when: Callable[[int], bool] = lambda k: True,
    excess: int = 0,
) -> EdgeCase:
    """A signature whose `S` is `nonce + k * secret + excess`, over the first message whose `k` is as wanted."""
    for counter in range(1000):
        message = counter.to_bytes(2, "big")
        k = challenge(bytes(R), bytes(A), message)
        if when(k):
            S = (nonce + k * secret) % L + excess
            return EdgeCase(name, bytes(A), message, bytes(R) + S.to_bytes(32, "little"), valid)
    raise AssertionError("no such message")


def built_from_the_curve() -> list[EdgeCase]:
    """The table of `protocol.primitives.ed25519_selftest`, from nothing but integers."""
    mixed_key, mixed_commitment = KEY + TORSION, COMMITMENT + TORSION
    return [
        forge("ordinary", KEY, COMMITMENT, valid=True),
        forge("mixed A and R, exact", mixed_key, mixed_commitment, valid=True, when=lambda k: k % 8 == 7),
        forge("mixed A, exact", mixed_key, COMMITMENT, valid=True, when=lambda k: k % 8 == 0),
        forge("mixed A, only with cofactor", mixed_key, COMMITMENT, valid=False, when=lambda k: k % 8 != 0),
        forge("mixed R, only with cofactor", KEY, mixed_commitment, valid=False),
        forge("A is the identity", IDENTITY, COMMITMENT, secret=0, valid=False),
        forge("A of order 8, exact", TORSION, COMMITMENT, secret=0, valid=False, when=lambda k: k % 8 == 0),
        forge("R is the identity", KEY, IDENTITY, nonce=0, valid=False),
        forge("R of order 8, exact", mixed_key, TORSION, nonce=0, valid=False, when=lambda k: k % 8 == 7),
        forge("A with y above the field", LONG_IDENTITY, COMMITMENT, secret=0, valid=False),
        forge("A with a negative zero", NEGATIVE_IDENTITY, COMMITMENT, secret=0, valid=False),
        forge("R with y above the field", KEY, LONG_IDENTITY, nonce=0, valid=False),
        forge("S above the order", KEY, COMMITMENT, valid=False, excess=L),
        forge("S with its highest bit set", KEY, COMMITMENT, valid=False, excess=8 * L),
    ]


def test_the_table_is_what_the_curve_gives() -> None:
    assert list(EDGE_CASES) == built_from_the_curve()


@pytest.mark.parametrize("case", EDGE_CASES, ids=lambda case: case.name)
def test_the_rule_decides_each_case(case: EdgeCase) -> None:
    assert verify(case.public, case.message, case.signature) is case.valid
    assert exact_verify(case.public, case.message, case.signature) is case.valid


@pytest.mark.parametrize("case", EDGE_CASES, ids=lambda case: case.name)
def test_the_laxest_library_accepts_each_case(case: EdgeCase) -> None:
    """Each invalid case is one on which libraries in use disagree, not just any broken signature."""
    assert lax_verify(case.public, case.message, case.signature)


def test_the_exact_mixed_case_fails_where_k_is_multiplied_by_the_cofactor_first() -> None:
    """Some libraries check `8 S B = 8 R + (8 k mod L) A`: they refuse what the exact equation accepts."""
    [case] = [case for case in EDGE_CASES if case.name == "mixed A and R, exact"]
    R, S = case.signature[:32], int.from_bytes(case.signature[32:], "little")
    A, commitment = decode(case.public), decode(R)
    assert A is not None
    assert commitment is not None
    k = challenge(R, case.public, case.message)
    assert 8 * commitment + 8 * k % L * A != 8 * S * BASE


def test_a_library_that_keeps_the_rule_passes() -> None:
    run_selftest()


@pytest.mark.parametrize("other", [lax_verify, lambda *_: False], ids=["lax", "refuses everything"])
def test_a_library_that_decides_otherwise_is_named_unfit(
    other: Callable[[bytes, bytes, bytes], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol.primitives.ed25519_selftest, "verify", other)
    with pytest.raises(UnfitLibrary):
        run_selftest()


torsion = st.sampled_from(SMALL_ORDER)
scalars = st.integers(0, L - 1)


@given(
    a=scalars, r=scalars, of_key=torsion, of_commitment=torsion, excess=st.integers(0, 2), message=st.binary(max_size=8)
)
def test_the_library_keeps_the_rule_for_any_torsion(
    a: int, r: int, of_key: Affine, of_commitment: Affine, excess: int, message: bytes
) -> None:
    A, R = bytes(a * BASE + of_key), bytes(r * BASE + of_commitment)
    S = (r + challenge(R, A, message) * a) % L + (excess == 2) * L
    signature = R + S.to_bytes(32, "little")
    assert verify(A, message, signature) is exact_verify(A, message, signature)


@given(raw=st.binary(max_size=70))
def test_keys_and_signatures_of_other_lengths_are_refused(raw: bytes) -> None:
    [ordinary, *_] = EDGE_CASES
    assert len(raw) == 32 or not verify(raw, ordinary.message, ordinary.signature)
    assert len(raw) == 64 or not verify(ordinary.public, ordinary.message, raw)
