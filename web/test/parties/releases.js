/** Commitments of venues and releases. Spec: §3.9. */

import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { CheckInMessage, Direction, MAX_STAY, verifyCheckIn } from '../../protocol/checkIns.js';
import { array, bytes, enumeration, message, sameBytes, uint32, uint8 } from '../../protocol/primitives/encoding.js';
import {
  CommitmentMismatch,
  CommittedLate,
  Malformed,
  OutOfScope,
  Rejected,
  ReplayedRequest,
  WrongDomain,
} from '../../protocol/primitives/errors.js';
import { EMPTY_ROOT, leafHash, nodeHash } from '../../protocol/transparency/merkle.js';
import { verifyStatement } from '../../protocol/primitives/statements.js';
import { bigEndian, digest32 } from '../../protocol/primitives/hashing.js';
import { AssistedCheckIn, verifyAssisted } from './assistedCheckIns.js';
import { PaperCheckInMessage, passParts, verifyPaperCheckIn } from './paperPasses.js';
import { REQUEST_TOLERANCE } from './warrants.js';

const MARGIN = 900;
const DELAY = 86_400;
const WITHHELD_BYTES = 32;
/** Which kind of check-in it is, by the first byte: the number of its fields. */
const KINDS = {
  0x86: [AssistedCheckIn, verifyAssisted],
  0x88: [PaperCheckInMessage, verifyPaperCheckIn],
};

export const CommittedCheckIn = message({
  epoch: uint32,
  time: uint32,
  direction: enumeration(Direction),
  digest: bytes(32),
});

export const VenueCommitment = message(
  { domain: uint8, venue: bytes(16), time: uint32, commitment: bytes(32) },
  { tag: 'venue-commitment' },
);

export const CommitmentOpening = message({ time: uint32, salt: bytes(32), size: uint32 });

export const ReleasedLeaf = message({
  epoch: uint32,
  time: uint32,
  direction: enumeration(Direction),
  content: bytes(1, 640),
});

export const Release = message(
  {
    domain: uint8,
    warrant: bytes(16),
    venue: bytes(16),
    openedFrom: CommitmentOpening,
    frontier: array(bytes(32), 0, 32),
    openings: array(CommitmentOpening, 0, 10_000),
    leaves: array(ReleasedLeaf, 0, 250_000),
  },
  { tag: 'release' },
);

export const EMPTY_TREE = { size: 0, frontier: [] };

/** A tree with further leaves, each a `CommittedCheckIn`. */
export function append(tree, committed) {
  let { size, frontier } = tree;
  frontier = [...frontier];
  for (const one of committed) {
    let subtree = leafHash(CommittedCheckIn.toBytes(one));
    for (let left = size; left % 2 === 1; left = Math.floor(left / 2)) subtree = nodeHash(frontier.pop(), subtree);
    frontier.push(subtree);
    size += 1;
  }
  return { size, frontier };
}

export function rootOf({ frontier }) {
  return frontier.length === 0 ? EMPTY_ROOT : frontier.reduceRight((right, left) => nodeHash(left, right));
}

export function commitmentDigest(salt, tree) {
  return digest32('venue-commitment', salt, concatBytes(new Uint8Array(4), bigEndian(tree.size, 4)), rootOf(tree));
}

export function verifyCommitment(venue, statement, now) {
  const said = verifyStatement(VenueCommitment, statement, venue.key);
  if (said.domain !== venue.domain || !sameBytes(said.venue, venue.venue)) throw new WrongDomain('of another venue');
  if (Math.abs(now - said.time) > REQUEST_TOLERANCE) throw new ReplayedRequest('not of now');
  return said;
}

/**
 * `visits` has, by epoch and `u` (in hex), the entry and the exit that count; `setAside` counts errors by name.
 * @param {Map<number, Uint8Array>} commitments those that were received from the venue, by time
 */
export function verifyRelease(warrant, venue, epochKeys, commitments, release) {
  if (!sameBytes(venue.venue, warrant.venue)) throw new OutOfScope('the warrant names another venue');
  const said = verifyStatement(Release, release, venue.key);
  if (
    said.domain !== warrant.domain ||
    !sameBytes(said.warrant, warrant.warrant) ||
    !sameBytes(said.venue, warrant.venue)
  ) {
    throw new OutOfScope('the release is for another warrant');
  }
  const visits = new Map();
  const setAside = {};
  const count = (name, n) => {
    if (n) setAside[name] = (setAside[name] ?? 0) + n;
  };
  for (const { leaf, earliest, latest } of verifyLeaves(warrant, commitments, said)) {
    if (leaf.content.length === WITHHELD_BYTES) {
      count('Withheld', warrant.begins <= leaf.time && leaf.time < warrant.ends ? 1 : 0);
      continue;
    }
    try {
      keepEarliest(visits, leaf.epoch, verifyContent(warrant, epochKeys.get(leaf.epoch), leaf, earliest, latest));
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof Rejected)) throw error;
      count(error.name, 1);
    }
  }
  for (const [epoch, sameEpoch] of visits) {
    for (const [u, visit] of sameEpoch) {
      const stay = visit.exit?.time - visit.entry?.time;
      if (stay < 0 || stay > MAX_STAY) delete visit.exit;
      if (!covers(warrant, visit.entry?.time, visit.exit?.time)) {
        count('OutOfScope', Object.keys(visit).length);
        sameEpoch.delete(u);
      }
    }
    if (sameEpoch.size === 0) visits.delete(epoch);
  }
  return { digest: digest32('release', release), warrant, visits, setAside };
}

/** Every leaf with the times that the commitments around it leave for its label. */
function verifyLeaves(warrant, commitments, { openedFrom, frontier, openings, leaves }) {
  const refuse = (holds) => {
    if (!holds) throw new CommitmentMismatch('the release does not fit the commitments');
  };
  const known = new Map([...commitments].filter(([time]) => time <= warrant.issued));
  const fits = (opening, tree) =>
    opening.size === tree.size &&
    known.has(opening.time) &&
    sameBytes(known.get(opening.time), commitmentDigest(opening.salt, tree));
  let tree = { size: openedFrom.size, frontier };
  refuse(frontier.length === tree.size.toString(2).replaceAll('0', '').length);
  const { time: first } = openedFrom;
  const isBeginning = first === 0 && tree.size === 0 && openedFrom.salt.every((byte) => byte === 0);
  refuse(isBeginning || (first <= warrant.begins - MAX_STAY - MARGIN && fits(openedFrom, tree)));
  const times = [first, ...openings.map((one) => one.time)];
  refuse(times.every((time, i) => i === 0 || times[i - 1] < time));
  const last = times.at(-1);
  const opened = new Map(openings.map((one) => [one.time, one]));
  const required = [...known.keys()].filter((time) => first < time && time <= last).sort((a, b) => a - b);
  refuse(required.every((time) => opened.has(time)) && (openings.length === 0 || known.has(last)));
  refuse(last >= warrant.ends + MAX_STAY + MARGIN || ![...known.keys()].some((time) => time > last));
  const placed = [];
  let before = first;
  for (const time of required) {
    const opening = opened.get(time);
    const next = leaves.slice(placed.length, placed.length + Math.max(0, opening.size - tree.size));
    tree = append(tree, next.map(committedOf));
    refuse(fits(opening, tree));
    const earliest = Math.max(before, time - DELAY) - MARGIN;
    placed.push(...next.map((leaf) => ({ leaf, earliest, latest: time + MARGIN })));
    before = time;
  }
  refuse(placed.length === leaves.length);
  return placed;
}

function committedOf({ epoch, time, direction, content }) {
  const digest = content.length === WITHHELD_BYTES ? content : digest32('committed-check-in', content);
  return { epoch, time, direction, digest };
}

function verifyContent(warrant, epochKey, leaf, earliest, latest) {
  const [kind, verify] = KINDS[leaf.content[0]] ?? [CheckInMessage, verifyCheckIn];
  const said = kind.fromBytes(leaf.content);
  if (said.time !== leaf.time || directionOf(said) !== leaf.direction || leaf.time > latest) {
    throw new CommitmentMismatch('the check-in has another label, or a later one than its commitment');
  }
  if (leaf.time < earliest) throw new CommittedLate('the venue did not commit to the check-in in time');
  const isNear = warrant.begins - MAX_STAY <= said.time && said.time < warrant.ends + MAX_STAY;
  const atVenue = said.venue === null || sameBytes(said.venue, warrant.venue);
  if (epochKey === undefined || !isNear || !atVenue) {
    throw new OutOfScope('the check-in lies outside the warrant');
  }
  verify(epochKey, said);
  return said;
}

/** `u` and `v` of a check-in with a pass, on a screen or on paper. */
export const passOf = ({ signedPass, publicPass }) => passParts(signedPass ?? publicPass);

/** An assisted check-in has no direction: it is an entry. */
const directionOf = (checkIn) => checkIn.direction ?? Direction.ENTRY;

function covers({ begins, ends, assumedStay }, entered, left) {
  if (entered === undefined) return begins <= left && left < ends;
  return entered < ends && (left ?? entered + assumedStay) >= begins;
}

function keepEarliest(visits, epoch, checkIn) {
  if (!visits.has(epoch)) visits.set(epoch, new Map());
  const sameEpoch = visits.get(epoch);
  const u = bytesToHex(checkIn.u?.toBytes() ?? passOf(checkIn).u);
  if (!sameEpoch.has(u)) sameEpoch.set(u, {});
  const visit = sameEpoch.get(u);
  const which = directionOf(checkIn) === Direction.ENTRY ? 'entry' : 'exit';
  if (visit[which] === undefined || checkIn.time < visit[which].time) visit[which] = checkIn;
}
