"""Variants in which an epoch's keys, or its erasure, are not as they should be. Spec: §6.7 steps 4, 5."""

from __future__ import annotations

from conformance.corpus.party import PREFIX, checkpoint_of, tiles
from conformance.corpus.recording import Answer, Seen
from conformance.corpus.story import AUDITED, HOUR, World, day, erase_by, publish_epoch, statement_of, tell
from conformance.vectors.pinned import Draws
from conformance.vectors.world import DOMAIN, EPOCH, STRANGER
from protocol.epochs import EPOCH_SECONDS, Role, create_epoch
from protocol.transparency.log_entries import EpochErased, EpochPublished, log_entry
from protocol.transparency.logs import Inclusion
from protocol.transparency.merkle import leaf_hash, prove_inclusion, subtrees_of

OPERATOR, AUTHORITY = Role.OPERATOR, Role.AUTHORITY
SOON = EPOCH + 7
"""An epoch that has not begun and is on nobody's record."""


def _shown(epoch: int) -> str:
    return f"{PREFIX}/epochs/{epoch}"


def two_keys() -> World:
    """The authority's log has a second statement of an epoch."""
    world, epoch = tell(), EPOCH + 4
    other = statement_of(AUTHORITY, epoch, "corpus second")
    world.authority.say(AUDITED - HOUR, EpochPublished(other, erase_by(AUTHORITY, epoch)))
    world.found(AUTHORITY, "two-keys", other, epoch=epoch)
    return world


def unlogged_key() -> World:
    """The operator shows the auditor another key of today than is on record."""
    world, epoch = tell(), EPOCH + 3
    other = statement_of(OPERATOR, epoch, "corpus second")
    world.instead[OPERATOR][_shown(epoch)] = Answer(other)
    world.found(OPERATOR, "unlogged-key", other, epoch=epoch)
    return world


def unlogged_key_seen() -> World:
    """The authority has shown one visitor another key of the day of the visit than is on record."""
    world = tell()
    other = statement_of(AUTHORITY, EPOCH, "corpus second")
    world.seen.append(Seen(AUTHORITY, "epoch", other))
    world.found(AUTHORITY, "unlogged-key", other, epoch=EPOCH)
    return world


def unlogged_key_begun() -> World:
    """The operator answers that it waits for its witness, with a key of today that is not on record."""
    world, epoch = tell(), EPOCH + 3
    world.operator.say_instead(3, EpochErased(EPOCH - 9))
    world.seen.clear()  # the checkpoint of then
    world.instead[OPERATOR][f"{_shown(epoch)}/inclusion"] = Answer(status=503, problem="peer-unreachable")
    world.found(OPERATOR, "unlogged-key", world.operator.statements[epoch], epoch=epoch)
    return world


def unlogged_key_unproven() -> World:
    """The operator shows a key of a day to come that is not on record, and proves nothing about it."""
    world = tell()
    other = statement_of(OPERATOR, SOON)
    world.instead[OPERATOR][_shown(SOON)] = Answer(other)
    world.found(OPERATOR, "unlogged-key", other, epoch=SOON)
    return world


def unreachable_statement() -> World:
    """The operator shows, in the place of a statement, one that it has not signed. Anybody may have answered that."""
    world, epoch = tell(), EPOCH + 4
    stranger = create_epoch(DOMAIN, OPERATOR, epoch, STRANGER, Draws("corpus stranger"))[1]
    world.instead[OPERATOR][_shown(epoch)] = Answer(stranger)
    world.found(OPERATOR, "unreachable", epoch=epoch)
    return world


def kept_too_long() -> World:
    """The authority has not erased the epoch that was due at the beginning of the day."""
    world = tell()
    (place,) = world.authority.places(EpochErased)
    del world.authority.entries[place]
    world.authority.erased.remove(EPOCH)
    world.authority.statements[EPOCH] = statement_of(AUTHORITY, EPOCH)
    world.found(AUTHORITY, "kept-too-long", epoch=EPOCH)
    return world


def kept_too_long_then() -> World:
    """The operator has erased an epoch two hours after it was due and before the audit."""
    world = tell()
    place = world.operator.places(EpochErased)[-1]
    del world.operator.entries[place]
    world.operator.say(day(3) + 2 * HOUR, EpochErased(EPOCH + 1))
    world.found(OPERATOR, "kept-too-long", epoch=EPOCH + 1)
    return world


def promised_too_long() -> World:
    """The operator promises to erase an epoch 366 days after its end."""
    world, until = tell(), DOMAIN.epoch_begins(SOON + 1) + 366 * EPOCH_SECONDS
    world.operator.statements[SOON] = statement_of(OPERATOR, SOON)
    world.operator.say(AUDITED - HOUR, EpochPublished(world.operator.statements[SOON], until))
    world.found(OPERATOR, "promised-too-long", epoch=SOON)
    return world


def erasure_denied() -> World:
    """The operator's log says that an epoch is erased, and its server still shows it."""
    world = tell()
    world.instead[OPERATOR][_shown(EPOCH)] = Answer(statement_of(OPERATOR, EPOCH))
    world.found(OPERATOR, "erasure-denied", epoch=EPOCH)
    return world


def erasure_denied_in_the_log() -> World:
    """The authority's server says that an epoch is erased, and its log does not."""
    world, epoch = tell(), EPOCH + 4
    world.instead[AUTHORITY][_shown(epoch)] = Answer(status=410, problem="epoch-erased")
    world.found(AUTHORITY, "erasure-denied", epoch=epoch)
    return world


def clean_waiting_for_its_witness() -> World:
    """The operator shows a key of a day to come, and answers that its witness has not cosigned the entry yet."""
    world = tell()
    world.instead[OPERATOR][_shown(SOON)] = Answer(statement_of(OPERATOR, SOON))
    world.instead[OPERATOR][f"{_shown(SOON)}/inclusion"] = Answer(status=503, problem="peer-unreachable")
    return world


def clean_published_meanwhile() -> World:
    """The operator shows a key that is on record since, and proves it under a checkpoint that continues its log."""
    world = tell()
    before = list(world.operator.entries)
    publish_epoch(world.operator, SOON, AUDITED - 60)
    after = world.operator.entries
    proof = prove_inclusion(subtrees_of(list(map(leaf_hash, after))), len(before), len(after))
    inclusion = Inclusion(len(before), after[-1], checkpoint_of(OPERATOR, after, AUDITED - 30), proof)
    world.operator.entries = before
    world.instead[OPERATOR] |= {f"{_shown(SOON)}/inclusion": Answer(inclusion.to_bytes()), **tiles(after)}
    world.instead[OPERATOR] |= tiles(before)
    return world


def unlogged_key_of_another_log() -> World:
    """The operator proves a key under a larger checkpoint that does not continue the log that it shows."""
    world = tell()
    other = statement_of(OPERATOR, SOON)
    entry = log_entry(AUDITED - 60, EpochPublished(other, erase_by(OPERATOR, SOON))).to_bytes()
    after = [*world.operator.entries[::-1], entry]
    proof = prove_inclusion(subtrees_of(list(map(leaf_hash, after))), len(after) - 1, len(after))
    note = checkpoint_of(OPERATOR, after, AUDITED - 30)
    inclusion = Inclusion(len(after) - 1, entry, note, proof)
    world.instead[OPERATOR] |= tiles(after) | {
        _shown(SOON): Answer(other),
        f"{_shown(SOON)}/inclusion": Answer(inclusion.to_bytes()),
    }
    world.found(OPERATOR, "unlogged-key", other, epoch=SOON)
    world.found(OPERATOR, "forked", note, size=len(after))
    return world


def clean_erased_meanwhile() -> World:
    """The operator's server still shows an epoch that is due since half an hour: an erasure may take an hour."""
    world = tell()
    world.operator.say(AUDITED - HOUR, EpochPublished(statement_of(OPERATOR, SOON), AUDITED - HOUR // 2))
    world.operator.statements[SOON] = statement_of(OPERATOR, SOON)
    return world


VARIANTS = (
    two_keys,
    unlogged_key,
    unlogged_key_seen,
    unlogged_key_unproven,
    unlogged_key_begun,
    unlogged_key_of_another_log,
    unreachable_statement,
    kept_too_long,
    kept_too_long_then,
    promised_too_long,
    erasure_denied,
    erasure_denied_in_the_log,
    clean_waiting_for_its_witness,
    clean_published_meanwhile,
    clean_erased_meanwhile,
)
