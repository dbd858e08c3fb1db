/**
 * Disclosures: each party publishes what it gave shares for, and visitors find out whether they are among it.
 * Spec: §3.13.
 *
 * @import { Domain } from './epochs.js'
 * @import { Decoded } from './primitives/encoding.js'
 */

import { Role, identityKey } from './epochs.js';
import { DIGEST_BYTES, compare, search } from './notices.js';
import { array, bytes, enumeration, message, signedMessage, text, uint32, uint8 } from './primitives/encoding.js';
import { MalformedEncoding, WrongDomain, WrongNumber, WrongParty } from './primitives/errors.js';
import { digest, digest32 } from './primitives/hashing.js';
import { verifyStatement } from './primitives/statements.js';

/**
 * Which passes a party gave shares for, under which warrant and for which release. `digests` are ascending.
 * @typedef {Decoded<typeof OpeningRecord>} OpeningRecord
 */
export const OpeningRecord = message(
  {
    warrantId: bytes(16),
    legalReference: text(1, 256),
    release: bytes(32),
    digests: array(bytes(DIGEST_BYTES), 1, 50_000),
    salt: bytes(32),
  },
  ({ digests }) => {
    if (digests.some((digest, i) => i > 0 && compare(digests[i - 1], 0, digest, 0) >= 0)) {
      throw new MalformedEncoding('the digests are not in ascending order, each once');
    }
  },
);

/**
 * The record of an opening, and the index of the log entry that committed to it.
 * @typedef {Decoded<typeof DisclosedOpening>} DisclosedOpening
 */
export const DisclosedOpening = message({ entry: uint32, record: OpeningRecord });

/**
 * One of a party's disclosures, which are numbered from 0 on. `time`: Unix time of its publication.
 * @typedef {Decoded<typeof Disclosure>} Disclosure
 */
export const Disclosure = signedMessage('disclosure', {
  domain: uint8,
  role: enumeration(Role),
  number: uint32,
  time: uint32,
  openings: array(DisclosedOpening, 0, 16),
});

/**
 * A party's disclosure of a number, or of any number if it is null.
 * @param {Domain} domain @param {Role} role @param {Uint8Array} statement @param {number | null} [number]
 * @returns {Disclosure}
 * @throws {Malformed | InvalidSignature | WrongDomain | WrongParty | WrongNumber}
 */
export function verifyDisclosure(domain, role, statement, number = null) {
  const disclosure = verifyStatement(Disclosure, statement, identityKey(domain, role));
  if (disclosure.domain !== domain.number) throw new WrongDomain('the disclosure is of another domain');
  if (disclosure.role !== role) throw new WrongParty('the disclosure is of another role');
  if (number !== null && disclosure.number !== number) throw new WrongNumber('the disclosure has another number');
  return disclosure;
}

/**
 * Whether a pass is among those that were opened.
 * @param {OpeningRecord} record @param {Uint8Array} u 32 bytes @returns {boolean}
 */
export function names({ warrantId, digests }, u) {
  const wanted = openedVisit(warrantId, u);
  return search(digests.length, (i) => compare(digests[i], 0, wanted, 0));
}

/**
 * The 32 bytes that a party put on record before its shares left.
 * @param {OpeningRecord} record @returns {Uint8Array}
 */
export function commitment(record) {
  return digest32('opening', OpeningRecord.toBytes(record));
}

/**
 * The 10 bytes that stand for a pass that was opened.
 * @param {Uint8Array} warrantId 16 bytes @param {Uint8Array} u 32 bytes @returns {Uint8Array}
 */
export function openedVisit(warrantId, u) {
  return digest('opened-visit', warrantId, u).slice(0, DIGEST_BYTES);
}
