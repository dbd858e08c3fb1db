"""All checks of doors."""

from __future__ import annotations

from conformance.doors import decisions, keys, stories

CHECKS = (*keys.checks, *stories.checks, *decisions.checks)
