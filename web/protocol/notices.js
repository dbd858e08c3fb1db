/**
 * Notices: both parties warn everyone who was at a venue, and open nothing. Spec: §3.12.
 *
 * A notice is a list of digests of the passes that were used there, filled up with digests that belong to nobody. Every
 * client fetches the same list and looks for its own passes in it.
 *
 * @import { Domain } from './epochs.js'
 * @import { Decoded } from './primitives/encoding.js'
 */

import { bytes, message, sameBytes, signedMessage, text, uint32, uint8 } from './primitives/encoding.js';
import { InvalidNotice, MalformedEncoding, WrongDomain, WrongNumber } from './primitives/errors.js';
import { bigEndian, digest, digest32 } from './primitives/hashing.js';
import { JointStatement, verifyJointStatement } from './primitives/statements.js';

export const DIGEST_BYTES = 10;
const MIN_DIGESTS = 2 ** 10;
const MAX_DIGESTS = 2 ** 20;

/** What those who are warned should do. */
export const advice = text(0, 1000);

/**
 * What both parties sign of a notice. Notices are numbered from 0 on. `time`: when the authority asked for it, in Unix
 * seconds. `digests`: the digest of the list.
 * @typedef {Decoded<typeof Notice>} Notice
 */
export const Notice = signedMessage('notice', {
  domain: uint8,
  number: uint32,
  time: uint32,
  advice,
  digests: bytes(32),
});

/** The list of a notice: digests of 10 bytes, ascending, a power of two of them. */
export const paddedDigests = bytes(DIGEST_BYTES * MIN_DIGESTS, DIGEST_BYTES * MAX_DIGESTS);

/**
 * A notice as everyone fetches it: what both parties signed, and the list.
 * @typedef {Decoded<typeof PublishedNotice>} PublishedNotice
 */
export const PublishedNotice = message({ notice: JointStatement, digests: paddedDigests }, checkOrder);

/** A notice that both parties signed, with its list. @typedef {Notice & { list: Uint8Array }} VerifiedNotice */

/** @param {{ digests: Uint8Array }} listed @throws {MalformedEncoding} if the digests are not in order, or too few */
export function checkOrder({ digests }) {
  const count = digests.length / DIGEST_BYTES;
  if (!Number.isInteger(Math.log2(count))) {
    throw new MalformedEncoding('the number of digests is no power of two');
  }
  for (let start = DIGEST_BYTES; start < digests.length; start += DIGEST_BYTES) {
    if (compare(digests, start - DIGEST_BYTES, digests, start) >= 0) {
      throw new MalformedEncoding('the digests are not in ascending order, each once');
    }
  }
}

/**
 * The notice of both parties of a number, or of any number if it is null.
 * @param {Domain} domain @param {Uint8Array} published a `PublishedNotice` @param {number | null} [number]
 * @returns {VerifiedNotice}
 * @throws {Malformed | InvalidSignature | ConflictingStatements | WrongDomain | WrongNumber | InvalidNotice}
 */
export function verifyNotice(domain, published, number = null) {
  const { notice: joint, digests } = PublishedNotice.fromBytes(published);
  const notice = verifyJointStatement(Notice, joint, domain.authorityKey, domain.operatorKey);
  checkPlace(domain, notice, number);
  if (!sameBytes(listDigest(digests), notice.digests)) throw new InvalidNotice('the parties signed another list');
  return { ...notice, list: digests };
}

/** @param {Domain} domain @param {Notice} notice @param {number | null} number @throws {WrongDomain | WrongNumber} */
export function checkPlace(domain, notice, number) {
  if (notice.domain !== domain.number) throw new WrongDomain('the notice is of another domain');
  if (number !== null && notice.number !== number) throw new WrongNumber('the notice has another number');
}

/** What a notice says of its list: 32 bytes. @param {Uint8Array} list @returns {Uint8Array} */
export function listDigest(list) {
  return digest32('notice-digests', list);
}

/**
 * Whether a pass is among those that a notice is for.
 * @param {VerifiedNotice} notice @param {Uint8Array} u 32 bytes @returns {boolean}
 */
export function concerns({ number, list }, u) {
  const wanted = noticedVisit(number, u);
  return search(list.length / DIGEST_BYTES, (i) => compare(list, i * DIGEST_BYTES, wanted, 0));
}

/**
 * The 10 bytes that stand for a pass in the notice of a number.
 * @param {number} number @param {Uint8Array} u 32 bytes @returns {Uint8Array}
 */
export function noticedVisit(number, u) {
  return digest('noticed-visit', bigEndian(number, 4), u).slice(0, DIGEST_BYTES);
}

/**
 * Whether one of `count` ascending items is the wanted one. `order(i)` is how item i compares with it.
 * @param {number} count @param {(i: number) => number} order @returns {boolean}
 */
export function search(count, order) {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order(middle) < 0) low = middle + 1;
    else high = middle;
  }
  return low < count && order(low) === 0;
}

/**
 * How the digests (10 bytes) that begin at two places compare: negative, zero or positive.
 * @param {Uint8Array} left @param {number} leftStart @param {Uint8Array} right @param {number} rightStart
 * @returns {number}
 */
export function compare(left, leftStart, right, rightStart) {
  for (let i = 0; i < DIGEST_BYTES; i++) {
    const difference = left[leftStart + i] - right[rightStart + i];
    if (difference !== 0) return difference;
  }
  return 0;
}
