/**
 * Commitments of venues to their check-ins. Spec: §3.9.
 *
 * @import { Decoded } from '../../protocol/primitives/encoding.js'
 * @import { Venue } from '../../protocol/warrants.js'
 */

import { concatBytes } from '@noble/hashes/utils.js';
import { Direction } from '../../protocol/checkIns.js';
import {
  bytes,
  enumeration,
  message,
  sameBytes,
  signedMessage,
  uint32,
  uint8,
} from '../../protocol/primitives/encoding.js';
import { ReplayedRequest, WrongDomain } from '../../protocol/primitives/errors.js';
import { bigEndian, digest32 } from '../../protocol/primitives/hashing.js';
import { verifyStatement } from '../../protocol/primitives/statements.js';
import { EMPTY_ROOT, leafHash, nodeHash } from '../../protocol/transparency/merkle.js';
import { REQUEST_TOLERANCE } from './partyRequests.js';

/** A leaf of a venue's tree. @typedef {Decoded<typeof CommittedCheckIn>} CommittedCheckIn */
export const CommittedCheckIn = message({
  epoch: uint32,
  time: uint32,
  direction: enumeration(Direction),
  digest: bytes(32),
});

export const VenueCommitment = signedMessage('venue-commitment', {
  domain: uint8,
  venueId: bytes(16),
  time: uint32,
  commitment: bytes(32),
});

/** What a party has received, as it tells the other party. @typedef {Decoded<typeof HeldCommitment>} HeldCommitment */
export const HeldCommitment = message({ time: uint32, commitment: bytes(32) });

/** @typedef {Decoded<typeof CommitmentOpening>} CommitmentOpening */
export const CommitmentOpening = message({ time: uint32, salt: bytes(32), size: uint32 });

/**
 * How many leaves a tree has, and the roots of its whole subtrees from left to right.
 * @typedef {{ size: number, frontier: Uint8Array[] }} Tree
 */

/** @type {Tree} */
export const EMPTY_TREE = { size: 0, frontier: [] };

/** A tree with further leaves. @param {Tree} tree @param {CommittedCheckIn[]} committed @returns {Tree} */
export function append(tree, committed) {
  let { size } = tree;
  const frontier = [...tree.frontier];
  for (const checkIn of committed) {
    let subtree = leafHash(CommittedCheckIn.toBytes(checkIn));
    for (let left = size; left % 2 === 1; left = Math.floor(left / 2)) {
      subtree = nodeHash(frontier[frontier.length - 1], subtree);
      frontier.pop();
    }
    frontier.push(subtree);
    size += 1;
  }
  return { size, frontier };
}

/** @param {Tree} tree @returns {Uint8Array} */
export function rootOf({ frontier }) {
  return frontier.length === 0 ? EMPTY_ROOT : frontier.reduceRight((right, left) => nodeHash(left, right));
}

/** @param {Uint8Array} salt @param {Tree} tree */
export function commitmentDigest(salt, tree) {
  return digest32('venue-commitment', salt, concatBytes(new Uint8Array(4), bigEndian(tree.size, 4)), rootOf(tree));
}

/** @param {Venue} venue @param {Uint8Array} statement @param {number} now */
export function verifyCommitment(venue, statement, now) {
  const said = verifyStatement(VenueCommitment, statement, venue.key);
  if (said.domain !== venue.domain || !sameBytes(said.venueId, venue.venueId)) {
    throw new WrongDomain('of another venue');
  }
  if (Math.abs(now - said.time) > REQUEST_TOLERANCE) throw new ReplayedRequest('not of now');
  return said;
}
