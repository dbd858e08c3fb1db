"""Settings in TOML, checked when they are read. Spec: §6.1."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

import msgspec
from msgspec import Meta, structs

from protocol.epochs import Domain, Role
from protocol.primitives.errors import SplitPassError
from protocol.primitives.group import Point
from service.errors import ConfigurationError
from service.files import check_private
from service.urls import is_protected, unprotected

if TYPE_CHECKING:
    import ssl


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every party's settings: unknown keys are errors, values do not change."""


Port = Annotated[int, Meta(ge=0, le=65535)]
"""0: any that is free."""
Positive = Annotated[int, Meta(ge=1)]


class ServerSettings(Settings, frozen=True, kw_only=True):
    """Where a server listens, what it speaks, and where its data is."""

    host: str = "127.0.0.1"
    port: Port
    tls_certificate: Path | None = None
    """A PEM file with the certificate chain; with `tls_key` the server speaks HTTPS alone."""
    tls_key: Path | None = None
    metrics_port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    """Where Prometheus may ask, on the loopback interface only; nowhere by default."""
    database: str | None = None
    """An SQLAlchemy URL; an SQLite file in the home directory if there is none."""

    def at(self, port: int | None, metrics_port: int | None) -> Self:
        """The same settings for one of several processes, which listens elsewhere."""
        return structs.replace(
            self,
            port=self.port if port is None else port,
            metrics_port=self.metrics_port if metrics_port is None else metrics_port,
        )

    def tls(self) -> ssl.SSLContext | None:
        """The TLS configuration; raises `ConfigurationError` if it cannot be used."""
        if self.tls_certificate is None or self.tls_key is None:
            if self.tls_certificate is not self.tls_key:
                raise ConfigurationError("settings.toml: tls_certificate and tls_key go together")
            return None
        import ssl  # a server alone needs it

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            check_private(self.tls_key)
            context.load_cert_chain(self.tls_certificate, self.tls_key)
        except OSError as error:
            raise ConfigurationError(f"settings.toml: the TLS certificate or key cannot be used: {error}") from None
        return context


S = TypeVar("S", bound=Settings)


class PartySettings(Settings, frozen=True, kw_only=True):
    """A party's key (64 hexadecimal digits), the base URL of its server, and of one for what everyone gets alike."""

    key: str
    url: str
    files: str | None = None
    """The server itself, if there is none."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.key):
            raise ValueError("the key has to be 64 hexadecimal digits in small letters")
        for url in [self.url] if self.files is None else [self.url, self.files]:
            if not re.fullmatch(r'https?://[^\s"\\]+', url):
                raise ValueError("the URL has to begin with https:// and to have no space, quotation mark or backslash")
            if not is_protected(url):
                raise ValueError(unprotected(url))

    def to_toml(self) -> str:
        """Its lines in a `domain.toml`."""
        files = f'files = "{self.files}"\n' if self.files is not None else ""
        return f'key = "{self.key}"\nurl = "{self.url}"\n{files}'


class DomainSettings(Settings, frozen=True, kw_only=True):
    """`domain.toml`: what clients and venues pin, and where the two parties' servers are."""

    number: Annotated[int, Meta(ge=0, le=255)]
    utc_offset: Annotated[int, Meta(ge=-50_400, le=50_400)] = 9 * 3600
    allowance: Annotated[int, Meta(ge=1, le=1000)] = 12
    operator: PartySettings
    authority: PartySettings

    def __post_init__(self) -> None:
        if self.operator.key == self.authority.key:
            raise ValueError("the operator and the authority have the same key; each makes its own, by init")

    @property
    def domain(self) -> Domain:
        """The domain as the protocol sees it; raises `ConfigurationError` if a key is not one."""
        return self._make_domain()

    def _make_domain(self) -> Domain:
        try:
            domain = Domain(
                self.number,
                Point(bytes.fromhex(self.operator.key)),
                Point(bytes.fromhex(self.authority.key)),
                self.utc_offset,
                self.allowance,
            )
            domain.to_bytes()
        except (ValueError, SplitPassError) as error:
            raise ConfigurationError(f"domain.toml: {error} / 설정 파일을 고쳐 주세요") from None
        return domain

    def url(self, role: Role) -> str:
        """The base URL of a party's server, without a slash at its end."""
        return self._party(role).url.rstrip("/")

    def files(self, role: Role) -> str:
        """The same of where a party's epochs, logs and lists are asked for, which everyone gets alike (§5.2)."""
        party = self._party(role)
        return (party.files or party.url).rstrip("/")

    def _party(self, role: Role) -> PartySettings:
        return self.operator if role is Role.OPERATOR else self.authority

    def to_toml(self) -> str:
        """The text of a `domain.toml`; raises `ConfigurationError` if it could not be used."""
        domain = self.domain
        parties = (("operator", self.operator), ("authority", self.authority))
        return (
            f"number = {domain.number}\nutc_offset = {domain.utc_offset}\nallowance = {domain.allowance}\n"
            + "".join(f"\n[{name}]\n{party.to_toml()}" for name, party in parties)
        )


def load_settings(kind: type[S], path: Path, *, required: bool = False) -> S:
    """The settings in a TOML file; those of a missing file are the defaults unless `required`.

    Raises `ConfigurationError` with the place and the fault.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if required:
            raise ConfigurationError(
                f"{path} is missing: the operator makes it with `python -m escrow domain`, everybody else copies it "
                "there / domain.toml이 없습니다. 운영자에게 받아 그 자리에 넣어 주세요"
            ) from None
        values = {}
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: {error} / 설정 파일을 고쳐 주세요") from None
    return check_settings(kind, values, str(path))


def check_settings(kind: type[S], values: dict[str, Any], where: str) -> S:
    """The settings with these values; raises `ConfigurationError` with the place and the fault."""
    try:
        return msgspec.convert(values, kind, dec_hook=_decode_path)
    except msgspec.ValidationError as error:
        fault, _, place = str(error).partition(" - at `$.")
        if unknown := re.fullmatch("Object contains unknown field `(.*)`", fault):
            fault = fault if place else _unknown(unknown[1], kind)
        where += f": {place[:-1]}" if place else ""
        raise ConfigurationError(f"{where}: {fault} / 설정 파일을 고쳐 주세요") from None


def _unknown(name: str, kind: type[Settings]) -> str:
    from difflib import get_close_matches  # a mistake alone needs it

    names = [field.name for field in structs.fields(kind)]
    near = get_close_matches(name, names, 1)
    return f"there is no setting `{name}`; " + (
        f"do you mean `{near[0]}`?" if near else f"there are {', '.join(names)}"
    )


def _decode_path(_kind: type, value: object) -> Path:
    if not isinstance(value, str):
        raise TypeError(f"Expected `str`, got `{type(value).__name__}`")
    return Path(value)


def load_domain(home: Path) -> DomainSettings:
    """The `domain.toml` in a party's home directory."""
    return load_settings(DomainSettings, home / "domain.toml", required=True)
