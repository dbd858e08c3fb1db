"""What both parties publish of an epoch. Spec: §5.2, §3.5."""

from __future__ import annotations

from contextlib import suppress

from conformance.check import Checks
from conformance.tester import PARTIES, Server, Tester
from protocol.epochs import EpochStatement, check_same_statement, verify_epoch, verify_epoch_statement
from protocol.primitives.errors import InvalidProof
from protocol.primitives.statements import verify_statement

checks = Checks()

FAR_AHEAD = 10_000
"""So many days ahead nobody publishes."""
LAST_EPOCH = 2**32 - 1


async def _fetch(tester: Tester, server: Server, epoch: int) -> bytes:
    return (await tester.get(server, f"/v1/epochs/{epoch}")).expect(200)


@checks.add_at(PARTIES, "5.2/today-published", "--domain")
async def today_published(tester: Tester, server: Server) -> None:
    """The party publishes its statement of today's epoch."""
    tester.statements[server, tester.today] = await _fetch(tester, server, tester.today)


@checks.add_at(PARTIES, "5.2/tomorrow-published", "--domain")
async def tomorrow_published(tester: Tester, server: Server) -> None:
    """The party publishes tomorrow's statement today, so that clients can fetch passes ahead."""
    tester.statements[server, tester.today + 1] = await _fetch(tester, server, tester.today + 1)


@checks.add_at(PARTIES, "5.2/signature", "5.2/today-published/{server}", "5.2/tomorrow-published/{server}")
async def signature(tester: Tester, server: Server) -> None:
    """Each is an `epoch-statement` under the party's pinned identity key."""
    for epoch in (tester.today, tester.today + 1):
        statement = tester.statements[server, epoch]
        verify_statement(EpochStatement, statement, tester.domain.identity_key(server.role))


@checks.add_at(PARTIES, "5.2/statement", "5.2/signature/{server}")
async def statement(tester: Tester, server: Server) -> None:
    """Domain, role and epoch of each are the expected ones; `pass_key` is null in the operator's alone."""
    for epoch in (tester.today, tester.today + 1):
        with suppress(InvalidProof):  # the next check's matter
            verify_epoch_statement(tester.domain, server.role, epoch, tester.statements[server, epoch])


@checks.add_at(PARTIES, "5.2/possession", "5.2/statement/{server}")
async def possession(tester: Tester, server: Server) -> None:
    """Each carries a proof of possession that holds for its `key_share`, this domain, role and epoch."""
    for epoch in (tester.today, tester.today + 1):
        verify_epoch_statement(tester.domain, server.role, epoch, tester.statements[server, epoch])


@checks.add_at(PARTIES, "5.2/same-statement", "5.2/signature/{server}")
async def same_statement(tester: Tester, server: Server) -> None:
    """A party gives everyone the same statement of an epoch, byte for byte in its payload."""
    for epoch in (tester.today, tester.today + 1):
        check_same_statement(tester.statements[server, epoch], await _fetch(tester, server, epoch))


@checks.add_at(PARTIES, "5.2/unknown-epoch", "--domain")
async def unknown_epoch(tester: Tester, server: Server) -> None:
    """An epoch that is not published is refused with 404, `unknown-epoch`."""
    for epoch in (tester.today + FAR_AHEAD, LAST_EPOCH):
        (await tester.get(server, f"/v1/epochs/{epoch}")).expect_problem(404, "unknown-epoch")


@checks.add_at(PARTIES, "5.1/leading-zero", "5.2/today-published/{server}")
async def leading_zero(tester: Tester, server: Server) -> None:
    """Numbers in paths are decimal without leading zeros: with one, no path is found."""
    (await tester.get(server, f"/v1/epochs/0{tester.today}")).expect(404)


@checks.add("5.2/joint-key", *(f"5.2/possession/{server}" for server in PARTIES))
async def joint_key(tester: Tester) -> None:
    """The two parties' shares give a joint key and are not each other's negative."""
    for epoch in (tester.today, tester.today + 1):
        operator, authority = (tester.statements[server, epoch] for server in PARTIES)
        tester.epochs[epoch] = verify_epoch(tester.domain, epoch, operator, authority)
