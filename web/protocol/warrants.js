/**
 * Venues. A venue counts once both parties of a domain have signed it. Spec: §3.9.
 *
 * @import { Domain } from './epochs.js'
 * @import { Decoded } from './primitives/encoding.js'
 * @import { JointStatement } from './primitives/statements.js'
 */

import { byteEncoded, bytes, signedMessage, text, uint8 } from './primitives/encoding.js';
import { WrongDomain } from './primitives/errors.js';
import { Point } from './primitives/group.js';
import { verifyJointStatement } from './primitives/statements.js';

/**
 * A venue as both parties register it. `url` is where its server takes scan-mode check-ins, or empty.
 * @typedef {Decoded<typeof Venue>} Venue
 */
export const Venue = signedMessage('venue', {
  domain: uint8,
  venueId: bytes(16),
  name: text(1, 128),
  url: text(0, 256),
  key: byteEncoded(Point),
});

/**
 * A venue's record from both parties' signatures. Spec: §3.9, Venues.
 * @param {Domain} domain @param {JointStatement} joint
 * @returns {Venue}
 * @throws {Malformed | InvalidSignature | ConflictingStatements | WrongDomain}
 */
export function verifyVenue(domain, joint) {
  const record = verifyJointStatement(Venue, joint, domain.authorityKey, domain.operatorKey);
  if (record.domain !== domain.number) throw new WrongDomain('the statement is of another domain');
  return record;
}
