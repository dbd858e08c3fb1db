"""`python -m tests.faults.careless ledger|log COMMAND`: a party's real program that leaves out one record."""

from __future__ import annotations

import sys
from typing import Any

from escrow import shares
from escrow.__main__ import main
from escrow.ledger import ReleaseLedger
from protocol.releases import VerifiedRelease


def _unnoted(_self: ReleaseLedger, release: VerifiedRelease, *_: object) -> VerifiedRelease:
    return release


async def _unlogged(*_: Any) -> None:
    return


OMISSIONS = {"ledger": (ReleaseLedger, "record", _unnoted), "log": (shares, "_put_on_record", _unlogged)}


if __name__ == "__main__":
    setattr(*OMISSIONS[sys.argv.pop(1)])
    main()
