"""Two at once where a file decides: one comes after the other, as two processes of a party would."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path

import pytest

from escrow.log.witness import OtherSize
from escrow.vault import Vault
from escrow.vault_key import VaultKey
from protocol.epochs import EpochSecret, Role
from protocol.primitives.group import Scalar
from protocol.transparency.logs import check_consistency
from service.files import write_private
from tests.support.at_once import A_MOMENT, after_meeting, at_once
from tests.support.domain import Parties
from tests.support.logs import append, open_log, open_witness, request_for

EPOCH = 20_000


def test_c8_of_two_forks_at_once_a_witness_cosigns_one(
    parties: Parties, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forks = [open_log(parties, tmp_path / name) for name in ("log", "fork")]
    for number, fork in enumerate(forks):
        append(fork, number)
    monkeypatch.setattr("escrow.log.witness.check_consistency", after_meeting(check_consistency))
    answers = at_once(
        *(
            lambda fork=fork: open_witness(parties, tmp_path).add_checkpoint(request_for(fork, 0).encode(), 1)
            for fork in forks
        )
    )
    assert {*map(type, answers)} == {OtherSize, bytes}


def make_vault(directory: Path, key: bytes, *copies: Path) -> Vault:
    return Vault(directory, "operator of a test", lambda: VaultKey(key), copies)


def new_secret() -> EpochSecret:
    return EpochSecret(Role.AUTHORITY, EPOCH, Scalar.random(), secrets.token_bytes(32))


def test_of_two_secrets_of_an_epoch_at_once_a_vault_keeps_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = secrets.token_bytes(32)
    vaults = [make_vault(tmp_path / "vault", key) for _ in range(2)]
    put = [new_secret() for _ in vaults]
    monkeypatch.setattr("escrow.vault.write_private", after_meeting(write_private))
    done = at_once(
        *(lambda one=one, secret=secret: one.put(secret, bytes(100)) for one, secret in zip(vaults, put, strict=True))
    )
    assert {*map(type, done)} == {type(None), FileExistsError}
    assert vaults[0].get(EPOCH) == put[done.index(None)]


@pytest.mark.parametrize("how", ["put", "mirror"])
def test_c7_what_is_written_while_an_epoch_is_erased_does_not_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """One process has begun to write the secret, here or into the copy, when another erases the epoch."""
    key, copy = secrets.token_bytes(32), tmp_path / "copy"
    copy.mkdir()
    one, other = (make_vault(tmp_path / "vault", key, copy) for _ in range(2))
    if how == "mirror":
        one.put(new_secret(), bytes(100))
    begun, erased = threading.Event(), threading.Event()

    def write_late(path: Path, data: bytes) -> None:
        if path.suffix == ".secret":
            begun.set()
            erased.wait(A_MOMENT)
        write_private(path, data)

    def erase() -> None:
        begun.wait()
        other.erase(EPOCH)
        erased.set()

    monkeypatch.setattr("escrow.vault.write_private", write_late)
    at_once(erase, one.mirror if how == "mirror" else lambda: one.put(new_secret(), bytes(100)))
    assert list(tmp_path.rglob("*.secret")) == []
