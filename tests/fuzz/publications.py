"""What parties publish, and what anyone asks of them: logs, lists and applications, as their readers take them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from conformance.vectors import logs, world
from conformance.vectors.joint_notices import answer_notice, publish_notice
from escrow.audit.state import AuditState
from escrow.errors import UnknownLog, UnsignedCheckpoint
from escrow.log.files import TileFiles
from escrow.log.pending import Pending
from escrow.log.witness import OtherSize, Witness
from protocol.disclosures import DisclosedOpening, Disclosure, record_opening, sign_disclosure, verify_disclosure
from protocol.epochs import Role, check_same_statement
from protocol.notices import Notice, NoticeAnswer, PublishedNotice, verify_notice, verify_notice_answer
from protocol.paper_passes import print_pass
from protocol.primitives.errors import SplitPassError
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import JointStatement, statement_payload
from protocol.qr_text import to_qr_text
from protocol.releases import release_digest
from protocol.transparency.log_entries import LogEntry
from protocol.transparency.logs import (
    Inclusion,
    log_origin,
    sign_log,
    verify_logged_entry,
    verify_witnessed,
    witness_log,
)
from protocol.transparency.merkle import (
    HASH_BYTES,
    prove_consistency,
    prove_inclusion,
    subtrees_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from protocol.transparency.signed_notes import only_signature, parse_note, verify_cosignature, verify_note
from protocol.transparency.tiles import Tile, join_entries, split_hashes
from protocol.transparency.witnesses import WitnessRequest
from protocol.warrants import Venue, VenueApplication, is_agreed, sign_application, verify_application
from service.errors import ConfigurationError
from tests.fuzz.forgery import sign_anything
from tests.fuzz.trial import Decoder
from venue.code_text import parse_code

_EXPECTED = (SplitPassError,)
_SIZE = len(logs.ENTRIES)
_SUBTREES = subtrees_of(logs.LEAVES)
_ROOT = tree_root(logs.LEAVES)
_NOTE = sign_log(world.DOMAIN, logs.ROLE, _SIZE, _ROOT, world.AUTHORITY)
_WITNESSED = _NOTE + witness_log(world.DOMAIN, logs.ROLE, _NOTE, world.TIME, world.OPERATOR)
_ORIGIN, _WITNESS_NAME = (log_origin(world.DOMAIN, role) for role in (logs.ROLE, Role.OPERATOR))
_NUMBERS = struct.Struct(">II")
_JOINT = (Role.AUTHORITY, Role.OPERATOR)


def publication_decoders(directory: Path) -> Iterator[Decoder]:
    """The readers; those of files keep theirs in `directory`."""
    yield from _list_decoders()
    yield from _application_decoders()
    yield from _log_decoders()
    yield from _log_file_decoders(directory)
    codes = (to_qr_text(world.SHOWN).encode(), print_pass(world.EPOCH_KEY, world.PASSES[2]).encode())
    yield Decoder("code at a door", lambda data: parse_code(data.decode("utf-8", "replace")), _EXPECTED, codes)


def _list_decoders() -> Iterator[Decoder]:
    u = bytes(world.PASSES[0].public.u)
    notice = publish_notice(world.DOMAIN, world.IDENTITY, 3, world.NOW, "검사를 받으세요", [u])
    answer = answer_notice(world.DOMAIN, world.OPERATOR, 3, world.NOW, "검사를 받으세요", [u])
    published = PublishedNotice.from_bytes(notice)
    record = record_opening(world.WARRANT, release_digest(b"release"), [u])
    disclosure = sign_disclosure(
        world.DOMAIN, Role.OPERATOR, 3, world.NOW, (DisclosedOpening(7, record),), world.OPERATOR
    )

    def read_notice(data: bytes) -> object:
        joint = JointStatement(*(sign_anything(Notice, data, world.IDENTITY[role]) for role in _JOINT))
        return verify_notice(world.DOMAIN, replace(published, notice=joint).to_bytes(), 3).concerns(u)

    def read_answer(data: bytes) -> object:
        made = replace(answer, notice=sign_anything(Notice, data, world.OPERATOR))
        return verify_notice_answer(world.DOMAIN, 3, "검사를 받으세요", [u], world.NOW, world.NOW, made)

    def read_whole_answer(data: bytes) -> object:
        made = NoticeAnswer.from_bytes(data)
        return verify_notice_answer(world.DOMAIN, 3, "검사를 받으세요", [u], world.NOW, world.NOW, made)

    def read_disclosure(data: bytes) -> object:
        statement = sign_anything(Disclosure, data, world.OPERATOR)
        verified = verify_disclosure(world.DOMAIN, Role.OPERATOR, statement, 3)
        return [opening.record.names(u) for opening in verified.openings]

    said = (statement_payload(answer.notice),)
    yield Decoder("verify what both signed of a notice", read_notice, _EXPECTED, said, 4)
    yield Decoder(
        "verify notice", lambda data: verify_notice(world.DOMAIN, data, 3).concerns(u), _EXPECTED, (notice,), 4
    )
    yield Decoder("verify what the operator signed of a notice", read_answer, _EXPECTED, said, 4)
    yield Decoder("verify notice answer", read_whole_answer, _EXPECTED, (answer.to_bytes(),), 4)
    yield Decoder("verify disclosure", read_disclosure, _EXPECTED, (statement_payload(disclosure),), 4)
    yield Decoder(
        "another disclosure of the same number",
        lambda data: check_same_statement(disclosure, data),
        _EXPECTED,
        (disclosure,),
        4,
    )


def _application_decoders() -> Iterator[Decoder]:
    """Applications as they come, and with anything under the signature of the key that they name."""

    def read(statement: bytes) -> object:
        return is_agreed(verify_application(world.DOMAIN, statement), world.VENUE)

    new_key = SigningKey(bytes(32))
    changed = Venue(world.NUMBER, world.VENUE.venue_id, "클럽", "https://door.example/", public_key(new_key))
    samples = (
        sign_application(world.VENUE, world.VENUE_KEY),
        sign_application(changed, new_key, world.VENUE_KEY),
    )
    payloads = tuple(map(statement_payload, samples[:1]))
    yield Decoder("verify application", read, _EXPECTED, samples, 4)
    yield Decoder(
        "verify application, signed",
        lambda data: read(sign_anything(VenueApplication, data, world.VENUE_KEY)),
        _EXPECTED,
        payloads,
        4,
    )


def _log_decoders() -> Iterator[Decoder]:
    inclusion = Inclusion(5, logs.ENTRIES[5], _WITNESSED, prove_inclusion(_SUBTREES, 5, _SIZE))

    def read_inclusion(data: bytes) -> object:
        verify_logged_entry(world.DOMAIN, logs.ROLE, Inclusion.from_bytes(data))
        return LogEntry.from_bytes(Inclusion.from_bytes(data).entry).contents

    def read_path(data: bytes) -> object:
        index, size, proof = _numbered(data)
        holds = verify_inclusion(logs.LEAVES[5], index, size, proof, _ROOT)
        return _agreed(holds, (index, *proof), (5, *inclusion.proof))

    def read_consistency(data: bytes) -> object:
        old, size, proof = _numbered(data)
        holds = verify_consistency(old, tree_root(logs.LEAVES[:3]), size, _ROOT, proof)
        return _agreed(holds, (old, *proof), (3, *consistent))

    consistent = prove_consistency(_SUBTREES, 3, _SIZE)
    inclusion_path = _NUMBERS.pack(5, _SIZE) + b"".join(inclusion.proof)
    consistency = _NUMBERS.pack(3, _SIZE) + b"".join(consistent)
    yield Decoder("verify logged entry", read_inclusion, _EXPECTED, (inclusion.to_bytes(),), 4)
    yield Decoder("verify inclusion", read_path, _EXPECTED, (inclusion_path,))
    yield Decoder("verify consistency", read_consistency, _EXPECTED, (consistency,))
    yield Decoder("note", parse_note, _EXPECTED, (_WITNESSED,))

    def read_signature(data: bytes) -> object:
        key = world.DOMAIN.authority_key
        text = verify_note(data, _ORIGIN, key)
        if verify_note(only_signature(data, _ORIGIN, key), _ORIGIN, key) != text:
            raise AssertionError("the signature alone is of another text")
        return text

    yield Decoder("signature of a note", read_signature, _EXPECTED, (_WITNESSED,), 4)
    yield Decoder(
        "cosignature of a note",
        lambda data: verify_cosignature(data, _WITNESS_NAME, world.DOMAIN.operator_key),
        _EXPECTED,
        (_WITNESSED,),
        4,
    )
    yield Decoder(
        "tile of hashes", lambda data: split_hashes(Tile(0, 0, _SIZE), data), _EXPECTED, (b"".join(logs.LEAVES),)
    )
    yield Decoder(
        "path of a tile",
        lambda data: Tile.at(data.decode("utf-8", "replace")),
        _EXPECTED,
        (b"0/x001/x234/067", b"entries/000.p/5", b"63/000"),
    )


def _agreed(holds: bool, given: tuple[object, ...], proof: tuple[object, ...]) -> bool:
    """A proof that holds is the one there is, whatever the size (§3.11); raises `AssertionError` for a second one."""
    if holds and given != proof:
        raise AssertionError("there is a second proof")
    return holds


def _numbered(data: bytes) -> tuple[int, int, list[bytes]]:
    """Two numbers, of 4 bytes each, and hashes; the last one may be too short."""
    head, rest = data[: _NUMBERS.size].ljust(_NUMBERS.size, b"\0"), data[_NUMBERS.size :]
    return *_NUMBERS.unpack(head), [rest[i : i + HASH_BYTES] for i in range(0, len(rest), HASH_BYTES)]


def _log_file_decoders(directory: Path) -> Iterator[Decoder]:
    audit, tiles, witness = (directory / name for name in ("audit", "tiles", "witness"))
    state = AuditState(audit, world.DOMAIN)
    state.store(logs.ROLE, _WITNESSED, state.known[logs.ROLE].grown(logs.ENTRIES))
    role = logs.ROLE.name.lower()

    def audited(file: str) -> Callable[[bytes], object]:
        path = audit / f"{role}.{file}"
        whole = path.read_bytes()

        def read(data: bytes) -> object:
            path.write_bytes(data)
            try:
                return AuditState(audit, world.DOMAIN)
            finally:
                path.write_bytes(whole)

        return read

    damaged = (ConfigurationError,)
    yield Decoder("checkpoint of an audit", audited("checkpoint"), damaged, (_WITNESSED,), 10)
    yield Decoder("entries of an audit", audited("entries"), damaged, (join_entries(logs.ENTRIES),), 10)
    files = TileFiles(tiles)
    hashes, entries = Tile(0, 0, _SIZE), Tile("entries", 0, _SIZE)
    whole = {hashes: b"".join(logs.LEAVES), entries: join_entries(logs.ENTRIES)}
    files.write(whole)

    def tile(tile: Tile, read: Callable[[Tile], object]) -> Callable[[bytes], object]:
        def decode(data: bytes) -> object:
            (tiles / tile.path).write_bytes(data)
            return read(tile)

        return decode

    yield Decoder("file of hashes", tile(hashes, files.hashes), _EXPECTED, (whole[hashes],), 3)
    yield Decoder("file of entries", tile(entries, files.entries), _EXPECTED, (whole[entries],), 3)
    pending = directory / "log.pending"

    def read_pending(data: bytes) -> object:
        pending.write_bytes(data)
        return Pending.read(pending)

    said = join_entries([_NOTE, logs.ENTRIES[-1]])
    yield Decoder("file of a log's last entry", read_pending, _EXPECTED, (said,), 3)
    request = WitnessRequest(0, (), _NOTE).encode()
    again = WitnessRequest(_SIZE, (), _NOTE).encode()

    def cosign(data: bytes) -> object:
        cosigning = Witness(witness, world.DOMAIN, logs.ROLE, world.OPERATOR)  # its lock is of this process
        (witness / "checkpoint").unlink(missing_ok=True)
        cosigning.add_checkpoint(request, world.TIME)
        (witness / "conflict").unlink(missing_ok=True)
        return verify_witnessed(world.DOMAIN, logs.ROLE, _NOTE + cosigning.add_checkpoint(data, world.TIME))

    yield Decoder("witness", cosign, (SplitPassError, OtherSize, UnknownLog, UnsignedCheckpoint), (again, request), 15)
