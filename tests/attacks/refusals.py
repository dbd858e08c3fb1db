"""What servers say when they refuse."""

from __future__ import annotations

from collections.abc import Awaitable

from service.problems import Problem
from service.refusals import Refusal


async def refusal(asked: Awaitable[object]) -> str:
    """The name of the problem or refusal that an attempt ended with, or `granted`."""
    try:
        await asked
    except (Problem, Refusal) as refused:
        return refused.name
    return "granted"
