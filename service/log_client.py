"""Following the parties' logs from outside, as everybody can: what is in them, and that they only grow. Spec: §3.11."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.epochs import Role
from protocol.primitives.errors import InconsistentLog, MalformedEncoding
from protocol.transparency.logs import Inclusion, WitnessedCheckpoint, verify_logged_epoch, verify_witnessed
from protocol.transparency.merkle import HASH_BYTES, Subtrees, prove_consistency, root_of, verify_consistency
from protocol.transparency.signed_notes import Checkpoint
from protocol.transparency.tiles import TILE_WIDTH, Tile, split_entries, split_hashes, subtrees_in
from service.files import private_directory, write_private
from service.http_client import call
from service.problems import Problem
from service.settings import DomainSettings

if TYPE_CHECKING:
    from aiohttp import ClientSession


async def fetch_hashes(session: ClientSession, url: str, tile: Tile) -> list[bytes]:
    """The hashes in a tile of the log of the party at `url`; raises `Malformed`, `Problem` or `Unreachable`."""
    whole, data = await _fetch(session, url, tile)
    return split_hashes(whole, data)[: tile.width]


async def fetch_entries(session: ClientSession, url: str, tile: Tile) -> list[bytes]:
    """The entries in a tile; raises as `fetch_hashes`."""
    whole, data = await _fetch(session, url, tile)
    return split_entries(whole, data)[: tile.width]


async def fetch_earlier_root(session: ClientSession, url: str, checkpoint: Checkpoint, size: int) -> bytes:
    """The root of the first `size` entries under a verified checkpoint, from tiles that are proven to be under it.

    No request tells `size`, by which a client could be recognised. Raises as `fetch_hashes`.
    """
    if size == checkpoint.size:
        return checkpoint.root
    needed: list[Tile] = []

    def note(tile: Tile) -> list[bytes]:
        needed.append(tile)
        return [bytes(HASH_BYTES)] * tile.width

    def prove(subtrees: Subtrees) -> tuple[bytes, tuple[bytes, ...]]:
        return root_of(subtrees, size), prove_consistency(subtrees, size, checkpoint.size)

    prove(subtrees_in(checkpoint.size, note))
    tiles = {tile: await fetch_hashes(session, url, tile) for tile in dict.fromkeys(needed)}
    root, proof = prove(subtrees_in(checkpoint.size, tiles.__getitem__))
    if not verify_consistency(size, root, checkpoint.size, checkpoint.root, proof):
        raise MalformedEncoding("the tiles are not those of the checkpoint")
    return root


class KnownLogs:
    """The latest checkpoint of each party's log in a directory, and a second one as evidence if they fall out."""

    def __init__(self, directory: Path, settings: DomainSettings) -> None:
        self._directory = directory
        self._settings = settings

    async def check_epoch(self, session: ClientSession, role: Role, epoch: int, statement: bytes) -> None:
        """Raise unless a party's statement of an epoch is in its log, and that continues what is known of it.

        Raises what `verify_logged_epoch` raises, `InconsistentLog`, `Problem` or `Unreachable`.
        """
        url = self._settings.files(role)
        body = await call(session, "GET", f"{url}/v1/epochs/{epoch}/inclusion")
        inclusion = Inclusion.from_bytes(body)
        received = verify_logged_epoch(self._settings.domain, role, statement, inclusion)
        await self._follow(session, role, inclusion.checkpoint, received)

    async def _follow(self, session: ClientSession, role: Role, note: bytes, received: WitnessedCheckpoint) -> None:
        if self._conflict(role).exists():
            raise InconsistentLog(f"the {role.name.lower()} has two logs; {self._conflict(role)} is evidence")
        known = self._known(role)
        if known is not None:
            earlier, later = sorted((known.checkpoint, received.checkpoint), key=lambda checkpoint: checkpoint.size)
            if await fetch_earlier_root(session, self._settings.files(role), later, earlier.size) != earlier.root:
                write_private(self._conflict(role), note)
                raise InconsistentLog(f"the {role.name.lower()}'s log does not continue what it was before")
        if known is None or known.checkpoint.size <= received.checkpoint.size:
            private_directory(self._directory)
            write_private(self._path(role), note)

    def _known(self, role: Role) -> WitnessedCheckpoint | None:
        try:
            return verify_witnessed(self._settings.domain, role, self._path(role).read_bytes())
        except FileNotFoundError:
            return None

    def _path(self, role: Role) -> Path:
        return self._directory / f"{role.name.lower()}.checkpoint"

    def _conflict(self, role: Role) -> Path:
        return self._directory / f"{role.name.lower()}.checkpoint.conflict"


async def _fetch(session: ClientSession, url: str, tile: Tile) -> tuple[Tile, bytes]:
    """A tile, or the full one that it was the beginning of: logs need not keep partial tiles for ever."""
    try:
        return tile, await call(session, "GET", f"{url}/v1/log/tile/{tile.path}")
    except Problem as problem:
        if problem.status != 404 or tile.width == TILE_WIDTH:
            raise
    whole = replace(tile, width=TILE_WIDTH)
    return whole, await call(session, "GET", f"{url}/v1/log/tile/{whole.path}")
