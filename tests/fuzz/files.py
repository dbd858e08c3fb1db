"""The files that the parties read: wallets, vaults, shares, settings, secrets, pictures, epoch statements."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from nacl.pwhash import argon2id
from PIL import Image

from client.errors import WalletError
from client.findings import Findings, FindingsFile
from client.wallet import SealedWallet, WalletFile
from client.wallet_contents import Wallet
from conformance.vectors import world
from escrow.custody import Custody, PartyKeys, ShareFile, recover_keys, split_keys, verify_share
from escrow.settings import EscrowSettings
from escrow.vault import KeptEpoch, Vault
from escrow.vault_key import SealedVaultKey, VaultKey, load_vault_key
from protocol.epochs import Role
from protocol.primitives.errors import SplitPassError
from protocol.primitives.statements import statement_payload
from protocol.qr_text import to_qr_text
from service.epoch_cache import EpochCache
from service.errors import ConfigurationError
from service.keys import load_secret, load_signing_key
from service.passphrase import Passphrase
from service.qr import qr_png
from service.settings import DomainSettings, PartySettings, Settings, load_domain, load_settings
from tests.fuzz.discovery import settings_types
from tests.fuzz.forgery import sign_anything
from tests.fuzz.generation import random_message
from tests.fuzz.trial import Decoder
from venue.pictures import UnreadableImage, read_file

_PASSPHRASE = b"passphrase"
_LIGHT = (1, 8192)
"""Argon2id's operations and bytes for wallets made here."""
_HEAVY_BYTES = 2**24
_SETTINGS = (
    b"port = 8401\n",
    b'port = 8401\nhost = "127.0.0.1"\ndatabase = "sqlite:///x.db"\nretention_days = 28\n',
    b"tolerance = 30\nretention_days = 3\n",
    b'port = 8403\nassisted_domain = "first"\n\n[domains.first]\ntolerance = 30\nretention_days = 3\n',
    b'name = "\xed\x81\xb4\xeb\x9f\xbd"\nurl = "http://door.example"\n',
    b'sender = "escrow.operator.code_sender:OutboxSender"\nmixing_seconds = 0.5\nminimum_accounts = 2\n',
    b'key = "' + b"ab" * 32 + b'"\nurl = "http://127.0.0.1:8401"\n',
    b"passphrase_operations = 3\npassphrase_memory = 268435456\nat_once = true\n",
)


def file_decoders(random: Random, directory: Path) -> Iterator[Decoder]:
    """The readers of every file, each with a file of its own in `directory`."""
    yield from _wallet_decoders(random, directory)
    yield from _vault_decoders(directory)
    yield from _custody_decoders()
    domain = _domain_settings()
    for kind in settings_types():
        yield _settings_decoder(kind, directory, domain)
    home = directory / "home"
    home.mkdir()
    read_domain = _reading(home / "domain.toml", lambda _: load_domain(home).domain)
    yield Decoder("domain file", read_domain, (ConfigurationError,), (domain.to_toml().encode(),), cost=10)
    identity = directory / "identity.key"
    read_identity = _reading(identity, load_signing_key)
    yield Decoder("key file", read_identity, (ConfigurationError,), (b"5a" * 32 + b"\n",))
    secret = directory / "secret.key"
    yield Decoder("secret file", _reading(secret, load_secret), (ConfigurationError,), (b"5a" * 32 + b"\n",))
    picture = directory / "picture.png"
    png = qr_png(to_qr_text(world.SHOWN))
    yield Decoder("picture", _reading(picture, read_file), (UnreadableImage,), (png, *_other_pictures(png)), cost=100)
    yield _epoch_cache_decoder(directory / "epochs", domain)


def _reading(path: Path, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    path.touch(mode=0o600)

    def decode(data: bytes) -> object:
        path.write_bytes(data)
        return read(path)

    return decode


def _wallet_decoders(random: Random, directory: Path) -> Iterator[Decoder]:
    path = directory / "wallet"
    wallet = WalletFile.create(path, _PASSPHRASE, *_LIGHT)
    contents = tuple(random_message(random, Wallet) for _ in range(8))
    for one in contents[:4]:
        wallet.update(lambda _, one=one: (one, None))  # type: ignore[misc]
    whole = path.read_bytes()
    header = SealedWallet.from_bytes(whole).header

    def open_file(file: Path) -> object:
        return None if _is_heavy(SealedWallet, file) else WalletFile.open(file, _PASSPHRASE).read()

    yield Decoder("wallet file", _reading(path, open_file), (WalletError,), (whole,), cost=10)
    sealed = directory / "sealed-wallet"
    sealed.write_bytes(whole)
    opened = WalletFile.open(sealed, _PASSPHRASE)
    box = opened._box  # only the key's holder can seal contents that are none

    def read_contents(data: bytes) -> object:
        encrypted = bytes(box.encrypt(data, header.to_bytes()))
        sealed.write_bytes(replace(SealedWallet.from_bytes(whole), sealed=encrypted).to_bytes())
        return opened.read()

    findings = FindingsFile(directory / "notices.authority", opened)
    found = tuple(random_message(random, Findings) for _ in range(4))
    findings.write(found[0])

    def read_findings(data: bytes) -> object:
        findings.path.write_bytes(opened.seal(data, b"findings notices.authority"))
        return findings.read()

    yield Decoder(
        "findings file", _reading(findings.path, lambda _: findings.read()), (), (findings.path.read_bytes(),)
    )
    yield Decoder("findings", read_findings, (), tuple(one.to_bytes() for one in found))
    yield Decoder("wallet contents", read_contents, (WalletError,), tuple(one.to_bytes() for one in contents), cost=5)


def _vault_decoders(directory: Path) -> Iterator[Decoder]:
    key = VaultKey(bytes(32))
    vault = Vault(directory / "vault", "fuzzer", lambda: key)
    kept = KeptEpoch(world.SECRETS[Role.AUTHORITY], world.STATEMENTS[Role.AUTHORITY])
    vault.put(kept.secret, kept.statement)
    vault.unlock()
    path = directory / "vault" / f"{world.EPOCH}.secret"
    expected = (ConfigurationError, SplitPassError)
    yield Decoder(
        "vault file", _reading(path, lambda _: vault.get(world.EPOCH)), expected, (path.read_bytes(),), cost=3
    )

    def read_contents(data: bytes) -> object:
        path.write_bytes(key.seal(world.EPOCH, data))
        return vault.get(world.EPOCH)

    yield Decoder("vault contents", read_contents, expected, (kept.to_bytes(),), cost=3)
    yield _vault_key_decoder(directory)


def _vault_key_decoder(directory: Path) -> Decoder:
    (directory / "passphrase").write_bytes(_PASSPHRASE)
    (directory / "passphrase").chmod(0o600)
    settings = EscrowSettings(port=0, vault_key="passphrase", vault_passphrase_file=directory / "passphrase")
    header = Passphrase(bytes(argon2id.SALTBYTES), *_LIGHT)
    path = directory / "vault.sealed"
    path.write_bytes(SealedVaultKey(header, bytes(header.cipher(_PASSPHRASE).encrypt(bytes(32)))).to_bytes())

    def read(file: Path) -> object:
        return None if _is_heavy(SealedVaultKey, file) else load_vault_key(directory, settings)

    return Decoder("vault key file", _reading(path, read), (ConfigurationError,), (path.read_bytes(),), cost=5)


def _is_heavy(kind: type[SealedVaultKey | SealedWallet], file: Path) -> bool:
    """Whether a file asks Argon2id for much memory: that is its owner's choice and no accident of decoding."""
    try:
        sealed = kind.from_bytes(file.read_bytes())
    except SplitPassError:
        return False
    return sealed.header.memory > _HEAVY_BYTES


def _custody_decoders() -> Iterator[Decoder]:
    domain, role = world.DOMAIN, Role.OPERATOR
    files = split_keys(domain, role, PartyKeys(bytes(32), bytes(world.OPERATOR)), threshold=2, custodians=3)
    first = verify_share(domain, role, "1", files[0])
    share = ShareFile.from_bytes(files[1])

    def recover(data: bytes) -> object:
        return recover_keys(domain, role, [first, verify_share(domain, role, "2", data)])

    def verify_signed(data: bytes) -> object:
        changed = replace(share, custody=sign_anything(Custody, data, world.OPERATOR))
        return verify_share(domain, role, "2", changed.to_bytes())

    expected = (ConfigurationError, SplitPassError)
    yield Decoder("custody share", recover, expected, (*files[1:], files[0]), cost=4)
    yield Decoder("custody, signed", verify_signed, expected, (statement_payload(share.custody),), cost=4)


def _domain_settings() -> DomainSettings:
    parties = (
        PartySettings(key=bytes(world.DOMAIN.identity_key(role)).hex(), url="http://127.0.0.1:1") for role in Role
    )
    operator, authority = parties
    return DomainSettings(
        number=world.NUMBER,
        utc_offset=world.UTC_OFFSET,
        allowance=world.DOMAIN.allowance,
        operator=operator,
        authority=authority,
    )


def _settings_decoder(kind: type[Settings], directory: Path, domain: DomainSettings) -> Decoder:
    def read(path: Path) -> object:
        settings = load_settings(kind, path, required=True)
        return settings.domain if isinstance(settings, DomainSettings) else settings

    path = directory / f"{kind.__name__}.toml"
    samples = (domain.to_toml().encode(), *_SETTINGS)
    return Decoder(kind.__name__, _reading(path, read), (ConfigurationError,), samples, cost=10)


def _epoch_cache_decoder(directory: Path, domain: DomainSettings) -> Decoder:
    cache = EpochCache(directory, domain)
    for role in Role:
        cache.keep(role, world.EPOCH, world.STATEMENTS[role])

    def read(path: Path) -> object:
        return EpochCache(path.parent, domain).key(world.EPOCH)

    path = directory / f"{world.EPOCH}.operator"
    return Decoder(
        "epoch statement file", _reading(path, read), (SplitPassError,), (world.STATEMENTS[Role.OPERATOR],), cost=10
    )


def _other_pictures(png: bytes) -> Iterator[bytes]:
    """The same code in the other formats that a picture may have."""
    for name in ("JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "ICO", "TGA"):
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(png)) as image:
            image.convert("L").resize((120, 120)).save(buffer, name)
        yield buffer.getvalue()
