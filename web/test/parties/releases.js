/**
 * Releases. Spec: §3.9.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { Decoded } from '../../protocol/primitives/encoding.js'
 * @import { Venue, Warrant } from '../../protocol/warrants.js'
 * @import { CommittedCheckIn, Tree } from './commitments.js'
 * @import { Visits } from './visits.js'
 */

import { Direction, MAX_STAY } from '../../protocol/checkIns.js';
import {
  array,
  bytes,
  enumeration,
  message,
  optional,
  sameBytes,
  signedMessage,
  uint32,
  uint8,
} from '../../protocol/primitives/encoding.js';
import {
  CommitmentMismatch,
  CommittedLate,
  Malformed,
  MalformedEncoding,
  OutOfScope,
  Rejected,
} from '../../protocol/primitives/errors.js';
import { digest32 } from '../../protocol/primitives/hashing.js';
import { verifyStatement } from '../../protocol/primitives/statements.js';
import { directionOf, readCheckIn, verifyAnyCheckIn } from './anyCheckIn.js';
import { CommitmentOpening, append, commitmentDigest } from './commitments.js';
import { checkInsOf, covers, keepEarliest, withoutStrayExit } from './visits.js';

const MARGIN = 900;
const DELAY = 86_400;
const WITHHELD_BYTES = 32;
const MAX_SHOWN = 50_000;

/** `content` is a check-in, or its digest where it is withheld. @typedef {Decoded<typeof ReleasedLeaf>} ReleasedLeaf */
export const ReleasedLeaf = message({
  epoch: uint32,
  time: uint32,
  direction: enumeration(Direction),
  content: bytes(1, 640),
});

/** @typedef {Decoded<typeof Release>} Release */
export const Release = signedMessage('release', {
  domain: uint8,
  warrantId: bytes(16),
  venueId: bytes(16),
  openedFrom: CommitmentOpening,
  frontier: array(bytes(32), 0, 32),
  openings: array(CommitmentOpening, 0, 10_000),
  leaves: array(ReleasedLeaf, 0, 250_000),
  partEnds: optional(uint32),
  uncommitted: uint32,
}, ({ leaves }) => {
  if (leaves.filter((leaf) => !isWithheld(leaf)).length > MAX_SHOWN) throw new MalformedEncoding('it shows too much');
});

/** @param {ReleasedLeaf} leaf */
const isWithheld = ({ content }) => content.length === WITHHELD_BYTES;

/**
 * What a release shows. `setAside` counts errors by name, `checkIns` those that were committed to in the window.
 * @typedef {{
 *   digest: Uint8Array, warrant: Warrant, visits: Visits, setAside: Record<string, number>, checkIns: number,
 *   partBegins: number, partEnds: number | null, uncommitted: number,
 * }} VerifiedRelease
 */

/**
 * @param {Warrant} warrant @param {Venue} venue @param {Map<number, EpochKey>} epochKeys
 * @param {Map<number, Uint8Array>} commitments those that were received from the venue, by time
 * @param {Uint8Array} release @param {number | null} ended when the part before ended, null for the first one
 * @returns {VerifiedRelease}
 */
export function verifyRelease(warrant, venue, epochKeys, commitments, release, ended = null) {
  const { openedFrom } = readRelease(warrant, venue, release);
  const isFirst = isBeginning(openedFrom) || openedFrom.time <= warrant.begins - MAX_STAY - MARGIN;
  refuseUnless(ended === null ? isFirst : openedFrom.time === ended);
  return verifyAnyPart(warrant, venue, epochKeys, commitments, release);
}

/**
 * A release by one party's commitments, wherever it starts.
 * @param {Warrant} warrant @param {Venue} venue @param {Map<number, EpochKey>} epochKeys
 * @param {Map<number, Uint8Array>} commitments @param {Uint8Array} release
 * @returns {VerifiedRelease}
 */
export function verifyAnyPart(warrant, venue, epochKeys, commitments, release) {
  const said = readRelease(warrant, venue, release);
  /** @type {Visits} */
  const visits = new Map();
  /** @type {Record<string, number>} */
  const setAside = {};
  /** @param {string} name @param {number} n */
  const count = (name, n) => {
    if (n) setAside[name] = (setAside[name] ?? 0) + n;
  };
  const placed = verifyLeaves(warrant, commitments, said);
  const isIn = (/** @type {ReleasedLeaf} */ leaf) => warrant.begins <= leaf.time && leaf.time < warrant.ends;
  for (const { leaf, earliest, latest, ofPart } of placed) {
    if (isWithheld(leaf)) {
      count('Withheld', ofPart && isIn(leaf) ? 1 : 0);
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
    for (const [u, known] of sameEpoch) {
      const visit = withoutStrayExit(known);
      sameEpoch.set(u, visit);
      if (!covers(warrant, visit)) {
        count('OutOfScope', checkInsOf(visit));
        sameEpoch.delete(u);
      }
    }
    if (sameEpoch.size === 0) visits.delete(epoch);
  }
  const checkIns = placed.filter(({ leaf, ofPart }) => ofPart && isIn(leaf)).length;
  const { partEnds, uncommitted } = said;
  const partBegins = said.openedFrom.time;
  return { digest: digest32('release', release), warrant, visits, setAside, checkIns, partBegins, partEnds, uncommitted };
}

/** @param {Warrant} warrant @param {Venue} venue @param {Uint8Array} release */
function readRelease(warrant, venue, release) {
  if (!sameBytes(venue.venueId, warrant.venueId)) throw new OutOfScope('the warrant names another venue');
  const said = verifyStatement(Release, release, venue.key);
  if (
    said.domain !== warrant.domain ||
    !sameBytes(said.warrantId, warrant.warrantId) ||
    !sameBytes(said.venueId, warrant.venueId)
  ) {
    throw new OutOfScope('the release is for another warrant');
  }
  return said;
}

/** @param {CommitmentOpening} opening */
const isBeginning = ({ time, salt, size }) => time === 0 && size === 0 && salt.every((byte) => byte === 0);

/**
 * Every leaf with the times that the commitments around it leave for its label.
 * @param {Warrant} warrant @param {Map<number, Uint8Array>} commitments @param {Release} release
 */
function verifyLeaves(warrant, commitments, { openedFrom, frontier, openings, leaves, partEnds }) {
  const known = new Map([...commitments].filter(([time]) => time <= warrant.issued));
  let tree = { size: openedFrom.size, frontier };
  refuseUnless(frontier.length === tree.size.toString(2).replaceAll('0', '').length);
  const { time: first } = openedFrom;
  refuseUnless(isBeginning(openedFrom) || fits(known, openedFrom, tree));
  const times = [first, ...openings.map((opening) => opening.time)];
  refuseUnless(times.every((time, i) => i === 0 || times[i - 1] < time));
  const last = times[times.length - 1];
  const opened = new Map(openings.map((opening) => [opening.time, opening]));
  const required = [...known.keys()].filter((time) => first < time && time <= last).sort((a, b) => a - b);
  refuseUnless(openings.length === 0 || known.has(last));
  refuseUnless(partEnds === null || required.includes(partEnds));
  const reach = partEnds === null ? warrant.ends + MAX_STAY + MARGIN : partOpensTo(warrant);
  refuseUnless(last >= reach || ![...known.keys()].some((time) => time > last));
  /** @type {{ leaf: ReleasedLeaf, earliest: number, latest: number, ofPart: boolean }[]} */
  const placed = [];
  let before = first;
  for (const time of required) {
    const opening = opened.get(time);
    if (opening === undefined) throw mismatch();
    const next = leaves.slice(placed.length, placed.length + Math.max(0, opening.size - tree.size));
    tree = append(tree, next.map(committedOf));
    refuseUnless(fits(known, opening, tree));
    const earliest = Math.max(before, time - DELAY) - MARGIN;
    const ofPart = partEnds === null || time <= partEnds;
    placed.push(...next.map((leaf) => ({ leaf, earliest, latest: time + MARGIN, ofPart })));
    before = time;
  }
  refuseUnless(placed.length === leaves.length);
  return placed;
}

/** Until when the leaves of a part that is not the last one go on. @param {Warrant} warrant */
const partOpensTo = ({ begins, ends }) => begins + (ends - begins < MAX_STAY ? MAX_STAY : 0) + MARGIN;

const mismatch = () => new CommitmentMismatch('the release does not fit the commitments');

/** @param {boolean} holds */
function refuseUnless(holds) {
  if (!holds) throw mismatch();
}

/** @param {Map<number, Uint8Array>} known @param {CommitmentOpening} opening @param {Tree} tree */
function fits(known, opening, tree) {
  const commitment = known.get(opening.time);
  if (commitment === undefined || opening.size !== tree.size) return false;
  return sameBytes(commitment, commitmentDigest(opening.salt, tree));
}

/** @param {ReleasedLeaf} leaf @returns {CommittedCheckIn} */
function committedOf({ epoch, time, direction, content }) {
  const digest = isWithheld({ epoch, time, direction, content }) ? content : digest32('committed-check-in', content);
  return { epoch, time, direction, digest };
}

/**
 * @param {Warrant} warrant @param {EpochKey | undefined} epochKey @param {ReleasedLeaf} leaf
 * @param {number} earliest @param {number} latest
 */
function verifyContent(warrant, epochKey, leaf, earliest, latest) {
  const said = readCheckIn(leaf.content);
  if (said.time !== leaf.time || directionOf(said) !== leaf.direction || leaf.time > latest) {
    throw new CommitmentMismatch('the check-in has another label, or a later one than its commitment');
  }
  if (leaf.time < earliest) throw new CommittedLate('the venue did not commit to the check-in in time');
  const isNear = warrant.begins - MAX_STAY <= said.time && said.time < warrant.ends + MAX_STAY;
  const atVenue = said.venueId === null || sameBytes(said.venueId, warrant.venueId);
  if (epochKey === undefined || !isNear || !atVenue) {
    throw new OutOfScope('the check-in lies outside the warrant');
  }
  verifyAnyCheckIn(epochKey, said);
  return said;
}
