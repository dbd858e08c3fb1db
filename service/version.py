"""Which version a program is of. Spec: §8.7."""

from __future__ import annotations

from protocol import SPEC_REVISION


def build() -> dict[str, str]:
    """The version of the installed package, and the revision of the specification that it implements."""
    from importlib.metadata import version  # noqa: PLC0415 - it takes long, and few ask

    return {"version": version("splitpass"), "spec_revision": str(SPEC_REVISION)}
