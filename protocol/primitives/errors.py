"""What can be wrong with bytes that another party sent. Spec: §4.1.

`Malformed`: no honest party would have produced these bytes. `Rejected`: well formed, but a rule of the
protocol refuses it. An error's text is for people: it names the rule and never contains a secret or an identity. Its
attributes are for programs: what whoever catches it may have to keep or compare.
"""

from __future__ import annotations

import enum


class SplitPassError(Exception):
    """Base of every error that the protocol raises on purpose."""


class Malformed(SplitPassError):
    """Bytes that are not the encoding of what they are said to be."""


class MalformedPoint(Malformed):
    """Not 32 bytes, not canonical, outside the prime-order subgroup, or the identity."""


class MalformedScalar(Malformed):
    """Not 32 bytes, or not below the group order L."""


class MalformedEncoding(Malformed):
    """Not the one deterministic CBOR encoding of a message of the expected type."""


class MalformedText(Malformed):
    """Not the text of a SplitPass QR code."""


class MalformedNote(Malformed):
    """Not a signed note, or not the text of a log's checkpoint or of a request to a witness."""


class IdentityElement(SplitPassError):
    """Arithmetic on valid points gave the identity, which no value of the protocol may be."""


class Rejected(SplitPassError):
    """Well formed, but refused by a rule of the protocol."""


class InvalidSignature(Rejected):
    """A signature does not hold under the key that the protocol expects."""


class InvalidProof(Rejected):
    """A zero-knowledge proof does not hold for what it is said to prove."""


class WrongParty(Rejected):
    """A statement names another party or role than the one it was verified for."""


class WrongDomain(Rejected):
    """A message names another domain, of the number `domain`."""

    def __init__(self, detail: str, domain: int) -> None:
        super().__init__(detail)
        self.domain = domain


class WrongEpoch(Rejected):
    """A message belongs to another epoch, `epoch`. A label belongs to the one that its time lies in."""

    def __init__(self, detail: str, epoch: int) -> None:
        super().__init__(detail)
        self.epoch = epoch


class WrongNumber(Rejected):
    """A notice or disclosure has another number, `number`, than the one that was asked for."""

    def __init__(self, detail: str, number: int) -> None:
        super().__init__(detail)
        self.number = number


class ConflictingStatements(Rejected):
    """Two signed statements, `first` and `second`, that should say the same differ.

    If one party signed both for one epoch, number or time, both together are evidence of cheating. Where only the first
    is signed, `second` is the encoding of what it should say.
    """

    def __init__(self, detail: str, first: bytes, second: bytes) -> None:
        super().__init__(detail)
        self.first, self.second = first, second


class NotLogged(Rejected):
    """What a party says it put on record is not in its log."""


class InconsistentLog(Rejected):
    """Two checkpoints of a log are not of one list that only grows. Both together are evidence of cheating.

    Whoever compares them holds both, signed: keep them.
    """


class InvalidEntry(Rejected):
    """A directory entry cannot be opened with its handle, or holds a record that is not the handle's."""


class InvalidReceipt(Rejected):
    """A directory receipt does not cover the entry it came with."""


class InvalidAnswer(Rejected):
    """A pass answer could not be used. Every cause looks the same, so that a failure tells nobody anything."""


class InvalidNotice(Rejected):
    """A notice is not over its list, or warns others than those who may be warned."""


class WrongAllowance(Rejected):
    """A client asked for another number of passes than everyone asks for, or for one pass twice."""


class OutOfScope(Rejected):
    """A check-in or release lies outside the venue, window or validity of a warrant: its id is `warrant_id`."""

    def __init__(self, detail: str, warrant_id: bytes) -> None:
        super().__init__(detail)
        self.warrant_id = warrant_id


class CommitmentMismatch(Rejected):
    """A release does not fit what its venue had committed to: something was added, changed, moved or hidden since."""


class CommittedLate(Rejected):
    """A venue committed to a check-in later than it may: nobody can tell any more when and where it was admitted."""


class ReplayedRequest(Rejected):
    """A request between parties, or a venue's commitment, is too old, too new, or was seen before."""


class FaultyShares(Rejected):
    """The decryption shares of a party, `role`, do not match the key share that it published.

    `statement` is what the party signed. With the transcript anyone can repeat the finding. It does not tell a broken
    machine from a dishonest one.
    """

    def __init__(self, detail: str, role: enum.IntEnum, statement: bytes) -> None:
        super().__init__(detail)
        self.role, self.statement = role, statement
