"""`python -m tests.support.small_parts ...`: `python -m venue ...`, which releases few check-ins at a time."""

from __future__ import annotations

import runpy

import venue.release

SHOWN = 2000
"""So many check-ins a part shows, instead of `MAX_RELEASE`."""

if __name__ == "__main__":
    venue.release.MAX_RELEASE = SHOWN  # type: ignore[attr-defined]
    runpy.run_module("venue", run_name="__main__", alter_sys=True)
