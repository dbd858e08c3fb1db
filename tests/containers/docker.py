"""`docker compose` for a machine without a container engine: the same commands on the same files, as processes.

    python -m tests.containers.docker DIRECTORY compose build | run | up | down

Compose's files are in the working directory. DIRECTORY holds images, volumes and logs, and `postgresql.url`, a server
that the databases are made on. A container's paths become paths below DIRECTORY; networks are not separated.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from tests.containers.compose import Compose, Service, read_compose
from tests.containers.images import Containerfile, build_image, inside, read_containerfile, variables

SECONDS = 60
SUPERVISOR = '"$@" & echo $! > "$0.pid"; wait $!; echo $? > "$0.exit"'


@dataclass
class Container:
    """How a process of a service runs here: where its container's paths are, its variables and its directory."""

    image: Containerfile
    mounts: dict[str, Path]
    environment: dict[str, str]

    def command(self, words: Iterable[str]) -> list[str]:
        """A command of the container."""
        return [translate(word, self.mounts) for word in words]

    @property
    def directory(self) -> str:
        """The working directory."""
        return translate(self.image.settings["WORKDIR"], self.mounts)


class Engine:
    """The services of the compose file in the working directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.compose = read_compose(Path("compose.yaml"))

    def build(self) -> None:
        """Build every image, those with the same layers once."""
        built: list[tuple[list[tuple[str, str]], Path]] = []
        for name, service in self.compose.services.items():
            if service.build is not None:
                containerfile, image = self._containerfile(service), self._image(name)
                same = next((path for layers, path in built if layers == containerfile.layers), None)
                if same is None:
                    build_image(containerfile, Path(service.build.context), image)
                    built.append((containerfile.layers, image))
                else:
                    image.symlink_to(same)

    def start(self, name: str) -> None:
        """Start a service and those that it depends on, unless they run, and wait until it is healthy."""
        service = self.compose.services[name]
        self._start_dependencies(service)
        if service.image is not None:
            start_database((self.directory / "postgresql.url").read_text(), service, self.compose)
        elif self._noted(name, "pid") is None:
            container = self._container(name)
            with (self.directory / f"{name}.log").open("ab") as log:
                subprocess.Popen(
                    ["sh", "-c", SUPERVISOR, self.directory / name, *container.command(container.image.command)],
                    cwd=container.directory,
                    env=container.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        self._wait_healthy(name, service)

    def run(self, name: str, arguments: tuple[str, ...], entrypoint: str | None) -> int:
        """Run a command in a new container of a service; returns its exit status."""
        self._start_dependencies(self.compose.services[name])
        container = self._container(name)
        program = container.image.exec_form("ENTRYPOINT") if entrypoint is None else [entrypoint]
        command = container.command([*program, *arguments])
        return subprocess.run(command, cwd=container.directory, env=container.environment, check=False).returncode

    def stop(self, name: str) -> None:
        """Stop a service with its stop signal; raises `ClickException` unless it ends well."""
        process, service = self._noted(name, "pid"), self.compose.services[name]
        if process is None:
            return
        os.kill(process, signal.Signals[self._containerfile(service).settings["STOPSIGNAL"]])
        for _ in range(SECONDS * 10):
            if self._noted(name, "exit") is not None:
                break
            time.sleep(0.1)
        if self._noted(name, "exit") != 0:
            raise click.ClickException(f"{name} did not end well: {self._noted(name, 'exit')}")
        for what in ("pid", "exit"):
            (self.directory / f"{name}.{what}").unlink()

    def _start_dependencies(self, service: Service) -> None:
        for name in service.depends_on:
            self.start(name)

    def _wait_healthy(self, name: str, service: Service) -> None:
        if service.image is None:
            check = self._containerfile(service).exec_form("HEALTHCHECK")
            environment = self._container(name).environment
        else:
            assert service.healthcheck is not None
            kind, *check = service.healthcheck.test
            assert kind == "CMD"
            environment = service.environment | dict(os.environ)
        for _ in range(SECONDS * 2):
            checked = subprocess.run(check, env=environment, capture_output=True, text=True, check=False)
            if checked.returncode == 0:
                return
            if self._noted(name, "exit") is not None:
                break
            time.sleep(0.5)
        log = self.directory / f"{name}.log"
        raise click.ClickException(f"{name} is not healthy: {checked.stderr}{log.read_text() if log.exists() else ''}")

    def _container(self, name: str) -> Container:
        """A container with its volumes, which begin as engines begin them, with what the image has there."""
        service, image = self.compose.services[name], self._image(name)
        containerfile, mounts = self._containerfile(service), {}
        for volume in service.volumes:
            source, target = volume.split(":")
            assert source in self.compose.volumes
            mounts[target] = self.directory / source
            if not mounts[target].exists():
                shutil.copytree(inside(image, target), mounts[target])
        for secret in service.secrets:
            mounts[f"/run/secrets/{secret}"] = Path(self.compose.secrets[secret].file).absolute()
        for mount in service.configs:
            text = Path(self.compose.configs[mount.source].file).read_text("utf-8")
            Path(translate(mount.target, mounts)).write_text(translate(text, mounts))
        environment = variables(image) | containerfile.environment | service.environment
        return Container(containerfile, mounts, environment)

    def _containerfile(self, service: Service) -> Containerfile:
        assert service.build is not None
        return read_containerfile((Path(service.build.context) / service.build.dockerfile).read_text("utf-8"))

    def _image(self, name: str) -> Path:
        return self.directory / f"{name}.image"

    def _noted(self, name: str, what: str) -> int | None:
        """What the supervisor wrote down, once it did."""
        try:
            return int((self.directory / f"{name}.{what}").read_text())
        except (FileNotFoundError, ValueError):
            return None


def start_database(server: str, service: Service, compose: Compose) -> None:
    """What the image `postgres` does when its volume is new: a user, a database, and a password to enter."""
    name, _, version = (service.image or "").partition(":")
    assert name == "postgres"
    assert psql(server, "SHOW server_version").startswith(version.split("-")[0])
    user, password_file = service.environment["POSTGRES_USER"], service.environment["POSTGRES_PASSWORD_FILE"]
    (secret,) = service.secrets
    assert password_file == f"/run/secrets/{secret}"
    password = Path(compose.secrets[secret].file).read_text().strip()
    if not psql(server, f"SELECT 1 FROM pg_roles WHERE rolname = '{user}'"):
        psql(server, f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
        psql(server, f"CREATE DATABASE {user} OWNER {user}")
        rules = Path(psql(server, "SHOW hba_file"))
        rules.write_text(f"local all {user} scram-sha-256\n{rules.read_text()}")
        psql(server, "SELECT pg_reload_conf()")


def psql(server: str, command: str) -> str:
    """What a PostgreSQL server answers its administrator; the command does not show in the list of processes."""
    arguments = ["psql", "--no-align", "--tuples-only", "--quiet", "--set=ON_ERROR_STOP=1", server]
    return subprocess.run(arguments, input=command, capture_output=True, text=True, check=True).stdout.strip()


def translate(text: str, mounts: dict[str, Path]) -> str:
    """The text with this machine's paths for those of a container."""
    for target in sorted(mounts, key=len, reverse=True):
        text = text.replace(target, str(mounts[target]))
    return text


@click.group()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def docker(context: click.Context, directory: Path) -> None:
    """A container engine for tests."""
    context.obj = directory


@docker.group()
@click.pass_context
def compose(context: click.Context) -> None:
    """The services of a compose file."""
    context.obj = Engine(context.obj)


@compose.command()
@click.pass_obj
def build(engine: Engine) -> None:
    """Build the images."""
    engine.build()


@compose.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--rm", is_flag=True, required=True)
@click.option("--no-TTY", "-T", is_flag=True)
@click.option("--entrypoint")
@click.argument("service")
@click.argument("arguments", nargs=-1)
@click.pass_obj
def run(engine: Engine, /, service: str, arguments: tuple[str, ...], entrypoint: str | None, **_: bool) -> None:
    """Run a command of a service."""
    sys.exit(engine.run(service, arguments, entrypoint))


@compose.command()
@click.option("--detach", is_flag=True, required=True)
@click.option("--wait", is_flag=True, required=True)
@click.argument("services", nargs=-1)
@click.pass_obj
def up(engine: Engine, /, services: tuple[str, ...], **_: bool) -> None:
    """Start services and wait until they are healthy."""
    for service in services or engine.compose.services:
        engine.start(service)


@compose.command()
@click.pass_obj
def down(engine: Engine) -> None:
    """Stop every service."""
    for service in engine.compose.services:
        engine.stop(service)


if __name__ == "__main__":
    docker(prog_name="docker")
