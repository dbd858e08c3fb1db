"""Variants in which a log, or its witness, is not what it should be. Spec: §6.7 steps 1, 2, 3."""

from __future__ import annotations

from conformance.corpus.party import (
    ADD_CHECKPOINT,
    CHECKPOINT,
    checkpoint_of,
    cosignature,
    cosigned_root,
    tile_of,
    tiles,
    witnessed,
)
from conformance.corpus.recording import Answer, Seen
from conformance.corpus.story import AUDITED, HOUR, World, day, publish_epoch, tell
from conformance.vectors.pinned import Draws, flip, pinned
from conformance.vectors.world import DOMAIN, EPOCH, IDENTITY, STRANGER
from protocol.epochs import EPOCH_SECONDS, Role, create_epoch
from protocol.primitives.signatures import SigningKey
from protocol.transparency.log_entries import (
    EpochErased,
    EpochPublished,
    WarrantDecided,
    WarrantDecision,
    log_entry,
)
from protocol.transparency.logs import sign_log
from protocol.transparency.merkle import leaf_hash, tree_root
from protocol.transparency.tiles import Tile

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY


def unreachable() -> World:
    """The operator has no server: no connection is made."""
    world = tell()
    world.silent.add(OPERATOR)
    world.found(OPERATOR, "unreachable")
    return world


def unreachable_log() -> World:
    """The operator has no checkpoint to show, although the authority has cosigned one."""
    world = tell()
    world.instead[OPERATOR][CHECKPOINT] = Answer(status=404, problem="no-checkpoint")
    world.found(OPERATOR, "unreachable")
    return world


def unsigned() -> World:
    """The operator shows a checkpoint that its witness has not cosigned."""
    world = tell()
    note, size = world.checkpoint(OPERATOR), len(world.operator.entries)
    root = tree_root(map(leaf_hash, world.operator.entries))
    own = sign_log(DOMAIN, OPERATOR, size, root, IDENTITY[OPERATOR])
    assert note.startswith(own)
    world.instead[OPERATOR][CHECKPOINT] = Answer(own)
    world.found(OPERATOR, "unsigned")
    return world


def _last_cosigned(world: World, role: Role, seconds: int, answer: Answer) -> None:
    """The log of `role` was cosigned last so long ago, and the witness answers this when it is asked."""
    world.cosigned[role] = world.now - seconds
    world.instead[AUTHORITY if role is OPERATOR else OPERATOR][ADD_CHECKPOINT] = answer


def stale() -> World:
    """The operator's log was cosigned last three hours ago. Its witness cosigns it when the audit asks."""
    world = tell()
    time = world.now - 3 * HOUR
    line = cosignature(OPERATOR, world.operator.checkpoint(time), world.now)
    _last_cosigned(world, OPERATOR, 3 * HOUR, Answer(line))
    world.found(OPERATOR, "stale", time=time)
    return world


def stale_hindered() -> World:
    """The authority's log was cosigned last three hours ago. Its witness refuses the audit too."""
    world = tell()
    _last_cosigned(world, AUTHORITY, 3 * HOUR, Answer(status=503, problem="try-later"))
    world.found(AUTHORITY, "stale", time=world.now - 3 * HOUR)
    world.found(OPERATOR, "bad-witness")
    return world


def stale_witness_away() -> World:
    """The authority's log was cosigned last three hours ago, and its witness has no server."""
    world = tell()
    _last_cosigned(world, AUTHORITY, 3 * HOUR, Answer())
    world.silent.add(OPERATOR)
    world.found(AUTHORITY, "stale", time=world.now - 3 * HOUR)
    world.found(OPERATOR, "unreachable")
    return world


def bad_witness() -> World:
    """The authority does not show what it cosigned last of the operator's log."""
    world = tell()
    world.instead[AUTHORITY][witnessed(OPERATOR)] = Answer(status=404, problem="no-checkpoint")
    world.found(AUTHORITY, "bad-witness")
    return world


def bad_witness_future() -> World:
    """The authority has cosigned the operator's log with a time that has not come."""
    world = tell()
    world.cosigned[OPERATOR] = world.now + HOUR
    world.found(AUTHORITY, "bad-witness")
    return world


def bad_witness_other_time() -> World:
    """The operator's log was cosigned last three hours ago, and its witness cosigns with a time that is not now."""
    world = tell()
    line = cosignature(OPERATOR, world.operator.checkpoint(world.now - 3 * HOUR), world.now - HOUR)
    _last_cosigned(world, OPERATOR, 3 * HOUR, Answer(line))
    world.found(AUTHORITY, "bad-witness")
    return world


def bad_witness_no_cosignature() -> World:
    """The operator's log was cosigned last three hours ago, and its witness answers something that cosigns nothing."""
    world = tell()
    stranger = sign_log(DOMAIN, OPERATOR, 5, pinned("corpus another root"), STRANGER)
    _last_cosigned(world, OPERATOR, 3 * HOUR, Answer(stranger.split(b"\n\n")[1]))
    world.found(AUTHORITY, "bad-witness")
    return world


def forked() -> World:
    """The authority has cosigned another log of the operator, of the same size, than the operator shows."""
    world = tell()
    other = checkpoint_of(OPERATOR, world.operator.entries[::-1], AUDITED - HOUR)
    world.instead[AUTHORITY][witnessed(OPERATOR)] = Answer(other)
    world.found(OPERATOR, "forked", other, size=len(world.operator.entries))
    return world


def forked_seen() -> World:
    """Somebody was shown a checkpoint of the authority's log, smaller than its log, which that does not continue."""
    world = tell()
    other = checkpoint_of(AUTHORITY, world.authority.entries[4::-1], day(1))
    world.seen.append(Seen(AUTHORITY, "checkpoint", other))
    world.found(AUTHORITY, "forked", other, size=5)
    return world


def forked_larger() -> World:
    """Somebody was shown a checkpoint of the operator's log that is larger than its log, and was cosigned earlier."""
    world = tell()
    other = cosigned_root(OPERATOR, 99, pinned("corpus another root"), AUDITED - HOUR)
    world.seen.append(Seen(OPERATOR, "checkpoint", other))
    world.found(OPERATOR, "forked", other, size=99)
    return world


def forked_since() -> World:
    """The operator replaced two entries by each other since the last audit; the authority has cosigned it anew."""
    world = tell()
    world.after = "honest"
    world.goes_on(HOUR)
    entries = world.operator.entries
    entries[0], entries[1] = entries[1], entries[0]
    world.found(OPERATOR, "forked", world.checkpoint(OPERATOR), size=len(entries))
    return world


def forked_then() -> World:
    """The operator is honest again, after the audit of `forked`. What it has signed is kept and found again."""
    world = tell()
    world.after = "forked"
    other = checkpoint_of(OPERATOR, world.operator.entries[::-1], AUDITED - HOUR)
    world.found(OPERATOR, "forked", other, size=len(world.operator.entries))
    world.goes_on(HOUR)
    return world


def withheld() -> World:
    """The operator still shows a log that was cosigned 90 minutes ago; the authority has cosigned more since."""
    world = tell()
    shown = list(world.operator.entries)
    world.operator.say(AUDITED - 45 * 60, EpochErased(EPOCH - 9))
    world.instead[OPERATOR] = {CHECKPOINT: Answer(checkpoint_of(OPERATOR, shown, AUDITED - 90 * 60)), **tiles(shown)}
    world.found(OPERATOR, "withheld", size=len(shown))
    return world


def withheld_since() -> World:
    """The operator shows fewer entries than the last audit has read; its witness shows that smaller log too."""
    world = tell()
    world.after = "honest"
    world.operator.entries.pop()
    world.found(OPERATOR, "withheld", size=len(world.operator.entries))
    return world


def unread() -> World:
    """The operator's log has 600 more entries, and the auditor, who looks twice, reads at most 256 at a time."""
    world = _long(600)
    world.most_new_entries = 256
    world.found(OPERATOR, "unread", size=len(world.operator.entries))
    return world


def false_tiles() -> World:
    """The operator's bundle of entries is not the one under its checkpoint."""
    world = tell()
    size = len(world.operator.entries)
    bundle = tiles([*world.operator.entries[:-1], flip(world.operator.entries[-1], -1)])
    request = tile_of(Tile("entries", 0, size))
    world.instead[OPERATOR][request] = bundle[request]
    world.found(OPERATOR, "false-tiles", size=size)
    return world


def false_tiles_of_hashes() -> World:
    """The authority's tile of hashes is not made of its entries."""
    world = tell()
    size = len(world.authority.entries)
    request = tile_of(Tile(0, 0, size))
    world.instead[AUTHORITY][request] = Answer(flip(tiles(world.authority.entries)[request].body, -1))
    world.found(AUTHORITY, "false-tiles", size=size)
    return world


def false_tiles_missing() -> World:
    """The operator has no bundle of entries."""
    world = tell()
    size = len(world.operator.entries)
    world.instead[OPERATOR][tile_of(Tile("entries", 0, size))] = None
    world.found(OPERATOR, "false-tiles", size=size)
    return world


def false_tiles_too_many() -> World:
    """The operator's checkpoint is of more entries than a log can have; an honest witness cosigns that."""
    world, size = tell(), 2**32 + 1
    note = cosigned_root(OPERATOR, size, pinned("corpus another root"), world.cosigned[OPERATOR])
    world.instead[OPERATOR][CHECKPOINT] = Answer(note)
    world.instead[AUTHORITY][witnessed(OPERATOR)] = Answer(note)
    world.found(OPERATOR, "false-tiles", size=size)
    return world


def false_entry() -> World:
    """The operator's last entry does not decode."""
    world = tell()
    world.operator.entries.append(pinned("corpus no entry", 40))
    world.found(OPERATOR, "false-entry", entry=len(world.operator.entries) - 1)
    return world


def false_entry_backdated() -> World:
    """The authority's last entry is an hour older than the one before it."""
    world = tell()
    place = world.authority.say(day(3) - HOUR, EpochErased(EPOCH - 9))
    world.found(AUTHORITY, "false-entry", entry=place)
    return world


def false_entry_future() -> World:
    """The operator's last entry is of a time after its checkpoint was cosigned."""
    world = tell()
    place = world.operator.say(world.now + HOUR, EpochErased(EPOCH - 9))
    world.found(OPERATOR, "false-entry", entry=place)
    return world


def false_entry_of_a_stranger() -> World:
    """The operator's log has a statement of an epoch that it has not signed."""
    world = tell()
    stranger = _signed_by(STRANGER, EPOCH + 9)
    place = world.operator.say(world.now - HOUR, EpochPublished(stranger, world.now + 30 * EPOCH_SECONDS))
    world.found(OPERATOR, "false-entry", entry=place)
    return world


def clean_long() -> World:
    """A log of more than 256 entries, with full tiles and one of a higher level. Nothing is found."""
    return _long(300)


def clean_later() -> World:
    """An hour after the audit of `honest`, both logs have grown and the entries of then are not read again."""
    world = tell()
    world.after = "honest"
    world.goes_on(HOUR)
    for party in world.parties.values():
        publish_epoch(party, EPOCH + 7, AUDITED + HOUR // 2)
    return world


def clean_unsigned_evidence() -> World:
    """Somebody gives out, as what the parties had shown, what no party has signed. Nothing is found."""
    world = tell()
    note = sign_log(DOMAIN, OPERATOR, 5, pinned("corpus another root"), STRANGER)
    world.seen += [
        Seen(OPERATOR, "checkpoint", note),
        Seen(OPERATOR, "epoch", _signed_by(STRANGER, EPOCH)),
        Seen(AUTHORITY, "notices", pinned("corpus no notice", 40)),
        Seen(AUTHORITY, "disclosures", world.operator.lists["disclosures"][1]),
    ]
    return world


def clean_larger_checkpoint() -> World:
    """Somebody has a larger checkpoint of the operator, cosigned a minute after the one that it shows here."""
    world = tell()
    entry = log_entry(AUDITED - 500, EpochErased(EPOCH - 9)).to_bytes()
    larger = checkpoint_of(OPERATOR, [*world.operator.entries, entry], world.cosigned[OPERATOR] + 60)
    world.seen.append(Seen(OPERATOR, "checkpoint", larger))
    return world


def _long(refusals: int) -> World:
    world = tell()
    for number in range(refusals):
        refused = WarrantDecided(WarrantDecision.REFUSED, pinned(f"corpus refused {number}"))
        world.operator.say(AUDITED - HOUR + number, refused)
    return world


def _signed_by(key: SigningKey, epoch: int) -> bytes:
    return create_epoch(DOMAIN, OPERATOR, epoch, key, Draws(f"corpus stranger {epoch}"))[1]


VARIANTS = (
    unreachable,
    unreachable_log,
    unsigned,
    stale,
    stale_hindered,
    stale_witness_away,
    bad_witness,
    bad_witness_future,
    bad_witness_other_time,
    bad_witness_no_cosignature,
    forked,
    forked_seen,
    forked_larger,
    forked_since,
    forked_then,
    withheld,
    withheld_since,
    unread,
    false_tiles,
    false_tiles_of_hashes,
    false_tiles_missing,
    false_tiles_too_many,
    false_entry,
    false_entry_backdated,
    false_entry_future,
    false_entry_of_a_stranger,
    clean_long,
    clean_later,
    clean_unsigned_evidence,
    clean_larger_checkpoint,
)
