"""Signed notes: checkpoints of logs and cosignatures of witnesses. Spec: §3.11.

They are those of C2SP: signed-note, tlog-checkpoint and tlog-cosignature. A note is a text and signature lines, each
with a key's name and id. Whoever reads one knows which keys it looks for and passes over all other lines.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass

from nacl.bindings import crypto_hash_sha256

from protocol.primitives.errors import InvalidSignature, MalformedNote, WrongParty
from protocol.primitives.group import Point
from protocol.primitives.signatures import SigningKey, public_key, verify
from protocol.transparency.merkle import HASH_BYTES

MAX_NOTE_BYTES = 2**17
MAX_SIGNATURES = 64
MAX_NUMBER = 2**53 - 1
"""The largest size of a tree, and the latest time of a cosignature: everyone can count so far exactly."""

NOTE_SIGNATURE = b"\x01"
COSIGNATURE = b"\x04"
"""What a key signs with: its id depends on this."""

_NOTE = re.compile(r"((?:[^\n]*\n)+)\n((?:— [^\s+]+ [A-Za-z0-9+/]+={0,2}\n)+)")
_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([^\n]+)\n")
_CHECKPOINT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n")


@dataclass(frozen=True, slots=True)
class Note:
    """A note that was taken apart: its text with the newline at its end, and names with decoded signatures."""

    text: str
    signatures: tuple[tuple[str, bytes], ...]

    def signatures_by(self, name: str, kind: bytes, key: Point) -> Iterator[bytes]:
        """The signatures of a key.

        Args:
            name: The key's name.
            kind: `NOTE_SIGNATURE` or `COSIGNATURE`.
            key: The public key.

        Returns:
            What stands behind the key's id in each of its lines.
        """
        known = key_id(name, kind, key)
        return (signature[4:] for signer, signature in self.signatures if (signer, signature[:4]) == (name, known))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: `origin` is its name, `root` (32 bytes) that of its first `size` entries."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def key_id(name: str, kind: bytes, key: Point) -> bytes:
    """What stands for a key in its signature lines.

    Args:
        name: The key's name.
        kind: `NOTE_SIGNATURE` or `COSIGNATURE`.
        key: The public key.

    Returns:
        4 bytes.
    """
    return crypto_hash_sha256(name.encode() + b"\n" + kind + bytes(key))[:4]


def parse_note(note: bytes) -> Note:
    """Take a note apart, unverified.

    Args:
        note: The note's bytes.

    Returns:
        Its parts.

    Raises:
        MalformedNote: It is no note.
    """
    if len(note) > MAX_NOTE_BYTES:  # step 1
        raise MalformedNote(f"longer than {MAX_NOTE_BYTES} bytes")
    try:
        decoded = note.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedNote("not in UTF-8") from None
    parts = _NOTE.fullmatch(decoded)
    if parts is None or re.search(r"[\0-\x09\x0b-\x1f]", decoded):  # step 2
        raise MalformedNote("not a text, an empty line and signature lines")
    lines = _SIGNATURE_LINE.findall(parts[2])
    if len(lines) > MAX_SIGNATURES:
        raise MalformedNote(f"more than {MAX_SIGNATURES} signature lines")
    return Note(parts[1], tuple((name, decode_base64(line)) for name, line in lines))


def verify_note(note: bytes, name: str, key: Point) -> str:
    """Check that a key signed a note.

    Args:
        note: The note's bytes.
        name: The key's name.
        key: The public key.

    Returns:
        The text.

    Raises:
        MalformedNote: It is no note.
        InvalidSignature: A signature of the key does not hold, or there is none.
    """
    parsed = parse_note(note)
    signatures = list(parsed.signatures_by(name, NOTE_SIGNATURE, key))
    if not signatures or not all(
        verify(bytes(key), parsed.text.encode(), signature) for signature in signatures
    ):  # step 3
        raise InvalidSignature(f"the note is not signed by {name}")
    return parsed.text


def only_signature(note: bytes, name: str, key: Point) -> bytes:
    """Leave out all signatures but the first of a key.

    Args:
        note: A note that was verified with this key.
        name: The key's name.
        key: The public key.

    Returns:
        The note.
    """
    parsed = parse_note(note)
    signature = next(parsed.signatures_by(name, NOTE_SIGNATURE, key))
    return f"{parsed.text}\n".encode() + _signature_line(name, NOTE_SIGNATURE, key, signature)


def sign_note(text: str, name: str, key: SigningKey) -> bytes:
    """Make a note with one signature.

    Args:
        text: The text; it ends with a newline.
        name: The key's name.
        key: The signing key.

    Returns:
        The note.
    """
    signature = key.sign(text.encode()).signature
    return f"{text}\n".encode() + _signature_line(name, NOTE_SIGNATURE, public_key(key), signature)


def verify_checkpoint(note: bytes, origin: str, key: Point) -> Checkpoint:
    """Check a checkpoint that a log signed under its own name.

    Args:
        note: The note's bytes.
        origin: The log's name.
        key: The log's public key.

    Returns:
        The checkpoint.

    Raises:
        MalformedNote: It is no checkpoint.
        InvalidSignature: A signature does not hold or is missing.
        WrongParty: It is of another log.
    """
    lines = _CHECKPOINT.fullmatch(verify_note(note, origin, key))
    if lines is None or int(lines[2]) > MAX_NUMBER:  # step 4
        raise MalformedNote("not the text of a checkpoint")
    root = decode_base64(lines[3])
    if len(root) != HASH_BYTES:
        raise MalformedNote(f"a root has {HASH_BYTES} bytes")
    if lines[1] != origin:  # step 5
        raise WrongParty("the checkpoint is of another log")
    return Checkpoint(origin, int(lines[2]), root)


def cosign(note: bytes, name: str, time: int, key: SigningKey) -> bytes:
    """Say as a witness that a checkpoint continues all that it has seen.

    Args:
        note: The signed checkpoint.
        name: The witness's name.
        time: Unix time in seconds.
        key: The witness's signing key.

    Returns:
        The line to add to the note.

    Raises:
        MalformedNote: It is no note.
    """
    signature = key.sign(_cosigned_text(time, parse_note(note).text)).signature
    return _signature_line(name, COSIGNATURE, public_key(key), time.to_bytes(8, "big") + signature)


def verify_cosignature(note: bytes, name: str, key: Point) -> int:
    """Check a witness's cosignatures.

    Args:
        note: The cosigned checkpoint.
        name: The witness's name.
        key: The witness's public key.

    Returns:
        The latest Unix time of one, in seconds.

    Raises:
        MalformedNote: It is no note.
        InvalidSignature: One does not hold, or there is none.
    """
    parsed = parse_note(note)
    times = []
    for signature in parsed.signatures_by(name, COSIGNATURE, key):
        time = int.from_bytes(signature[:8], "big")
        if time > MAX_NUMBER or not verify(bytes(key), _cosigned_text(time, parsed.text), signature[8:]):
            raise InvalidSignature(f"a cosignature of {name} does not hold")
        times.append(time)
    if not times:
        raise InvalidSignature(f"the checkpoint is not cosigned by {name}")
    return max(times)


def encode_base64(data: bytes) -> str:
    """Base64 (RFC 4648 §4)."""
    return b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes that a text is the one encoding of.

    Args:
        text: Base64.

    Returns:
        The bytes.

    Raises:
        MalformedNote: It is not base64.
    """
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        data = b""
    if encode_base64(data) != text:
        raise MalformedNote("not base64")
    return data


def _cosigned_text(time: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _signature_line(name: str, kind: bytes, key: Point, signature: bytes) -> bytes:
    return f"— {name} {encode_base64(key_id(name, kind, key) + signature)}\n".encode()
