"""What was found under warrants, for the officer to take out of the system: lists and a chart. Spec: §6.8."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from escrow.authority.arrivals_chart import arrivals_svg
from escrow.authority.contacts import Count, days_csv, people_csv, summary_csv, visits_csv
from escrow.authority.found_visits import FoundVisits
from escrow.authority.outcomes import reasons
from escrow.authority.reading import OpeningResult
from escrow.authority.warrants import ListedWarrant, Step
from protocol.warrants import Warrant
from service.files import discard_unfinished, private_directory, write_private, write_private_lines

if TYPE_CHECKING:
    from escrow.authority.authority import Authority

BYTE_ORDER_MARK = "utf-8-sig"
"""The encoding by whose mark a spreadsheet tells that a file is UTF-8."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one warrant gave, in a state; None if there is nothing to read. `domain` names the domain.

    `deleted` is how many visits were opened, if what was found is deleted since (§6.3). Of what the venue released
    `unopened` visits are in parts that were not opened yet, and `uncommitted` check-ins it had not committed to.
    """

    warrant: Warrant
    venue: str
    domain: str
    state: str
    result: OpeningResult | None
    deleted: int | None
    unopened: int
    uncommitted: int

    @property
    def is_begun(self) -> bool:
        """Whether something of it is on the list, or was."""
        return self.result is not None or self.deleted is not None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is to be opened under it any more."""
        return self.deleted is not None or (self.result is not None and self.result.complete)

    def counts(self) -> list[Count]:
        """What became of it: how many visits are admitted, opened, and set aside, and why."""
        about = self.warrant.warrant_id, self.venue, self.domain, self.state
        if self.result is None and self.deleted is not None:
            return [Count(*about, "opened, deleted after retention", self.deleted)]
        lacking = {"released, not opened yet": self.unopened, "not committed": self.uncommitted}
        lacks = [Count(*about, what, count) for what, count in lacking.items() if count]
        if self.result is None:
            return [Count(*about, "opened", 0), *lacks]
        opened = Count(*about, "opened", self.result.opened)
        reused = Count(*about, "opened for another venue too", self.result.reused)
        return [
            Count(*about, "admitted", self.result.visits),
            opened,
            *([reused] if self.result.reused else []),
            *(Count(*about, f"set aside: {why}", count) for why, count in reasons(self.result.set_aside)),
            *lacks,
        ]


def finding(authority: Authority, listed: ListedWarrant, venue: str, result: OpeningResult | None) -> Finding:
    """What a warrant for a venue gave, as far as `result` was read of it."""
    released = authority.warrants.parts.of(listed.record.warrant_id)
    return Finding(
        listed.record,
        venue,
        authority.label,
        listed.state_at(authority.clock()),
        result,
        listed.steps[Step.OPENED].visits if result is None and Step.OPENED in listed.steps else None,
        sum(part.visits for part in released if not part.is_readable),
        released[-1].uncommitted if released else 0,
    )


def write_visits(found: FoundVisits, region: str, file: Path) -> None:
    """Write the list of visits, for its owner alone."""
    _write_list(file, visits_csv(found.people(), region))


def all_lists(found: FoundVisits, counts: Sequence[Count], region: str) -> dict[str, Iterator[str]]:
    """The lines of every list, by the names of their files."""
    return {
        "visits.csv": visits_csv(found.people(), region),
        "people.csv": people_csv(found.people(), region),
        "days.csv": days_csv(found.days()),
        "summary.csv": summary_csv(counts),
    }


def write_all(found: FoundVisits, counts: Sequence[Count], region: str, utc_offset: int, directory: Path) -> None:
    """Write every list, the summary of `counts` and the chart, in local time, into a directory of its owner's alone."""
    private_directory(directory)
    for name, lines in all_lists(found, counts, region).items():
        _write_list(directory / name, lines)
    write_private(directory / "arrivals.svg", arrivals_svg(found.arrivals(), utc_offset).encode())


def _write_list(file: Path, lines: Iterator[str]) -> None:
    discard_unfinished(file)  # people's names must not outlive a list that was interrupted
    write_private_lines(file, lines, BYTE_ORDER_MARK)
