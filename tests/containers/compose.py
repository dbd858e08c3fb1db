"""A compose file as far as this project uses it. A key that is not here is an error, as it is to Compose."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import yaml


class Part(msgspec.Struct, forbid_unknown_fields=True):
    """Base of what a compose file consists of."""


class Build(Part):
    """Which Containerfile makes the image, and what it may copy."""

    context: str
    dockerfile: str


class Condition(Part):
    """What a service waits for."""

    condition: Literal["service_healthy"]


class Mount(Part):
    """Where a file of `configs` is in the container."""

    source: str
    target: str


class Healthcheck(Part):
    """The command that tells whether a service works."""

    test: list[str]
    interval: str


class Service(Part):
    """One container."""

    build: Build | None = None
    image: str | None = None
    command: list[str] = []
    environment: dict[str, str] = {}
    depends_on: dict[str, Condition] = {}
    configs: list[Mount] = []
    secrets: list[str] = []
    volumes: list[str] = []
    networks: list[str] = []
    ports: list[str] = []
    healthcheck: Healthcheck | None = None
    init: bool = False
    read_only: bool = False
    tmpfs: list[str] = []
    cap_drop: list[str] = []
    security_opt: list[str] = []
    restart: str = "no"
    stop_grace_period: str = "10s"


class File(Part):
    """A file beside the compose file."""

    file: str


class Network(Part):
    """Whom a service reaches; an internal network has no way out."""

    internal: bool = False


class Compose(Part):
    """The whole file, without what it defines for reuse."""

    name: str
    services: dict[str, Service]
    networks: dict[str, Network]
    volumes: dict[str, dict[str, str]]
    configs: dict[str, File]
    secrets: dict[str, File]


def read_compose(path: Path) -> Compose:
    """The compose file; raises `ValidationError` for what Compose would refuse."""
    values = yaml.safe_load(path.read_text("utf-8"))
    return msgspec.convert({key: value for key, value in values.items() if not key.startswith("x-")}, Compose)
