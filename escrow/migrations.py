"""The changes of tables that both parties have, for their own lists of steps. Spec: §6.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.operations import Operations


def index_released_epochs(operations: Operations) -> None:
    """Let the released passes of an epoch be found without reading all of them."""
    operations.create_index("ix_released_passes_epoch", "released_passes", ["epoch"])
