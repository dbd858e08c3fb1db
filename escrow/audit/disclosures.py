"""Openings: what is on record is disclosed in time, as it was committed to, and by both parties alike. Spec: §6.7."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from escrow.audit.audit import Audit
from escrow.audit.findings import Fault, Finding
from escrow.audit.follow import FollowedLog, Record
from escrow.audit.releases import erased_by
from protocol.disclosures import DisclosedOpening, Disclosure
from protocol.entries import SharesReleased
from protocol.epochs import Role
from protocol.logs import other_party
from service.cli import local_time

DISCLOSING_SECONDS = 86_400
"""How long after the embargo a party may take to disclose."""


Disclosures = Mapping[int, Disclosure]
"""A party's disclosures by the indices of their log entries."""


def check_openings(audit: Audit, role: Role, followed: FollowedLog, disclosures: Disclosures) -> Iterator[Finding]:
    """What a party has on record as opened, and what it disclosed."""
    told: dict[int, Record] = {}
    for record, disclosure, opening in _openings(followed, disclosures):
        if _release(followed, opening) is not None:
            told.setdefault(opening.entry, record)
        else:
            detail = f"disclosure {disclosure.number} opens no commitment of entry {opening.entry}"
            yield Finding(role, Fault.FALSE_LIST, detail)
    for record in followed.records:
        if isinstance(record.contents, SharesReleased):
            disclosed = told.get(record.index)
            late = (disclosed.time if disclosed else audit.now) - _due(record.contents, record.time)
            if late > 0 and (disclosed is None or disclosed.is_new):
                when, hours = local_time(record.time, audit.domain.utc_offset), late // 3600 + 1
                still = "" if disclosed else ", nor is now"
                detail = f"its release of {when} was not disclosed {hours} hours after it had to be{still}"
                yield Finding(role, Fault.UNDISCLOSED, detail)


@dataclass
class _Opened:
    """What a party disclosed of one warrant: when it gave the first shares, and until when it has to disclose all."""

    time: int
    due: int = 0
    digests: set[bytes] = field(default_factory=set)
    legal_references: set[str] = field(default_factory=set)


def compare_disclosures(audit: Audit, disclosures: Mapping[Role, Disclosures]) -> Iterator[Finding]:
    """Warrants that both parties disclosed: the same passes, unless one of the two had erased an epoch."""
    if disclosures.keys() != set(Role):
        return
    operator, authority = (_by_warrant(audit.logs[role], disclosures[role]) for role in Role)
    for warrant in sorted(operator.keys() & authority.keys()):
        from_operator, from_authority = operator[warrant], authority[warrant]
        if max(from_operator.due, from_authority.due) >= audit.now:
            continue
        exact = len({frozenset(erased_by(log, from_authority.time)) for log in audit.logs.values()}) == 1
        lacking = {
            Role.OPERATOR: from_authority.digests - from_operator.digests,
            Role.AUTHORITY: from_operator.digests - from_authority.digests if exact else set(),
        }
        for role, missing in lacking.items():
            if missing:
                other = other_party(role).name.lower()
                detail = f"it did not disclose {len(missing)} passes that the {other} did, of warrant {warrant.hex()}"
                yield Finding(role, Fault.PARTIAL_DISCLOSURE, detail)
            if from_operator.legal_references != from_authority.legal_references:
                detail = f"the parties name different legal references of warrant {warrant.hex()}"
                yield Finding(role, Fault.FALSE_LIST, detail)


def _by_warrant(followed: FollowedLog, disclosures: Disclosures) -> dict[bytes, _Opened]:
    found: dict[bytes, _Opened] = {}
    for _, _, opening in _openings(followed, disclosures):
        release = _release(followed, opening)
        if release is not None:
            time, contents = release
            opened = found.setdefault(opening.record.warrant, _Opened(time))
            opened.time = min(opened.time, time)
            opened.due = max(opened.due, _due(contents, time))
            opened.digests.update(opening.record.digests)
            opened.legal_references.add(opening.record.legal_reference)
    return found


def _openings(followed: FollowedLog, disclosures: Disclosures) -> Iterator[tuple[Record, Disclosure, DisclosedOpening]]:
    """Every opening that was disclosed, with the disclosure and its record in the log."""
    records = {one.index: one for one in followed.records}
    for place, disclosure in sorted(disclosures.items()):
        for opening in disclosure.openings:
            yield records[place], disclosure, opening


def _release(followed: FollowedLog, opening: DisclosedOpening) -> tuple[int, SharesReleased] | None:
    """The release of shares that committed to an opening, and its Unix time."""
    for record in followed.records:
        if record.index == opening.entry and isinstance(record.contents, SharesReleased):
            committed = record.contents.commitment, record.contents.count
            if committed == (opening.record.commitment, len(opening.record.digests)):
                return record.time, record.contents
    return None


def _due(release: SharesReleased, time: int) -> int:
    return max(release.discloses, time) + DISCLOSING_SECONDS
