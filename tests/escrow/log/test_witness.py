"""C8: a witness cosigns one history of a log, and remembers which."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from escrow.errors import UnknownLog, UnsignedCheckpoint
from escrow.log.witness import OtherSize
from protocol.epochs import Role
from protocol.primitives.errors import InconsistentLog, MalformedNote
from protocol.transparency.logs import log_origin, sign_log, verify_witnessed
from protocol.transparency.merkle import EMPTY_ROOT
from protocol.transparency.witnesses import WitnessRequest
from service.refusals import STATUSES
from tests.support.domain import NOW, Parties
from tests.support.logs import ROLE, append, have_witnessed, open_log, open_witness, request_for


def test_what_continues_the_last_checkpoint_is_cosigned(parties: Parties, tmp_path: Path) -> None:
    log = open_log(parties, tmp_path)
    for count in range(1, 6):
        append(log, count)
        request = request_for(log, count - 1)
        line = open_witness(parties, tmp_path).add_checkpoint(request.encode(), NOW + count)
        witnessed = verify_witnessed(parties.domain, ROLE, request.checkpoint + line)
        assert (witnessed.checkpoint.size, witnessed.time) == (count, NOW + count)
    assert open_witness(parties, tmp_path).checkpoint() == request.checkpoint + line


def test_the_same_checkpoint_is_cosigned_again(parties: Parties, tmp_path: Path) -> None:
    log, witness = open_log(parties, tmp_path), open_witness(parties, tmp_path)
    append(log, 1, 2)
    have_witnessed(log, witness)
    line = witness.add_checkpoint(request_for(log, 2).encode(), NOW + 3600)
    assert verify_witnessed(parties.domain, ROLE, request_for(log, 2).checkpoint + line).time == NOW + 3600


def test_a_fork_is_refused_and_kept_as_evidence(parties: Parties, tmp_path: Path) -> None:
    log, fork = open_log(parties, tmp_path), open_log(parties, tmp_path / "fork")
    witness = open_witness(parties, tmp_path)
    append(log, 1, 2, 3)
    append(fork, 1, 2, 4, 5)
    have_witnessed(log, witness)
    known = witness.checkpoint()
    request = request_for(fork, 3)
    with pytest.raises(InconsistentLog):
        witness.add_checkpoint(request.encode(), NOW)
    assert witness.checkpoint() == known
    assert (tmp_path / "witness" / "conflict").read_bytes() == request.checkpoint


def test_two_trees_of_one_size_are_a_fork(parties: Parties, tmp_path: Path) -> None:
    log, fork = open_log(parties, tmp_path), open_log(parties, tmp_path / "fork")
    witness = open_witness(parties, tmp_path)
    append(log, 1, 2)
    append(fork, 1, 3)
    have_witnessed(log, witness)
    with pytest.raises(InconsistentLog):
        witness.add_checkpoint(request_for(fork, 2).encode(), NOW)


@pytest.mark.parametrize("old_size", [0, 1, 3])
def test_a_proof_from_elsewhere_is_answered_with_the_size(parties: Parties, tmp_path: Path, old_size: int) -> None:
    log, witness = open_log(parties, tmp_path), open_witness(parties, tmp_path)
    append(log, 1, 2)
    have_witnessed(log, witness)
    append(log, 3)
    with pytest.raises(OtherSize) as refused:
        witness.add_checkpoint(request_for(log, old_size).encode(), NOW)
    assert refused.value.size == 2


def test_what_is_no_checkpoint_of_the_log_is_refused(parties: Parties, tmp_path: Path) -> None:
    log, witness, domain = open_log(parties, tmp_path), open_witness(parties, tmp_path), parties.domain
    append(log, 1)
    good = request_for(log, 0)
    stranger = sign_log(domain, ROLE, 1, bytes(32), parties.keys[Role.AUTHORITY])
    own = sign_log(domain, Role.AUTHORITY, 1, bytes(32), parties.keys[Role.AUTHORITY])
    for checkpoint, error, status in ((stranger, UnsignedCheckpoint, 403), (own, UnknownLog, 404)):
        with pytest.raises(error):
            witness.add_checkpoint(replace(good, checkpoint=checkpoint).encode(), NOW)
        assert STATUSES[error.name] == status
    for body in (b"", good.checkpoint, replace(good, old_size=2).encode(), good.encode()[:-1]):
        with pytest.raises(MalformedNote):
            witness.add_checkpoint(body, NOW)
    assert witness.checkpoint() is None


def test_the_empty_log_has_one_root(parties: Parties, tmp_path: Path) -> None:
    witness, key = open_witness(parties, tmp_path), parties.keys[ROLE]
    with pytest.raises(InconsistentLog):
        witness.add_checkpoint(WitnessRequest(0, (), sign_log(parties.domain, ROLE, 0, bytes(32), key)).encode(), NOW)
    witness.add_checkpoint(WitnessRequest(0, (), sign_log(parties.domain, ROLE, 0, EMPTY_ROOT, key)).encode(), NOW)


def test_lines_of_others_are_not_kept(parties: Parties, tmp_path: Path) -> None:
    log, witness = open_log(parties, tmp_path), open_witness(parties, tmp_path)
    append(log, 1)
    good = request_for(log, 0)
    line = witness.add_checkpoint(replace(good, checkpoint=good.checkpoint + "— x AAAA\n".encode()).encode(), NOW)
    assert witness.checkpoint() == good.checkpoint + line
    assert log_origin(parties.domain, ROLE).encode() in good.checkpoint


def test_a_witness_that_was_lost_goes_on_from_a_checkpoint_that_others_have(parties: Parties, tmp_path: Path) -> None:
    """Without one it would cosign the fork (§2.4)."""
    log, fork = open_log(parties, tmp_path), open_log(parties, tmp_path / "fork")
    append(log, 1, 2, 3)
    append(fork, 1, 2, 4, 5)
    have_witnessed(log, open_witness(parties, tmp_path))
    restored = open_witness(parties, tmp_path / "restored")
    (tmp_path / "restored" / "witness" / "checkpoint").write_bytes((tmp_path / "log" / "checkpoint").read_bytes())
    with pytest.raises(OtherSize):
        restored.add_checkpoint(request_for(fork, 0).encode(), NOW)
    with pytest.raises(InconsistentLog):
        restored.add_checkpoint(request_for(fork, 3).encode(), NOW)
    append(log, 6)
    have_witnessed(log, restored)
    assert open_witness(parties, tmp_path / "empty").add_checkpoint(request_for(fork, 0).encode(), NOW)
