"""Epoch secrets at rest, where their key comes from, and their erasure (C7, A27)."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
import sqlalchemy as sql
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from prometheus_client import REGISTRY

from escrow.__main__ import main as escrow
from escrow.authority.authority import Authority
from escrow.environment import VAULT_KEY_VARIABLE
from escrow.errors import ErasedEpoch
from escrow.housekeeping import keep_house
from escrow.operator.operator import Operator
from escrow.party import Party
from escrow.settings import EscrowSettings
from escrow.vault import Vault
from escrow.vault_key import VaultKey, WrongKey, has_vault_key, load_vault_key, store_vault_key
from protocol.epochs import EpochSecret, Role
from protocol.primitives.group import Scalar
from service.errors import ConfigurationError
from service.files import write_private
from tests.support.disk import watch_disk
from tests.support.running import run
from tests.support.servers import World

EPOCH = 20_000
STATEMENT = bytes(100)
OWNER = "operator of a test"


def make_vault(directory: Path, key: bytes, *copies: Path) -> Vault:
    return Vault(directory, OWNER, lambda: VaultKey(key), copies)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return make_vault(tmp_path / "vault", secrets.token_bytes(32))


def new_secret(epoch: int = EPOCH) -> EpochSecret:
    return EpochSecret(Role.AUTHORITY, epoch, Scalar.random(), secrets.token_bytes(32))


def everything_in(directory: Path) -> Iterator[bytes]:
    return (path.read_bytes() for path in directory.rglob("*") if path.is_file())


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def metric(name: str) -> float | None:
    return REGISTRY.get_sample_value(name)


def the_party(world: World, role: Role) -> Party:
    return world.operator if role is Role.OPERATOR else world.authority


def reopened(world: World, role: Role) -> Party:
    """A party as its home is now."""
    return (Operator if role is Role.OPERATOR else Authority)(world.home(role), clock=lambda: world.now)


def test_what_is_put_is_got(vault: Vault) -> None:
    secret = new_secret()
    vault.put(secret, STATEMENT)
    assert (vault.get(EPOCH), vault.statement(EPOCH)) == (secret, STATEMENT)
    assert (vault.get(EPOCH + 1), vault.statement(EPOCH + 1)) == (None, None)
    assert vault.epochs() == [EPOCH]


def test_a_secret_is_never_overwritten(vault: Vault) -> None:
    secret = new_secret()
    vault.put(secret, STATEMENT)
    with pytest.raises(FileExistsError):
        vault.put(new_secret(), STATEMENT)
    assert vault.get(EPOCH) == secret


def test_files_are_the_owners_alone_and_show_no_secret(vault: Vault, tmp_path: Path) -> None:
    secret = new_secret()
    vault.put(secret, STATEMENT)
    (path,) = (tmp_path / "vault").glob("*.secret")
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret.pass_seed is not None
    assert bytes(secret.share) not in path.read_bytes()
    assert secret.pass_seed not in path.read_bytes()


def test_an_erased_epoch_never_comes_back(vault: Vault, tmp_path: Path) -> None:
    secret = new_secret()
    vault.put(secret, STATEMENT)
    (path,) = (tmp_path / "vault").glob("*.secret")
    sealed = path.read_bytes()
    vault.erase(EPOCH)
    vault.erase(EPOCH)
    assert vault.is_erased(EPOCH)
    assert (vault.epochs(), vault.erased_epochs()) == ([], [EPOCH])
    with pytest.raises(ErasedEpoch):
        vault.get(EPOCH)
    with pytest.raises(ErasedEpoch):
        vault.put(secret, STATEMENT)
    assert not [data for data in everything_in(tmp_path) if sealed in data]


def test_a_file_that_comes_back_from_a_backup_is_not_used_and_does_not_stay(vault: Vault, tmp_path: Path) -> None:
    vault.put(new_secret(), STATEMENT)
    (path,) = (tmp_path / "vault").glob("*.secret")
    sealed = path.read_bytes()
    vault.erase(EPOCH)
    path.write_bytes(sealed)
    with pytest.raises(ErasedEpoch):
        vault.get(EPOCH)
    vault.mirror()
    assert not path.exists()


def test_erasing_reaches_what_a_crash_left_of_a_write(vault: Vault, tmp_path: Path) -> None:
    vault.put(new_secret(), STATEMENT)
    left = tmp_path / "vault" / f".{EPOCH}.secret.0123abcd.tmp"
    left.write_bytes((tmp_path / "vault" / f"{EPOCH}.secret").read_bytes())
    vault.erase(EPOCH)
    assert names_in(tmp_path / "vault") == [f"{EPOCH}.erased", "owner"]


def test_erasing_overwrites_before_it_deletes(vault: Vault, tmp_path: Path) -> None:
    vault.put(new_secret(), STATEMENT)
    path = tmp_path / "vault" / f"{EPOCH}.secret"
    with path.open("rb") as still_open:
        size = path.stat().st_size
        vault.erase(EPOCH)
        assert still_open.read() == bytes(size)


def test_a_secret_and_its_erasure_are_on_the_disk_in_this_order(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tombstone before the secret goes; zeros before its name does; and everything before it counts."""
    steps = watch_disk(monkeypatch)
    vault.put(new_secret(), STATEMENT)
    (content, temporary), *names = steps
    assert int(content.removeprefix("sync ")) > len(STATEMENT)
    assert temporary.startswith(f".{EPOCH}.secret.")
    assert names == [("rename to", f"{EPOCH}.secret"), ("sync", "vault")]
    steps.clear()
    vault.erase(EPOCH)
    (content, _), *names = steps
    assert content == "sync 0"
    assert names == [
        ("rename to", f"{EPOCH}.erased"),
        ("sync", "vault"),
        ("sync zeros", f"{EPOCH}.secret"),
        ("unlink", f"{EPOCH}.secret"),
        ("sync", "vault"),
    ]


def test_an_epoch_that_another_process_erases_meanwhile_is_erased_and_not_damaged(tmp_path: Path) -> None:
    other = make_vault(tmp_path / "vault", bytes(32))
    other.put(new_secret(), STATEMENT)

    class Interrupted(VaultKey):
        def open(self, epoch: int, sealed: bytes) -> bytes:
            opened = super().open(epoch, sealed)
            if reading:
                other.erase(epoch)
                raise WrongKey  # what was read were the zeros
            return opened

    reading: list[bool] = []
    vault = Vault(tmp_path / "vault", OWNER, lambda: Interrupted(bytes(32)))
    vault.unlock()
    reading.append(True)
    with pytest.raises(ErasedEpoch):
        vault.get(EPOCH)

    def find_key() -> VaultKey:
        other.erase(EPOCH + 1)
        return VaultKey(bytes(32))

    other.put(new_secret(EPOCH + 1), STATEMENT)
    with pytest.raises(ErasedEpoch):
        Vault(tmp_path / "vault", OWNER, find_key).get(EPOCH + 1)


def test_a_damaged_file_and_a_moved_file_are_told(vault: Vault, tmp_path: Path) -> None:
    vault.put(new_secret(), STATEMENT)
    vault.put(new_secret(EPOCH + 2), STATEMENT)
    path = tmp_path / "vault" / f"{EPOCH}.secret"
    sealed = path.read_bytes()
    (tmp_path / "vault" / f"{EPOCH + 1}.secret").write_bytes(sealed)
    with pytest.raises(ConfigurationError, match="damaged"):
        vault.get(EPOCH + 1)
    for damaged in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:10], b""):
        path.write_bytes(damaged)
        with pytest.raises(ConfigurationError, match="damaged"):
            vault.get(EPOCH)
    assert vault.get(EPOCH + 2) is not None


def test_another_vaults_key_is_told_before_anything_is_sealed_under_it(vault: Vault, tmp_path: Path) -> None:
    vault.put(new_secret(), STATEMENT)
    other = make_vault(tmp_path / "vault", bytes(32))
    uses: list[Callable[[], object]] = [
        other.unlock,
        lambda: other.get(EPOCH),
        lambda: other.put(new_secret(EPOCH + 1), STATEMENT),
    ]
    for use in uses:
        with pytest.raises(ConfigurationError, match="another vault's"):
            use()
    assert vault.epochs() == [EPOCH]


def test_a_damaged_file_does_not_lock_the_others(vault: Vault, tmp_path: Path) -> None:
    key = secrets.token_bytes(32)
    first = make_vault(tmp_path / "two", key)
    for epoch in (EPOCH, EPOCH + 1):
        first.put(new_secret(epoch), STATEMENT)
    (tmp_path / "two" / f"{EPOCH + 1}.secret").write_bytes(b"damaged")
    assert make_vault(tmp_path / "two", key).get(EPOCH) is not None


def test_erasing_needs_no_key(vault: Vault, tmp_path: Path) -> None:
    def lost() -> VaultKey:
        raise AssertionError("asked for the key")

    vault.put(new_secret(), STATEMENT)
    without = Vault(tmp_path / "vault", OWNER, lost)
    without.erase(EPOCH)
    assert without.erased_epochs() == [EPOCH]


def test_a_key_that_stays_elsewhere_can_stand_behind_the_interface(tmp_path: Path) -> None:
    """All that the vault asks is sealing and opening; here AES-GCM of another library, as a hardware module has it."""

    class Module:
        def __init__(self) -> None:
            self._cipher = AESGCM(AESGCM.generate_key(256))

        def seal(self, epoch: int, secret: bytes) -> bytes:
            nonce = secrets.token_bytes(12)
            return nonce + self._cipher.encrypt(nonce, secret, str(epoch).encode())

        def open(self, epoch: int, sealed: bytes) -> bytes:
            return self._cipher.decrypt(sealed[:12], sealed[12:], str(epoch).encode())

    module, secret = Module(), new_secret()
    Vault(tmp_path / "vault", OWNER, lambda: module).put(secret, STATEMENT)
    assert Vault(tmp_path / "vault", OWNER, lambda: module).get(EPOCH) == secret


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Another machine's disk."""
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


def test_a_copy_gets_every_secret_and_every_erasure(tmp_path: Path, copy: Path) -> None:
    vault = make_vault(tmp_path / "vault", bytes(32), copy)
    for epoch in (EPOCH, EPOCH + 1):
        vault.put(new_secret(epoch), STATEMENT)
    assert not vault.mirror().all
    sealed = (copy / f"{EPOCH}.secret").read_bytes()
    assert (copy / f"{EPOCH}.secret").stat().st_mode & 0o777 == 0o600
    vault.erase(EPOCH)
    assert names_in(copy) == [f"{EPOCH}.erased", f"{EPOCH + 1}.secret", "owner"]
    assert not [data for data in everything_in(tmp_path) if sealed in data]


def test_a_copy_that_was_out_of_reach_catches_up(tmp_path: Path, copy: Path) -> None:
    vault = make_vault(tmp_path / "vault", bytes(32), copy)
    vault.put(new_secret(), STATEMENT)
    assert not vault.mirror().all
    unplugged = copy.rename(tmp_path / "unplugged")
    vault.erase(EPOCH)
    (fault,) = vault.mirror().behind
    assert str(copy) in fault
    unplugged.rename(copy)
    assert not vault.mirror().all
    assert names_in(copy) == [f"{EPOCH}.erased", "owner"]


def test_the_copy_of_another_vault_is_left_alone(tmp_path: Path, copy: Path) -> None:
    """Also after a loss: an empty vault beside a full copy has to be restored first."""
    make_vault(tmp_path / "first", bytes(32), copy).put(new_secret(), STATEMENT)
    make_vault(tmp_path / "first", bytes(32), copy).mirror()
    before = list(everything_in(copy))
    second = make_vault(tmp_path / "second", bytes(32), copy)
    for epoch in (EPOCH + 1, EPOCH):
        (fault,) = second.mirror().behind
        assert f"its secret of epoch {EPOCH} is not in the vault" in fault
        second.put(new_secret(epoch), STATEMENT)
    assert len(second.mirror().behind) == 1
    assert list(everything_in(copy)) == before


def test_the_copy_of_another_party_erases_nothing_here_and_gets_nothing(tmp_path: Path, copy: Path) -> None:
    other = Vault(tmp_path / "other", "another party", lambda: VaultKey(bytes(32)), [copy])
    other.put(new_secret(EPOCH + 1), STATEMENT)
    other.mirror()
    other.erase(EPOCH)
    other.erase(EPOCH + 1)
    before = names_in(copy)
    secret, vault = new_secret(), make_vault(tmp_path / "vault", bytes(32), copy)
    vault.put(secret, STATEMENT)
    (fault,) = vault.mirror().behind
    assert "is the vault of the another party" in fault
    assert (vault.get(EPOCH), vault.erased_epochs()) == (secret, [])
    assert names_in(copy) == before


def test_a_copy_that_does_not_say_whose_it_is_is_left_alone_until_somebody_says_so(tmp_path: Path, copy: Path) -> None:
    """As one that an earlier version of the program made."""
    vault = make_vault(tmp_path / "vault", bytes(32), copy)
    for epoch in (EPOCH, EPOCH + 1):
        vault.put(new_secret(epoch), STATEMENT)
    vault.mirror()
    (copy / "owner").unlink()
    (copy / f"{EPOCH}.erased").touch()
    (fault,) = vault.mirror().behind
    assert "put" in fault
    assert vault.erased_epochs() == []
    (copy / "owner").write_bytes((tmp_path / "vault" / "owner").read_bytes())
    assert not vault.mirror().all
    assert vault.erased_epochs() == [EPOCH]


def test_a_vault_is_not_opened_as_somebody_elses(vault: Vault, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"is the vault of the {OWNER}"):
        Vault(tmp_path / "vault", "another party", lambda: VaultKey(bytes(32)))


def test_what_cannot_be_erased_hinders_nothing_else(tmp_path: Path, copy: Path) -> None:
    vault = make_vault(tmp_path / "vault", bytes(32), copy)
    for epoch in range(EPOCH, EPOCH + 4):
        vault.put(new_secret(epoch), STATEMENT)
    vault.mirror()
    for directory, epoch in ((tmp_path / "vault", EPOCH), (copy, EPOCH + 1)):
        (directory / f"{epoch}.secret").unlink()
        (directory / f"{epoch}.secret").mkdir()  # a directory cannot be overwritten
    with pytest.raises(IsADirectoryError):
        vault.erase(EPOCH)
    for epoch in (EPOCH + 1, EPOCH + 2):
        vault.erase(epoch)
    assert vault.epochs() == [EPOCH + 3]
    vault.put(new_secret(EPOCH + 4), STATEMENT)
    faults = vault.mirror()
    assert not faults.behind
    here, there = faults.unerased
    assert here.startswith(f"epoch {EPOCH} could not be erased in {tmp_path / 'vault'}: ")
    assert there.startswith(f"epoch {EPOCH + 1} could not be erased in {copy}: ")
    for directory in (tmp_path / "vault", copy):
        assert not (directory / f"{EPOCH + 2}.secret").exists()
        assert (directory / f"{EPOCH + 4}.secret").exists()


@pytest.mark.parametrize(("role", "vault"), [(Role.OPERATOR, "empty"), (Role.AUTHORITY, "another")])
def test_a21_no_second_statement_is_published_for_an_epoch_on_record(world: World, role: Role, vault: str) -> None:
    """Vault and statements were lost without a copy, and the log was restored."""
    home, party, first = world.home(role), the_party(world, role), world.today

    published = range(first, first + party.settings.publish_ahead_days + 1)
    shutil.rmtree(home / "vault")
    shutil.rmtree(home / "epochs")
    if vault == "another":
        (home / "log.pending").rename(home / "elsewhere.pending")
        (home / "log").rename(home / "elsewhere")
        unrestored = reopened(world, role)
        unrestored.epochs.publish(first)
        shutil.rmtree(home / "log")
        shutil.rmtree(home / "epochs")
        (home / "elsewhere").rename(home / "log")
        (home / "elsewhere.pending").rename(home / "log.pending")
    world.now += 86_400
    restored = reopened(world, role)
    restored.passed.confirm()
    keep_house(restored)
    on_record = [restored.log.published_epoch(epoch) for epoch in published]
    assert all(on_record)
    assert [restored.epochs.cache.statement(role, epoch) for epoch in published] == [None] * len(published)
    assert restored.epochs.cache.statement(role, published[-1] + 1) is not None
    assert metric("splitpass_housekeeping_faults") == len(published) - 1
    assert [restored.epochs.vault.statement(epoch) for epoch in published[1:]] == [None] * (len(published) - 1)
    restored.engine.dispose()


@pytest.mark.parametrize("role", Role)
def test_an_erasure_on_record_is_repeated_where_a_copy_did_not_hear_of_it(world: World, role: Role) -> None:
    """A copy was out of reach when the epoch was erased, and took the place of the vault that was lost."""
    home, party, today = world.home(role), the_party(world, role), world.today
    shutil.copytree(home / "vault", home / "copy")
    party.epochs.erase(today)
    shutil.rmtree(home / "vault")
    (home / "copy").rename(home / "vault")
    restored = reopened(world, role)
    assert restored.epochs.due(world.now) == [today]
    keep_house(restored)
    with pytest.raises(ErasedEpoch, match="never be opened"):
        restored.epochs.secret(today)
    assert not (home / "vault" / f"{today}.secret").exists()
    assert restored.epochs.due(world.now) == []
    assert restored.epochs.secret(today + 1)
    restored.engine.dispose()


def test_an_epoch_is_published_when_every_copy_has_it_and_under_one_statement(world: World) -> None:
    home, epoch = world.home(Role.OPERATOR), world.today + 20
    with (home / "settings.toml").open("a") as settings:
        settings.write('vault_copies = ["elsewhere"]\n')
    operator = Operator(home, clock=lambda: world.now)
    operator.epochs.publish(epoch)
    assert operator.epochs.cache.statement(Role.OPERATOR, epoch) is None
    (home / "elsewhere").mkdir()
    operator.epochs.publish(epoch)
    assert (home / "elsewhere" / f"{epoch}.secret").exists()
    statement = operator.epochs.cache.statement(Role.OPERATOR, epoch)
    assert statement is not None
    (home / "epochs" / f"{epoch}.operator").unlink()
    operator.epochs.publish(epoch)
    assert operator.epochs.cache.statement(Role.OPERATOR, epoch) == statement


def test_the_officer_learns_that_an_erasure_did_not_reach_a_copy(world: World) -> None:
    home = world.home(Role.OPERATOR)
    with (home / "settings.toml").open("a") as settings:
        settings.write('vault_copies = ["elsewhere"]\n')
    erasing = world.officer(Role.OPERATOR, "erase", "--yes", str(world.today))
    assert erasing.exit_code == 1
    assert "erased here" in erasing.stderr
    assert "elsewhere" in erasing.stderr
    (home / "elsewhere").mkdir()
    assert world.officer(Role.OPERATOR, "erase", "--yes", str(world.today)).exit_code == 0


def test_housekeeping_finishes_an_erasure_that_was_interrupted(world: World) -> None:
    """Killed after the secret was gone and before the database had forgotten the epoch."""

    async def story() -> None:
        await world.visitors_with_passes(2)

    run(story())
    operator, handles = world.operator, sql.text("SELECT count(*) FROM handles")
    operator.epochs.vault.erase(world.today)
    with operator.engine.begin() as connection:
        assert connection.scalar(handles) == 2
    assert operator.epochs.due(world.now) == [world.today]
    keep_house(operator)
    with operator.engine.begin() as connection:
        assert connection.scalar(handles) == 0
    assert operator.epochs.due(world.now) == []


def test_what_housekeeping_could_not_do_is_measured(world: World) -> None:
    home = world.home(Role.OPERATOR)
    with (home / "settings.toml").open("a") as settings:
        settings.write('vault_copies = ["elsewhere"]\n')
    operator = Operator(home, clock=lambda: world.now)
    keep_house(operator)
    assert metric("splitpass_vault_copies_behind") == 1
    assert metric("splitpass_housekeeping_faults") == 1
    (home / "elsewhere").mkdir()
    keep_house(operator)
    assert metric("splitpass_vault_copies_behind") == 0
    assert metric("splitpass_epochs_due") == 0
    in_the_way = home / "vault" / f".{world.today}.secret.0.tmp"  # a directory cannot be overwritten
    in_the_way.mkdir()
    world.now = operator.domain.epoch_begins(world.today + 1) + operator.settings.retention_days * 86_400
    operator.passed.confirm()
    keep_house(operator)
    assert metric("splitpass_epochs_due") == 1
    assert operator.epochs.cache.statement(Role.OPERATOR, world.today + 1) is not None
    in_the_way.rmdir()
    keep_house(operator)
    assert metric("splitpass_epochs_due") == 0
    assert metric("splitpass_housekeeping_faults") == 0


def test_the_vault_key_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = EscrowSettings(port=0, vault_key="environment")
    for wrong in ("", "00" * 31, "x" * 64):
        monkeypatch.setenv(VAULT_KEY_VARIABLE, wrong)
        with pytest.raises(ConfigurationError, match=VAULT_KEY_VARIABLE):
            load_vault_key(tmp_path, settings)
    monkeypatch.setenv(VAULT_KEY_VARIABLE, "ab" * 32)
    assert load_vault_key(tmp_path, settings) == b"\xab" * 32
    monkeypatch.delenv(VAULT_KEY_VARIABLE)
    (tmp_path / "settings.toml").write_text('vault_key = "environment"\n')
    refused = init(tmp_path)
    assert refused.exit_code == 1
    assert not (tmp_path / "identity.key").exists()
    monkeypatch.setenv(VAULT_KEY_VARIABLE, "ab" * 32)
    assert init(tmp_path).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["identity.key", "settings.toml"]


def test_the_vault_key_under_a_passphrase(tmp_path: Path) -> None:
    """Asked for at a terminal or read from a file, such as a credential of the service manager; a wrong one is told."""
    (tmp_path / "settings.toml").write_text('vault_key = "passphrase"\n')
    created = init(tmp_path, "비밀번호 하나\n비밀번호 둘\n비밀번호 하나\n비밀번호 하나\n")
    assert created.exit_code == 0
    assert "do not match" in created.output
    assert "비밀번호" not in created.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["identity.key", "settings.toml", "vault.sealed"]
    before = (tmp_path / "vault.sealed").read_bytes()
    assert init(tmp_path).stdout == created.stdout.splitlines(keepends=True)[-1]
    assert (tmp_path / "vault.sealed").read_bytes() == before

    passphrase = tmp_path / "passphrase"
    settings = EscrowSettings(port=0, vault_key="passphrase", vault_passphrase_file=passphrase)
    passphrase.write_text("비밀번호 하나\n")
    for mode in (0o604, 0o640, 0o620):
        passphrase.chmod(mode)
        with pytest.raises(ConfigurationError, match="read by others"):
            load_vault_key(tmp_path, settings)
    passphrase.chmod(0o400)
    key = load_vault_key(tmp_path, settings)
    assert len(key) == 32
    assert not [data for data in everything_in(tmp_path) if key in data or key.hex().encode() in data]
    passphrase.chmod(0o600)
    for wrong, word in (("비밀번호 둘\n", "passphrase is wrong"), ("\n", "empty")):
        passphrase.write_text(wrong)
        with pytest.raises(ConfigurationError, match=word):
            load_vault_key(tmp_path, settings)
    passphrase.write_text("비밀번호 하나")
    (tmp_path / "vault.sealed").write_bytes(before[:-1])
    with pytest.raises(ConfigurationError, match="damaged"):
        load_vault_key(tmp_path, settings)


def test_what_was_sealed_before_is_opened(tmp_path: Path) -> None:
    """Homes are kept for years: a program that derives or binds a key otherwise would lose every share."""
    epoch, key = 18_581, bytes(range(32))
    sealed = bytes.fromhex(
        "7d9be173ae2e9fe853d4d11db4e0085f2d0bd02f6d9452f0be9bea3fe2fa24689b3ac70a77b8a9226cfe096fecb38832f74c7a4aa3"
    )
    assert VaultKey(key).open(epoch, sealed) == b"what was kept"
    for other in (epoch - 1, epoch + 1, 0):
        with pytest.raises(WrongKey):
            VaultKey(key).open(other, sealed)
    under_passphrase = bytes.fromhex(
        "8283508592b9d1d4dbee2e9d75c6f320417b32011920005848cd8c5ae9ca498e5591a4f83b3cc5a29af294c7755c899da21faa1cfb"
        "9da74348b374ba526dbfea6ff36ddba832f2d6d537faeb2894d261aee3401283a5e662cb4ac0212cf91a1e59"
    )
    write_private(tmp_path / "vault.sealed", under_passphrase)
    write_private(tmp_path / "passphrase", "비밀번호 하나\n".encode())
    settings = EscrowSettings(port=0, vault_key="passphrase", vault_passphrase_file=Path("passphrase"))
    assert has_vault_key(tmp_path, settings)
    assert load_vault_key(tmp_path, settings) == key


@pytest.mark.parametrize("place", ["file", "passphrase", "environment"])
def test_a_vault_key_counts_where_the_settings_say_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Literal["file", "passphrase", "environment"]
) -> None:
    write_private(tmp_path / "passphrase", b"secret")
    file = Path("passphrase") if place == "passphrase" else None
    settings = EscrowSettings(port=0, vault_key=place, vault_passphrase_file=file)
    names = {"file": "vault.key", "passphrase": "vault.sealed"}
    for name in [*names.values(), "VAULT.KEY", "VAULT.SEALED"]:
        write_private(tmp_path / name, b"")
        if place == "environment":
            monkeypatch.delenv(VAULT_KEY_VARIABLE, raising=False)
        else:
            monkeypatch.setenv(VAULT_KEY_VARIABLE, "ab" * 32)
        assert has_vault_key(tmp_path, settings) is (names.get(place) == name)
        (tmp_path / name).unlink()
    monkeypatch.setenv(VAULT_KEY_VARIABLE, "")
    assert has_vault_key(tmp_path, settings) is (place == "environment")
    if place == "environment":
        with pytest.raises(ConfigurationError, match=VAULT_KEY_VARIABLE):
            store_vault_key(tmp_path, settings, bytes(32))
        assert names_in(tmp_path) == ["passphrase"]
    else:
        store_vault_key(tmp_path, settings, bytes(range(32)))
        assert names_in(tmp_path) == sorted(["passphrase", names[place]])
        assert load_vault_key(tmp_path, settings) == bytes(range(32))


def test_no_command_line_takes_a_secret() -> None:
    for role in Role:
        for command in ("init", "serve"):
            text = CliRunner().invoke(escrow, [role.name.lower(), command, "--help"]).output
            assert "pass" not in text.lower()


def init(home: Path, typed: str = "") -> Result:
    return CliRunner().invoke(escrow, ["operator", "--home", str(home), "init"], input=typed)


@pytest.mark.parametrize("role", Role)
def test_an_erased_epoch_is_not_published_again(world: World, role: Role) -> None:
    party = the_party(world, role)
    statement = party.epochs.cache.statement(role, world.today)
    party.epochs.erase(world.today)
    party.epochs.publish_ahead()
    assert party.epochs.cache.statement(role, world.today) == statement
    assert party.epochs.vault.is_erased(world.today)


@pytest.mark.parametrize("role", Role)
def test_retention_ends_after_the_epochs_end_and_not_before(world: World, role: Role) -> None:
    party = the_party(world, role)
    epoch, days = world.today, party.settings.retention_days
    world.now = party.domain.epoch_begins(epoch + 1) + days * 86_400 - 1
    assert party.epochs.due(world.now) == []
    world.now += 1
    assert party.epochs.due(world.now) == [epoch]


def test_publishing_twice_gives_one_statement(world: World) -> None:
    epoch = world.today + 10
    world.operator.epochs.publish(epoch)
    first = world.operator.epochs.cache.statement(Role.OPERATOR, epoch)
    world.operator.epochs.publish(epoch)
    assert world.operator.epochs.cache.statement(Role.OPERATOR, epoch) == first
