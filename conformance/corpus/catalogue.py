"""Every recording of `spec/corpus/`: the honest one, and its variants by their names."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from conformance.corpus import epoch_faults, list_faults, log_faults, page_faults, release_faults
from conformance.corpus.recording import Json, as_text, differences
from conformance.corpus.story import World, tell
from conformance.vectors.world import DOMAIN

HONEST = "honest"


def honest() -> World:
    """Two honest parties, and what the client of a visitor keeps whose visit was opened. Nothing is found."""
    return tell()


VARIANTS: tuple[Callable[[], World], ...] = (
    *log_faults.VARIANTS,
    *epoch_faults.VARIANTS,
    *release_faults.VARIANTS,
    *list_faults.VARIANTS,
    *page_faults.VARIANTS,
)


def files() -> dict[str, str]:
    """The text of each file by its name."""
    base = _written(honest)
    variants = {_name(make): differences(HONEST, _written(make), base) for make in VARIANTS}
    return {f"{name}.json": as_text(written) for name, written in {HONEST: base, **variants}.items()}


def _written(make: Callable[[], World]) -> Json:
    title = " ".join((inspect.getdoc(make) or "").split())
    return make().recording(title).to_json(DOMAIN)


def _name(make: Callable[[], World]) -> str:
    return make.__name__.replace("_", "-")
