"""What a party discloses: the openings whose embargo is over. Spec: §3.13."""

from __future__ import annotations

from functools import partial
from itertools import islice

import sqlalchemy as sql

from escrow.log.log import TransparencyLog
from escrow.openings import Openings
from escrow.publications import PublishedLists, is_of_one_day
from escrow.published import PublishedFiles
from protocol.disclosures import MAX_OPENINGS, DisclosedOpening, sign_disclosure
from protocol.epochs import Domain, Role
from protocol.notices import list_digest
from protocol.primitives.signatures import SigningKey
from protocol.transparency.log_entries import DisclosurePublished
from service.clock import Clock


class Disclosures:
    """The disclosures of a party, of what its `openings` say. `lists` are those that it published."""

    def __init__(
        self,
        engine: sql.Engine,
        domain: Domain,
        role: Role,
        identity: SigningKey,
        openings: Openings,
        log: TransparencyLog,
        clock: Clock,
        files: PublishedFiles,
    ) -> None:
        self._domain, self._role, self._identity = domain, role, identity
        self._openings, self._log, self._clock = openings, log, clock
        self.lists = PublishedLists(engine, "disclosures", DisclosurePublished, list_digest, files)

    def publish(self) -> None:
        """Disclose the openings whose embargo is over; at least once a day, if only an empty list."""
        now = self._clock()
        while self.lists.publish(self._log, now, partial(self._sign, now)):
            pass

    def _sign(self, now: int, connection: sql.Connection, number: int, last: int | None) -> bytes | None:
        due = ((self._log.index_of(entry), record) for record, entry in self._openings.due(connection, now))
        on_record = (DisclosedOpening(index, record) for index, record in due if index is not None)
        openings = tuple(islice(on_record, MAX_OPENINGS))
        if not openings and last is not None and is_of_one_day(self._domain, last, now):
            return None
        self._openings.mark_disclosed(connection, openings, number)
        return sign_disclosure(self._domain, self._role, number, now, openings, self._identity)
