"""All checks, in the order in which they run: what is found out first is needed later."""

from __future__ import annotations

from conformance import (
    audit,
    commitments,
    conventions,
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
    *audit.checks,
)
SECTIONS = {
    "3.1": "Group",
    "3.4": "Signatures",
    "3.7": "Passes",
    "3.8": "Check-ins",
    "3.10": "Opening",
    "3.12": "Notices",
    "4.1": "Encoding",
    "4.4": "Party requests",
    "5.1": "Conventions",
    "5.2": "Epochs, logs and venues",
    "5.3": "Operator",
    "5.4": "Authority",
    "5.5": "Venue",
}
"""The titles of the spec's sections that have checks."""
