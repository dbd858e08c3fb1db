"""What servers say when they refuse."""

from __future__ import annotations

from collections.abc import Awaitable

from service.problems import Problem


async def refusal(asked: Awaitable[object]) -> str:
    """The name of the problem that an attempt ended with, or `granted`."""
    try:
        await asked
    except Problem as problem:
        return problem.name
    return "granted"
