"""All checks, in the order in which they run: what is found out first is needed later."""

from __future__ import annotations

from conformance import (
    audit,
    commitments,
    conventions,
    deliveries,
    door,
    encoding,
    enrolment,
    epochs,
    handles,
    logs,
    notices,
    other_party,
    party_routes,
    passes,
    record,
    registers,
)

CHECKS = (
    *conventions.checks,
    *encoding.checks,
    *epochs.checks,
    *logs.checks,
    *record.checks,
    *registers.checks,
    *commitments.checks,
    *party_routes.checks,
    *other_party.checks,
    *notices.checks,
    *enrolment.checks,
    *handles.checks,
    *passes.checks,
    *door.checks,
    *deliveries.checks,
    *audit.checks,
)
