"""Openings: what is on record is disclosed in time, as it was committed to, and by both parties alike. Spec: §6.7."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from escrow.audit.audit import Audit
from escrow.audit.findings import Fault, Finding
from escrow.audit.log_follower import FollowedLog, LogRecord
from escrow.audit.releases import is_pair, may_be_fewer
from protocol.disclosures import DisclosedOpening, Disclosure, OpeningRecord
from protocol.epochs import Role
from protocol.party_requests import REQUEST_TOLERANCE
from protocol.transparency.log_entries import SharesReleased, WarrantDecided, WarrantDecision
from protocol.transparency.logs import other_party
from protocol.warrants import MAX_EMBARGO
from service.cli import local_time

DISCLOSING_SECONDS = 86_400
"""How long after the embargo a party may take to disclose."""


Disclosures = Mapping[int, Disclosure]
"""A party's disclosures by the indices of their log entries."""


def check_openings(audit: Audit, role: Role, followed: FollowedLog, disclosures: Disclosures) -> Iterator[Finding]:
    """What a party has on record as opened, and what it disclosed."""
    told: dict[int, tuple[LogRecord, bytes]] = {}
    for record, disclosure, opening, contents in _openings(followed, disclosures):
        if contents is None:
            detail = f"disclosure {disclosure.number} opens no commitment of entry {opening.entry}"
            yield Finding(role, Fault.FALSE_LIST, detail, about={"list": "disclosures", "number": disclosure.number})
            continue
        told.setdefault(opening.entry, (record, opening.record.warrant_id))
        early = contents.discloses - record.time
        if early > REQUEST_TOLERANCE and record.is_new:
            detail = f"disclosure {disclosure.number} tells of an opening {early} seconds before its embargo is over"
            yield Finding(role, Fault.DISCLOSED_EARLY, detail, about={"entry": opening.entry})
    for record in followed.records:
        if isinstance(record.contents, SharesReleased):
            too_long = record.contents.discloses - record.time - MAX_EMBARGO - REQUEST_TOLERANCE
            if too_long > 0 and record.is_new:
                detail = f"entry {record.index} sets an embargo that is {too_long} seconds longer than any may be"
                yield Finding(role, Fault.FALSE_ENTRY, detail, about={"entry": record.index})
            disclosed, _ = told.get(record.index, (None, b""))
            late = (disclosed.time if disclosed else audit.now) - _due(record.contents, record.time)
            if late > 0 and (disclosed is None or disclosed.is_new):
                when, hours = local_time(record.time, audit.domain.utc_offset), late // 3600 + 1
                still = "" if disclosed else ", nor is now"
                detail = f"its release of {when} was not disclosed {hours} hours after it had to be{still}"
                yield Finding(role, Fault.UNDISCLOSED, detail, about={"entry": record.index})
    if role is Role.OPERATOR:
        yield from _check_countersigned(followed, told)


def _check_countersigned(followed: FollowedLog, told: Mapping[int, tuple[LogRecord, bytes]]) -> Iterator[Finding]:
    """The operator has countersigned a warrant on record for each that it gave shares under, before it did.

    `told`: by the index of a release, the record of its disclosure and the warrant.
    """
    countersigned = [
        record.index
        for record in followed.records
        if isinstance(record.contents, WarrantDecided) and record.contents.decision is WarrantDecision.COUNTERSIGNED
    ]
    first: dict[bytes, tuple[int, bool]] = {}
    for index, (record, warrant_id) in sorted(told.items(), key=lambda item: item[0]):
        first.setdefault(warrant_id, (index, record.is_new))
    for count, (warrant_id, (index, is_new)) in enumerate(first.items(), start=1):
        if is_new and count > bisect_left(countersigned, index):
            detail = f"it gave shares under warrant {warrant_id.hex()} without a countersigned one on record"
            yield Finding(Role.OPERATOR, Fault.UNLOGGED_WARRANT, detail, about={"warrant": warrant_id.hex()})


@dataclass(frozen=True)
class _Release:
    """A release of shares at a Unix time, and the record that disclosed it, if one did."""

    time: int
    contents: SharesReleased
    disclosed: OpeningRecord | None

    @property
    def warrant_id(self) -> bytes | None:
        return None if self.disclosed is None else self.disclosed.warrant_id

    @property
    def due(self) -> int:
        return _due(self.contents, self.time)


def compare_disclosures(audit: Audit, disclosures: Mapping[Role, Disclosures]) -> Iterator[Finding]:
    """Both parties disclose the same: warrants, passes, legal references."""
    if disclosures.keys() != set(Role):
        return
    releases = {role: _releases(audit.logs[role], disclosures[role]) for role in Role}
    yield from _compare_passes(audit, releases)
    yield from _compare_warrants(audit, releases)


def _compare_passes(audit: Audit, releases: Mapping[Role, Sequence[_Release]]) -> Iterator[Finding]:
    """Warrants that both parties disclosed: the same passes, unless the authority had erased an epoch before."""
    warrant_ids = {role: {release.warrant_id for release in releases[role] if release.warrant_id} for role in Role}
    for warrant_id in sorted(warrant_ids[Role.OPERATOR] & warrant_ids[Role.AUTHORITY]):
        under = {role: [release for release in releases[role] if release.warrant_id == warrant_id] for role in Role}
        if max(release.due for role in Role for release in under[role]) >= audit.now:
            continue
        records = {role: [release.disclosed for release in under[role] if release.disclosed] for role in Role}
        digests = {role: {digest for record in records[role] for digest in record.digests} for role in Role}
        references = {frozenset(record.legal_reference for record in records[role]) for role in Role}
        given = min(release.time for release in under[Role.OPERATOR])
        exact = not may_be_fewer(audit, given, max(release.time for release in under[Role.AUTHORITY]))
        for role in Role:
            other = other_party(role)
            missing = digests[other] - digests[role] if exact or role is Role.OPERATOR else set()
            if missing:
                name = other.name.lower()
                detail = f"it did not disclose {len(missing)} passes that the {name} did, of warrant {warrant_id.hex()}"
                yield Finding(role, Fault.PARTIAL_DISCLOSURE, detail, about={"warrant": warrant_id.hex()})
            if len(references) > 1:
                detail = f"the parties name different legal references of warrant {warrant_id.hex()}"
                yield Finding(role, Fault.FALSE_LIST, detail, about={"warrant": warrant_id.hex()})


def _compare_warrants(audit: Audit, releases: Mapping[Role, Sequence[_Release]]) -> Iterator[Finding]:
    """Warrants that one party alone disclosed, when their time is over.

    The authority gives no shares without the operator's: what it alone disclosed the operator has kept back, or one of
    the two disclosed it under a false warrant. What the operator alone disclosed the authority may never have opened.
    """
    operator, authority = (list(releases[role]) for role in (Role.OPERATOR, Role.AUTHORITY))
    for added in releases[Role.AUTHORITY]:  # first what is as it should be
        same_warrant = (given for given in operator if given.warrant_id == added.warrant_id)
        match = next((given for given in same_warrant if _is_pair(audit, given, added)), None)
        if added.warrant_id and match:
            operator.remove(match)
            authority.remove(added)
    warrant_ids = {role: {release.warrant_id for release in releases[role]} for role in Role}
    for added in authority:
        if added.disclosed is None or added.due >= audit.now:
            continue
        alone = added.warrant_id not in warrant_ids[Role.OPERATOR]
        pairs = [
            given
            for given in operator
            if _is_pair(audit, given, added) and (alone or given.warrant_id not in warrant_ids[Role.AUTHORITY])
        ]
        match = min(pairs, key=lambda given: given.disclosed is not None, default=None)
        if match is not None:
            operator.remove(match)
            if match.disclosed and match.due < audit.now:
                yield from _false_warrant(audit, match.disclosed, added.disclosed, added.time)
        elif alone:
            warrant = added.disclosed.warrant_id.hex()
            count = len(added.disclosed.digests)
            detail = f"it disclosed nothing of warrant {warrant}, of which the authority disclosed {count} passes"
            yield Finding(Role.OPERATOR, Fault.PARTIAL_DISCLOSURE, detail, about={"warrant": warrant})


def _false_warrant(audit: Audit, operator: OpeningRecord, authority: OpeningRecord, time: int) -> Iterator[Finding]:
    when = local_time(time, audit.domain.utc_offset)
    warrants = {Role.OPERATOR: operator.warrant_id.hex(), Role.AUTHORITY: authority.warrant_id.hex()}
    detail = f"the parties disclosed a release of {when} under different warrants, {' and '.join(warrants.values())}"
    for role, warrant in warrants.items():
        yield Finding(role, Fault.FALSE_LIST, f"{detail}: one of the two is false", about={"warrant": warrant})


def _releases(followed: FollowedLog, disclosures: Disclosures) -> list[_Release]:
    disclosed: dict[int, OpeningRecord] = {}
    for _, _, opening, contents in _openings(followed, disclosures):
        if contents is not None:
            disclosed[opening.entry] = opening.record
    return [
        _Release(record.time, record.contents, disclosed.get(record.index))
        for record in followed.records
        if isinstance(record.contents, SharesReleased)
    ]


def _is_pair(audit: Audit, operator: _Release, authority: _Release) -> bool:
    return is_pair(audit, (operator.time, operator.contents), (authority.time, authority.contents))


def _openings(
    followed: FollowedLog, disclosures: Disclosures
) -> Iterator[tuple[LogRecord, Disclosure, DisclosedOpening, SharesReleased | None]]:
    """Every opening that was disclosed: the record of its disclosure, that, and the release that committed to it."""
    records = {record.index: record for record in followed.records}
    for place, disclosure in sorted(disclosures.items()):
        for opening in disclosure.openings:
            yield records[place], disclosure, opening, _committed(records.get(opening.entry), opening.record)


def _committed(record: LogRecord | None, opening: OpeningRecord) -> SharesReleased | None:
    if record is None or not isinstance(record.contents, SharesReleased):
        return None
    committed = record.contents.commitment, record.contents.count
    return record.contents if committed == (opening.commitment, len(opening.digests)) else None


def _due(release: SharesReleased, time: int) -> int:
    return max(release.discloses, time) + DISCLOSING_SECONDS
