"""What a visitor keeps shows nothing when it is printed."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.primitives.encoding import Message


@dataclass(frozen=True, slots=True, repr=False)
class Hidden(Message):
    """A message whose `repr` shows nothing."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"
