"""`python -m conformance`: black-box checks of anybody's servers."""

from __future__ import annotations

from conformance.cli import conformance

if __name__ == "__main__":
    conformance(prog_name="python -m conformance")
