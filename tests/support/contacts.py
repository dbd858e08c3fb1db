"""Whom an opening found, as tests look at it."""

from __future__ import annotations

from typing import NamedTuple

from escrow.authority.found_visits import Identity
from escrow.authority.reading import OpeningResult


class Contact(NamedTuple):
    """A person who was there, and the Unix times of the entry and the exit of each visit."""

    record: Identity
    visits: tuple[tuple[int | None, int | None], ...]


def contacts(result: OpeningResult) -> tuple[Contact, ...]:
    """The people whom the operator verified."""
    return _people(result, verified=True)


def asserted(result: OpeningResult) -> tuple[Contact, ...]:
    """The same of those whom nobody verified."""
    return _people(result, verified=False)


def _people(result: OpeningResult, *, verified: bool) -> tuple[Contact, ...]:
    return tuple(
        Contact(
            person.identity,
            tuple((group.visit.entered, group.visit.left) for group in person.visits for _ in range(group.party_size)),
        )
        for person in result.found.people()
        if person.is_verified is verified
    )
