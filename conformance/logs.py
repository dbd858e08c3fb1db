"""What both parties keep on record for everybody. Spec: §5.2, §3.11."""

from __future__ import annotations

from conformance.check import Checks
from conformance.errors import Failed
from conformance.tester import PARTIES, Server, Tester
from protocol.transparency.logs import Inclusion, verify_logged_epoch, verify_witnessed
from protocol.transparency.merkle import leaf_hash, tree_root
from protocol.transparency.tiles import Tile, split_entries, split_hashes, tiles_of

checks = Checks()


async def _checkpoint(tester: Tester, server: Server) -> tuple[int, bytes]:
    note = (await tester.get(server, "/v1/log/checkpoint")).expect(200)
    checkpoint = verify_witnessed(tester.domain, server.role, note).checkpoint
    return checkpoint.size, checkpoint.root


async def _tile(tester: Tester, server: Server, tile: Tile) -> bytes:
    return (await tester.get(server, f"/v1/log/tile/{tile.path}")).expect(200)


@checks.add_at(PARTIES, "5.2/inclusion", "5.2/signature/{server}")
async def inclusion(tester: Tester, server: Server) -> None:
    """The party's log, signed by it and cosigned by the other party, has the statements of today and tomorrow."""
    for epoch in (tester.today, tester.today + 1):
        proof = (await tester.get(server, f"/v1/epochs/{epoch}/inclusion")).expect_message(Inclusion)
        verify_logged_epoch(tester.domain, server.role, tester.statements[server, epoch], proof)


@checks.add_at(PARTIES, "5.2/tiles", "5.2/inclusion/{server}")
async def tiles(tester: Tester, server: Server) -> None:
    """The tiles of hashes and of entries are those of the cosigned checkpoint."""
    size, root = await _checkpoint(tester, server)
    leaves: list[bytes] = []
    for tile in tiles_of("entries", 0, size):
        entries = split_entries(tile, await _tile(tester, server, tile))
        leaves += map(leaf_hash, entries)
    if tree_root(leaves) != root:
        raise Failed("the entries are not those of the checkpoint")
    for tile in tiles_of(0, 0, size):
        first = tile.index * 256
        if split_hashes(tile, await _tile(tester, server, tile)) != leaves[first : first + tile.width]:
            raise Failed(f"the tile {tile.path} does not hold the hashes of its entries")
