"""The two ways in which a check does not pass."""


class Failed(Exception):
    """A server did not do what the spec says; the text is what was seen."""


class NotRun(Exception):
    """A check cannot be made here; the text says why."""
