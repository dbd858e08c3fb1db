"""What a visitor is told when something cannot be done."""


class VisitorError(Exception):
    """Base; the text says what is wrong and what to do, and never contains a secret."""


class WalletError(VisitorError):
    """The wallet is missing, locked, damaged, or the passphrase does not open it. The file is left as it is."""


class NotIssued(VisitorError):
    """A request for passes gave none, whatever the cause. There is nothing to do but to ask again later."""


class NoPassLeft(VisitorError):
    """The wallet holds no unused pass for the day."""


class NoVisit(VisitorError):
    """There is no check-in that the visitor could check out of."""
