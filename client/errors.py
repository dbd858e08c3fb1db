"""What a visitor is told when something cannot be done."""


class VisitorError(Exception):
    """Base; the text says what is wrong and what to do, and never contains a secret."""


class WalletError(VisitorError):
    """The wallet is missing, locked, damaged, or the passphrase does not open it. The file is left as it is."""


class NotIssued(VisitorError):
    """A request for passes got no answer, whatever the cause. The client asks again at a time that it drew before."""


class PassesWithheld(NotIssued):
    """The answer for a day held only `count` good passes of `allowance`. The client never asks for this day again."""

    def __init__(self, day: str, count: int, allowance: int) -> None:
        super().__init__(
            f"{day}: only {count} of {allowance} passes came. The operator or the health authority kept the others "
            f"back. To ask again would show which passes are yours, so there are no more for this day.\n"
            f"{day}: 출입증 {allowance}장 중 {count}장만 도착했습니다. 운영자나 보건당국이 나머지를 주지 않았습니다. "
            "다시 요청하면 어느 출입증이 회원님의 것인지 드러나므로 이날에는 더 받지 않습니다."
        )
        self.count, self.allowance = count, allowance


class NoPassLeft(VisitorError):
    """The wallet holds no unused pass for the day."""


class NoVisit(VisitorError):
    """There is no check-in that the visitor could check out of."""
