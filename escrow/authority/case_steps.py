"""Which step of a case each of its warrants is ready for. Spec: §6.8."""

from __future__ import annotations

from escrow.authority.case import Part
from escrow.authority.warrants import ListedWarrant, Step


def is_to_propose(part: Part, warrant: ListedWarrant) -> bool:
    """Whether a part's warrant was drawn and nothing more, or the operator may not know yet that it is proposed."""
    return warrant is part.warrant and part.stands and warrant.is_to_propose


def is_to_look_after(part: Part, warrant: ListedWarrant) -> bool:
    """Whether the operator's officers have yet to decide."""
    return warrant is part.warrant and part.state == Step.PROPOSED


def is_to_release(part: Part, warrant: ListedWarrant) -> bool:
    """Whether the venue can be asked for what it has not released yet."""
    return can_be_released(part, warrant) and not warrant.is_released


def can_be_released(part: Part, warrant: ListedWarrant) -> bool:
    """Whether the venue can be asked for a release, also again."""
    return warrant is part.warrant and part.stands and part.state != "drawn"


def is_to_open(part: Part, warrant: ListedWarrant) -> bool:
    """Whether something was released that can be opened; what was begun is finished in any case."""
    warrants, warrant_id = part.authority.warrants, warrant.record.warrant_id
    is_to_note = warrant.is_released and Step.OPENED not in warrant.steps and warrants.is_readable(warrant_id)
    if Step.WITHDRAWN in warrant.steps or not (is_to_note or warrants.is_to_open(warrant_id)):
        return False
    return warrant.is_shared or (warrant is part.warrant and part.stands)


def is_to_withdraw(_part: Part, warrant: ListedWarrant) -> bool:
    """Whether a warrant can be taken back, or the operator still has to be told."""
    return warrant.is_to_withdraw
