"""The dated report of an audit, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from escrow.audit.audit import Audit
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


def as_json(audit: Audit) -> dict[str, Any]:
    """Everything that the audit saw and found. Times are Unix times."""
    return {
        "time": audit.now,
        "domain": audit.domain.number,
        "logs": [_log(audit, role, followed) for role, followed in sorted(audit.logs.items())],
        "findings": [
            {"party": one.role.name.lower(), "fault": str(one.fault), "detail": one.detail} for one in audit.findings
        ],
    }


def as_tables(audit: Audit) -> Iterator[RenderableType]:
    """The tables that a terminal shows."""
    offset = audit.domain.utc_offset
    logs = Table("log", "", title=f"Domain {audit.domain.number}, audited {local_time(audit.now, offset)}")
    for described in as_json(audit)["logs"]:
        party = described.pop("party")
        described["cosigned"] = local_time(described["cosigned"], offset)
        for name, value in described.items():
            logs.add_row(party, f"{name.replace('_', ' ')}: {value}")
            party = ""
    yield logs
    if audit.findings:
        found = Table("party", "fault", "what was found", title="Findings")
        for one in audit.findings:
            found.add_row(one.role.name.lower(), str(one.fault), printable(one.detail))
        yield found
    else:
        yield "Nothing was found wrong."


def _log(audit: Audit, role: Role, followed: FollowedLog) -> dict[str, Any]:
    checkpoint = followed.witnessed.checkpoint
    contents = [record.contents for record in followed.records]
    return {
        "party": role.name.lower(),
        "url": audit.urls[role],
        "entries": checkpoint.size,
        "new_entries": sum(record.is_new for record in followed.records),
        "root": checkpoint.root.hex(),
        "cosigned": followed.witnessed.time,
        **{name.replace(" ", "_"): sum(isinstance(one, kind) for one in contents) for name, kind in COUNTED.items()},
    }
