"""The homes of the authority that a desk shows: its own, and those of the other domains. Spec: §6.8, §6.9."""

from __future__ import annotations

from collections.abc import Sequence

from escrow.authority.authority import Authority
from escrow.authority.case import Cases, open_homes
from escrow.authority.warrants import ListedWarrant
from escrow.desk.records import of_warrant
from escrow.desk.views import View, warrant_view


class DeskHomes:
    """The party that the desk belongs to, and beside it the same organisation's homes in other domains."""

    def __init__(self, party: Authority) -> None:
        self.party: Authority = party
        self.homes: Sequence[Authority] = [party, *open_homes(party.home)[1:]]

    def name(self) -> str:
        """The domain, and its operator's host."""
        return self.party.label

    def cases(self, officer: str) -> Cases:
        """The cases as an officer works on them."""
        return Cases(self.homes, officer)

    def view(self, authority: Authority, listed: ListedWarrant, venue_name: str, opened: int) -> View:
        """A warrant as the page has it."""
        subject = of_warrant(listed.record)
        return {
            **warrant_view(listed.record, venue_name, listed.state_at(authority.clock()), opened),
            "steps": [
                {"step": step.value, "time": taken.time, "visits": taken.visits, "reason": taken.reason}
                for step, taken in listed.steps_in_order()
            ],
            "matter": subject.subject_id.hex() if authority is self.party else None,
            "case": listed.case,
        }
