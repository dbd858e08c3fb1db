"""Tagged hashing: no two different lists of parts are hashed alike."""

from __future__ import annotations

from hashlib import sha512

from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.primitives.group import Scalar
from protocol.primitives.hashing import digest, digest32, frame, hash_to_scalar, nonce, tag

names = st.text("abc-/", min_size=1, max_size=4)
parts = st.lists(st.binary(max_size=4), max_size=4)


@given(name=names, one=parts, other_name=names, other=parts)
def test_different_parts_or_names_give_different_frames(
    name: str, one: list[bytes], other_name: str, other: list[bytes]
) -> None:
    assume((name, one) != (other_name, other))
    assert frame(name, *one) != frame(other_name, *other)


@given(name=names, one=parts)
def test_a_digest_is_sha512_of_lengths_and_parts(name: str, one: list[bytes]) -> None:
    expected = sha512()
    for part in [b"SplitPass/v1/" + name.encode(), *one]:
        expected.update(len(part).to_bytes(4, "big") + part)
    assert digest(name, *one) == expected.digest()
    assert digest32(name, *one) == expected.digest()[:32]
    assert hash_to_scalar(name, *one) == Scalar.reduce(expected.digest())
    assert tag(name) == b"SplitPass/v1/" + name.encode()


@given(message=st.binary(max_size=8), other=st.binary(max_size=8), randomness=st.binary(min_size=32, max_size=32))
def test_a_nonce_repeats_only_with_everything_that_it_is_made_of(
    message: bytes, other: bytes, randomness: bytes
) -> None:
    secret = Scalar.reduce(bytes(63) + b"\x01")

    def draw(size: int) -> bytes:
        assert size == 32
        return randomness

    first = nonce(draw, b"label", secret, message)
    assert first == nonce(draw, b"label", secret, message)
    assert message == other or first != nonce(draw, b"label", secret, other)
    assert first != nonce(draw, b"other", secret, message)
    assert first != nonce(draw, b"label", secret + secret, message)
    assert first != nonce(lambda size: bytes([randomness[0] ^ 1]) + randomness[1:], b"label", secret, message)
