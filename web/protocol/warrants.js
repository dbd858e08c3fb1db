/** Venues. Spec: §3.9. A venue counts once both parties of a domain have signed it. */

import { byteEncoded, bytes, message, text, uint8 } from './primitives/encoding.js';
import { WrongDomain } from './primitives/errors.js';
import { Point } from './primitives/group.js';
import { verifyJointStatement } from './primitives/statements.js';

/** A venue as both parties register it. `url` is where its server takes scan-mode check-ins, or empty. */
export const Venue = message(
  { domain: uint8, venue: bytes(16), name: text(1, 128), url: text(0, 256), key: byteEncoded(Point) },
  { tag: 'venue' },
);

/**
 * A venue's record from both parties' signatures.
 * @param {object} domain @param {object} joint a `JointStatement`
 * @returns {object} a `Venue`
 * @throws {Malformed | InvalidSignature | ConflictingStatements | WrongDomain}
 */
export function verifyVenue(domain, joint) {
  const record = verifyJointStatement(Venue, joint, domain.authorityKey, domain.operatorKey);
  if (record.domain !== domain.number) throw new WrongDomain('the statement is of another domain');
  return record;
}
