"""Vectors of §5.2: what a log sends its witness, as the witness takes it apart."""

from __future__ import annotations

from conformance.vectors.files import VectorFile
from conformance.vectors.logs import LEAVES, ROLE, other_base64
from conformance.vectors.world import AUTHORITY, DOMAIN
from protocol.primitives.errors import MalformedNote
from protocol.transparency.logs import MAX_PROOF, sign_log
from protocol.transparency.merkle import prove_consistency, subtrees_of, tree_root
from protocol.transparency.signed_notes import encode_base64
from protocol.transparency.witnesses import WitnessRequest


def witness_request() -> VectorFile:
    """`WitnessRequest.parse`."""
    file = VectorFile(
        "witness-request",
        "A log's request to its witness: the size that the witness knows, a consistency proof, and a checkpoint",
        "§5.2",
        {
            "check.body": "the body: the bytes of its text",
            "result.old_size": "the size that the witness knows",
            "result.proof": "the hashes of the proof",
            "result.checkpoint": "the checkpoint: the bytes of a note that is not looked at here",
        },
    )
    note = sign_log(DOMAIN, ROLE, len(LEAVES), tree_root(LEAVES), AUTHORITY)
    proof = prove_consistency(subtrees_of(LEAVES), 6, len(LEAVES))

    def add(name: str, request: WitnessRequest) -> bytes:
        body = request.encode()
        result = {"old_size": request.old_size, "proof": request.proof, "checkpoint": request.checkpoint}
        file.accept(name, check={"body": body}, result=result)
        return body

    body = add("ordinary", WitnessRequest(6, proof, note))
    add("the first", WitnessRequest(0, (), note))
    add("as many hashes as there may be", WitnessRequest(1, (bytes(32),) * MAX_PROOF, note))
    line = encode_base64(proof[0])
    for change, altered in {
        "no size": body.removeprefix(b"old 6\n"),
        "a size with a zero in front": body.replace(b"old 6", b"old 06"),
        "a size below zero": body.replace(b"old 6", b"old -6"),
        "a size of 17 digits": body.replace(b"old 6", b"old 1" + b"0" * 16),
        "another word": body.replace(b"old", b"Old"),
        "64 hashes": WitnessRequest(1, (bytes(32),) * (MAX_PROOF + 1), note).encode(),
        "a hash that is not base64": body.replace(line.encode(), line[:-1].encode()),
        "a hash whose base64 has another form": body.replace(line.encode(), other_base64(line).encode()),
        "a digit outside ASCII": body.replace(b"old 6", "old \uff16".encode()),
    }.items():
        file.reject("ordinary", change, MalformedNote, body=altered)
    return file
