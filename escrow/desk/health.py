"""How a party is, for its officers: its log, its epochs, and the last audit of its own. Spec: §6.9."""

from __future__ import annotations

import json
from pathlib import Path

from escrow.desk.views import View
from escrow.party import Party
from protocol.transparency.logs import COSIGNING_SECONDS
from service.readiness import missing_database, missing_keys


def health(party: Party) -> View:
    """What an officer should look at now and then."""
    published, now = party.log.published(), party.clock()
    return {
        "log": {
            "entries": published[1].checkpoint.size if published else 0,
            "cosigned": published[1].time if published else None,
            "late": published is None or published[1].time < now - COSIGNING_SECONDS,
        },
        "epochs": epochs(party),
        "retention_days": party.settings.retention_days,
        "audit": _last_audit(party.settings.desk_audit),
        "missing": missing_database(party.engine) + missing_keys(party.epochs.cache, party.epochs.today),
    }


def epochs(party: Party) -> list[View]:
    """Every epoch of which the party has the share, or had it, the first one first."""
    today, vault, domain = party.epochs.today, party.epochs.vault, party.domain
    states = dict.fromkeys(vault.erased_epochs(), "erased") | {
        epoch: "current" if epoch == today else "ahead" if epoch > today else "kept" for epoch in vault.epochs()
    }
    return [
        {
            "epoch": epoch,
            "begins": domain.epoch_begins(epoch),
            "state": state,
            "erase_by": None if state == "erased" else party.epochs.erase_by(epoch),
        }
        for epoch, state in sorted(states.items())
    ]


def _last_audit(directory: Path | None) -> View | None:
    """When this party's own audit was last made, and how much it found; None if none has come to its end."""
    if directory is None or not (directory / "last.json").exists():
        return None
    told: View = json.loads((directory / "last.json").read_bytes())
    return told
