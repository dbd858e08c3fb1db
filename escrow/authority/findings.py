"""What was found under warrants, for the officer to take out of the system: lists and a chart. Spec: §6.8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from escrow.authority.arrivals_chart import arrivals_svg
from escrow.authority.contacts import Count, days_csv, people_csv, summary_csv, visits_csv
from escrow.authority.merging import FoundVisit, Person, each_once, people_of
from escrow.authority.opened_visits import OpeningResult
from escrow.authority.outcomes import reasons
from protocol.warrants import Warrant
from service.files import private_directory, write_private, write_private_lines

BYTE_ORDER_MARK = "utf-8-sig"
"""The encoding by whose mark a spreadsheet tells that a file is UTF-8."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one warrant gave, in a state; None if there is nothing to read. `domain` names the domain, with its offset.

    `deleted` is how many visits were opened, if what was found is deleted since (§6.3).
    """

    case: str
    warrant: Warrant
    venue: str
    domain: str
    utc_offset: int
    state: str
    result: OpeningResult | None
    deleted: int | None = None

    def visits(self) -> Iterator[FoundVisit]:
        """Its visits."""
        return (
            FoundVisit(
                self.case,
                self.warrant.warrant_id,
                self.venue,
                self.warrant.venue_id,
                self.domain,
                self.utc_offset,
                opened.epoch,
                opened.u,
                opened.entered,
                opened.left,
                opened.record,
            )
            for opened in (self.result.opened if self.result else ())
        )

    def counts(self) -> list[Count]:
        """What became of it: how many visits are admitted, opened, and set aside, and why."""
        about = self.warrant.warrant_id, self.venue, self.domain, self.state
        if self.result is None and self.deleted is not None:
            return [Count(*about, "opened, deleted after retention", self.deleted)]
        if self.result is None:
            return [Count(*about, "opened", 0)]
        opened = Count(*about, "opened", len(self.result.opened))
        reused = Count(*about, "opened for another venue too", self.result.reused)
        return [
            Count(*about, "admitted", self.result.visits),
            opened,
            *([reused] if self.result.reused else []),
            *(Count(*about, f"set aside: {why}", count) for why, count in reasons(self.result.set_aside)),
        ]


def visits_of(findings: Iterable[Finding]) -> list[FoundVisit]:
    """Every visit that was found, once."""
    return each_once(visit for finding in findings for visit in finding.visits())


def write_visits(findings: Sequence[Finding], region: str, file: Path) -> list[Person]:
    """Write the list of visits, for its owner alone; whom it names."""
    people = people_of(visits_of(findings))
    write_private_lines(file, visits_csv(people, region), BYTE_ORDER_MARK)
    return people


def write_all(findings: Sequence[Finding], region: str, directory: Path, undrawn: Sequence[Count] = ()) -> list[Person]:
    """Write every list and the chart into a directory of its owner's alone; whom they name.

    `undrawn` tells in the summary of what no warrant was drawn for.
    """
    private_directory(directory)
    visits = visits_of(findings)
    people = people_of(visits)
    lists = {
        "visits.csv": visits_csv(people, region),
        "people.csv": people_csv(people, region),
        "days.csv": days_csv(visits),
        "summary.csv": summary_csv([*(count for finding in findings for count in finding.counts()), *undrawn]),
    }
    for name, lines in lists.items():
        write_private_lines(directory / name, lines, BYTE_ORDER_MARK)
    arrivals = (visit.entered for visit in visits if visit.entered is not None)
    offset = findings[0].utc_offset if findings else 0
    write_private(directory / "arrivals.svg", arrivals_svg(arrivals, offset).encode())
    return people
