"""Signed notes, checkpoints and cosignatures: the formats' own examples, and nothing that was altered."""

from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.primitives.errors import InvalidSignature, Malformed, MalformedNote, SplitPassError, WrongParty
from protocol.primitives.group import Point
from protocol.primitives.signatures import SigningKey, public_key
from protocol.transparency.logs import MAX_PROOF
from protocol.transparency.signed_notes import (
    COSIGNATURE,
    MAX_NOTE_BYTES,
    MAX_NUMBER,
    MAX_SIGNATURES,
    Checkpoint,
    cosign,
    encode_base64,
    key_id,
    only_signature,
    parse_note,
    sign_note,
    verify_checkpoint,
    verify_cosignature,
    verify_note,
)
from protocol.transparency.witnesses import WitnessRequest

KEY = SigningKey(bytes(31) + b"\1")
WITNESS = SigningKey(bytes(31) + b"\2")
ORIGIN, WITNESS_NAME = "example.com/log", "example.com/witness"
TREE = Checkpoint(ORIGIN, 5, bytes(range(32)))
NOTE = sign_note(TREE.text, ORIGIN, KEY)
COSIGNED = NOTE + cosign(NOTE, WITNESS_NAME, 1_600_000_000, WITNESS)

PETER = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
SAYING = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
EXAMPLES = [
    (  # C2SP signed-note
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "This is an example message.\n",
        "— example.com/foo "
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n",
    ),
    # golang.org/x/mod/sumdb/note
    ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", SAYING, PETER + ENOCH),
    ("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop", SAYING, PETER + ENOCH),
]
"""A verifier key, a text and the signature lines of its note, as they were published."""


@pytest.mark.parametrize(("verifier", "text", "signatures"), EXAMPLES)
def test_published_notes_hold(verifier: str, text: str, signatures: str) -> None:
    name, known_id, encoded = verifier.split("+", 2)
    kind, key = b64decode(encoded)[:1], Point(b64decode(encoded)[1:])
    assert key_id(name, kind, key).hex() == known_id
    assert verify_note(f"{text}\n{signatures}".encode(), name, key) == text


def test_a_published_cosigner_has_its_id() -> None:
    encoded = b64decode("BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")
    assert encoded[:1] == COSIGNATURE
    assert key_id("remora.n621.de", COSIGNATURE, Point(encoded[1:])).hex() == "da77ade7"


def test_the_example_of_a_cosigned_checkpoint_is_taken_apart() -> None:
    """C2SP tlog-cosignature, whose keys were not published."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    line = (
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0"
        "xUe+mbIUBkBIfZ+qnA==\n"
    )
    note = parse_note(f"{text}\n{line}".encode())
    ((name, signature),) = note.signatures
    assert name == "witness.example.com/w1"
    assert (int.from_bytes(signature[4:12], "big"), len(signature)) == (1679315147, 4 + 8 + 64)
    assert note.text == text
    root = b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert Checkpoint("example.com/behind-the-sofa", 20852163, root).text == text


def test_the_example_of_a_request_to_a_witness_is_taken_apart() -> None:
    """C2SP tlog-witness, whose keys were not published, with the checkpoint of tlog-checkpoint in it."""
    proof = [
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=",
        "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=",
        "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=",
        "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=",
    ]
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    lines = (
        "— example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— example.com/behind-the-sofa "
        "opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n"
    )
    body = ("old 20852014\n" + "".join(f"{line}\n" for line in proof) + f"\n{text}\n{lines}").encode()
    request = WitnessRequest.parse(body)
    assert request == WitnessRequest(20852014, tuple(map(b64decode, proof)), f"{text}\n{lines}".encode())
    assert request.encode() == body
    note = parse_note(request.checkpoint)
    assert note.text == text
    assert [(name, len(signature)) for name, signature in note.signatures] == [("example.com/behind-the-sofa", 68)] * 2


def test_the_example_of_a_witness_s_answer_is_taken_apart() -> None:
    """C2SP tlog-witness: lines to put below the checkpoint, each with the time and the signature of a cosignature."""
    answer = (
        "— witness.example/w1 "
        "CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==\n"
        "— witness.example/w1 "
        "I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==\n"
        "— witness.example/w2 "
        "AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==\n"
    )
    note = parse_note(NOTE + answer.encode())
    names = [ORIGIN, "witness.example/w1", "witness.example/w1", "witness.example/w2"]
    assert [name for name, _ in note.signatures] == names
    assert [len(signature) for _, signature in note.signatures[1:]] == [4 + 8 + 64] * 3


def test_a_checkpoint_is_read_back_with_its_witness() -> None:
    assert verify_checkpoint(COSIGNED, ORIGIN, public_key(KEY)) == TREE
    assert verify_cosignature(COSIGNED, WITNESS_NAME, public_key(WITNESS)) == 1_600_000_000
    assert only_signature(COSIGNED, ORIGIN, public_key(KEY)) == NOTE
    later = COSIGNED + cosign(COSIGNED, WITNESS_NAME, 1_700_000_000, WITNESS)
    assert verify_cosignature(later, WITNESS_NAME, public_key(WITNESS)) == 1_700_000_000


def verify_both(note: bytes) -> None:
    verify_checkpoint(note, ORIGIN, public_key(KEY))
    verify_cosignature(note, WITNESS_NAME, public_key(WITNESS))


@given(position=st.integers(0, len(COSIGNED) - 1), bit=st.integers(0, 7))
def test_an_altered_checkpoint_is_refused(position: int, bit: int) -> None:
    altered = bytearray(COSIGNED)
    altered[position] ^= 1 << bit
    with pytest.raises(SplitPassError):
        verify_both(bytes(altered))


@given(line=st.sampled_from([PETER, ENOCH, "— someone AAAA\n"]), first=st.booleans())
def test_lines_of_others_are_passed_over(line: str, first: bool) -> None:
    text, _, lines = COSIGNED.partition(b"\n\n")
    note = text + b"\n\n" + (line.encode() + lines if first else lines + line.encode())
    assert verify_checkpoint(note, ORIGIN, public_key(KEY)) == TREE
    assert verify_cosignature(note, WITNESS_NAME, public_key(WITNESS)) == 1_600_000_000


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n5\n",
        f"{TREE.text}more\n",
        TREE.text.replace("\n5\n", "\n05\n"),
        TREE.text.replace("\n5\n", "\n-5\n"),
        TREE.text.replace("\n5\n", f"\n{MAX_NUMBER + 1}\n"),
        TREE.text.replace("=\n", "\n"),
        Checkpoint(ORIGIN, 5, bytes(31)).text,
        f"\n{TREE.text}",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(MalformedNote):
        verify_checkpoint(sign_note(text, ORIGIN, KEY), ORIGIN, public_key(KEY))


def test_a_checkpoint_of_another_log_is_refused() -> None:
    note = sign_note(Checkpoint("example.com/other", 5, bytes(32)).text, ORIGIN, KEY)
    with pytest.raises(WrongParty):
        verify_checkpoint(note, ORIGIN, public_key(KEY))


@pytest.mark.parametrize(
    "note",
    [
        b"",
        TREE.text.encode(),
        NOTE[:-1],
        NOTE + b"\n",
        NOTE + "— nobody\n".encode(),
        NOTE + "— nobody AA\n".encode(),
        NOTE + "— nobody AAB=\n".encode(),
        *(
            NOTE + f"— no{space}body AAAA\n".encode()
            for space in " +\x85\xa0\u1680\u2000\u200a\u2028\u202f\u205f\u3000"
        ),
        NOTE.replace(b"5", b"\r5", 1),
        NOTE.replace(b"5", b"\xff", 1),
        NOTE + "— nobody AAAA\n".encode() * MAX_SIGNATURES,
        NOTE + f"— nobody {'A' * MAX_NOTE_BYTES}\n".encode(),
    ],
)
def test_what_is_no_note_is_refused(note: bytes) -> None:
    with pytest.raises(MalformedNote):
        verify_checkpoint(note, ORIGIN, public_key(KEY))


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(8), bytes(71), bytes(73), (MAX_NUMBER + 1).to_bytes(8, "big")])
def test_what_is_no_cosignature_is_refused(data: bytes) -> None:
    known = key_id(WITNESS_NAME, COSIGNATURE, public_key(WITNESS))
    note = COSIGNED + f"— {WITNESS_NAME} {encode_base64(known + data)}\n".encode()
    with pytest.raises(InvalidSignature):
        verify_cosignature(note, WITNESS_NAME, public_key(WITNESS))


def test_neither_kind_of_signature_stands_for_the_other() -> None:
    with pytest.raises(InvalidSignature):
        verify_cosignature(NOTE, ORIGIN, public_key(KEY))
    line = cosign(NOTE, ORIGIN, 1, KEY)
    with pytest.raises(InvalidSignature):
        verify_note(TREE.text.encode() + b"\n" + line, ORIGIN, public_key(KEY))


@given(old_size=st.integers(0, MAX_NUMBER), proof=st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_PROOF))
def test_a_request_to_a_witness_is_read_back(old_size: int, proof: list[bytes]) -> None:
    request = WitnessRequest(old_size, tuple(proof), NOTE)
    assert WitnessRequest.parse(request.encode()) == request


@pytest.mark.parametrize(
    "head", ["", "5", "old", "old 05", "old -1", "old 5 ", "new 5", "old 5\nAA", "old 5\né", "old 5" + "\nAAAA" * 64]
)
def test_what_is_no_request_to_a_witness_is_refused(head: str) -> None:
    with pytest.raises(Malformed):
        WitnessRequest.parse(head.encode() + b"\n\n" + NOTE)
