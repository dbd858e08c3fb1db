"""What reaches the disk, in which order: a power failure may undo everything that was not synced before it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Step = tuple[str, str]
"""What was done, and the name of the file or directory."""


def watch_disk(monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """The list to which every sync, with how much was in the file, rename, deletion and new directory is added."""
    steps: list[Step] = []

    def watch(name: str, note: Callable[..., Step]) -> None:
        done = getattr(os, name)

        def watched(*arguments: Any, **options: Any) -> Any:
            result = done(*arguments, **options)
            steps.append(note(*arguments))
            return result

        monkeypatch.setattr(os, name, watched)

    def synced(descriptor: int) -> Step:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if path.is_dir():
            return "sync", path.name
        data = path.read_bytes()
        return "sync zeros" if data and not any(data) else f"sync {len(data)}", path.name.split(".tmp")[0]

    watch("fsync", synced)
    watch("replace", lambda _, target: ("rename to", Path(target).name))
    watch("unlink", lambda path: ("unlink", Path(path).name))
    watch("mkdir", lambda path, *_: ("mkdir", Path(path).name))
    return steps
