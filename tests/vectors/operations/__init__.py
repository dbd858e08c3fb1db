"""How each file of `spec/vectors/` is replayed: one module per module of the protocol."""

from tests.vectors.operations import (
    assisted_check_ins,
    check_ins,
    encoding,
    epochs,
    group,
    handles,
    hashing,
    logs,
    notices,
    opening,
    paper_passes,
    party_requests,
    passes,
    proofs,
    qr_text,
    releases,
    signatures,
    statements,
    warrants,
)
from tests.vectors.replay import Operation

_MODULES = (
    group,
    encoding,
    hashing,
    proofs,
    signatures,
    statements,
    epochs,
    handles,
    passes,
    check_ins,
    qr_text,
    paper_passes,
    assisted_check_ins,
    warrants,
    releases,
    notices,
    opening,
    party_requests,
    logs,
)
OPERATIONS: dict[str, Operation] = {name: op for module in _MODULES for name, op in module.OPERATIONS.items()}
"""By the name of the file, without `.json`."""
