"""What goes wrong when another server is asked. Spec: §5.1."""

from __future__ import annotations


class Problem(Exception):
    """What another server's problem document said.

    Attributes:
        status: The HTTP status.
        name: The stable name, which ends the document's `type`.
        detail: Advice for a person.
    """

    def __init__(self, status: int, name: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail = status, name, detail


class Declined(Problem):
    """A server refused a request before its body was sent."""


class Unreachable(Exception):
    """A server did not answer."""


class NotConnected(Unreachable):
    """Nothing of a request's body was sent to a server, as without a connection."""
