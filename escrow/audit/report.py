"""The dated report of an audit, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from escrow.audit.audit import Audit
from escrow.audit.epochs import promised_days
from escrow.audit.findings import Fault
from escrow.audit.follow import FollowedLog
from protocol.entries import (
    DisclosurePublished,
    EpochErased,
    EpochPublished,
    NoticePublished,
    SharesReleased,
    WarrantDecided,
)
from protocol.epochs import Role
from service.cli import local_time, printable

COUNTED = {
    "epochs published": EpochPublished,
    "epochs erased": EpochErased,
    "warrants decided": WarrantDecided,
    "releases of shares": SharesReleased,
    "notices": NoticePublished,
    "disclosures": DisclosurePublished,
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
                "party": one.role.name.lower(),
                "fault": str(one.fault),
                "detail": one.detail,
                "evidence": str(audit.state.evidence_path(one)) if one.statement else None,
            }
            for one in audit.findings
        ],
    }


def as_tables(audit: Audit) -> Iterator[RenderableType]:
    """The tables that a terminal shows, and lines that it does not break."""
    offset = audit.domain.utc_offset
    logs = Table("log", "", title=f"Domain {audit.domain.number}, audited {local_time(audit.now, offset)}")
    for described in as_json(audit)["logs"]:
        party = described.pop("party")
        described["cosigned"] = local_time(described["cosigned"], offset)
        described["retention_days"] = " to ".join(map(str, described["retention_days"])) or "no epoch is kept"
        for name, value in described.items():
            logs.add_row(party, f"{name.replace('_', ' ')}: {value}")
            party = ""
    yield logs
    if audit.findings:
        found = Table("party", "fault", "what was found", title="Findings")
        counts: Counter[tuple[Role, Fault]] = Counter()
        for one in audit.findings:
            counts[one.role, one.fault] += 1
            if counts[one.role, one.fault] <= SHOWN:
                found.add_row(one.role.name.lower(), str(one.fault), printable(one.detail))
        for (role, fault), count in counts.items():
            if count > SHOWN:
                found.add_row(role.name.lower(), str(fault), f"{count - SHOWN} more: see them with --json")
        yield found
        for path in sorted({audit.state.evidence_path(one) for one in audit.findings if one.statement}):
            yield f"evidence: {path}"
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
        **{name.replace(" ", "_"): sum(isinstance(one, kind) for one in contents) for name, kind in COUNTED.items()},
    }
