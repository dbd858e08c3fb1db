"""Edge cases on which Ed25519 libraries disagree, decided by the project's one rule. Spec: §3.4.

A door runs them at start-up: a library that decides one otherwise would admit visitors whom no party can find, or
turn others away.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.primitives.errors import SplitPassError
from protocol.primitives.signatures import verify

__all__ = ["EDGE_CASES", "EdgeCase", "UnfitLibrary", "run_selftest"]


class UnfitLibrary(SplitPassError):
    """The installed Ed25519 library decides an edge case otherwise than the rule. Nothing may rely on it."""


@dataclass(frozen=True)
class EdgeCase:
    """A public key (32 bytes), a message and a signature (`R || S`, 64 bytes), and whether it is valid."""

    name: str
    public: bytes
    message: bytes
    signature: bytes
    valid: bool


def run_selftest() -> None:
    """Decide every one of `EDGE_CASES` with the installed library.

    Raises:
        UnfitLibrary: It decides one otherwise than the rule.
    """
    for case in EDGE_CASES:
        if verify(case.public, case.message, case.signature) is not case.valid:
            raise UnfitLibrary(f"Ed25519 edge case: {case.name}")


def _case(name: str, A: str, message: str, R: str, S: str, *, valid: bool) -> EdgeCase:
    return EdgeCase(name, bytes.fromhex(A), bytes.fromhex(message), bytes.fromhex(R + S), valid)


EDGE_CASES = (
    _case(
        "ordinary",
        A="5b827afee081374118cbc776807064a6ba20c97612e930aaa0df7ddb6122af73",
        message="0000",
        R="dcfc7000fbb66ab4c35472ab1ce4664b745de8c616b2b72582634ee8368fa43c",
        S="a162036c62e22cc0d4252fb3407d80ae1f2c9de86ad5b4c0eb8688c7a1ec0005",
        valid=True,
    ),
    _case(
        "mixed A and R, exact",
        A="7946219d28206fd0391546205e39bc7c6c043b8a4a8172928b8ef5d9931c9f9f",
        message="0005",
        R="e672bc9ef6fe3c59ce2c11174f8c794c732a539999cc4527f26cac255a1ec022",
        S="95c6ebe9573497c81a9bdbac50337f7cd44732aa044a25ae2baa75ddb2ce4e04",
        valid=True,
    ),
    _case(
        "mixed A, exact",
        A="7946219d28206fd0391546205e39bc7c6c043b8a4a8172928b8ef5d9931c9f9f",
        message="000c",
        R="dcfc7000fbb66ab4c35472ab1ce4664b745de8c616b2b72582634ee8368fa43c",
        S="a4100c5a2dbcca9deeee49aece8859ceef7aeb37cd93b632756f3fd48dcc9f09",
        valid=True,
    ),
    _case(
        "mixed A, only with cofactor",
        A="7946219d28206fd0391546205e39bc7c6c043b8a4a8172928b8ef5d9931c9f9f",
        message="0000",
        R="dcfc7000fbb66ab4c35472ab1ce4664b745de8c616b2b72582634ee8368fa43c",
        S="31a24d8024f8753f1daede239f394e17363ed892d243d7a849287126a1e52b04",
        valid=False,
    ),
    _case(
        "mixed R, only with cofactor",
        A="5b827afee081374118cbc776807064a6ba20c97612e930aaa0df7ddb6122af73",
        message="0000",
        R="e672bc9ef6fe3c59ce2c11174f8c794c732a539999cc4527f26cac255a1ec022",
        S="b2b27f589b471268387c28a515df05e0ea5dbb02b54259da6adb606381f2c302",
        valid=False,
    ),
    _case(
        "A is the identity",
        A="0100000000000000000000000000000000000000000000000000000000000000",
        message="0000",
        R="dcfc7000fbb66ab4c35472ab1ce4664b745de8c616b2b72582634ee8368fa43c",
        S="197b55180cd53e2d3369523afec611b51b7ee75a6d310ac8103404f40b528709",
        valid=False,
    ),
    _case(
        "A of order 8, exact",
        A="c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        message="0003",
        R="dcfc7000fbb66ab4c35472ab1ce4664b745de8c616b2b72582634ee8368fa43c",
        S="197b55180cd53e2d3369523afec611b51b7ee75a6d310ac8103404f40b528709",
        valid=False,
    ),
    _case(
        "R is the identity",
        A="5b827afee081374118cbc776807064a6ba20c97612e930aaa0df7ddb6122af73",
        message="0000",
        R="0100000000000000000000000000000000000000000000000000000000000000",
        S="be29ef2eb951a3308f53576368b5d781e97fdd8ba3b2d96336904b538a6d1506",
        valid=False,
    ),
    _case(
        "R of order 8, exact",
        A="7946219d28206fd0391546205e39bc7c6c043b8a4a8172928b8ef5d9931c9f9f",
        message="0000",
        R="c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        S="4ef24130289416faf46462dac5a71c4ab22d1af0728d1352ce7d88fe22b7d307",
        valid=False,
    ),
    _case(
        "A with y above the field",
        A="eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        message="0000",
        R="dcfc7000fbb66ab4c35472ab1ce4664b745de8c616b2b72582634ee8368fa43c",
        S="197b55180cd53e2d3369523afec611b51b7ee75a6d310ac8103404f40b528709",
        valid=False,
    ),
    _case(
        "A with a negative zero",
        A="0100000000000000000000000000000000000000000000000000000000000080",
        message="0000",
        R="dcfc7000fbb66ab4c35472ab1ce4664b745de8c616b2b72582634ee8368fa43c",
        S="197b55180cd53e2d3369523afec611b51b7ee75a6d310ac8103404f40b528709",
        valid=False,
    ),
    _case(
        "R with y above the field",
        A="5b827afee081374118cbc776807064a6ba20c97612e930aaa0df7ddb6122af73",
        message="0000",
        R="eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        S="f85a23c41db191683ea461e0b4d4c290dbdd0db63da3d15cd93862ca8ac04102",
        valid=False,
    ),
    _case(
        "S above the order",
        A="5b827afee081374118cbc776807064a6ba20c97612e930aaa0df7ddb6122af73",
        message="0000",
        R="dcfc7000fbb66ab4c35472ab1ce4664b745de8c616b2b72582634ee8368fa43c",
        S="8e36f9c87c453f18abc226561f775fc31f2c9de86ad5b4c0eb8688c7a1ec0015",
        valid=False,
    ),
    _case(
        "S with its highest bit set",
        A="5b827afee081374118cbc776807064a6ba20c97612e930aaa0df7ddb6122af73",
        message="0000",
        R="dcfc7000fbb66ab4c35472ab1ce4664b745de8c616b2b72582634ee8368fa43c",
        S="0902b25335fbbf80870cecca354c7855202c9de86ad5b4c0eb8688c7a1ec0085",
        valid=False,
    ),
)
"""Mixed: outside the prime-order subgroup, but not of small order. Exact: the equation holds without the cofactor."""
