"""How the venue's database came from each version to the next. Spec: §6.4."""

from __future__ import annotations

from service.migration import Step

STEPS: tuple[Step, ...] = ()
"""Append the change of an existing table here; what a step did in a release stays as it was."""
