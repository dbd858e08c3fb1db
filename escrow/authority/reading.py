"""From shares to people: what a part opened to, and whose visits under a warrant those are. Spec: §3.10, §6.8."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from escrow.all_cores import map_on_all_cores
from escrow.authority.authority import Authority
from escrow.authority.found_visits import FoundVisit, FoundVisits, Identity, Source
from escrow.authority.opened_visits import OpenedPart, OpenedVisit
from escrow.authority.operators_shares import judge_received
from escrow.authority.released_parts import ReleasedPart
from escrow.authority.warrants import DrawnWarrant, ReceivedShares
from protocol.assisted_check_ins import AssistedCheckIn, AssistedEntry, open_assisted
from protocol.epochs import EpochKey, Role
from protocol.handles import DirectoryEntry, directory_index, open_entry, reopen_entry
from protocol.opening import VerifiedShares, open_check_in, shared_visits, verify_party_shares
from protocol.primitives.errors import InvalidEntry
from protocol.primitives.group import Point
from protocol.releases import VerifiedRelease
from protocol.visits import Visit

Thing = TypeVar("Thing")

READ_TOGETHER = 500
"""So many visits are looked up in the directory at a time."""
UNEXPLAINED = {"NoShare", "Closed"}
"""What a visit is counted as whose pass the operator alone knew to be of another venue, when it was opened."""


@dataclass(frozen=True, slots=True)
class OpeningResult:
    """What an opening gave, in numbers, and the list `found` of it, to which other warrants' visits may belong too.

    `visits` counts those in scope, `opened` those with both parties' shares, `set_aside` what gave no contact, by the
    reason's name. `reused` counts the visits whose pass was opened for another venue too. `check_ins` are those with a
    label in the window that the venue committed to, `uncommitted` those that it says it has not. `complete`: every part
    was released, and opened or closed for ever.
    """

    visits: int
    opened: int
    set_aside: Counter[str]
    reused: int
    check_ins: int
    uncommitted: int
    complete: bool
    found: FoundVisits = field(compare=False)


def opened_part(
    authority: Authority,
    release: VerifiedRelease,
    operator: VerifiedShares,
    own: VerifiedShares,
    keys: Mapping[int, EpochKey],
) -> OpenedPart:
    """What the shares of both parties open of a release, and which of the entries that it leads to hold."""
    visits: list[OpenedVisit] = []
    shared = set()
    for some in _some_at_a_time(shared_visits(release, operator, own)):
        opened = list(map_on_all_cores(_opened, some))
        found = _look_up(authority, keys, (visit for visit, _ in opened))
        jobs = [(keys[visit.epoch], visit, point, found.get((visit.epoch, visit.u))) for visit, point in opened]
        visits += map_on_all_cores(_verified, jobs)
        shared |= {(visit.epoch, visit.u) for visit, _ in opened}
    unopened = [(epoch, u) for epoch, of_epoch in release.visits.items() for u in of_epoch if (epoch, u) not in shared]
    elsewhere = authority.releases.elsewhere(release.warrant.venue_id, unopened)
    for epoch, u in unopened:
        visit = release.visits[epoch][u]
        is_closed = not (operator.shares.get(epoch) and own.shares.get(epoch))
        why = "ReleasedElsewhere" if (epoch, u) in elsewhere else "Closed" if is_closed else "NoShare"
        visits.append(OpenedVisit(epoch, u, visit.entered, visit.left, why))
    return OpenedPart(tuple(visits), release.check_ins, release.uncommitted, release.set_aside)


def closed_part(release: VerifiedRelease) -> OpenedPart:
    """What is known of a release that nobody can open any more."""
    visits = (
        OpenedVisit(epoch, u, visit.entered, visit.left, "Closed")
        for epoch, of_epoch in release.visits.items()
        for u, visit in of_epoch.items()
    )
    return OpenedPart(tuple(visits), release.check_ins, release.uncommitted, release.set_aside)


def read_opened(
    authority: Authority, drawn: DrawnWarrant, keys: Mapping[int, EpochKey], found: FoundVisits
) -> OpeningResult:
    """Add the visits of a warrant to a list, as the directory tells whose they are; what it gave in numbers.

    Its parts are read as they were verified when they were opened.
    """
    _make_rows(authority, drawn, keys)
    set_aside: Counter[str] = Counter()
    visits = opened = reused = check_ins = uncommitted = 0
    counts = authority.opened.counts(drawn.record.warrant_id)
    for part in drawn.parts:
        if part.is_readable:
            of_part = counts[part.begins]
            check_ins, uncommitted = check_ins + of_part.check_ins, of_part.uncommitted
            set_aside.update(of_part.set_aside)
    source = source_of(authority, drawn)
    for some in _some_at_a_time(authority.opened.of(drawn.record.warrant_id)):
        visits += len(some)
        elsewhere = authority.releases.elsewhere(source.venue_id, [(visit.epoch, visit.u) for visit in some])
        late = {(visit.epoch, visit.u) for visit in some if visit.why in UNEXPLAINED} & elsewhere
        if late:
            authority.releases.keep_refused(drawn.record, late, authority.clock())
        set_aside.update(
            "ReleasedElsewhere" if (visit.epoch, visit.u) in late else visit.why for visit in some if visit.why
        )
        here = [visit for visit in some if visit.why is None]
        opened += len(here)
        reused += sum((visit.epoch, visit.u) in elsewhere for visit in here)
        identities = _identify(authority, keys, here)
        set_aside["NoIdentity"] += identities.count(None)
        found.add(
            FoundVisit(source, visit.epoch, visit.u, visit.entered, visit.left, identity)
            for visit, identity in zip(here, identities, strict=True)
        )
    return OpeningResult(visits, opened, +set_aside, reused, check_ins, uncommitted, drawn.is_opened, found)


def source_of(authority: Authority, drawn: DrawnWarrant) -> Source:
    """What a warrant's visits are found under."""
    record = drawn.record
    case = authority.warrants.listed_one(record.warrant_id).case or ""
    venue = authority.venues.get(record.venue_id).record.name
    return Source(case, record.warrant_id, venue, record.venue_id, authority.label, authority.domain.utc_offset)


def _make_rows(authority: Authority, drawn: DrawnWarrant, keys: Mapping[int, EpochKey]) -> None:
    """Make the rows of parts that an older program opened, from their transcripts."""
    have = authority.opened.counts(drawn.record.warrant_id)
    for part in drawn.parts:
        if part.opened and part.begins not in have:
            authority.warrants.parts.store_opened(part, _from_transcript(authority, drawn, part, keys))


def _from_transcript(
    authority: Authority, drawn: DrawnWarrant, part: ReleasedPart, keys: Mapping[int, EpochKey]
) -> OpenedPart:
    assert drawn.countersigned is not None, "what both signed was shown to the venue"
    transcript = authority.warrants.parts.transcript(part, drawn.countersigned)
    received = ReceivedShares(transcript.operator_shares, drawn.record.issued)
    judged = judge_received(authority, drawn, transcript.release, received, keys)
    own = verify_party_shares(authority.domain, Role.AUTHORITY, judged.release, keys, transcript.authority_shares)
    return opened_part(authority, judged.release, judged.given, own, keys)


def _some_at_a_time(things: Iterator[Thing]) -> Iterator[list[Thing]]:
    while some := list(islice(things, READ_TOGETHER)):
        yield some


def _opened(shared: tuple[Visit, Point, Point]) -> tuple[OpenedVisit, Point | None]:
    visit, *shares = shared
    check_in, point = visit.check_in, open_check_in(visit.check_in, *shares)
    assisted = check_in.message.to_bytes() if isinstance(check_in, AssistedEntry) else None
    encoded = None if point is None else bytes(point)
    u = bytes(check_in.message.u)
    return OpenedVisit(check_in.epoch, u, visit.entered, visit.left, None, encoded, assisted), point


def _verified(opened: tuple[EpochKey, OpenedVisit, Point | None, DirectoryEntry | None]) -> OpenedVisit:
    """The visit, with a note if the entry that it leads to holds."""
    epoch_key, visit, point, entry = opened
    if point is None or entry is None:
        return visit
    try:
        open_entry(epoch_key, point, entry)
    except InvalidEntry:
        return visit
    return visit._replace(verified=True)


def _identify(
    authority: Authority, keys: Mapping[int, EpochKey], visits: Sequence[OpenedVisit]
) -> list[Identity | None]:
    """Whose each visit is; None for nobody's. The operator is never asked about a handle.

    What was verified when it was opened is only read. The rest is verified, because its entry may be here now.
    """
    found = _look_up(authority, keys, visits)

    def identify(visit: OpenedVisit) -> Identity | None:
        if visit.point is None:
            return None
        try:
            return _identity(keys[visit.epoch], visit, visit.point, found.get((visit.epoch, visit.u)))
        except InvalidEntry:
            return None

    return [identify(visit) for visit in visits]


def _look_up(
    authority: Authority, keys: Mapping[int, EpochKey], visits: Iterable[OpenedVisit]
) -> dict[tuple[int, bytes], DirectoryEntry]:
    """The entries that visits lead to, by the epoch and `u` of each."""
    places = {
        (visit.epoch, visit.u): (visit.epoch, directory_index(keys[visit.epoch], visit.point))
        for visit in visits
        if visit.point and not visit.assisted
    }
    entries = authority.directory.find_all(dict.fromkeys(places.values()))
    return {key: entries[place] for key, place in places.items() if place in entries}


def _identity(epoch_key: EpochKey, visit: OpenedVisit, point: bytes, entry: DirectoryEntry | None) -> Identity:
    """Whom a visit's handle leads to, or the key of an assisted one; raises `InvalidEntry`."""
    if visit.assisted is not None:
        assisted = AssistedEntry(AssistedCheckIn.from_bytes(visit.assisted), visit.epoch)
        asserted = open_assisted(epoch_key, assisted, Point(point))
        return Identity(asserted.phone, asserted.name, None)
    if entry is None:
        raise InvalidEntry("the check-in opens to no entry")
    if visit.verified:
        return Identity(*reopen_entry(epoch_key, point, entry))
    record = open_entry(epoch_key, Point(point), entry)
    return Identity(record.phone, record.name, record.verified_on)
