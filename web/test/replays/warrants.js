/**
 * @import { SignedMessage } from '../../protocol/primitives/encoding.js'
 */

import { JointStatement } from '../../protocol/primitives/statements.js';
import { Venue, Warrant, verifyVenue } from '../../protocol/warrants.js';
import { signStatement } from '../parties/signing.js';
import { verifyWarrant } from '../parties/warrants.js';
import { call, key } from './call.js';
import { domain, joint, now } from './keys.js';
import { encoded, hex } from './values.js';

/** Both parties sign a record of a kind. @template T @param {SignedMessage<T>} kind */
const bothSign = (kind) =>
  call(
    [key('record', encoded(kind)), key('authority_seed', hex), key('operator_seed', hex)],
    (record, authoritySeed, operatorSeed) => ({
      joint: JointStatement.toBytes({
        authority: signStatement(kind, record, authoritySeed),
        operator: signStatement(kind, record, operatorSeed),
      }),
    }),
  );

export default {
  venue: {
    make: bothSign(Venue),
    check: call([domain, joint], verifyVenue, (venue) => ({ record: Venue.toBytes(venue) })),
  },
  warrant: {
    make: bothSign(Warrant),
    check: call([domain, joint, now], verifyWarrant, (warrant) => ({ record: Warrant.toBytes(warrant) })),
  },
};
