"""How each file of `spec/vectors/` is replayed: one module per module of the protocol."""

from tests.vectors.operations import (
    assisted,
    checkins,
    encoding,
    epochs,
    group,
    handles,
    logs,
    notices,
    opening,
    papers,
    passes,
    proofs,
    qrtext,
    releases,
    requests,
    signatures,
    statements,
    transcript,
    warrants,
)
from tests.vectors.replay import Operation

_MODULES = (
    group,
    encoding,
    transcript,
    proofs,
    signatures,
    statements,
    epochs,
    handles,
    passes,
    checkins,
    qrtext,
    papers,
    assisted,
    warrants,
    releases,
    notices,
    opening,
    requests,
    logs,
)
OPERATIONS: dict[str, Operation] = {name: op for module in _MODULES for name, op in module.OPERATIONS.items()}
"""By the name of the file, without `.json`."""
