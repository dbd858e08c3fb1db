/**
 * Warrants of both parties. Spec: §3.9.
 *
 * @import { Domain } from '../../protocol/epochs.js'
 * @import { JointStatement } from '../../protocol/primitives/statements.js'
 */

import { MAX_STAY } from '../../protocol/checkIns.js';
import { epochAt } from '../../protocol/epochs.js';
import { OutOfScope, WrongDomain } from '../../protocol/primitives/errors.js';
import { verifyJointStatement } from '../../protocol/primitives/statements.js';
import { Warrant } from '../../protocol/warrants.js';
import { REQUEST_TOLERANCE } from './partyRequests.js';

const MAX_WARRANT_DAYS = 31;

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
