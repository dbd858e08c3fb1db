"""Custody of a party's keys: any threshold of custodians recovers them, fewer learn nothing (C7)."""

from __future__ import annotations

import errno
import shutil
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from secrets import token_bytes
from unittest.mock import patch

import pytest
import sqlalchemy as sql
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from escrow.authority.investigation import Investigation
from escrow.authority.reading import OpeningResult
from escrow.authority.server import create_authority_app
from escrow.custody import (
    Custody,
    PartyKeys,
    ShareFile,
    UnusableShare,
    VerifiedShare,
    _interpolate,
    recover_keys,
    split_keys,
    verify_share,
)
from escrow.environment import VAULT_KEY_VARIABLE
from escrow.errors import ErasedEpoch
from escrow.housekeeping import keep_house
from escrow.operator.operator import Operator
from escrow.operator.server import create_operator_app
from protocol.epochs import Domain, Role
from protocol.primitives.encoding import encode_item
from protocol.primitives.signatures import SigningKey, public_key
from protocol.primitives.statements import sign_statement, statement_payload
from protocol.transparency.logs import other_party
from service.errors import ConfigurationError
from service.files import write_private
from service.keys import store_secret
from tests.support.contacts import contacts
from tests.support.databases import KINDS, back_up
from tests.support.edwards import BASE, L
from tests.support.running import run, serving
from tests.support.servers import World, carry_out, open_door, run_world, warrant_for
from tests.support.strategies import scalar

KEYS = {role: PartyKeys(token_bytes(32), token_bytes(32)) for role in Role}
NAMES = ["one", "two", "three", "four", "five"]


def domain_of(number: int, keys: dict[Role, PartyKeys]) -> Domain:
    public = {role: public_key(SigningKey(keys[role].identity_seed)) for role in Role}
    return Domain(number, public[Role.OPERATOR], public[Role.AUTHORITY], 32_400, 12)


DOMAIN = domain_of(7, KEYS)
OPERATORS = KEYS[Role.OPERATOR]
FILES = split_keys(DOMAIN, Role.OPERATOR, OPERATORS, 3, 5)


def verified(files: list[bytes]) -> list[VerifiedShare]:
    return [verify_share(DOMAIN, Role.OPERATOR, name, file) for name, file in zip(NAMES, files, strict=False)]


def refusal(*files: bytes) -> str:
    with pytest.raises(UnusableShare) as error:
        recover_keys(DOMAIN, Role.OPERATOR, verified(list(files)))
    return str(error.value)


def altered(file: bytes, **changes: object) -> bytes:
    share = ShareFile.from_bytes(file)
    fields = {"custody": share.custody, "index": share.index, "value": share.value, **changes}
    return encode_item([fields["custody"], fields["index"], bytes(fields["value"])])  # type: ignore[call-overload]


@given(st.data())
@settings(max_examples=15, deadline=None)
def test_any_threshold_of_shares_recovers(data: st.DataObject) -> None:
    custodians = data.draw(st.integers(2, 7))
    threshold = data.draw(st.integers(2, custodians))
    files = split_keys(DOMAIN, Role.OPERATOR, OPERATORS, threshold, custodians)
    chosen = data.draw(st.permutations(range(custodians)))[: data.draw(st.integers(threshold, custodians))]
    shares = [verify_share(DOMAIN, Role.OPERATOR, str(index), files[index]) for index in chosen]
    assert recover_keys(DOMAIN, Role.OPERATOR, shares) == OPERATORS


def test_every_three_of_five_recover_and_no_two() -> None:
    for three in combinations(verified(FILES), 3):
        assert recover_keys(DOMAIN, Role.OPERATOR, three) == OPERATORS
    for few in [*combinations(FILES, 2), *combinations(FILES, 1)]:
        assert refusal(*few) == f"3 shares are needed, and {len(few)} were given"
    with pytest.raises(UnusableShare, match="no share"):
        recover_keys(DOMAIN, Role.OPERATOR, [])


def test_shares_are_values_of_the_committed_polynomial() -> None:
    """Against arithmetic of integers and of another implementation of the curve."""
    coefficients = [11, 2**200 + 5, L - 3]
    draws = [a.to_bytes(64, "little") for a in coefficients] + [bytes(24)]
    files = split_keys(DOMAIN, Role.OPERATOR, OPERATORS, 3, 4, lambda size: draws.pop(0))
    assert draws == []
    for index, file in enumerate(files, 1):
        share = ShareFile.from_bytes(file)
        assert share.index == index
        assert share.value == scalar(sum(a * index**power for power, a in enumerate(coefficients)) % L)
        commitments = Custody.from_bytes(statement_payload(share.custody)).commitments
        assert [bytes(A) for A in commitments] == [bytes(a * BASE) for a in coefficients]


@given(candidate=st.integers(0, L - 1), known=st.lists(st.integers(0, L - 1), min_size=3, max_size=3))
def test_fewer_shares_fit_every_candidate(candidate: int, known: list[int]) -> None:
    """Whatever two of three needed shares are, each `s` belongs to exactly one value of a third."""
    first, second, third = known
    value = (candidate - 3 * first + 3 * second) % L  # f(0) = 3 f(1) - 3 f(2) + f(3) for a parabola
    assert _interpolate({1: scalar(first), 2: scalar(second), 3: scalar(value)}) == scalar(candidate)
    other = _interpolate({1: scalar(first), 2: scalar(second), 3: scalar(third)})
    assert (other == scalar(candidate)) is (third == value)


def test_every_altered_byte_of_a_share_is_found() -> None:
    for position in range(len(FILES[0])):
        spoiled = bytearray(FILES[0])
        spoiled[position] ^= 1
        with pytest.raises(UnusableShare, match=r"^carol"):
            verify_share(DOMAIN, Role.OPERATOR, "carol", bytes(spoiled))


def test_a_share_with_another_number_or_value_is_named() -> None:
    other = ShareFile.from_bytes(FILES[1])
    for spoiled in (
        altered(FILES[0], index=2),
        altered(FILES[0], index=6),
        altered(FILES[0], value=other.value),
        altered(FILES[0], value=ShareFile.from_bytes(FILES[0]).value + scalar(1)),
        altered(FILES[0], value=scalar(0)),
    ):
        assert refusal(FILES[1], spoiled, FILES[2]).startswith("two was altered: it is not share")
    for nothing in (b"", FILES[0][:-1], FILES[0] + b"\0", b"\x80", bytes(10_000)):
        assert refusal(nothing).startswith("one is no share, or was altered")


def test_shares_of_others_are_named() -> None:
    strangers = {role: PartyKeys(token_bytes(32), token_bytes(32)) for role in Role}
    authority = split_keys(DOMAIN, Role.AUTHORITY, KEYS[Role.AUTHORITY], 2, 2)[0]
    elsewhere = split_keys(domain_of(8, strangers), Role.OPERATOR, strangers[Role.OPERATOR], 2, 2)[0]
    namesake = split_keys(domain_of(7, strangers), Role.OPERATOR, strangers[Role.OPERATOR], 2, 2)[0]
    again = split_keys(DOMAIN, Role.OPERATOR, OPERATORS, 3, 5)[0]
    assert refusal(FILES[0], authority) == "two is of the authority of domain 7"
    assert refusal(FILES[0], elsewhere) == "two is of the operator of domain 8"
    assert refusal(FILES[0], namesake) == "two was altered: this domain's operator did not sign it"
    assert refusal(FILES[1], FILES[2], again) == "three is of another split than one"
    assert refusal(FILES[1], FILES[2], FILES[1]) == "three is share 2, as one is"


def test_a_split_of_something_else_is_refused() -> None:
    """Signed by the party, and still not its keys."""
    shares = verified(FILES)
    for sealed in (bytes(109), shares[0].custody.sealed[:-1] + b"\0"):
        spoiled = Custody(7, Role.OPERATOR, 5, shares[0].custody.commitments, sealed)
        statement = sign_statement(spoiled, SigningKey(OPERATORS.identity_seed))
        files = [altered(file, custody=statement) for file in FILES[:3]]
        assert refusal(*files) == "the split does not hold the party's keys"
    with pytest.raises(UnusableShare, match="this domain's operator did not sign"):
        split_keys(DOMAIN, Role.OPERATOR, KEYS[Role.AUTHORITY], 2, 3)


@pytest.mark.parametrize(("threshold", "custodians"), [(1, 1), (1, 3), (0, 2), (4, 3), (2, 256), (-1, 5)])
def test_one_custodian_is_no_key(threshold: int, custodians: int) -> None:
    with pytest.raises(ConfigurationError, match="no split"):
        split_keys(DOMAIN, Role.OPERATOR, OPERATORS, threshold, custodians)


def test_shares_and_keys_hide() -> None:
    share = verified(FILES)[0]
    for secret in (bytes(share.value), OPERATORS.vault_key, OPERATORS.identity_seed):
        for form in (secret.hex(), repr(secret)):
            assert form not in repr((share, ShareFile.from_bytes(FILES[0]), OPERATORS))


def split(world: World, threshold: int, custodians: int, role: Role = Role.OPERATOR) -> list[Path]:
    """Run the officer's command; returns the share files."""
    output = world.directory / "shares"
    numbers = ("--threshold", str(threshold), "--custodians", str(custodians))
    result = world.officer(role, "custody", "split", *numbers, "--output", str(output))
    assert result.exit_code == 0, result.output
    shares = sorted(output.iterdir())
    assert result.stdout.split() == [str(path) for path in shares]
    for key in ("vault.key", "identity.key"):
        assert (world.home(role) / key).read_text().strip() not in result.output
    return shares


@pytest.mark.parametrize("role", Role)
def test_commands(tmp_path: Path, role: Role) -> None:
    world = World(tmp_path)
    home, shares, party = world.home(role), split(world, 2, 3, role), role.name.lower()
    assert [path.name for path in shares] == [f"{party}-{index}-of-3.share" for index in (1, 2, 3)]
    assert {path.stat().st_mode & 0o777 for path in shares} == {0o600}
    again = world.officer(role, "custody", "split", "--threshold", "2", "--custodians", "3", "--output",
                          str(tmp_path / "shares"))  # fmt: skip
    assert again.exit_code == 1
    assert "exists already" in again.stderr

    told = world.officer(role, "custody", "verify", str(shares[1]))
    assert told.stdout == f"share 2 of 3 of the {party} of domain 7; 2 recover its keys\n"
    foreign = world.officer(other_party(role), "custody", "verify", str(shares[1]))
    assert foreign.exit_code == 1
    assert f"{shares[1]} is of the {party} of domain 7" in foreign.stderr

    before = {key: (home / key).read_bytes() for key in ("vault.key", "identity.key")}
    recover = ("custody", "recover", *map(str, shares[1:]))
    assert world.officer(role, *recover).exit_code == 0, "keys that are there already are left alone"
    for lost in (["vault.key"], ["identity.key"], list(before)):
        for key in lost:
            (home / key).unlink()
        assert world.officer(role, *recover[:-1]).exit_code == 1
        assert not [key for key in lost if (home / key).exists()]
        assert world.officer(role, *recover).exit_code == 0
        assert {key: (home / key).read_bytes() for key in before} == before
        assert {(home / key).stat().st_mode & 0o777 for key in before} == {0o600}
    (home / "vault.key").write_text("00" * 32)
    refused = world.officer(role, *recover)
    assert refused.exit_code == 1
    assert "never overwritten" in refused.stderr
    assert (home / "vault.key").read_text() == "00" * 32


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_split_that_was_interrupted_leaves_no_share_and_is_repeated(tmp_path: Path, *, is_killed: bool) -> None:
    world, output, left = World(tmp_path), tmp_path / "shares", tmp_path / ".shares.tmp"
    command = ("custody", "split", "--threshold", "2", "--custodians", "3", "--output", str(output))

    def interrupted(path: Path, data: bytes) -> None:
        if "-3-of-" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_private(path, data)

    with ExitStack() as stack:
        stack.enter_context(patch("service.files.write_private", interrupted))
        if is_killed:
            stack.enter_context(patch("shutil.rmtree"))
        failed = world.officer(Role.OPERATOR, *command)
    assert (failed.exit_code, failed.stdout, output.exists()) == (1, "", False)
    assert left.exists() is is_killed
    split(world, 2, 3)
    assert not left.exists()


def test_a_vault_key_that_lives_in_the_environment_is_recovered_into_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    home, shares = world.home(Role.OPERATOR), split(world, 2, 2)
    key, identity = ((home / name).read_text() for name in ("vault.key", "identity.key"))
    world.operator.epochs.publish(world.today)
    for name in ("vault.key", "identity.key"):
        (home / name).unlink()
    with (home / "settings.toml").open("a") as settings:
        settings.write('vault_key = "environment"\n')
    target, recover = tmp_path / "recovered", ("custody", "recover", *map(str, shares))
    refused = world.officer(Role.OPERATOR, *recover)
    assert refused.exit_code == 1
    assert VAULT_KEY_VARIABLE in refused.stderr
    assert not (home / "identity.key").exists()
    recovered = world.officer(Role.OPERATOR, *recover, "--vault-key-file", str(target))
    assert recovered.exit_code == 0, recovered.output
    assert VAULT_KEY_VARIABLE in recovered.stderr
    assert key.strip() not in recovered.output
    assert (target.read_text(), (home / "identity.key").read_text()) == (key, identity)
    assert target.stat().st_mode & 0o777 == 0o600
    (home / "identity.key").unlink()  # as if it had been killed before it wrote this
    again = world.officer(Role.OPERATOR, *recover, "--vault-key-file", str(target))
    assert again.exit_code == 0, again.output
    assert (target.read_text(), (home / "identity.key").read_text()) == (key, identity)
    other = tmp_path / "other"
    store_secret(other, bytes(32))
    (home / "identity.key").unlink()
    refused = world.officer(Role.OPERATOR, *recover, "--vault-key-file", str(other))
    assert f"{other} holds another key than the shares; a key is never overwritten" in refused.stderr
    assert not (home / "identity.key").exists()
    assert world.officer(Role.OPERATOR, *recover, "--vault-key-file", str(target)).exit_code == 0
    monkeypatch.setenv(VAULT_KEY_VARIABLE, target.read_text().strip())
    target.unlink()
    Operator(home).epochs.vault.unlock()
    assert world.officer(Role.OPERATOR, *recover).exit_code == 0, "the variable has the key of the shares"
    monkeypatch.setenv(VAULT_KEY_VARIABLE, "00" * 32)
    assert "other keys than the shares" in world.officer(Role.OPERATOR, *recover).stderr


def test_a_vault_key_goes_nowhere_else_than_the_settings_say(tmp_path: Path) -> None:
    world, target = World(tmp_path), tmp_path / "recovered"
    shares = map(str, split(world, 2, 2))
    refused = world.officer(Role.OPERATOR, "custody", "recover", *shares, "--vault-key-file", str(target))
    assert refused.exit_code == 2
    assert not target.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_machine_is_no_lost_epoch_and_no_erased_one_returns(tmp_path: Path, kind: str) -> None:
    """C7: keys from two custodians, the vault from its copy, a database older than the erasure; then an opening."""
    copy, lost = tmp_path / "elsewhere", tmp_path / "lost"
    copy.mkdir()
    with ExitStack() as servers:
        world = servers.enter_context(run_world(tmp_path, kind))
        home, today, tomorrow = world.home(Role.OPERATOR), world.today, world.today + 1
        with (home / "settings.toml").open("a") as text:
            text.write(f'vault_copies = ["{copy}"]\n')
        world.operator = Operator(home, clock=lambda: world.now)
        keep_house(world.operator)
        with open_door(world) as door:

            async def before() -> str:
                visitors = await world.visitors_with_passes(2)
                await world.register(visitors[0][0], await world.epoch_key(tomorrow))
                await door.admit(visitors[1][1][0])
                return visitors[1][0].phone

            phone = run(before())
            servers.close()
            shares = split(world, 2, 3)
            world.operator.engine.dispose()
            restore_database = back_up(world.operator.settings.database or "", tmp_path)
            secret = world.operator.epochs.secret(tomorrow)
            sealed = (copy / f"{tomorrow}.secret").read_bytes()
            statement = world.operator.epochs.cache.statement(Role.OPERATOR, today)
            world.operator.epochs.erase(tomorrow)
            home.rename(lost)

            home.mkdir()
            for name in ("domain.toml", "settings.toml"):
                shutil.copy(lost / name, home)
            world.operator.engine.dispose()
            restore_database()
            recovering = world.officer(Role.OPERATOR, "custody", "recover", str(shares[2]), str(shares[0]))
            assert recovering.exit_code == 0, recovering.output
            unrestored = Operator(home, clock=lambda: world.now)
            unrestored.epochs.publish_ahead()
            assert unrestored.epochs.cache.statement(Role.OPERATOR, today) is None, (
                "a second statement would be cheating"
            )
            shutil.copytree(copy, home / "vault", dirs_exist_ok=True)
            shutil.copytree(lost / "log", home / "log", dirs_exist_ok=True)  # public: whoever follows it has it

            world.operator = Operator(home, clock=lambda: world.now)
            assert handles(world.operator, tomorrow) == 1
            world.operator.passed.confirm()
            keep_house(world.operator)
            assert not world.operator.epochs.vault.mirror().all
            assert world.operator.epochs.cache.statement(Role.OPERATOR, today) == statement
            assert handles(world.operator, tomorrow) == 0
            with pytest.raises(ErasedEpoch, match="never be opened"):
                world.operator.epochs.secret(tomorrow)
            shutil.rmtree(lost)
            for path in tmp_path.rglob("*"):
                if path.is_file():
                    data = path.read_bytes()
                    assert sealed not in data
                    assert bytes(secret.share) not in data

            warrant = warrant_for(door, world.now - 600, world.now + 600)

            async def release_and_open(it: Investigation) -> OpeningResult:
                await it.request_release(warrant.warrant_id)
                return await it.open(warrant.warrant_id)

            with serving(lambda: both_servers(world)):
                (findings,) = run(carry_out(world, warrant, release_and_open))
            assert isinstance(findings, OpeningResult)
            assert [contact.record.phone for contact in contacts(findings)] == [phone]


async def both_servers(world: World) -> list[tuple[web.Application, int]]:
    return [
        (await create_authority_app(world.authority), world.authority.settings.port),
        (await create_operator_app(world.operator), world.operator.settings.port),
    ]


def handles(operator: Operator, epoch: int) -> int:
    """How many handles the operator's database has for an epoch."""
    with operator.engine.begin() as connection:
        count = connection.scalar(sql.text("SELECT count(*) FROM handles WHERE epoch = :epoch"), {"epoch": epoch})
    assert isinstance(count, int)
    return count
