"""Vectors of §3.11: checkpoints with their witness, consistency, and an epoch's statement in its party's log."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import replace

from conformance.vectors.files import Values, VectorFile
from conformance.vectors.pinned import Draws, flip, pinned
from conformance.vectors.world import AUTHORITY, DOMAIN, EPOCH, IDENTITY, OPERATOR, STATEMENTS, STRANGER, TIME
from protocol.epochs import Role, create_epoch
from protocol.primitives.encoding import encode_item
from protocol.primitives.errors import (
    InconsistentLog,
    InvalidSignature,
    MalformedEncoding,
    MalformedNote,
    NotLogged,
    WrongParty,
)
from protocol.transparency.log_entries import EntryBody, EpochErased, EpochPublished, SharesReleased, log_entry
from protocol.transparency.logs import Inclusion, log_origin, sign_log, witness_log
from protocol.transparency.merkle import (
    CompactRange,
    Subtrees,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    subtrees_of,
    tree_root,
)
from protocol.transparency.signed_notes import (
    MAX_NOTE_BYTES,
    MAX_NUMBER,
    NOTE_SIGNATURE,
    Checkpoint,
    encode_base64,
    key_id,
    sign_note,
)

ROLE = Role.AUTHORITY
ORIGIN = log_origin(DOMAIN, ROLE)
_CONTENTS: list[EntryBody] = [
    EpochPublished(STATEMENTS[ROLE], TIME + 30 * 86_400),
    SharesReleased(17, TIME + 28 * 86_400, pinned("opening")),
    *(EpochErased(EPOCH - days) for days in range(28, 35)),
]
ENTRIES = [log_entry(TIME + number, contents).to_bytes() for number, contents in enumerate(_CONTENTS)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def _witnessed(entries: list[bytes], time: int = TIME + 60) -> bytes:
    """The authority's checkpoint of these entries, cosigned by the operator."""
    note = sign_log(DOMAIN, ROLE, len(entries), tree_root(map(leaf_hash, entries)), AUTHORITY)
    return note + witness_log(DOMAIN, ROLE, note, time, OPERATOR)


def checkpoint() -> VectorFile:
    """`verify_witnessed`."""
    file = VectorFile(
        "checkpoint",
        "A party's checkpoint of its log, signed as a note and cosigned by the other party",
        "§3.11",
        {
            "check.domain": "a Domain message",
            "check.role": "whose log it is: 1 operator, 2 authority",
            "check.note": "the note: the bytes of its text in UTF-8",
            "intermediate.origin": "the log's name, a text",
            "intermediate.witness": "the witness's name, a text",
            "result.size": "how many entries the log has",
            "result.root": "the root of their tree",
            "result.time": "when the other party cosigned it last, in Unix seconds",
        },
    )
    note, root = _witnessed(ENTRIES), tree_root(LEAVES)
    own = sign_log(DOMAIN, ROLE, len(ENTRIES), root, AUTHORITY)
    again = note + witness_log(DOMAIN, ROLE, note, TIME + 3600, OPERATOR)
    stranger = note + sign_note("no checkpoint\n", "example.com/somebody", STRANGER).split(b"\n\n")[1]
    names = {"origin": ORIGIN, "witness": log_origin(DOMAIN, Role.OPERATOR)}
    for name, cosigned, time in [
        ("ordinary", note, TIME + 60),
        ("cosigned again", again, TIME + 3600),
        ("with a line of somebody else", stranger, TIME + 60),
    ]:
        file.accept(
            name,
            check={"domain": DOMAIN, "role": ROLE, "note": cosigned},
            intermediate=names,
            result={"size": len(ENTRIES), "root": root, "time": time},
        )

    def signed(text: str) -> bytes:
        note = sign_note(text, ORIGIN, AUTHORITY)
        return note + witness_log(DOMAIN, ROLE, note, TIME, OPERATOR)

    tree = Checkpoint(ORIGIN, len(ENTRIES), root)
    for change, error, altered in [
        ("not cosigned", InvalidSignature, own),
        ("cosigned by the log itself", InvalidSignature, own + witness_log(DOMAIN, ROLE, own, TIME, AUTHORITY)),
        ("cosigned before another size", InvalidSignature, own + _witnessed(ENTRIES[:5]).split(b"\n\n")[1]),
        ("signed by nobody of the domain", InvalidSignature, sign_log(DOMAIN, ROLE, len(ENTRIES), root, STRANGER)),
        ("its signature altered", InvalidSignature, note.replace(own[-8:], own[-10:-8] + own[-6:])),
        ("another size than was signed", InvalidSignature, note.replace(b"\n9\n", b"\n8\n")),
        ("a size of 09", MalformedNote, signed(tree.text.replace("\n9\n", "\n09\n"))),
        ("a size of 2 to the 53", MalformedNote, signed(replace(tree, size=2**53).text)),
        ("a root of 31 bytes", MalformedNote, signed(replace(tree, root=root[:31]).text)),
        ("a fourth line", MalformedNote, signed(tree.text + "extension\n")),
        ("of another origin", WrongParty, signed(replace(tree, origin="example.com/log").text)),
        ("no empty line", MalformedNote, note.replace(b"\n\n", b"\n")),
        ("a carriage return", MalformedNote, note.replace(b"\n\n", b"\r\n\n")),
        ("not UTF-8", MalformedNote, note.replace(b"/authority\n", b"/authorit\xff\n", 1)),
        ("a line that is not base64", MalformedNote, note + "— example.com/log AAA\n".encode()),
        ("a no-break space in a key's name", MalformedNote, note + "— example.com/\xa0log AAAA\n".encode()),
        ("a line whose base64 has another form", MalformedNote, note + "— example.com/log AAB=\n".encode()),
        ("no newline at its end", MalformedNote, note[:-1]),
        ("65 signature lines", MalformedNote, note + "— example.com/log AAAA\n".encode() * 63),
    ]:
        file.reject("ordinary", change, error, note=altered)
    file.reject("ordinary", "as the operator's", InvalidSignature, role=Role.OPERATOR)
    file.reject("ordinary", "in another domain", InvalidSignature, domain=replace(DOMAIN, utc_offset=0))
    log_line, cosigned = own.split(b"\n\n")[1], note.removeprefix(own)
    key, signature = names["witness"], b64decode(cosigned.split(b" ")[2])
    as_log = b64encode(key_id(key, NOTE_SIGNATURE, DOMAIN.operator_key) + signature[4:])
    under_another_id = own + cosigned.replace(b64encode(signature), as_log)
    unpadded = signed(tree.text.replace(encode_base64(root), other_base64(encode_base64(root))))
    for change, error, altered in [
        ("a second line of the log that is false", InvalidSignature, note + _flipped(log_line)),
        ("a second line of the witness that is false", InvalidSignature, note + _flipped(cosigned)),
        ("cosigned under the key id of a log", InvalidSignature, under_another_id),
        ("a plus in a key's name", MalformedNote, note + "— example.com/l+g AAAA\n".encode()),
        ("a root whose base64 has another form", MalformedNote, unpadded),
    ]:
        file.reject("ordinary", change, error, note=altered)
    for name, longer in [
        ("64 signature lines", note + "— example.com/log AAAA\n".encode() * 62),
        ("131072 bytes", _filled(note, MAX_NOTE_BYTES)),
    ]:
        file.accept(
            name,
            check={"domain": DOMAIN, "role": ROLE, "note": longer},
            intermediate=names,
            result={"size": len(ENTRIES), "root": root, "time": TIME + 60},
        )
    file.reject("131072 bytes", "four bytes more", MalformedNote, note=_filled(note, MAX_NOTE_BYTES + 4))
    file.reject("131072 bytes", "a byte more", MalformedNote, note=_filled(note, MAX_NOTE_BYTES + 1))
    operators = sign_log(DOMAIN, Role.OPERATOR, len(ENTRIES), root, OPERATOR)
    file.accept(
        "of the operator",
        check={
            "domain": DOMAIN,
            "role": Role.OPERATOR,
            "note": operators + witness_log(DOMAIN, Role.OPERATOR, operators, TIME + 60, AUTHORITY),
        },
        intermediate={"origin": names["witness"], "witness": names["origin"]},
        result={"size": len(ENTRIES), "root": root, "time": TIME + 60},
    )
    largest = sign_note(replace(tree, size=MAX_NUMBER).text, ORIGIN, AUTHORITY)
    file.accept(
        "the largest size and time",
        check={
            "domain": DOMAIN,
            "role": ROLE,
            "note": largest + witness_log(DOMAIN, ROLE, largest, MAX_NUMBER, OPERATOR),
        },
        intermediate=names,
        result={"size": MAX_NUMBER, "root": root, "time": MAX_NUMBER},
    )
    late = own + witness_log(DOMAIN, ROLE, own, MAX_NUMBER + 1, OPERATOR)
    file.reject("ordinary", "cosigned at 2 to the 53", InvalidSignature, note=late)
    return file


def _flipped(line: bytes) -> bytes:
    """A signature line whose signature differs in a bit."""
    *names, signature = line.rstrip(b"\n").split(b" ")
    return b" ".join([*names, b64encode(flip(b64decode(signature), -1))]) + b"\n"


def other_base64(text: str) -> str:
    """The same 32 bytes in a base64 whose last digit has other bits that mean nothing."""
    last = text[-2]
    assert last in "AEIMQUYcgkosw048"
    return f"{text[:-2]}{chr(ord(last) + 1)}="


def _filled(note: bytes, size: int) -> bytes:
    """A note of `size` bytes, with a line of nobody at its end."""
    name = "— log".encode()
    left = size - len(note) - len(name) - len(b" \n")
    return note + name + b"x" * (left % 4) + b" " + b"A" * (left - left % 4) + b"\n"


def consistency() -> VectorFile:
    """`check_consistency`."""
    file = VectorFile(
        "consistency",
        "That a later checkpoint of a log continues an earlier one",
        "§3.11",
        {
            "check.earlier": "the size of the earlier checkpoint",
            "check.earlier_root": "its root",
            "check.later": "the size of the later one",
            "check.later_root": "its root",
            "check.proof": "the consistency proof, a list of hashes",
        },
    )
    subtrees = subtrees_of(LEAVES)
    for earlier, later in [(6, 9), (8, 9), (4, 7), (3, 7), (1, 9), (9, 9), (0, 9), (0, 0), (5, 6)]:
        file.accept(f"{earlier} and {later}", check=_continued(subtrees, earlier, later))
    forked = [*LEAVES[:5], leaf_hash(b"another entry"), *LEAVES[6:]]
    proof = list(prove_consistency(subtrees, 6, 9))
    reject = file.reject
    reject("6 and 9", "another sixth entry", InconsistentLog, earlier_root=tree_root(forked[:6]))
    reject("6 and 9", "another tree afterwards", InconsistentLog, later_root=tree_root(forked))
    reject(
        "6 and 9",
        "a proof of the other tree",
        InconsistentLog,
        later_root=tree_root(forked),
        proof=prove_consistency(subtrees_of(forked), 6, 9),
    )
    reject("6 and 9", "a hash altered", InconsistentLog, proof=[flip(proof[0], 0), *proof[1:]])
    reject("6 and 9", "a hash too many", InconsistentLog, proof=[*proof, bytes(32)])
    reject("6 and 9", "a hash too few", InconsistentLog, proof=proof[:-1])
    reject("6 and 9", "no proof", InconsistentLog, proof=[])
    reject("6 and 9", "earlier and later exchanged", InconsistentLog, earlier=9, later=6)
    reject("6 and 9", "other sizes", InconsistentLog, earlier=5)
    reject("9 and 9", "another root", InconsistentLog, later_root=tree_root(forked))
    reject("9 and 9", "a hash for nothing", InconsistentLog, proof=[bytes(32)])
    reject("0 and 9", "a hash for nothing", InconsistentLog, proof=[bytes(32)])
    reject("0 and 9", "another root of the empty tree", InconsistentLog, earlier_root=bytes(32))
    reject("1 and 9", "a hash too many", InconsistentLog, proof=[*prove_consistency(subtrees, 1, 9), bytes(32)])
    reject("8 and 9", "a hash too few", InconsistentLog, proof=[])
    # The hashes of two subtrees stand one after the other. They could be cut elsewhere than between them.
    shifted: Values = {"earlier_root": LEAVES[0][:31], "proof": [LEAVES[0][31:] + LEAVES[1]]}
    file.accept("1 and 2", check=_continued(subtrees, 1, 2))
    reject("1 and 2", "a hash of 33 bytes behind one of 31", InconsistentLog, None, **shifted)
    file.accept("2 and 3", check=_continued(subtrees, 2, 3))
    reject("2 and 3", "a size below the root's", InconsistentLog, later=2)
    return file


def _continued(subtrees: Subtrees, earlier: int, later: int) -> Values:
    return {
        "earlier": earlier,
        "earlier_root": tree_root(LEAVES[:earlier]),
        "later": later,
        "later_root": tree_root(LEAVES[:later]),
        "proof": prove_consistency(subtrees, earlier, later),
    }


def logged_epoch() -> VectorFile:
    """`verify_logged_epoch`."""
    file = VectorFile(
        "logged-epoch",
        "That a party's statement of an epoch is on record in its log",
        "§3.11",
        {
            "check.domain": "a Domain message",
            "check.role": "whose statement it is",
            "check.statement": "the statement that is to be used",
            "check.inclusion": "an Inclusion message",
            "intermediate.leaf": "the leaf of the entry",
            "intermediate.root": "the root of the checkpoint",
            "result.size": "the size of the checkpoint",
            "result.time": "when it was cosigned last, in Unix seconds",
        },
    )
    statement = STATEMENTS[ROLE]

    def included(entries: list[bytes], index: int) -> Inclusion:
        proof = prove_inclusion(subtrees_of([leaf_hash(entry) for entry in entries]), index, len(entries))
        return Inclusion(index, entries[index], _witnessed(entries), proof)

    def entry_of(contents: EntryBody) -> bytes:
        return log_entry(TIME, contents).to_bytes()

    for name, entries, index in [
        ("the first of nine", ENTRIES, 0),
        ("the last of nine", [*ENTRIES[1:], ENTRIES[0]], 8),
        ("the only one", ENTRIES[:1], 0),
    ]:
        file.accept(
            name,
            check={"domain": DOMAIN, "role": ROLE, "statement": statement, "inclusion": included(entries, index)},
            intermediate={
                "leaf": leaf_hash(entries[index]),
                "root": CompactRange().extend(map(leaf_hash, entries)).root(),
            },
            result={"size": len(entries), "time": TIME + 60},
        )
    file.accept(
        "the statement signed anew",
        check={
            "domain": DOMAIN,
            "role": ROLE,
            "statement": flip(statement, -1),
            "inclusion": included(ENTRIES, 0),
        },
        intermediate={"leaf": LEAVES[0], "root": tree_root(LEAVES)},
        result={"size": len(ENTRIES), "time": TIME + 60},
    )
    good = included(ENTRIES, 0)
    other = create_epoch(DOMAIN, ROLE, EPOCH, IDENTITY[ROLE], Draws("another statement"))[1]
    others = included([entry_of(EpochPublished(other, TIME)), *ENTRIES[1:]], 0)
    published = EpochPublished(statement, TIME).to_bytes()
    not_cosigned = sign_log(DOMAIN, ROLE, len(ENTRIES), tree_root(LEAVES), AUTHORITY)
    for change, error, inclusion in [
        ("another statement is in the log", NotLogged, others),
        ("the statement in another's place", NotLogged, replace(others, entry=good.entry)),
        ("another index", NotLogged, replace(good, index=1)),
        ("an index behind the end", NotLogged, replace(good, index=9)),
        ("a hash altered", NotLogged, replace(good, proof=(flip(good.proof[0], 0), *good.proof[1:]))),
        ("a hash too many", NotLogged, replace(good, proof=(*good.proof, bytes(32)))),
        ("an entry about something else", NotLogged, included(ENTRIES, 1)),
        ("another kind with the same body", MalformedEncoding, included([encode_item([TIME, 2, published])], 0)),
        ("an unknown kind", MalformedEncoding, included([encode_item([TIME, 7, published])], 0)),
        ("an entry that is none", MalformedEncoding, included([b"entry"], 0)),
        ("not cosigned", InvalidSignature, replace(good, checkpoint=not_cosigned)),
    ]:
        file.reject("the first of nine", change, error, inclusion=inclusion)
    too_many = encode_item([0, good.entry, good.checkpoint, [bytes(32)] * 64])
    file.reject("the first of nine", "a proof of 64 hashes", MalformedEncoding, inclusion=too_many)
    file.reject("the first of nine", "another statement is shown", NotLogged, statement=other)
    return file
