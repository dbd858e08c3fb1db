"""What bounds a warrant beside its window, as an officer chooses it, and the texts that it holds. Spec: §3.9."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from protocol.epochs import EPOCH_SECONDS, MAX_STAY
from protocol.warrants import MAX_EMBARGO, MAX_RECORDS, Purpose, Warrant, warrant_epochs
from service.names import is_line

if TYPE_CHECKING:
    from escrow.authority.authority import Authority
    from escrow.authority.warrants import Window


MAX_REFERENCE, MAX_ADVICE = 256, 1000
"""The most bytes of a warrant's legal reference, and of its advice."""


def demand_line(what: str, text: str, most: int) -> None:
    """Raise `ValueError` unless a text is a line of at most so many bytes, as a warrant can hold."""
    if not is_line(text, most):
        raise ValueError(f"{what} is one line of printable characters, from 1 to {most} bytes")


class Line(click.ParamType[str]):
    """The same on a command line."""

    name = "text"

    def __init__(self, most: int) -> None:
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text."""
        try:
            demand_line("it", value, self._most)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value)


class Limits(NamedTuple):
    """How long a visit without an exit is taken to last, in minutes, for how many records, and for how many days."""

    assumed_stay: int
    max_records: int
    valid_days: int
    embargo_days: int

    def warrant(
        self,
        authority: Authority,
        window: Window,
        legal_reference: str,
        purpose: Purpose = Purpose.OPENING,
        advice: str = "",
    ) -> Warrant:
        """A warrant for a window, issued now; raises `OutOfScope` if the window has too many days."""
        issued = authority.clock()
        warrant = Warrant(
            domain=authority.domain.number,
            warrant_id=secrets.token_bytes(16),
            venue_id=window.venue_id,
            purpose=purpose,
            begins=window.begins,
            ends=window.ends,
            assumed_stay=self.assumed_stay * 60,
            legal_reference=legal_reference,
            max_records=self.max_records,
            issued=issued,
            expires=issued + self.valid_days * EPOCH_SECONDS,
            discloses=issued + self.embargo_days * EPOCH_SECONDS,
            advice=advice,
        )
        warrant_epochs(authority.domain, warrant)
        return warrant


def limits_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that become its argument `limits`."""

    @click.option(
        "--assumed-stay",
        type=click.IntRange(0, MAX_STAY // 60),
        default=120,
        show_default=True,
        help="Minutes that a visit without an exit counts after its entry.",
    )
    @click.option("--max-records", type=click.IntRange(1, MAX_RECORDS), default=500, show_default=True)
    @click.option(
        "--valid-days", type=click.IntRange(1, 90), default=7, show_default=True, help="Days until it expires."
    )
    @click.option(
        "--embargo-days",
        type=click.IntRange(0, MAX_EMBARGO // EPOCH_SECONDS),
        default=14,
        show_default=True,
        help="Days until both parties publish what was opened, so that visitors learn of it.",
    )
    @wraps(command)
    def limited(
        *arguments: Any, assumed_stay: int, max_records: int, valid_days: int, embargo_days: int, **options: Any
    ) -> None:
        limits = Limits(assumed_stay, max_records, valid_days, embargo_days)
        command(*arguments, limits=limits, **options)

    return limited
