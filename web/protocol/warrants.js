/**
 * Venues and warrants. A venue counts, and a warrant is valid, once both parties of a domain have signed it. Spec: §3.9.
 *
 * @import { Domain } from './epochs.js'
 * @import { Decoded } from './primitives/encoding.js'
 * @import { JointStatement } from './primitives/statements.js'
 */

import { MAX_STAY } from './checkIns.js';
import { advice } from './notices.js';
import { byteEncoded, bytes, enumeration, integer, signedMessage, text, uint32, uint8 } from './primitives/encoding.js';
import { OutOfScope, WrongDomain } from './primitives/errors.js';
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

/** How many seconds after a warrant's issue what was opened under it is published at the latest. */
const MAX_EMBARGO = 90 * 86_400;
/** What a warrant is for: opening visits, or warning everyone who was there without opening anything. */
export const Purpose = Object.freeze({ OPENING: 1, NOTICE: 2 });

/**
 * Permission to use the visits to one venue in the window from `begins` up to, not including, `ends`, in Unix seconds
 * as `issued`, `expires` and `discloses`. `assumedStay`: how many seconds a visit without an exit counts.
 * @typedef {Decoded<typeof Warrant>} Warrant
 */
export const Warrant = signedMessage(
  'warrant',
  {
    domain: uint8,
    warrantId: bytes(16),
    venueId: bytes(16),
    purpose: enumeration(Purpose),
    begins: uint32,
    ends: uint32,
    assumedStay: integer(0, MAX_STAY),
    legalReference: text(1, 256),
    maxRecords: integer(1, 1_000_000),
    issued: uint32,
    expires: uint32,
    discloses: uint32,
    advice,
  },
  ({ purpose, begins, ends, issued, expires, discloses, advice: advised }) => {
    if (begins >= ends) throw new OutOfScope("a warrant's window must end after it begins");
    if (issued > Math.min(expires, discloses)) {
      throw new OutOfScope('a warrant must not expire or disclose before it is issued');
    }
    if (discloses > issued + MAX_EMBARGO) throw new OutOfScope("a warrant's embargo lasts too long");
    if ((advised !== '') !== (purpose === Purpose.NOTICE)) {
      throw new OutOfScope('a warrant for a notice has advice, and no other has');
    }
  },
);

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
