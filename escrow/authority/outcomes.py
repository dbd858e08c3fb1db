"""What a release and an opening gave, in words for the officer: of one warrant, or of each in a case. Spec: §6.8."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import click

from protocol.party_requests import REQUEST_TOLERANCE
from service.cli import local_time

if TYPE_CHECKING:
    from escrow.authority.authority import Authority
    from escrow.authority.found_visits import FoundVisits
    from escrow.authority.investigation import ReleaseResult
    from escrow.authority.reading import OpeningResult
    from protocol.warrants import Warrant

WHY = {
    "AdmittedByOne": "one party alone admits it",
    "Closed": "closed, because a party may have erased its share of the day",
    "CommitmentMismatch": "its time does not fit the venue's commitments",
    "CommittedLate": "the venue committed to it too late",
    "InvalidProof": "its proof does not hold",
    "InvalidSignature": "its signature does not hold",
    "NoIdentity": "it leads to nobody in the directory",
    "NoShare": "a party gave no valid share",
    "OutOfScope": "outside what the warrant is for",
    "ReleasedElsewhere": "its pass was opened for another venue",
    "WrongDomain": "it is of another domain",
    "WrongEpoch": "it is of another day",
    "Withheld": "the venue does not show it",
}
"""Why a visit or a check-in is set aside, by the name with which it is counted."""


def why_set_aside(name: str) -> str:
    """The reason of a count in words."""
    return WHY.get(name, "it is malformed" if name.startswith("Malformed") else "it does not hold")


def reasons(set_aside: Counter[str]) -> list[tuple[str, int]]:
    """Each reason in words, and how often."""
    counts: Counter[str] = Counter()
    for name, count in set_aside.items():
        counts[why_set_aside(name)] += count
    return sorted(counts.items())


class Told(NamedTuple):
    """What a step gave, in a line, empty if it failed; what else there is to know; and what is to be done about it."""

    line: str
    more: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def show(self, label: str = "") -> None:
        """Print it, with a label in a case."""
        if self.line:
            click.echo(f"{label}: {self.line}" if label else self.line)
        for line in self.more:
            click.echo(f"    {line}" if label else line)
        for line in self.warnings:
            click.echo(f"{label}: {line}" if label else line, err=True)


def of_release(authority: Authority, warrant: Warrant, result: ReleaseResult, draw: str) -> Told:
    """What was released; `draw` is the command that draws another warrant."""
    in_parts = f" in {result.parts} parts" if result.parts > 1 else ""
    more, warnings = _committed(authority, warrant, result.check_ins, result.uncommitted, draw)
    if result.parts > 1:
        more += ("a visit of which two parts show something counts in both",)
    if result.elsewhere:
        more += (f"{result.elsewhere} of them with a pass that was opened for another venue",)
    if result.closed:
        more += (f"{result.closed} of them on days that are erased here: they can never be opened",)
    complete = warrant.issued + REQUEST_TOLERANCE
    if authority.clock() < complete:
        until = local_time(complete, authority.domain.utc_offset)
        warnings += (
            f"until {until} a commitment may be on its way to one of the parties; what is opened before that may miss "
            "visits",
        )
    return Told(f"{result.visits} visits released{in_parts}{_aside(result.set_aside)}", more, warnings)


def of_opening(
    authority: Authority,
    warrant: Warrant,
    result: OpeningResult,
    group: str,
    draw: str,
    *,
    is_listed: bool = False,
    is_told: bool = False,
) -> Told:
    """What was opened; `group` is that of the commands `release` and `open`.

    `is_listed`: without people, because the list has more than this warrant's. `is_told`: without what `of_release` has
    told.
    """
    people = "" if is_listed else f", {contacts(result.found)}"
    opened = f"{result.opened} of {result.visits} visits opened{people}{_aside(result.set_aside)}"
    more = warnings = tuple[str, ...]()
    if not is_told:
        more, warnings = _committed(authority, warrant, result.check_ins, result.uncommitted, draw)
    if not result.complete:
        released = authority.warrants.parts.of(warrant.warrant_id)
        unopened = sum(not part.is_readable for part in released)
        lack = f"{unopened} of {len(released)} parts are not opened yet" if unopened else "some parts are not here yet"
        warnings += (f"{lack}: run `{group} release` and `{group} open` again",)
    if result.reused:
        more += (f"{result.reused} of them with a pass that was opened for another venue too",)
    return Told(opened, more, warnings)


def contacts(found: FoundVisits, people: str = "contacts") -> str:
    """How many people were found."""
    verified, asserted = found.count()
    return f"{verified} {people}" + (f", {asserted} asserted by the venue, not verified" if asserted else "")


def _committed(
    authority: Authority, warrant: Warrant, check_ins: int, uncommitted: int, draw: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the venue admitted in the window, as far as its commitments tell; and what they lack."""
    told = (f"the venue has committed to {check_ins} check-ins with a time in the window",)
    last = max((time for time in authority.commitments.of(warrant.venue_id) if time <= warrant.issued), default=None)
    ask = f"have the venue run `python -m venue commit`, then draw a new warrant (`{draw}`)"
    if uncommitted:
        lack = f"it had not committed to {uncommitted} more when the warrant was issued, it says: {ask}"
        return told, (lack,)
    if last is None or last < warrant.ends:
        since = "never committed" if last is None else f"last committed {local_time(last, authority.domain.utc_offset)}"
        return told, (f"when the warrant was issued it had {since}: if it admitted more, {ask}",)
    return told, ()


def _aside(counts: Counter[str]) -> str:
    return "".join(f"; {count} set aside: {why}" for why, count in reasons(counts))
