"""Keys that are not on record, and logs that change their past. Spec: §3.11."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.clients.bench import BASIC, LONGEST_WAIT, ClientChecks, Tested
from conformance.clients.epochs import AUTHORITY, OPERATOR, refuses_keys
from conformance.imitated import ALLOWANCE, ImitatedParties
from conformance.parties import TODAY
from protocol.epochs import Role
from protocol.transparency.logs import Inclusion

checks = ClientChecks(BASIC)
Lie = Callable[[ImitatedParties], Callable[[Inclusion], Inclusion]]


def _fill(tested: Tested, role: Role, count: int) -> None:
    """Entries about nothing that concerns a client."""
    entries = tested.parties.logs[role].entries
    entries += [len(entries).to_bytes(4, "big") + bytes([i % 256]) for i in range(count)]


def _another_statement(parties: ImitatedParties) -> Callable[[Inclusion], Inclusion]:
    log = parties.logs[AUTHORITY]
    other = log.publish(parties.epoch(TODAY + 1).statements[AUTHORITY])
    return lambda good: log.inclusion(other) if b"/authority\n" in good.checkpoint else good


def _unwitnessed(good: Inclusion) -> Inclusion:
    return replace(good, checkpoint=good.checkpoint[: good.checkpoint.rindex("—".encode())])


LIES: dict[str, tuple[str, str, Lie]] = {
    "another-entry": ("An entry with another statement puts no key on record.", "NotLogged", _another_statement),
    "altered-entry": (
        "An entry that is not the one in the tree is refused.",
        "NotLogged",
        lambda _: lambda good: replace(good, entry=good.entry[:-1] + bytes([good.entry[-1] ^ 1])),
    ),
    "longer-proof": (
        "A proof with a hash too many is refused.",
        "NotLogged",
        lambda _: lambda good: replace(good, proof=(*good.proof, bytes(32))),
    ),
    "unwitnessed": (
        "A checkpoint that the other party has not cosigned is refused.",
        "InvalidSignature",
        lambda _: _unwitnessed,
    ),
}

for _name, (_requirement, _error, _make) in LIES.items():

    @checks.add(f"3.11/{_name}", requirement=_requirement)
    async def _lie(tested: Tested, error: str = _error, make: Lie = _make) -> None:
        await tested.enrol()
        _fill(tested, OPERATOR, 3)
        with tested.lying(alter_inclusion=make(tested.parties)):
            await refuses_keys(tested, error)
        await tested.gets_passes_later()


@checks.add("3.11/grown-log")
async def _grown(tested: Tested) -> None:
    """A log that has grown since is followed, over more than one tile."""
    _fill(tested, OPERATOR, 5)
    await tested.supply()
    _fill(tested, OPERATOR, 300)
    await tested.fetch_ahead()


@checks.add("3.11/older-checkpoint")
async def _older(tested: Tested) -> None:
    """An older checkpoint is taken if the newer one continues it."""
    log = tested.parties.logs[OPERATOR]
    older = log.inclusion(log.publish(tested.parties.epoch(TODAY + 1).statements[OPERATOR]))
    _fill(tested, OPERATOR, 4)
    await tested.supply()
    with tested.lying(alter_inclusion=lambda good: older if b"/operator\n" in good.checkpoint else good):
        await tested.fetch_ahead()


@checks.add("3.11/forked-log")
async def _forked(tested: Tested) -> None:
    """A log that does not continue what it was is refused from then on, also if it is mended (A21)."""
    _fill(tested, AUTHORITY, 3)
    await tested.supply()
    entries = tested.parties.logs[AUTHORITY].entries
    honest, entries[1] = entries[1], b"another history"
    await _refuses_tomorrow(tested, "InconsistentLog")
    entries[1] = honest
    await _refuses_tomorrow(tested, "InconsistentLog")
    await tested.holds(ALLOWANCE)
    await tested.show()


@checks.add("3.11/other-tiles")
async def _other_tiles(tested: Tested) -> None:
    """Tiles that are not those of the checkpoint are refused, and are no evidence of a fork."""
    _fill(tested, OPERATOR, 3)
    await tested.supply()
    log = tested.parties.logs[OPERATOR]
    honest, prove = list(log.entries), log.inclusion

    def from_elsewhere(index: int) -> Inclusion:
        proven = prove(index)
        log.entries = [*log.entries[:2], b"spoiled", *log.entries[3:]]
        return proven

    log.inclusion = from_elsewhere  # type: ignore[method-assign]
    await _refuses_tomorrow(tested, "MalformedEncoding")
    log.inclusion, log.entries = prove, honest  # type: ignore[method-assign]
    await tested.fetch_ahead()


async def _refuses_tomorrow(tested: Tested, error: str) -> None:
    """Demand that the first step that is due for tomorrow is refused with this error."""
    await tested.fetch(TODAY + 1)
    tested.now += LONGEST_WAIT
    with tested.only_asking():
        await tested.refuses(error, "fetch", epoch=TODAY + 1)
