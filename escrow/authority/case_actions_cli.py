"""Actions on the warrants of a case: those that are ready for one are taken some at a time. Spec: §6.8."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from escrow.authority.case_cli import label
from escrow.authority.outcomes import Told
from escrow.authority.progress import waiting
from service.cli import EXPECTED, explain, printable

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from escrow.authority.case import Cases, Part
    from escrow.authority.investigation import Investigation
    from escrow.authority.warrants import ListedWarrant
    from protocol.warrants import Warrant


class Action(NamedTuple):
    """What is done for each warrant that is wanted for it. It goes by `name` in the journal."""

    name: str
    waits_for: str
    is_wanted: Callable[[Part, ListedWarrant], bool]
    carry_out: Callable[[Investigation, Part, Warrant], Awaitable[Told]]


def carry_out(cases: Cases, name: str, *actions: Action) -> tuple[int, str | None]:
    """Carry out actions for the warrants of a case, one after the other for each; one that fails keeps no other back.

    Returns how many warrants there were to be worked on, and what to say if some could not be.
    """
    from escrow.authority.investigation import AT_A_TIME, Investigation
    from escrow.authority.program import online

    def wanted(part: Part, warrant: ListedWarrant) -> bool:
        return any(action.is_wanted(part, warrant) for action in actions)

    ready = [(part, one) for part in cases.parts(name) for one in part.warrants if wanted(part, one)]

    async def each(session: ClientSession) -> int:
        import asyncio

        turns, places = asyncio.Semaphore(AT_A_TIME), asyncio.Semaphore(AT_A_TIME)

        async def take(action: Action, number: int, part: Part, warrant: Warrant) -> bool:
            cases.note_warrant(name, action.name, part.authority, warrant.warrant_id)
            try:
                with things.on(f"{action.waits_for}: {label(part)}", number, len(ready)) as say:
                    told = await action.carry_out(Investigation(part.authority, session, say, places), part, warrant)
            except EXPECTED as error:
                told = Told("", (), (printable(explain(error)),))
            with things.interrupted():
                told.show(label(part))
            return bool(told.line)

        async def one(number: int, part: Part, warrant: ListedWarrant) -> bool:
            async with turns:
                for action in actions:  # what one did may have made the warrant ready for the next
                    if action.is_wanted(part, warrant) and not await take(action, number, part, warrant.record):
                        return False
            return True

        with waiting() as things:
            done = await asyncio.gather(*(one(number, *both) for number, both in enumerate(ready, 1)))
        return done.count(False)

    failed = online(each)
    why = f"{failed} of {len(ready)} could not be done; the others are, so repeat the command" if failed else None
    return len(ready), why
