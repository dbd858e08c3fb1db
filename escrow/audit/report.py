"""The dated report of an audit, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from escrow.audit.audit import Audit
from escrow.audit.epochs import promised_days
from escrow.audit.findings import Fault
from escrow.audit.log_follower import FollowedLog
from protocol.epochs import Role
from protocol.transparency.log_entries import (
    DisclosurePublished,
    EpochErased,
    EpochPublished,
    NoticePublished,
    PagePublished,
    SharesReleased,
    WarrantDecided,
)
from service.cli import local_time, printable

COUNTED = {
    "epochs published": EpochPublished,
    "epochs erased": EpochErased,
    "warrants decided": WarrantDecided,
    "releases of shares": SharesReleased,
    "notices": NoticePublished,
    "disclosures": DisclosurePublished,
    "pages": PagePublished,
}

SHOWN = 10
"""How many findings of one fault of a party a table has."""


def as_json(audit: Audit) -> dict[str, Any]:
    """Everything that the audit saw and found. Times are Unix times, `evidence` is a file."""
    return {
        "time": audit.now,
        "domain": audit.domain.number,
        "logs": [_log(audit, role, followed) for role, followed in sorted(audit.logs.items())],
        "findings": [
            {
                "party": finding.role.name.lower(),
                "fault": str(finding.fault),
                "about": dict(finding.about),
                "detail": finding.detail,
                "evidence": str(audit.state.evidence_path(finding)) if finding.statement else None,
            }
            for finding in audit.findings
        ],
    }


def as_lines(audit: Audit) -> Iterator[str]:
    """The report for people. No line is cut at a terminal's width: hashes and ids are compared."""
    offset = audit.domain.utc_offset
    yield f"Domain {audit.domain.number}, audited {local_time(audit.now, offset)}"
    for described in as_json(audit)["logs"]:
        described["cosigned"] = local_time(described["cosigned"], offset)
        described["retention_days"] = " to ".join(map(str, described["retention_days"])) or "no epoch is kept"
        yield f"The log of the {described.pop('party')}"
        for name, value in described.items():
            yield f"    {name.replace('_', ' ')}: {value}"
    counts: Counter[tuple[Role, Fault]] = Counter()
    for finding in audit.findings:
        counts[finding.role, finding.fault] += 1
        if counts[finding.role, finding.fault] <= SHOWN:
            yield f"FOUND  {finding.fault}, the {finding.role.name.lower()}: {printable(finding.detail)}"
    for (role, fault), count in counts.items():
        if count > SHOWN:
            yield f"FOUND  {fault}, the {role.name.lower()}: {count - SHOWN} more; see them with --json"
    for path in sorted({audit.state.evidence_path(finding) for finding in audit.findings if finding.statement}):
        yield f"evidence: {path}"
    if audit.findings:
        yield "§6.7 of the specification says what each fault means, and what it proves."
    else:
        yield "Nothing was found wrong."


def _log(audit: Audit, role: Role, followed: FollowedLog) -> dict[str, Any]:
    checkpoint = followed.witnessed.checkpoint
    contents = [record.contents for record in followed.records]
    days = promised_days(audit.domain, followed).values()
    return {
        "party": role.name.lower(),
        "url": audit.urls[role],
        "entries": checkpoint.size,
        "new_entries": sum(record.is_new for record in followed.records),
        "root": checkpoint.root.hex(),
        "cosigned": followed.witnessed.time,
        "retention_days": sorted({min(days), max(days)}) if days else [],
        **{name.replace(" ", "_"): sum(isinstance(said, kind) for said in contents) for name, kind in COUNTED.items()},
    }
