"""What a fault is."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from tests.faults.load import Load


class Fault(Protocol):
    """Something that goes wrong for a while. Leaving the context sets it right again."""

    @property
    def name(self) -> str:
        """What goes wrong, in a few words."""

    def happens(self, load: Load) -> AbstractAsyncContextManager[None]:
        """Make it go wrong under this load, and count it in `load.running.faults` if it was seen to have an effect.

        Raises `ProcessFailed` if a server does not start again.
        """
