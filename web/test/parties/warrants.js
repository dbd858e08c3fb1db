/**
 * Warrants. Spec: §3.9.
 *
 * @import { Domain } from '../../protocol/epochs.js'
 * @import { Decoded } from '../../protocol/primitives/encoding.js'
 * @import { JointStatement } from '../../protocol/primitives/statements.js'
 */

import { MAX_STAY } from '../../protocol/checkIns.js';
import { epochAt } from '../../protocol/epochs.js';
import { advice } from '../../protocol/notices.js';
import { bytes, enumeration, integer, signedMessage, text, uint32, uint8 } from '../../protocol/primitives/encoding.js';
import { OutOfScope, WrongDomain } from '../../protocol/primitives/errors.js';
import { verifyJointStatement } from '../../protocol/primitives/statements.js';
import { REQUEST_TOLERANCE } from './partyRequests.js';

const MAX_WARRANT_DAYS = 31;
const Purpose = Object.freeze({ OPENING: 1, NOTICE: 2 });

/** @typedef {Decoded<typeof Warrant>} Warrant */
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
  ({ purpose, begins, ends, issued, expires, discloses, advice }) => {
    if (begins >= ends) throw new OutOfScope("a warrant's window must end after it begins");
    if (discloses > issued + 90 * 86_400) throw new OutOfScope("a warrant's embargo lasts too long");
    if (issued > Math.min(expires, discloses)) {
      throw new OutOfScope('a warrant must not expire or disclose before it is issued');
    }
    if ((advice !== '') !== (purpose === Purpose.NOTICE)) {
      throw new OutOfScope('a warrant for a notice has advice, and no other has');
    }
  },
);

/** @param {Domain} domain @param {JointStatement} joint @param {number} now */
export function verifyWarrant(domain, joint, now) {
  const record = verifyJointStatement(Warrant, joint, domain.authorityKey, domain.operatorKey);
  if (record.domain !== domain.number) throw new WrongDomain('the statement is of another domain');
  if (record.issued > now + REQUEST_TOLERANCE) throw new OutOfScope('the warrant is not issued yet');
  if (now > record.expires) throw new OutOfScope('the warrant has expired');
  warrantEpochs(domain, record);
  return record;
}

/** The first and the last epoch that a visit in a window may be of. @param {Domain} domain @param {Warrant} warrant */
export function warrantEpochs(domain, { begins, ends }) {
  const [first, last] = [epochAt(domain, begins - MAX_STAY), epochAt(domain, ends - 1)];
  if (last - first > MAX_WARRANT_DAYS) throw new OutOfScope("a warrant's window spans too many days");
  return { first, last };
}
