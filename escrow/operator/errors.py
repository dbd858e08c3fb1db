"""What the operator refuses, with the names that callers are told. Spec: §5.1, §5.3."""

from __future__ import annotations

from escrow.errors import REFUSED
from service.refusals import Refusal, TryLater


class InvalidPhone(Refusal):
    """What was given is not an international telephone number, or one that is sent no codes."""

    name = "invalid-phone"

    def __init__(self, why: str = "give the number in international form, for example +821012345678") -> None:
        super().__init__(why)


class NoticeExists(Refusal):
    """A notice for nobody was signed on this day, or one under a warrant that is named again."""

    name = "notice-exists"


class TooManyCodes(Refusal):
    """A phone was sent all the codes of a day."""

    name = "too-many-codes"

    def __init__(self) -> None:
        super().__init__("this number was sent too many codes today; try again tomorrow")


class CodeNotSent(Refusal):
    """No message could be sent."""

    name = "code-not-sent"

    def __init__(self) -> None:
        super().__init__("the code could not be sent; try again later")


class CodeExpired(Refusal):
    """There is no valid code for a phone."""

    name = "code-expired"

    def __init__(self, why: str = "there is no valid code for this number") -> None:
        super().__init__(f"{why}; ask for a new one")


class WrongCode(Refusal):
    """This is not the code that was sent."""

    name = "wrong-code"

    def __init__(self) -> None:
        super().__init__("the code is not the one that was sent")


class TooManyAttempts(Refusal):
    """A code was tried as often as it may be."""

    name = "too-many-attempts"

    def __init__(self) -> None:
        super().__init__("the code was tried too often; ask for a new one")


class VerificationExpired(Refusal):
    """An account's (16-byte id) phone was last verified too long ago."""

    name = "verification-expired"

    def __init__(self, account_id: bytes) -> None:
        super().__init__("the phone number must be verified again; enrol again")
        self.account_id = account_id


class EpochNotOpen(Refusal):
    """Passes are not issued for this epoch now."""

    name = "epoch-not-open"

    def __init__(self, epoch: int) -> None:
        super().__init__("passes are issued for today and the published days ahead")
        self.epoch = epoch


class HandleExists(Refusal):
    """An account (16-byte id) has another handle for an epoch, or another account has this handle."""

    name = "handle-exists"

    def __init__(self, account_id: bytes, epoch: int) -> None:
        super().__init__("this account has another handle for the epoch")
        self.account_id, self.epoch = account_id, epoch


class NoHandle(Refusal):
    """An account (16-byte id) has no handle for an epoch, or its entry is not deposited."""

    name = "no-handle"

    def __init__(self, account_id: bytes, epoch: int) -> None:
        super().__init__("register a handle for the epoch first")
        self.account_id, self.epoch = account_id, epoch


class AllowanceUsed(Refusal):
    """An account (16-byte id) has used its requests for an epoch."""

    name = "allowance-used"

    def __init__(self, account_id: bytes, epoch: int) -> None:
        super().__init__("the passes of this epoch have been issued")
        self.account_id, self.epoch = account_id, epoch


class TooFewVisitors(TryLater):
    """The requests never left the operator: too few visitors came, or it is being stopped."""

    def __init__(self) -> None:
        super().__init__("too few visitors are asking just now; try again at a random later time")


class TooManyBatches(TryLater):
    """The requests never left the operator: it waits for the answers to as many batches as it may."""

    def __init__(self) -> None:
        super().__init__("too many visitors are asking just now; try again at a random later time")


class WarrantExists(Refusal):
    """Another warrant has this id (16 bytes)."""

    name = "warrant-exists"

    def __init__(self, warrant_id: bytes) -> None:
        super().__init__("another warrant has this id")
        self.warrant_id = warrant_id


class WarrantPending(Refusal):
    """The officer has not decided on a warrant (16-byte id) yet."""

    name = "warrant-pending"

    def __init__(self, warrant_id: bytes) -> None:
        super().__init__("the operator's officer has not decided yet")
        self.warrant_id = warrant_id


class WarrantRefused(Refusal):
    """The officer refused a warrant (16-byte id), for a reason."""

    name = "warrant-refused"

    def __init__(self, warrant_id: bytes, reason: str) -> None:
        super().__init__(f"{REFUSED}{reason}")
        self.warrant_id, self.reason = warrant_id, reason


class AlreadyDecided(Refusal):
    """A warrant (16-byte id) was decided on before: it is in this state. Only an officer meets this."""

    name = "warrant-decided"

    def __init__(self, warrant_id: bytes, state: str) -> None:
        super().__init__(f"the warrant is {state} already")
        self.warrant_id, self.state = warrant_id, state
