"""A pytest plugin for `make mutants`: fewer examples, and nothing that an unmutated codec could hide in."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

from protocol.primitives.encoding import _codec_of

settings.register_profile(
    "mutants",
    max_examples=10,
    phases=[Phase.explicit, Phase.generate],  # a failure need not be made smaller
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def pytest_runtest_setup() -> None:
    """Every test builds its own codecs, so that mutmut sees which tests depend on the functions that build them."""
    _codec_of.cache_clear()
