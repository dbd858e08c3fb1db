"""A party as the witness of the other party's log (C2SP tlog-witness). Spec: §3.11, §5.2."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from escrow.errors import UnknownLog, UnsignedCheckpoint
from protocol.epochs import Domain, Role
from protocol.primitives.errors import InconsistentLog, InvalidSignature, MalformedNote
from protocol.primitives.signatures import SigningKey
from protocol.transparency.logs import check_consistency, log_origin, verify_log, witness_log
from protocol.transparency.merkle import EMPTY_ROOT
from protocol.transparency.signed_notes import Checkpoint, only_signature, parse_note
from protocol.transparency.witnesses import WitnessRequest
from service.files import private_directory, write_private


class OtherSize(Exception):
    """The log's proof does not begin at the checkpoint that was cosigned last, which has `size` entries."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the last checkpoint has {size} entries")
        self.size = size


class Witness:
    """The witness of the log of `role`. The checkpoint that it cosigned last is in a file."""

    def __init__(self, directory: Path, domain: Domain, role: Role, identity: SigningKey) -> None:
        self._domain, self._role, self._identity = domain, role, identity
        self._path = private_directory(directory) / "checkpoint"
        self._lock = FileLock(directory.with_suffix(".lock"), mode=0o600)

    def add_checkpoint(self, body: bytes, time: int) -> bytes:
        """The line that cosigns a checkpoint at Unix time `time`, which is durable as the last one when this returns.

        Raises `MalformedNote`, `UnknownLog`, `UnsignedCheckpoint`, `OtherSize`, or `InconsistentLog`, when both
        checkpoints are kept.
        """
        request = WitnessRequest.parse(body)  # step 1
        origin = log_origin(self._domain, self._role)
        if parse_note(request.checkpoint).text.partition("\n")[0] != origin:  # step 2
            raise UnknownLog("this witness knows no log of this name")
        try:
            received = verify_log(self._domain, self._role, request.checkpoint)  # step 3
        except InvalidSignature as error:
            raise UnsignedCheckpoint(str(error)) from None
        if request.old_size > received.size:  # step 4
            raise MalformedNote("the proof begins behind the checkpoint")
        with self._lock:
            known = self._last()
            if known.size != request.old_size:  # step 5
                raise OtherSize(known.size)
            try:
                check_consistency(known, received, request.proof)  # step 6
            except InconsistentLog:
                write_private(self._path.with_name("conflict"), request.checkpoint)
                raise
            note = only_signature(request.checkpoint, origin, self._domain.identity_key(self._role))
            line = witness_log(self._domain, self._role, note, time, self._identity)
            write_private(self._path, note + line)  # step 7
        return line

    def checkpoint(self) -> bytes | None:
        """The checkpoint that was cosigned last, with the cosignature."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None

    def _last(self) -> Checkpoint:
        note = self.checkpoint()
        if note is None:
            return Checkpoint(log_origin(self._domain, self._role), 0, EMPTY_ROOT)
        return verify_log(self._domain, self._role, note)
