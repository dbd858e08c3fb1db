"""Epoch secrets at rest and their erasure (C7, A27)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from escrow.vault import ErasedEpoch, Vault
from protocol.epochs import EpochSecret, Role
from protocol.group import Scalar
from service.settings import ConfigurationError
from tests.escrow.world import World

EPOCH = 20_000


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault", secrets.token_bytes(32))


def new_secret(epoch: int = EPOCH) -> EpochSecret:
    return EpochSecret(Role.AUTHORITY, epoch, Scalar.random(), secrets.token_bytes(32))


def everything_in(directory: Path) -> Iterator[bytes]:
    return (path.read_bytes() for path in directory.rglob("*") if path.is_file())


def test_what_is_put_is_got(vault: Vault) -> None:
    secret = new_secret()
    vault.put(secret)
    assert vault.get(EPOCH) == secret
    assert vault.get(EPOCH + 1) is None
    assert vault.epochs() == [EPOCH]


def test_files_are_the_owners_alone_and_show_no_secret(vault: Vault, tmp_path: Path) -> None:
    secret = new_secret()
    vault.put(secret)
    (path,) = (tmp_path / "vault").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret.pass_seed is not None
    assert bytes(secret.share) not in path.read_bytes()
    assert secret.pass_seed not in path.read_bytes()


def test_an_erased_epoch_never_comes_back(vault: Vault, tmp_path: Path) -> None:
    secret = new_secret()
    vault.put(secret)
    (path,) = (tmp_path / "vault").iterdir()
    sealed = path.read_bytes()
    vault.erase(EPOCH)
    vault.erase(EPOCH)
    assert vault.is_erased(EPOCH)
    assert vault.erased_epochs() == [EPOCH]
    with pytest.raises(ErasedEpoch):
        vault.get(EPOCH)
    with pytest.raises(ErasedEpoch):
        vault.put(secret)
    assert not [data for data in everything_in(tmp_path) if sealed in data]


def test_a_file_that_comes_back_from_a_backup_is_not_used(vault: Vault, tmp_path: Path) -> None:
    vault.put(new_secret())
    (path,) = (tmp_path / "vault").iterdir()
    sealed = path.read_bytes()
    vault.erase(EPOCH)
    path.write_bytes(sealed)
    with pytest.raises(ErasedEpoch):
        vault.get(EPOCH)


def test_a_damaged_file_a_moved_file_and_a_wrong_key_are_told(vault: Vault, tmp_path: Path) -> None:
    vault.put(new_secret())
    path = tmp_path / "vault" / f"{EPOCH}.secret"
    sealed = path.read_bytes()
    (tmp_path / "vault" / f"{EPOCH + 1}.secret").write_bytes(sealed)
    with pytest.raises(ConfigurationError, match="damaged"):
        vault.get(EPOCH + 1)
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(ConfigurationError, match="damaged"):
        vault.get(EPOCH)
    with pytest.raises(ConfigurationError, match="damaged"):
        Vault(tmp_path / "vault", bytes(32)).get(EPOCH)


@pytest.mark.parametrize("role", Role)
def test_c7_erasure_leaves_no_secret_in_any_file(world: World, role: Role) -> None:
    party = world.operator if role is Role.OPERATOR else world.authority
    secret = party.secret(world.today)
    sealed = (world.home(role) / "vault" / f"{world.today}.secret").read_bytes()
    party.erase(world.today)
    for value in (bytes(secret.share), secret.pass_seed or bytes(secret.share), sealed):
        for form in (value, value.hex().encode()):
            assert not [data for data in everything_in(world.home(role)) if form in data]


@pytest.mark.parametrize("role", Role)
def test_an_erased_epoch_is_not_published_again(world: World, role: Role) -> None:
    party = world.operator if role is Role.OPERATOR else world.authority
    statement = party.epochs.statement(role, world.today)
    party.erase(world.today)
    party.publish_ahead()
    assert party.epochs.statement(role, world.today) == statement
    assert party.vault.is_erased(world.today)


@pytest.mark.parametrize("role", Role)
def test_retention_ends_after_the_epochs_end_and_not_before(world: World, role: Role) -> None:
    party = world.operator if role is Role.OPERATOR else world.authority
    epoch, days = world.today, party.settings.retention_days
    world.now = party.domain.epoch_begins(epoch + 1) + days * 86_400 - 1
    assert party.due_epochs() == []
    world.now += 1
    assert party.due_epochs() == [epoch]


def test_publishing_twice_gives_one_statement(world: World) -> None:
    epoch = world.today + 10
    world.operator.publish(epoch)
    first = world.operator.epochs.statement(Role.OPERATOR, epoch)
    world.operator.publish(epoch)
    assert world.operator.epochs.statement(Role.OPERATOR, epoch) == first
