"""What venues released under the authority's warrants, part by part, and what was opened of it. Spec: §3.9, §3.10."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sql

from escrow.authority.opened_visits import forget_opened, store_opened
from protocol.primitives.statements import JointStatement
from service.storage import exclusive

if TYPE_CHECKING:
    from escrow.authority.opened_visits import OpenedPart
    from protocol.opening import OpeningTranscript
    from protocol.releases import VerifiedRelease

metadata = sql.MetaData()
parts = sql.Table(
    "released_parts",
    metadata,
    sql.Column("warrant", sql.LargeBinary(16), primary_key=True),
    sql.Column("begins", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("ends", sql.BigInteger),
    sql.Column("digest", sql.LargeBinary(32), nullable=False, index=True),
    sql.Column("release", sql.LargeBinary, nullable=False),
    sql.Column("visits", sql.BigInteger, nullable=False),
    sql.Column("check_ins", sql.BigInteger, nullable=False),
    sql.Column("uncommitted", sql.BigInteger, nullable=False),
    sql.Column("set_aside", sql.JSON, nullable=False),
    sql.Column("notice", sql.BigInteger),
    sql.Column("opened_release", sql.LargeBinary),
    sql.Column("operator_shares", sql.LargeBinary),
    sql.Column("authority_shares", sql.LargeBinary),
    sql.Column("opened_venue", sql.LargeBinary),
    sql.Column("closed", sql.Boolean, nullable=False, default=False),
)
"""A part is known by the time of the commitment that it starts from.

`opened_release`: what was opened, if the venue has released another in its place since.
"""
_LONG = {"release", "opened_release", "operator_shares", "authority_shares", "opened_venue"}
_STATE = [
    *(column for column in parts.columns if column.name not in _LONG),
    parts.c.opened_venue.is_not(None).label("opened"),
    parts.c.opened_release.is_not(None).label("replaced"),
    sql.func.length(parts.c.release).label("size"),
]
"""What tells of a part without its content, which is long."""


class ReleasedPart(NamedTuple):
    """A part that the venue released under a warrant (16-byte id), from one commitment's Unix time to another's.

    `ends` is None in the last part. `digest` (32 bytes) stands for the release. `visits`, `check_ins`, `uncommitted`
    and `set_aside` are what the authority's verdict on it was when it came. `notice` is the number of the notice that
    was published for it. `opened` says that its transcript is here, `replaced` that this is of another release, before
    the one that is here now. `closed`: nobody can open it any more, because a party has erased its share of every day
    in it. `size`: how many bytes the release has.
    """

    warrant_id: bytes
    begins: int
    ends: int | None
    digest: bytes
    visits: int
    check_ins: int
    uncommitted: int
    set_aside: Counter[str]
    notice: int | None
    opened: bool
    replaced: bool
    closed: bool
    size: int

    @property
    def is_verified(self) -> bool:
        """Whether every check-in that it shows was verified when it came, and held."""
        return self.set_aside.keys() <= {"Withheld"}

    @property
    def is_opened(self) -> bool:
        """Whether this very release was opened."""
        return self.opened and not self.replaced

    @property
    def is_readable(self) -> bool:
        """Whether it is known what was opened of it, or that nothing can be."""
        return self.opened or self.closed

    @property
    def is_finished(self) -> bool:
        """Whether this very release was opened, or can never be."""
        return self.is_opened or self.closed

    @property
    def is_done(self) -> bool:
        """Whether it was opened, or can never be, or a notice was published for it."""
        return self.is_finished or self.notice is not None


class ReleasedParts:
    """The releases in the authority's database, each loaded by itself."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine = engine

    def of(self, warrant_id: bytes) -> tuple[ReleasedPart, ...]:
        """The parts under a warrant, in their order."""
        return self._select(parts.c.warrant == warrant_id)

    def find(self, digest: bytes) -> ReleasedPart | None:
        """The part of a release digest, if it is here."""
        return next(iter(self._select(parts.c.digest == digest)), None)

    def release(self, part: ReleasedPart) -> bytes:
        """The signed release."""
        with self._engine.begin() as connection:
            statement: bytes = connection.execute(sql.select(parts.c.release).where(_is(part))).scalar_one()
        return statement

    def store(self, statement: bytes, release: VerifiedRelease) -> None:
        """Keep a release in its place, instead of one that starts there and of those after it.

        The transcript of one that was opened stays, with what was opened.
        """
        warrant_id = release.warrant.warrant_id
        mine, begins = parts.c.warrant == warrant_id, parts.c.begins
        here = mine & (begins == release.part_begins)
        values = {
            "ends": release.part_ends,
            "digest": release.digest,
            "release": statement,
            "visits": sum(map(len, release.visits.values())),
            "check_ins": release.check_ins,
            "uncommitted": release.uncommitted,
            "set_aside": dict(release.set_aside),
            "closed": False,
        }
        opened = parts.c.opened_venue.is_not(None) & (parts.c.digest != release.digest)
        with exclusive(self._engine, "released parts", warrant_id) as connection:
            connection.execute(sql.delete(parts).where(mine, begins > release.part_begins))
            has_transcript = connection.scalar(sql.select(parts.c.opened_venue.is_not(None)).where(here))
            forget_opened(connection, warrant_id, release.part_begins if has_transcript else release.part_begins - 1)
            before = sql.func.coalesce(parts.c.opened_release, parts.c.release)
            connection.execute(sql.update(parts).where(here, opened).values(opened_release=before))
            if connection.execute(sql.update(parts).where(here).values(**values)).rowcount == 0:
                place = {"warrant": warrant_id, "begins": release.part_begins}
                connection.execute(sql.insert(parts).values(**place, **values))

    def store_transcript(
        self, part: ReleasedPart, transcript: OpeningTranscript, venue: JointStatement, opened: OpenedPart
    ) -> None:
        """Keep the transcript of an opening, what it opened, and the venue's record then: its key may change."""
        values = {
            "opened_release": None,
            "operator_shares": transcript.operator_shares,
            "authority_shares": transcript.authority_shares,
            "opened_venue": venue.to_bytes(),
        }
        self._update(part, opened, **values)

    def store_opened(self, part: ReleasedPart, opened: OpenedPart) -> None:
        """Keep what was opened of a part beside its transcript, which an older program kept alone."""
        self._update(part, opened, closed=part.closed)

    def store_closed(self, part: ReleasedPart, shown: OpenedPart) -> None:
        """Note that nobody can open a part any more, and what it shows, unless something was opened before it came."""
        self._update(part, None if part.opened else shown, closed=True)

    def transcript(self, part: ReleasedPart, warrant: JointStatement) -> OpeningTranscript:
        """The transcript of a part that was opened, of a warrant with both signatures."""
        from protocol.opening import OpeningTranscript

        opened = sql.func.coalesce(parts.c.opened_release, parts.c.release)
        query = sql.select(opened, parts.c.operator_shares, parts.c.authority_shares).where(_is(part))
        with self._engine.begin() as connection:
            return OpeningTranscript(warrant, *connection.execute(query).one())

    def opened_venue(self, part: ReleasedPart) -> JointStatement:
        """The venue's record that a part was opened with."""
        with self._engine.begin() as connection:
            record: bytes = connection.execute(sql.select(parts.c.opened_venue).where(_is(part))).scalar_one()
        return JointStatement.from_bytes(record)

    def store_notice(self, digest: bytes, number: int) -> None:
        """Note the notice that was published for a release."""
        with self._engine.begin() as connection:
            connection.execute(sql.update(parts).where(parts.c.digest == digest).values(notice=number))

    def _update(self, part: ReleasedPart, opened: OpenedPart | None, **values: object) -> None:
        """Change a part, and keep what was opened of it, if that changes, unless it was deleted meanwhile."""
        with exclusive(self._engine, "released parts", part.warrant_id) as connection:
            changed = connection.execute(sql.update(parts).where(_is(part)).values(**values)).rowcount == 1
            if changed and opened is not None:
                store_opened(connection, part.warrant_id, part.begins, opened)

    def _select(self, condition: sql.ColumnElement[bool]) -> tuple[ReleasedPart, ...]:
        query = sql.select(*_STATE).where(condition).order_by(parts.c.warrant, parts.c.begins)
        with self._engine.begin() as connection:
            return tuple(map(_part, connection.execute(query)))


def _is(part: ReleasedPart) -> sql.ColumnElement[bool]:
    return (parts.c.warrant == part.warrant_id) & (parts.c.digest == part.digest)


def _part(row: sql.Row[Any]) -> ReleasedPart:
    return ReleasedPart(
        row.warrant,
        row.begins,
        row.ends,
        row.digest,
        row.visits,
        row.check_ins,
        row.uncommitted,
        Counter(row.set_aside),
        row.notice,
        row.opened,
        row.replaced,
        row.closed,
        row.size,
    )
