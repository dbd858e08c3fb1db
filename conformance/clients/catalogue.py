"""All checks of clients."""

from __future__ import annotations

from conformance.clients import check_ins, conventions, epochs, handles, lists, logs, passes, posters

CHECKS = (
    *passes.basic,
    *epochs.checks,
    *logs.checks,
    *handles.checks,
    *passes.checks,
    *check_ins.checks,
    *posters.checks,
    *lists.checks,
    *conventions.checks,
)
