"""What a desk, or a command whose decision takes officers' approvals, refuses. Spec: §6.9."""

from __future__ import annotations

from service.refusals import Refusal


class NotApproved(Refusal):
    """Fewer officers than it takes have approved something.

    Attributes:
        action: What it is, in a word.
        needed: How many officers have to approve it.
        approvals: How many have.
    """

    name = "not-approved"

    def __init__(self, action: str, needed: int, names: list[str], officers: list[str], desk: str) -> None:
        have = f"so far {', '.join(names)}" if names else "nobody has so far"
        super().__init__(
            f"{needed} of the officers ({', '.join(officers)}) have to approve this ({action}) at {desk}/desk/; {have}"
        )
        self.action, self.needed, self.approvals = action, needed, len(names)


class UnknownInvitation(Refusal):
    """An enrolment link was used, has expired, or never was."""

    name = "unknown-invitation"

    def __init__(self) -> None:
        super().__init__("this link was used or has expired; ask for another one (officers add)")


class WrongPasskey(Refusal):
    """What a passkey signed does not verify, or the passkey is not known."""

    name = "wrong-passkey"


class ChallengeUsed(Refusal):
    """A challenge was answered before, has expired, or is another session's."""

    name = "challenge-used"

    def __init__(self) -> None:
        super().__init__("this challenge was used or has expired; begin again")


class BadSet(Refusal):
    """A set of officers cannot be as it was asked for."""

    name = "bad-officers"


class NotAnOfficer(Refusal):
    """A passkey is enrolled, and the present set of officers does not have it."""

    name = "not-an-officer"

    def __init__(self) -> None:
        super().__init__(
            "this passkey is enrolled and counts once the officers' set has it (officers establish, change)"
        )


class WrongOrigin(Refusal):
    """A request names another host than the desk's, or comes from a page of another one."""

    name = "wrong-origin"

    def __init__(self, origin: str) -> None:
        super().__init__(f"the desk is at {origin} alone")


class UnknownMatter(Refusal):
    """There is nothing of this id to decide on."""

    name = "unknown-matter"

    def __init__(self) -> None:
        super().__init__("there is nothing like this to decide on any more")


class MatterClosed(Refusal):
    """It was decided and done."""

    name = "matter-closed"

    def __init__(self) -> None:
        super().__init__("this is decided already")


class UnknownJob(Refusal):
    """The desk does no such work: it may have been started again since."""

    name = "unknown-job"

    def __init__(self) -> None:
        super().__init__("the desk does no such work; look how far it came, and begin again if need be")
