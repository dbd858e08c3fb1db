"""Command lines whose errors are one clear line."""

from __future__ import annotations

import errno
import gc
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

import click

from protocol.primitives.errors import SplitPassError
from service.errors import ConfigurationError
from service.problems import Problem, Unreachable
from service.refusals import Refusal
from service.version import build

F = TypeVar("F", bound=Callable[..., Any])


EXPECTED: tuple[type[Exception], ...] = (
    ConfigurationError,
    Problem,
    Refusal,
    Unreachable,
    SplitPassError,
    OSError,
    UnicodeError,
)
"""What may go wrong, besides errors of the database."""


DISK_FULL = "53100"
"""What PostgreSQL calls it."""
COLLECTED_AFTER = 20_000
"""So many objects more there are before cycles are looked for.

A start makes many that stay, in a fifth less time. Requests that a server answers at once have many that go by
themselves.
"""


class CommandGroup(click.Group):
    """A group whose expected failures end with one line and exit status 1, without a traceback."""

    expected = EXPECTED

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. The files it makes are for its user alone."""
        os.umask(0o077)
        gc.set_threshold(COLLECTED_AFTER)
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever reads the output has seen enough
        except Exception as error:
            if not isinstance(error, self.expected) and not is_of_database(error):
                raise
            raise click.ClickException(printable(self.explain(error))) from None

    def explain(self, error: Exception) -> str:
        """The line about an expected failure."""
        return explain(error)


def printable(text: str) -> str:
    """Text of others without what could command a terminal: control, format and other unprintable characters."""
    return "".join(character if character.isprintable() else "?" for character in text)


def explain(error: Exception) -> str:
    """An expected failure of a command in one line of English."""
    if isinstance(error, Problem):
        return f"{error.detail} ({error.name})"
    if isinstance(error, Refusal | SplitPassError):
        return f"{error} ({error.name if isinstance(error, Refusal) else type(error).__name__})"
    if is_of_database(error):
        return _of_database(error)
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return (
            f"{error.filename or 'the home directory'} is on a disk that is read-only; only what changes nothing works"
        )
    if isinstance(error, UnicodeError):  # its own text may quote what it is about
        return "an argument of the command, or a file that it reads, is not UTF-8 text"
    return str(error)


def _of_database(error: Exception) -> str:
    """A failure of the database. Its own text may quote what the database holds."""
    cause = getattr(error, "orig", None)
    if getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL" or getattr(cause, "sqlstate", "") == DISK_FULL:
        return "the disk of the database is full: make room, then repeat the command"
    return f"the database failed ({type(error).__name__}); see settings.toml, and that the home can be written"


def is_of_database(error: Exception) -> bool:
    """Whether an error is SQLAlchemy's, which a command that raised one has loaded: most need no database."""
    errors = sys.modules.get("sqlalchemy.exc")
    return errors is not None and isinstance(error, errors.SQLAlchemyError)


def version_option(command: F) -> F:
    """Give a program `--version`."""

    def show(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value and not context.resilient_parsing:
            this = build()
            click.echo(f"splitpass {this['version']}, specification revision {this['spec_revision']}")
            context.exit()

    return click.option(
        "--version", is_flag=True, is_eager=True, expose_value=False, callback=show, help="Show the version and exit."
    )(command)


def port_options(command: F) -> F:
    """`--port` and `--metrics-port`, for one of several processes that share a home."""
    for name, what in (("metrics-port", "Where Prometheus may ask on this machine"), ("port", "Where to listen")):
        ports = click.IntRange(1, 65535)
        command = click.option(f"--{name}", type=ports, help=f"{what}, instead of as settings.toml says.")(command)
    return command


def home_option(program: str) -> Callable[[F], F]:
    """The `--home` option of a program."""
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path.home() / ".splitpass" / program,
        help=f"Directory with domain.toml, settings.toml, keys and data.  [default: ~/.splitpass/{program}]",
    )


class Hexadecimal(click.ParamType[bytes]):
    """An id of `size` bytes, written in hexadecimal."""

    name = "hex"

    def __init__(self, size: int) -> None:
        self._size = size

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """The bytes."""
        if isinstance(value, bytes):
            return value
        try:
            data = bytes.fromhex(value)
        except ValueError:
            data = b""
        if len(data) != self._size:
            self.fail(f"{value!r} is not {2 * self._size} hexadecimal digits", param, ctx)
        return data


class Moment(click.ParamType[datetime]):
    """A day and a time of day, as people write them: with seconds or without, and with a zone or without."""

    name = "time"
    _FORM = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?) ?(Z|[+-]\d\d:?\d\d)?")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment; without a zone it has none."""
        if isinstance(value, datetime):
            return value
        written = self._FORM.fullmatch(value.strip())
        if written is None:
            self.fail(f"{value!r} is no time: write a day and a time of day, such as 2027-05-02 18:00", param, ctx)
        try:
            return datetime.fromisoformat(f"{written[1]}T{written[2]}{written[3] or ''}")
        except ValueError:
            self.fail(f"{value!r} is no time that any calendar has", param, ctx)


def local_time(time: int, utc_offset: int) -> str:
    """A Unix time as a person in the domain reads it, or its number if it is of no year from 1 to 9999."""
    try:
        moment = datetime.fromtimestamp(time, timezone(timedelta(seconds=utc_offset)))
    except (ValueError, OverflowError, OSError):
        return f"Unix time {time}"
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def parse_local_time(moment: datetime, utc_offset: int) -> int:
    """The Unix time of a moment; one that was typed without a time zone is in the domain's own time."""
    if moment.tzinfo is not None:
        return int(moment.timestamp())
    return int(moment.replace(tzinfo=UTC).timestamp()) - utc_offset
