"""What a log sends its witness (C2SP tlog-witness): a checkpoint, and the proof that it continues the last one.

Spec: §3.11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocol.primitives.errors import MalformedNote
from protocol.transparency.logs import MAX_PROOF
from protocol.transparency.signed_notes import decode_base64, encode_base64

_FIRST_LINE = re.compile(r"old (0|[1-9][0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class WitnessRequest:
    """A log's checkpoint (a note), and why it continues the tree of `old_size` entries that the witness knows."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def encode(self) -> bytes:
        """The text of the request."""
        proof = "".join(f"{encode_base64(subtree)}\n" for subtree in self.proof)
        return f"old {self.old_size}\n{proof}\n".encode() + self.checkpoint

    @classmethod
    def parse(cls, body: bytes) -> WitnessRequest:
        """Read a request. The checkpoint is not looked at.

        Args:
            body: The text's bytes.

        Returns:
            The request.

        Raises:
            MalformedNote: It is no request to a witness.
        """
        head, _, checkpoint = body.partition(b"\n\n")
        try:
            first, *proof = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise MalformedNote("not a request to a witness") from None
        old_size = _FIRST_LINE.fullmatch(first)
        if old_size is None or len(proof) > MAX_PROOF:
            raise MalformedNote("not a request to a witness")
        return cls(int(old_size[1]), tuple(map(decode_base64, proof)), checkpoint)
